//! The sync engine by itself: what it does about a single thing that the server says.

use crate::common::{a_course, course, lesson_doc, open};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::{Reason, Role};
use inkhorn_replica::sync::{Action, Engine, Event};

#[tokio::test]
async fn a_registration_that_is_refused_is_asked_for_ever_more_rarely() {
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 9).await;
    replica.create_course(a_course(9)).await.expect("course");
    replica.share(&course()).await.expect("shared");
    let mut engine = Engine::new("token".into());
    let mut event = Event::Work(replica.work(vec![]).await.expect("work"));
    let mut asked = 0;
    for second in 0..3_600 {
        let actions = engine.step(event, second * 1_000);
        event = Event::Tick;
        if actions.iter().any(|action| matches!(action, Action::Register { .. })) {
            asked += 1;
            event = Event::Registered { course: course(), done: false };
        }
    }
    assert!((8..=16).contains(&asked), "{asked} times in an hour");
}

#[tokio::test]
async fn what_waits_when_the_role_turns_out_to_be_viewer_is_refused_here_and_not_called_synced() {
    // The server cannot tell a viewer's own deletions from those that follow from others, and takes neither.
    let dir = tempfile::tempdir().expect("dir");
    let replica = open(dir.path(), 10).await;
    replica.create_course(a_course(10)).await.expect("course");
    replica.share(&course()).await.expect("shared");
    let mut engine = Engine::new("token".into());
    let mut work = replica.work(vec![]).await.expect("work");
    for item in &mut work {
        item.registered = true;
        item.fresh = false;
    }
    assert!(work.iter().any(|item| item.doc == lesson_doc() && item.dirty));
    let mut actions = engine.step(Event::Work(work), 0);
    let said = Event::Frame { doc: lesson_doc(), message: Message::Authenticated { read_only: true } };
    actions.extend(engine.step(said, 1));
    let refused = actions.iter().any(|action| {
        matches!(action, Action::Reject { doc, reason: Reason::RoleTooLow { role: Role::Viewer } } if *doc == lesson_doc())
    });
    assert!(refused, "{actions:?}");
}
