//! Who else is in a course: two devices and the server, and a web client by others.

use crate::live::until;
use crate::sync::PIXEL;
use crate::world::{Device, World, within};
use inkhorn_core::{CaretStream, Feed};
use inkhorn_protocol::awareness::hue_of;
use inkhorn_protocol::caret::{Caret, Cursor, Id, Position};
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{NodeKind, Peer};
use inkhorn_protocol::session::Role;
use inkhorn_protocol::{CourseId, NodeId};
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};

/// A shared course with a lesson, and a second member.
async fn shared(world: &World, ada: &Device) -> (CourseId, NodeId) {
    let course = ada.core.create_course("Quills").await.expect("creates");
    let chapter = ada.core.add(&course, NodeKind::Chapter, None, None, "Cutting").await.expect("adds");
    let lesson = ada.core.add(&course, NodeKind::Lesson, Some(chapter), None, "One").await.expect("adds");
    within(ada.core.share(&course)).await.expect("shares");
    world.role(&course, "ben@x.org", Role::Viewer).await;
    (course, lesson)
}

fn watch(device: &Device, course: &CourseId) -> (Feed, QueryKey) {
    let key = QueryKey::Presence { course: course.clone() };
    let feed = device.core.subscribe("main");
    device.core.observe("main", &key);
    (feed, key)
}

/// Name and lesson of the others, once they are these.
async fn sees(device: &Device, feed: &mut Feed, key: &QueryKey, expected: &[(&str, Option<&NodeId>)]) {
    let peers = until(&device.core, feed, key, |peers: &Vec<Peer>| {
        let seen: Vec<_> = peers.iter().map(|peer| (peer.name.as_str(), peer.lesson.as_ref())).collect();
        seen == expected
    })
    .await;
    for peer in peers {
        assert_eq!(peer.hue, hue_of(&peer.name), "one person has one colour everywhere");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_see_where_the_other_is_and_that_the_other_left() {
    let mut world = World::start().await;
    let (mut ada, ben) = (world.live("ada@x.org").await, world.live("ben@x.org").await);
    let (course, lesson) = shared(&world, &ada).await;
    within(ben.core.join(&course)).await.expect("joins");
    let (mut feed, key) = watch(&ben, &course);
    ben.core.set_presence("main", Some(&course), None);
    ada.core.set_presence("main", Some(&course), Some(&lesson));
    sees(&ben, &mut feed, &key, &[("ada@x.org", Some(&lesson))]).await;
    ada.core.set_presence("main", Some(&course), None);
    sees(&ben, &mut feed, &key, &[("ada@x.org", None)]).await;

    let (mut adas_feed, adas_key) = watch(&ada, &course);
    ada.core.set_presence("main", Some(&course), None);
    sees(&ada, &mut adas_feed, &adas_key, &[("ben@x.org", None)]).await;
    // Edits go on as ever while the outline is open for this.
    ada.core.put_asset(&lesson, "pixel.png", PIXEL.to_vec()).await.expect("takes the image");
    ada.append(&lesson, "Sharp.").await;
    ada.sync().await;
    ben.sync().await;
    assert_eq!(ben.markdown(&lesson).await, ada.markdown(&lesson).await);

    // A server that goes takes everybody along, and brings them back.
    world.stop().await;
    sees(&ben, &mut feed, &key, &[]).await;
    sees(&ada, &mut adas_feed, &adas_key, &[]).await;
    world.restart().await;
    ada.core.retry_now();
    ben.core.retry_now();
    sees(&ben, &mut feed, &key, &[("ada@x.org", None)]).await;
    sees(&ada, &mut adas_feed, &adas_key, &[("ben@x.org", None)]).await;

    // Another course, and back; then the program ends.
    let other = ada.core.create_course("Ink").await.expect("creates");
    ada.core.set_presence("main", Some(&other), None);
    sees(&ben, &mut feed, &key, &[]).await;
    ada.core.set_presence("main", Some(&course), Some(&lesson));
    sees(&ben, &mut feed, &key, &[("ada@x.org", Some(&lesson))]).await;
    ada.restart().await;
    sees(&ben, &mut feed, &key, &[]).await;
    assert_eq!(ada.core.presence(&course), [], "nothing of it is stored");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_starts_anew_is_in_no_course() {
    let world = World::start().await;
    let (ada, ben) = (world.live("ada@x.org").await, world.live("ben@x.org").await);
    let (course, lesson) = shared(&world, &ada).await;
    within(ben.core.join(&course)).await.expect("joins");
    let (mut feed, key) = watch(&ben, &course);
    ben.core.set_presence("main", Some(&course), None);
    let first = ada.core.subscribe("main");
    ada.core.set_presence("main", Some(&course), Some(&lesson));
    sees(&ben, &mut feed, &key, &[("ada@x.org", Some(&lesson))]).await;
    let _second = ada.core.subscribe("main");
    drop(first);
    sees(&ben, &mut feed, &key, &[]).await;
}

/// A caret behind the item `clock` of client 9.
fn cursor(clock: u64) -> Option<Cursor> {
    let end = Position { item: Some(Id { client: 9, clock }), assoc: -1, ..Position::default() };
    Some(Cursor { anchor: end.clone(), head: end })
}

/// Waits until these are in the lesson, by name, with the clock of the item that their caret is at.
async fn carets(stream: &mut CaretStream, expected: &[(&str, Option<u64>)]) -> Vec<Caret> {
    loop {
        let list = within(stream.next()).await;
        let mut seen: Vec<_> = list
            .iter()
            .map(|one| (one.name.as_str(), one.cursor.as_ref().and_then(|it| Some(it.head.item?.clock))))
            .collect();
        seen.sort_unstable();
        if seen == expected {
            return list;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn carets_in_a_lesson_come_move_and_go_and_who_only_reads_is_there_without_one() {
    let mut world = World::start().await;
    let (mut ada, ben) = (world.live("ada@x.org").await, world.live("ben@x.org").await);
    let (course, lesson) = shared(&world, &ada).await;
    within(ben.core.join(&course)).await.expect("joins");
    ben.sync().await;
    let mut bens = ben.core.lesson_carets(&lesson);
    let mut adas = ada.core.lesson_carets(&lesson);
    ben.core.set_caret("main", &lesson, Some((200, None)));
    ada.core.set_caret("main", &lesson, Some((100, cursor(1))));
    let list = carets(&mut bens, &[("ada@x.org", Some(1))]).await;
    assert_eq!((list[0].client, list[0].hue), (100, hue_of("ada@x.org")));
    carets(&mut adas, &[("ben@x.org", None)]).await;

    // Many moves: not each is told, the last one is.
    for clock in 2..200 {
        ada.core.set_caret("main", &lesson, Some((100, cursor(clock))));
    }
    carets(&mut bens, &[("ada@x.org", Some(199))]).await;
    // Her window's document is made anew: one Ada, not two.
    ada.core.set_caret("main", &lesson, Some((101, cursor(5))));
    let list = carets(&mut bens, &[("ada@x.org", Some(5))]).await;
    assert_eq!(list[0].client, 101);

    // A server that goes takes everybody along, and brings them back.
    world.stop().await;
    carets(&mut bens, &[]).await;
    world.restart().await;
    ada.core.retry_now();
    ben.core.retry_now();
    carets(&mut bens, &[("ada@x.org", Some(5))]).await;
    carets(&mut adas, &[("ben@x.org", None)]).await;

    ada.core.set_caret("main", &lesson, None);
    carets(&mut bens, &[]).await;
    ada.core.set_caret("main", &lesson, Some((101, None)));
    carets(&mut bens, &[("ada@x.org", None)]).await;
    // A page that is loaded anew shows no lesson; a program that ends is gone.
    let _feed = ada.core.subscribe("main");
    carets(&mut bens, &[]).await;
    ada.core.set_caret("main", &lesson, Some((102, None)));
    carets(&mut bens, &[("ada@x.org", None)]).await;
    drop(adas);
    let before = ben.markdown(&lesson).await;
    ada.restart().await;
    carets(&mut bens, &[]).await;
    assert_eq!(ben.markdown(&lesson).await, before, "and nothing of it is in the document");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_client_by_others_shows_the_caret_of_the_app_and_the_app_shows_its_own() {
    let world = World::start().await;
    let ada = world.live("ada@x.org").await;
    let token = world.token("ben@x.org").await;
    let (course, lesson) = shared(&world, &ada).await;
    world.role(&course, "ben@x.org", Role::Editor).await;
    let mut stream = ada.core.lesson_carets(&lesson);
    ada.core.set_caret("main", &lesson, Some((100, cursor(3))));
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/foreign");
    let mut node = tokio::process::Command::new("node")
        .current_dir(folder)
        .args(["scenarios.mjs", "caret", &format!("ws://{}/collab", world.address()), "", &token, "", ""])
        .arg(format!("lesson:{lesson}"))
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node runs");
    let list = carets(&mut stream, &[("ben@x.org", Some(0))]).await;
    assert_eq!(list[0].hue, hue_of("ben@x.org"), "a colour for who says none that we know");
    ada.core.set_caret("main", &lesson, Some((100, cursor(4))));
    carets(&mut stream, &[]).await;
    let ended = within(node.wait()).await.expect("ends");
    assert!(ended.success(), "see standard error");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_web_client_by_others_and_the_app_see_each_other() {
    let world = World::start().await;
    let ada = world.live("ada@x.org").await;
    let token = world.token("ben@x.org").await;
    let (course, lesson) = shared(&world, &ada).await;
    world.role(&course, "ben@x.org", Role::Editor).await;
    let (mut feed, key) = watch(&ada, &course);
    ada.core.set_presence("main", Some(&course), Some(&lesson));

    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/foreign");
    let packages = folder.join("node_modules/@hocuspocus/provider");
    assert!(packages.exists(), "the packages of crates/server/foreign are missing: run `npm ci` there");
    let elsewhere: NodeId = "somewhere".parse().expect("an id");
    let mut node = tokio::process::Command::new("node")
        .current_dir(folder)
        .args(["scenarios.mjs", "app", &format!("ws://{}/collab", world.address()), "", &token, "", ""])
        .args([format!("course:{course}").as_str(), lesson.as_str(), elsewhere.as_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node runs");
    let mut said = BufReader::new(node.stdout.take().expect("piped")).lines();
    let mut tell = node.stdin.take().expect("piped");
    let mut says = async |expected: &str| {
        let line = within(said.next_line()).await.expect("reads");
        assert_eq!(line.as_deref(), Some(expected), "see standard error");
    };

    says("here").await;
    // Under the account's name, whatever the client says.
    sees(&ada, &mut feed, &key, &[("ben@x.org", Some(&elsewhere))]).await;
    ada.core.set_presence("main", Some(&course), None);
    says("moved").await;
    sees(&ada, &mut feed, &key, &[("ben@x.org", None)]).await;
    ada.core.set_presence("main", None, None);
    tell.write_all(b"stay\n").await.expect("writes");
    says("alone").await;
    sees(&ada, &mut feed, &key, &[]).await;
    ada.core.set_presence("main", Some(&course), Some(&lesson));
    says("gone").await;
    sees(&ada, &mut feed, &key, &[]).await;
    tell.write_all(b"end\n").await.expect("writes");
    let ended = within(node.wait()).await.expect("ends");
    assert!(ended.success(), "see standard error");
}
