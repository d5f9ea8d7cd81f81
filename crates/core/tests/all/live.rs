//! Devices that stay connected, as the app does, and their windows.

use crate::world::{World, within};
use inkhorn_core::{Feed, LessonUpdate};
use inkhorn_events::Status;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{Access, CourseSummary, LessonInfo, NodeKind, SyncSummary};
use inkhorn_protocol::session::Role;
use serde::de::DeserializeOwned;

/// Asks until the answer fits, each time something changed.
pub(crate) async fn until<T: DeserializeOwned>(
    core: &inkhorn_core::Core,
    feed: &mut Feed,
    key: &QueryKey,
    fits: impl Fn(&T) -> bool,
) -> T {
    within(async {
        loop {
            let reply = core.query(key).await;
            if let Some(data) = reply.data {
                let data: T = serde_json::from_value(data).expect("the projection of the key");
                if fits(&data) {
                    return data;
                }
            }
            while !feed.next().await.keys.contains(key) {}
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_appears_in_the_window_of_another_and_a_role_change_closes_it_for_writing() {
    let world = World::start().await;
    let (ada, ben) = (world.live("ada@x.org").await, world.live("ben@x.org").await);
    let course = ada.core.create_course("Quills").await.expect("creates");
    let chapter = ada.core.add(&course, NodeKind::Chapter, None, None, "Cutting").await.expect("adds");
    let lesson = ada.core.add(&course, NodeKind::Lesson, Some(chapter), None, "One").await.expect("adds");
    within(ada.core.share(&course)).await.expect("shares");
    world.role(&course, "ben@x.org", Role::Editor).await;
    within(ben.core.join(&course)).await.expect("joins");

    let mut feed = ben.core.subscribe("main");
    let info = QueryKey::Lesson { course: course.clone(), lesson: lesson.clone() };
    let sync = QueryKey::Sync;
    ben.core.observe("main", &info);
    ben.core.observe("main", &sync);
    until(&ben.core, &mut feed, &info, |info: &LessonInfo| info.access == Access::Edit).await;

    let mut updates = ben.core.lesson_updates(&lesson, 1);
    let opened = ben.core.lesson_open(&lesson).await.expect("opens");
    assert_eq!(opened.access, Access::Edit);
    ada.append(&lesson, "Seen at once.").await;
    assert!(matches!(within(updates.next()).await, Some(LessonUpdate::Update { .. })));
    assert!(ben.markdown(&lesson).await.contains("Seen at once."));

    // A lesson that did not exist when Ben joined.
    let outline = QueryKey::Outline { course: course.clone() };
    ben.core.observe("main", &outline);
    ada.core.add(&course, NodeKind::Chapter, None, None, "Writing").await.expect("adds");
    until(&ben.core, &mut feed, &outline, |view: &inkhorn_protocol::projection::OutlineView| {
        view.nodes.len() == 2
    })
    .await;

    world.role(&course, "ben@x.org", Role::Viewer).await;
    until(&ben.core, &mut feed, &info, |info: &LessonInfo| {
        matches!(&info.access, Access::ReadOnly { role: Role::Viewer, .. })
    })
    .await;
    world.role(&course, "ben@x.org", Role::Editor).await;
    until(&ben.core, &mut feed, &info, |info: &LessonInfo| info.access == Access::Edit).await;
    until(&ben.core, &mut feed, &sync, |summary: &SyncSummary| {
        summary.count.is_settled() && summary.synced_at_ms.is_some()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_lesson_and_an_image_reach_a_connected_window_by_themselves() {
    let world = World::start().await;
    let (ada, ben) = (world.live("ada@x.org").await, world.live("ben@x.org").await);
    let course = ada.core.create_course("Quills").await.expect("creates");
    within(ada.core.share(&course)).await.expect("shares");
    world.role(&course, "ben@x.org", Role::Viewer).await;
    within(ben.core.join(&course)).await.expect("joins");
    let mut feed = ben.core.subscribe("main");
    let outline = QueryKey::Outline { course: course.clone() };
    ben.core.observe("main", &outline);
    let chapter = ada.core.add(&course, NodeKind::Chapter, None, None, "Cutting").await.expect("adds");
    for n in 0..3 {
        let title = format!("Lesson {n}");
        let lesson =
            ada.core.add(&course, NodeKind::Lesson, Some(chapter.clone()), None, &title).await.expect("adds");
        ada.append(&lesson, "Before the image.").await;
        let image = [crate::sync::PIXEL, &[n]].concat();
        let asset = ada.core.put_asset(&lesson, "pixel.png", image.clone()).await.expect("takes the image");
        ada.append(&lesson, "After the image.").await;
        until(&ben.core, &mut feed, &outline, |view: &inkhorn_protocol::projection::OutlineView| {
            view.nodes.first().is_some_and(|chapter| chapter.children.iter().any(|node| node.id == lesson))
        })
        .await;
        let info = QueryKey::Lesson { course: course.clone(), lesson: lesson.clone() };
        ben.core.observe("main", &info);
        within(async {
            while ben.core.asset_bytes(&asset.hash).await.expect("reads").map(|(_, bytes)| bytes)
                != Some(image.clone())
            {
                feed.next().await;
            }
            // All edits before and after it come in order, each once.
            while ben.core.lesson_markdown(&lesson).await.is_ok_and(|text| !text.contains("After the image."))
            {
                feed.next().await;
            }
        })
        .await;
        assert_eq!(ben.markdown(&lesson).await, ada.markdown(&lesson).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pill_says_offline_and_why_and_connected_again_when_the_server_is_back() {
    let mut world = World::start().await;
    let ada = world.live("ada@x.org").await;
    let mut feed = ada.core.subscribe("main");
    ada.core.observe("main", &QueryKey::Sync);
    let connected = |summary: &SyncSummary| matches!(summary.status, Status::Connected { .. });
    until(&ada.core, &mut feed, &QueryKey::Sync, connected).await;
    world.stop().await;
    until(&ada.core, &mut feed, &QueryKey::Sync, |summary: &SyncSummary| {
        matches!(&summary.status, Status::Offline { next_try_ms: Some(_), why: Some(_) })
    })
    .await;
    world.restart().await;
    ada.core.retry_now();
    until(&ada.core, &mut feed, &QueryKey::Sync, connected).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_edits_reaches_a_window_in_few_batches_and_ends_with_the_newest() {
    let world = World::start().await;
    let ada = world.live("ada@x.org").await;
    let course = ada.core.create_course("Quills").await.expect("creates");
    let key = QueryKey::Outline { course: course.clone() };
    let mut feed = ada.core.subscribe("main");
    ada.core.observe("main", &key);
    let started = std::time::Instant::now();
    for n in 0..200 {
        ada.core.rename_course(&course, &format!("Title {n}")).await.expect("renames");
    }
    let mut batches = 0;
    within(async {
        loop {
            let batch = feed.next().await;
            batches += 1;
            assert_eq!(batch.seq, batches);
            let reply = ada.core.query(&key).await;
            if reply.data.is_some_and(|data| data["title"] == "Title 199") {
                break;
            }
        }
    })
    .await;
    let most = started.elapsed().as_millis() as u64 / 17 + 2;
    assert!(batches <= most, "{batches} batches, at most {most} in that time");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_that_was_reloaded_starts_with_nothing_observed() {
    let world = World::start().await;
    let ada = world.device("ada@x.org").await;
    let old = ada.core.subscribe("main");
    ada.core.observe("main", &QueryKey::Courses);
    let mut new = ada.core.subscribe("main");
    drop(old);
    ada.core.observe("main", &QueryKey::Courses);
    // What the old page asked for may be here already: then there is no news, and asking gives the answer.
    until(&ada.core, &mut new, &QueryKey::Courses, |courses: &Vec<CourseSummary>| courses.is_empty()).await;
    ada.core.create_course("Quills").await.expect("creates");
    until(&ada.core, &mut new, &QueryKey::Courses, |courses: &Vec<CourseSummary>| courses.len() == 1).await;
}
