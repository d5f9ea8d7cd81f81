//! Two devices and a server.

use crate::world::{Device, LIMIT, Wire, World, within};
use inkhorn_core::Code;
use inkhorn_protocol::projection::{AssetState, NodeKind, OutlineView};
use inkhorn_protocol::session::Role;
use inkhorn_protocol::{CourseId, NodeId};
use std::time::Duration;

/// A pixel, so that there is an image to sync.
pub(crate) const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\0\x01\0\0\x05\0\x01\r\n-\xb4\0\0\0\0IEND\xaeB`\x82";

struct Course {
    id: CourseId,
    chapters: Vec<NodeId>,
    lessons: Vec<NodeId>,
}

/// Two chapters with two lessons each; the first lesson has an image.
async fn course(device: &Device) -> Course {
    let core = &device.core;
    let id = core.create_course("Quills").await.expect("creates");
    let (mut chapters, mut lessons) = (Vec::new(), Vec::new());
    for chapter in ["Cutting", "Writing"] {
        let node = core.add(&id, NodeKind::Chapter, None, None, chapter).await.expect("adds");
        for lesson in ["one", "two"] {
            let title = format!("{chapter} {lesson}");
            let lesson =
                core.add(&id, NodeKind::Lesson, Some(node.clone()), None, &title).await.expect("adds");
            device.append(&lesson, &format!("Text of {title}.")).await;
            lessons.push(lesson);
        }
        chapters.push(node);
    }
    core.put_asset(&lessons[0], "pixel.png", PIXEL.to_vec()).await.expect("takes the image");
    Course { id, chapters, lessons }
}

async fn outline(device: &Device, course: &CourseId) -> OutlineView {
    device.core.outline(course).await.expect("an outline")
}

async fn assert_same(a: &Device, b: &Device, course: &Course) {
    assert_eq!(outline(a, &course.id).await, outline(b, &course.id).await);
    for lesson in &course.lessons {
        assert_eq!(a.markdown(lesson).await, b.markdown(lesson).await);
    }
}

/// Ada shares a course, Ben joins it.
async fn two(world: &World) -> (Device, Device, Course) {
    let (ada, ben) = (world.device("ada@x.org").await, world.device("ben@x.org").await);
    let course = course(&ada).await;
    within(ada.core.share(&course.id)).await.expect("shares");
    world.role(&course.id, "ben@x.org", Role::Editor).await;
    within(ben.core.join(&course.id)).await.expect("joins");
    (ada, ben, course)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_course_reaches_a_second_device_with_its_lessons_and_images() {
    let world = World::start().await;
    let (ada, ben, course) = two(&world).await;
    assert_same(&ada, &ben, &course).await;
    assert!(ben.markdown(&course.lessons[3]).await.contains("Text of Writing two."));
    let assets = ben.core.assets(&course.id).await.expect("assets");
    assert_eq!(assets.len(), 1);
    assert_eq!(assets[0].state, AssetState::Synced);
    let bytes = ben.core.asset_bytes(&assets[0].asset.hash).await.expect("reads").expect("is here");
    assert_eq!(bytes, ("image/png".to_owned(), PIXEL.to_vec()));
    let remote = ben.core.remote_courses().await.expect("lists");
    assert_eq!((remote[0].title.as_str(), remote[0].role), ("Quills", Role::Editor));
    assert_eq!(ben.core.members(&course.id).await.expect("lists").len(), 2);
    let summary = ada.core.sync_summary().await.expect("sums up");
    assert!(summary.count.is_settled() && summary.synced_at_ms.is_some(), "{summary:?}");
    // A new title reaches the server's list too.
    ada.core.rename_course(&course.id, "Quills and ink").await.expect("renames");
    ada.sync().await;
    ben.sync().await;
    assert_eq!(outline(&ben, &course.id).await.title, "Quills and ink");
    assert_eq!(ben.core.remote_courses().await.expect("lists")[0].title, "Quills and ink");
}

async fn offline_edits_converge(ada_first: bool) {
    let mut world = World::start().await;
    let (mut ada, mut ben, course) = two(&world).await;
    world.stop().await;
    let [first, second, ..] = course.chapters.as_slice() else { panic!("two chapters") };
    // The same lesson on both sides.
    ada.append(&course.lessons[1], "Ada was here.").await;
    ben.append(&course.lessons[1], "Ben was here.").await;
    // One moves what the other renames.
    ada.core.move_node(second, None, Some(first.clone())).await.expect("moves");
    ben.core.rename(second, "Handwriting").await.expect("renames");
    // One trashes what the other edits.
    ben.core.trash(&course.lessons[2]).await.expect("trashes");
    ada.append(&course.lessons[2], "Not to be lost.").await;
    // A new lesson on either side.
    let new =
        ada.core.add(&course.id, NodeKind::Lesson, Some(first.clone()), None, "Ada's").await.expect("adds");
    ada.append(&new, "New.").await;
    for device in [&ada, &ben] {
        let error = device.core.sync(Duration::from_secs(2)).await.expect_err("there is no server");
        assert_eq!(error.code, Code::Offline, "{error}");
        assert!(error.message.contains("safe"), "{error}");
    }
    ada.restart().await;
    ben.restart().await;
    world.restart().await;
    let (one, other) = if ada_first { (&ada, &ben) } else { (&ben, &ada) };
    one.sync().await;
    other.sync().await;
    one.sync().await;
    other.sync().await;
    assert_same(&ada, &ben, &course).await;
    let view = outline(&ben, &course.id).await;
    assert_eq!((view.nodes[0].title.as_str(), view.nodes.len()), ("Handwriting", 2), "moved and renamed");
    assert!(view.trash.is_empty() && view.recovered.is_empty(), "the edited lesson lives: {view:?}");
    let both = ben.markdown(&course.lessons[1]).await;
    assert_eq!(
        (both.matches("Ada was here.").count(), both.matches("Ben was here.").count()),
        (1, 1),
        "{both}"
    );
    assert!(ben.markdown(&course.lessons[2]).await.contains("Not to be lost."));
    assert!(ben.markdown(&new).await.contains("New."));
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_edits_of_both_sides_converge_when_the_first_comes_back_first() {
    offline_edits_converge(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn offline_edits_of_both_sides_converge_when_the_second_comes_back_first() {
    offline_edits_converge(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sharing_goes_on_where_it_was_wherever_the_wire_was_cut() {
    let world = World::start().await;
    let wire = Wire::to(world.address()).await;
    let token = world.token("ada@x.org").await;
    let mut cuts = 0;
    // From the first bytes of the registration to the last of the outline.
    for bytes in [100, 900, 1_500, 2_000, 3_000, 4_000, 6_000, 8_000, 12_000] {
        wire.heal();
        let mut ada = Device::new(false).await;
        ada.core.login(&wire.url(), &token, false).await.expect("signs in");
        let course = course(&ada).await;
        wire.cut_after(bytes);
        let (core, id) = (ada.core.clone(), course.id.clone());
        let sharing = tokio::spawn(async move { core.share(&id).await });
        while !wire.is_cut() && !sharing.is_finished() {
            tokio::task::yield_now().await;
        }
        cuts += u32::from(wire.is_cut());
        // The program ends here, as by a crash.
        sharing.abort();
        let _ = sharing.await;
        ada.restart().await;
        wire.heal();
        within(ada.core.share(&course.id)).await.expect("goes on");
        let email = format!("ben{bytes}@x.org");
        let ben = world.device(&email).await;
        world.role(&course.id, &email, Role::Viewer).await;
        within(ben.core.join(&course.id)).await.expect("joins");
        assert_same(&ada, &ben, &course).await;
        let assets = ben.core.assets(&course.id).await.expect("assets");
        assert_eq!(assets.iter().map(|a| a.state).collect::<Vec<_>>(), [AssetState::Synced]);
    }
    assert!(cuts >= 6, "the cuts fell within the sharing: {cuts}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_goes_away_in_mid_sync_costs_nothing_but_time() {
    let world = World::start().await;
    let wire = Wire::to(world.address()).await;
    let (ada, ben, course) = two(&world).await;
    let token = world.token("ada@x.org").await;
    ada.core.login(&wire.url(), &token, false).await.expect("signs in");
    for round in 0..6 {
        for lesson in &course.lessons {
            ada.append(lesson, &format!("Round {round}.")).await;
        }
        wire.cut_after(600 + 700 * round);
        let error = ada.core.sync(Duration::from_secs(2)).await;
        if let Err(error) = &error {
            assert!(matches!(error.code, Code::Offline | Code::Timeout), "{error:?}");
        }
        wire.heal();
        ada.sync().await;
    }
    ben.sync().await;
    assert_same(&ada, &ben, &course).await;
    let text = ben.markdown(&course.lessons[0]).await;
    for round in 0..6 {
        assert_eq!(text.matches(&format!("Round {round}.")).count(), 1, "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_image_goes_on_where_it_was_up_and_down() {
    let world = World::start().await;
    let wire = Wire::to(world.address()).await;
    let (ada, ben, course) = two(&world).await;
    let token = world.token("ada@x.org").await;
    ada.core.login(&wire.url(), &token, false).await.expect("signs in");
    let token = world.token("ben@x.org").await;
    ben.core.login(&wire.url(), &token, false).await.expect("signs in");
    let mut image = PIXEL.to_vec();
    let mut noise = 1u32;
    image.resize_with(4 * 1024 * 1024, || {
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (noise >> 24) as u8
    });
    let asset =
        ada.core.put_asset(&course.lessons[1], "large.png", image.clone()).await.expect("takes the image");
    // Far less than the whole passes each time, so this ends only when it goes on where it was.
    let whole = image.len() as i64;
    for (who, device) in [("up", &ada), ("down", &ben)] {
        let mut tries = 0;
        loop {
            tries += 1;
            assert!(tries < 12, "{who}: it starts over each time");
            wire.cut_after(whole * 2 / 5);
            let synced = device.core.sync(Duration::from_secs(4)).await;
            wire.heal();
            if synced.is_ok() {
                break;
            }
        }
        assert!(tries > 1, "{who}: it was cut");
    }
    let bytes = ben.core.asset_bytes(&asset.hash).await.expect("reads").expect("is here").1;
    assert!(bytes == image);
}

/// `told`: the operator said that it is a backup, as the manual asks; else the files were just copied back.
async fn restored_server(told: bool) {
    let mut world = World::start().await;
    let (ada, ben, course) = two(&world).await;
    world.stop().await;
    let backup = world.backup();
    world.restart().await;
    ada.append(&course.lessons[0], "Written after the backup.").await;
    let new = ada.core.add(&course.id, NodeKind::Lesson, Some(course.chapters[0].clone()), None, "New").await;
    let new = new.expect("adds");
    ada.append(&new, "A lesson after the backup.").await;
    ada.sync().await;
    ben.sync().await;
    world.stop().await;
    world.restore(backup, told).await;
    world.restart().await;
    // Ben was not its author, and has it all the same.
    ben.append(&course.lessons[1], "And after the restore.").await;
    ben.sync().await;
    let eve = world.device("eve@x.org").await;
    world.role(&course.id, "eve@x.org", Role::Viewer).await;
    within(eve.core.join(&course.id)).await.expect("joins");
    assert!(eve.markdown(&course.lessons[0]).await.contains("Written after the backup."));
    assert!(eve.markdown(&new).await.contains("A lesson after the backup."));
    assert!(eve.markdown(&course.lessons[1]).await.contains("And after the restore."));
    if told {
        // Ada comes back when the numbers of the new order have passed those that she knows.
        ada.sync().await;
        assert_same(&ada, &ben, &course).await;
        assert!(ada.markdown(&course.lessons[1]).await.contains("And after the restore."));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_restored_server_forgot_is_sent_again_by_those_who_have_it() {
    restored_server(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_copied_back_server_forgot_is_sent_again_by_those_who_have_it() {
    restored_server(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_token_is_told_and_loses_nothing() {
    let world = World::start().await;
    let (ada, ben, course) = two(&world).await;
    let error = ada.core.login(&world.url(), "wrong", false).await.expect_err("refused");
    assert_eq!(error.code, Code::SignedOut);
    // The token on file is withdrawn while there is something to send.
    let file = ada.path().join("account.json");
    let good = std::fs::read_to_string(&file).expect("the sign-in");
    let mut bad: serde_json::Value = serde_json::from_str(&good).expect("reads");
    bad["token"] = "withdrawn".into();
    std::fs::write(&file, bad.to_string()).expect("writes");
    let mut ada = ada;
    ada.restart().await;
    ada.append(&course.lessons[0], "Written with a bad token.").await;
    let error = ada.core.sync(LIMIT).await.expect_err("refused");
    assert_eq!(error.code, Code::SignedOut, "{error}");
    assert!(error.message.contains("safe"), "{error}");
    assert!(ada.core.sync_summary().await.expect("sums up").count.waiting_edits > 0);
    let token = world.token("ada@x.org").await;
    ada.core.login(&world.url(), &token, false).await.expect("signs in again");
    ada.sync().await;
    ben.sync().await;
    assert!(ben.markdown(&course.lessons[0]).await.contains("Written with a bad token."));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_somebody_who_may_only_read_by_now_is_refused_kept_and_sent_when_the_role_allows_it() {
    let world = World::start().await;
    let (ada, ben, course) = two(&world).await;
    ben.append(&course.lessons[0], "Ben's last words.").await;
    world.role(&course.id, "ben@x.org", Role::Viewer).await;
    let error = ben.core.sync(LIMIT).await.expect_err("refused");
    assert_eq!(error.code, Code::Rejected, "{error}");
    assert!(error.message.contains("viewer") && error.message.contains("kept"), "{error}");
    let summary = ben.core.sync_summary().await.expect("sums up");
    assert_eq!((summary.count.rejected, summary.rejected.len()), (1, 1));
    assert!(ben.markdown(&course.lessons[0]).await.contains("Ben's last words."), "kept");
    ada.sync().await;
    assert!(!ada.markdown(&course.lessons[0]).await.contains("Ben's last words."), "not let through");
    // What others write still arrives.
    ada.append(&course.lessons[0], "Ada goes on.").await;
    ada.sync().await;
    let again = ben.core.sync(LIMIT).await.expect_err("still refused");
    assert_eq!(again.code, Code::Rejected);
    assert!(ben.markdown(&course.lessons[0]).await.contains("Ada goes on."));
    world.role(&course.id, "ben@x.org", Role::Editor).await;
    ben.sync().await;
    ada.sync().await;
    assert!(ada.markdown(&course.lessons[0]).await.contains("Ben's last words."));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_server_sync_says_so_and_a_server_in_the_clear_is_refused() {
    let device = Device::new(false).await;
    let error = device.core.sync(LIMIT).await.expect_err("no server");
    assert_eq!(error.code, Code::SignedOut);
    let error = device.core.login("http://example.org", "token", false).await.expect_err("in the clear");
    assert_eq!(error.code, Code::Invalid);
    assert!(error.message.contains("https"), "{error}");
    let error = device.core.login("http://127.0.0.1:9", "token", false).await.expect_err("nobody there");
    assert_eq!(error.code, Code::Offline, "{error}");
    assert_eq!(device.core.account().await, Ok(None));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_course_of_others_cannot_be_joined_and_a_password_signs_in() {
    let world = World::start().await;
    let (_ada, _ben, course) = two(&world).await;
    world.token("eve@x.org").await;
    let eve = Device::new(false).await;
    let wrong =
        eve.core.login_password(&world.url(), "eve@x.org", "wrong", false).await.expect_err("refused");
    assert_eq!(wrong.code, Code::SignedOut);
    let account = eve.core.login_password(&world.url(), "eve@x.org", "a long pass phrase", false).await;
    assert_eq!(account.expect("signs in").email, "eve@x.org");
    let error = eve.core.join(&course.id).await.expect_err("not a member");
    assert_eq!(error.code, Code::Denied, "{error}");
}
