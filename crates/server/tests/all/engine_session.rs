//! `@session`: events in order, each once, and a gap that is seen.

use super::updates::set;
use super::world::{LESSON, World};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::{EventKind, Role, ToApp};
use inkhorn_server::engine::event::Change;
use inkhorn_server::engine::{Event, LogError};

fn title(seq: u64, title: &str) -> Change {
    let kind = EventKind::Title { title: title.to_owned() };
    Change { course: "c".parse().unwrap(), course_seq: seq, kind: Some(kind), member: None }
}

fn numbers(told: &[ToApp]) -> Vec<(u64, u64)> {
    told.iter()
        .filter_map(|t| match t {
            ToApp::Event { prev_seq, course_seq, .. } => Some((*prev_seq, *course_seq)),
            _ => None,
        })
        .collect()
}

#[test]
fn hello_is_answered_and_events_follow_in_order() {
    let mut w = World::new();
    w.event(Event::Opened { conn: 1 });
    w.hello(1, "ann", "epoch-1", &[]);
    let told = w.told(1);
    assert!(matches!(&told[..], [ToApp::Changed { epoch, .. }] if epoch == "epoch-1"));
    // The second overtakes the first on its way to the engine.
    w.change(title(2, "B"));
    assert!(w.told(1).is_empty());
    w.change(title(1, "A"));
    assert_eq!(numbers(&w.told(1)), [(0, 1), (1, 2)]);
    w.change(title(2, "B"));
    assert!(w.told(1).is_empty(), "each is told once");
}

#[test]
fn a_commit_of_unknown_fate_makes_members_who_do_not_look_at_the_document_ask_again() {
    let mut w = World::new();
    w.event(Event::Opened { conn: 1 });
    w.hello(1, "ann", "epoch-1", &[]);
    w.told(1);
    w.change(title(1, "A"));
    w.told(1);
    w.join(2, "ben", LESSON);
    w.hold = true;
    w.update(2, LESSON, set(7, 0, "a"));
    w.held.take().expect("a commit is under way");
    w.event(Event::Committed { result: Err(LogError::Uncertain("no answer".to_owned())) });
    assert_eq!(numbers(&w.told(1)), [(2, 3)], "not what the app has: it may have missed the commit");
    w.change(title(2, "B"));
    assert_eq!(numbers(&w.told(1)), [(1, 2)], "what does come is told as ever");
}

#[test]
fn an_event_that_never_comes_shows_as_a_gap() {
    let mut w = World::new();
    w.event(Event::Opened { conn: 1 });
    w.hello(1, "ann", "epoch-1", &[]);
    w.told(1);
    w.change(title(1, "A"));
    w.change(title(3, "C"));
    assert_eq!(numbers(&w.told(1)), [(0, 1)]);
    w.pass(2_000);
    assert_eq!(numbers(&w.told(1)), [(2, 3)], "2 is not what the app has, so it asks again");
}

#[test]
fn content_changes_are_told_at_once_and_then_a_few_times_a_second() {
    let mut w = World::new();
    w.join_app(1, "ann", LESSON);
    for clock in 0..50 {
        w.update(1, LESSON, set(7, clock, "k"));
    }
    let first = w.told(1);
    assert_eq!(numbers(&first), [(0, 1)]);
    w.pass(200);
    let told = w.told(1);
    assert_eq!(numbers(&told), [(1, 50)]);
    let [ToApp::Event { kind: EventKind::Documents { docs }, .. }] = &told[..] else { panic!("{told:?}") };
    assert_eq!(docs, &[LESSON.parse().unwrap()]);
}

#[test]
fn members_learn_their_own_role_and_strangers_learn_nothing() {
    let mut w = World::new();
    for (conn, who) in [(1, "ann"), (2, "eve")] {
        w.event(Event::Opened { conn });
        w.hello(conn, who, "epoch-1", &[]);
        w.take(conn);
    }
    w.change(title(1, "A"));
    assert_eq!(w.told(1).len(), 1);
    assert!(w.told(2).is_empty());
    let member = |seq, role| Change {
        course: "c".parse().unwrap(),
        course_seq: seq,
        kind: None,
        member: Some(("eve".into(), role)),
    };
    w.change(member(2, Some(Role::Viewer)));
    let kind = |told: &[ToApp]| match told {
        [ToApp::Event { kind, .. }] => kind.clone(),
        _ => panic!("{told:?}"),
    };
    assert_eq!(kind(&w.told(1)), EventKind::Members { role: Some(Role::Owner) });
    assert_eq!(kind(&w.told(2)), EventKind::Members { role: Some(Role::Viewer) });
    w.change(member(3, None));
    assert_eq!(kind(&w.told(2)), EventKind::Members { role: None });
    w.change(title(4, "B"));
    assert!(w.told(2).is_empty());
}

#[test]
fn an_app_of_another_protocol_is_told_so() {
    let mut w = World::new();
    w.event(Event::Opened { conn: 1 });
    w.send(1, "@session", Message::Token("ann".to_owned()));
    w.send(1, "@session", Message::Stateless(r#"{"type":"hello","protocol":2,"since":{}}"#.to_owned()));
    assert_eq!(w.told(1), [ToApp::Unsupported { min: 1, max: 1 }]);
}

#[test]
fn a_receipt_goes_to_every_session_of_its_account_and_to_nobody_else() {
    let mut w = World::new();
    for (conn, who) in [(1, "ann"), (2, "ann"), (3, "ben")] {
        w.event(Event::Opened { conn });
        w.hello(conn, who, "epoch-1", &[]);
        w.take(conn);
    }
    w.event(Event::Receipt { user: "ann".into(), op: "o1".parse().unwrap(), rejected: None });
    let receipt = [ToApp::Receipt { op: "o1".parse().unwrap(), rejected: None }];
    assert_eq!((w.told(1), w.told(2), w.told(3)), (receipt.to_vec(), receipt.to_vec(), Vec::new()));
}

#[test]
fn news_are_told_also_after_the_clock_was_set_back() {
    let mut w = World::new();
    w.join_app(1, "ann", LESSON);
    w.join(2, "ben", LESSON);
    w.update(2, LESSON, set(7, 0, "a"));
    w.pass(300);
    w.take(1);
    w.now -= 800;
    w.update(2, LESSON, set(7, 1, "b"));
    w.pass(300);
    let told = w.told(1);
    assert!(
        told.iter().any(|told| matches!(told, ToApp::Event { kind: EventKind::Documents { .. }, .. })),
        "{told:?}"
    );
}
