//! Many edits in a short time, as a window gets them.

use crate::world::{Device, within};
use inkhorn_core::LessonUpdate;
use inkhorn_course::Lesson;
use inkhorn_protocol::projection::NodeKind;

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_edits_reaches_an_editor_in_few_messages_and_nothing_of_it_is_lost() {
    const EDITS: usize = 400;
    let device = Device::new(false).await;
    let course = device.core.create_course("Quills").await.expect("creates");
    let chapter = device.core.add(&course, NodeKind::Chapter, None, None, "Cutting").await.expect("adds");
    let lesson = device.core.add(&course, NodeKind::Lesson, Some(chapter), None, "One").await.expect("adds");
    let mut updates = device.core.lesson_updates(&lesson, 1);
    let opened = device.core.lesson_open(&lesson).await.expect("opens");
    let mut shown = Lesson::load(7, &opened.bytes).expect("loads");

    let started = std::time::Instant::now();
    let core = device.core.clone();
    let writing = tokio::spawn(async move {
        for some in (0..EDITS).collect::<Vec<_>>().chunks(40) {
            // At once, so that a commit holds many.
            let edits = some.iter().map(|n| {
                let (core, lesson) = (core.clone(), lesson.clone());
                let text = format!("Edit {n}.");
                tokio::spawn(async move { core.append_markdown(&lesson, &text).await })
            });
            for edit in edits.collect::<Vec<_>>() {
                edit.await.expect("ends").expect("appends");
            }
        }
        core.lesson_open(&lesson).await.expect("opens").version
    });
    let mut messages = 0;
    let mut version = opened.version;
    within(async {
        while version < opened.version + EDITS as u64 {
            match updates.next().await {
                Some(LessonUpdate::Update { bytes, version: now }) => {
                    assert!(now > version, "each version once, in order");
                    assert!(shown.apply(&bytes).expect("takes"), "an update with nothing new");
                    (messages, version) = (messages + 1, now);
                }
                other => panic!("{other:?}"),
            }
        }
    })
    .await;
    assert_eq!(writing.await.expect("ends"), version);
    let most = started.elapsed().as_millis() as u64 / 17 + 2;
    assert!(messages <= most, "{messages} messages, at most {most} in that time");
    let text = format!("{:?}", shown.body().expect("a body"));
    assert!((0..EDITS).all(|n| text.contains(&format!("Edit {n}."))));
}
