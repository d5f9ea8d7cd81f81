//! Commit, fan-out, ack: in this order, or not at all.

use super::updates::{EMPTY, over, set};
use super::world::{LESSON, OUTLINE, World, at, notices, rejected, saved, stored};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::Reason;
use inkhorn_server::engine::{Event, LogError};

#[test]
fn an_update_reaches_peers_and_is_acked_only_when_it_is_durable() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.join(2, "ben", LESSON);
    w.hold = true;
    w.update(1, LESSON, set(7, 0, "a"));
    assert!(w.take(1).is_empty() && w.take(2).is_empty(), "nothing before the commit");
    w.land();
    assert_eq!(w.take(1), [Message::SyncStatus(true)]);
    assert_eq!(w.take(2), [Message::Update(set(7, 0, "a"))]);
}

#[test]
fn what_arrives_during_a_commit_becomes_one_batch() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.hold = true;
    for clock in 0..10 {
        w.update(1, LESSON, set(7, clock, &clock.to_string()));
    }
    w.land();
    assert_eq!(saved(&w.take(1)), 1);
    w.land();
    assert_eq!(saved(&w.take(1)), 9);
    assert_eq!(*w.log.batches.lock().unwrap(), [1, 9]);
    assert!(w.engine.is_quiet());
}

#[test]
fn an_app_sees_an_order_without_holes() {
    let mut w = World::new();
    w.join_app(1, "ann", LESSON);
    w.join_app(2, "ben", LESSON);
    w.hold = true;
    w.update(1, LESSON, set(7, 0, "a"));
    w.update(2, LESSON, set(8, 0, "b"));
    w.update(1, LESSON, set(7, 1, "c"));
    w.land();
    w.land();
    // Number 1 was the empty step 2 of joining.
    assert_eq!(w.notices(1), [stored(1, 2), at(2), stored(3, 3)]);
    let got = w.take(2);
    assert_eq!(notices(&got), [at(1), stored(2, 2), at(3)]);
    let updates = got.iter().filter(|m| matches!(m, Message::Update(_))).count();
    assert_eq!(updates, 2, "its own comes not back");
}

#[test]
fn the_commit_fails_between_two_dependent_updates() {
    let mut w = World::new();
    w.join_app(1, "ann", LESSON);
    w.join(2, "ben", LESSON);
    w.hold = true;
    w.update(1, LESSON, set(7, 0, "a"));
    // Both of these build on what is being written.
    w.update(1, LESSON, set(7, 1, "b"));
    w.update(1, LESSON, over(7, 2, (7, 0)));
    *w.log.fail.lock().unwrap() = Some(LogError::RolledBack("disk full".to_owned()));
    w.land();
    assert!(w.held.is_none(), "what was sent on top of it is not written either");
    let got = w.take(1);
    assert_eq!(notices(&got), [rejected(0, 0, 2, Reason::StorageFailed)]);
    assert!(matches!(got.last(), Some(Message::Close(_))));
    assert!(w.take(2).is_empty(), "nobody else saw any of it, or is closed");
    // The same frames, on a document that is not open any more, are not heard.
    w.update(1, LESSON, set(7, 0, "a"));
    assert!(w.take(1).is_empty());
    // It comes back, and all of it is taken.
    w.hold = false;
    w.open(1, "ann", LESSON);
    for bytes in [set(7, 0, "a"), set(7, 1, "b"), over(7, 2, (7, 0))] {
        w.update(1, LESSON, bytes);
    }
    assert_eq!(w.notices(1), [stored(1, 2), stored(2, 3), stored(3, 4)]);
    assert_eq!(w.take(2).len(), 3);
}

#[test]
fn an_outline_that_was_sent_behind_a_lesson_that_is_not_written_is_not_written_either() {
    for error in [LogError::RolledBack("disk full".to_owned()), LogError::Uncertain("no answer".to_owned())] {
        let mut w = World::new();
        w.join_app(1, "ann", LESSON);
        w.open(1, "ann", OUTLINE);
        w.join_app(2, "ben", OUTLINE);
        let before = w.log.entries.lock().unwrap().len();
        w.hold = true;
        w.update(1, LESSON, set(7, 0, "a"));
        // Sent before the lesson's fate is known.
        w.update(1, OUTLINE, set(9, 0, "a"));
        *w.log.fail.lock().unwrap() = Some(error);
        w.land();
        assert!(w.held.is_none(), "the outline is not being written");
        assert_eq!(w.log.entries.lock().unwrap().len(), before);
        let closed = w.take(1).iter().filter(|m| matches!(m, Message::Close(_))).count();
        assert_eq!(closed, 2, "both are opened anew, the lesson first");
        w.update(1, OUTLINE, set(9, 1, "b"));
        assert!(w.held.is_none(), "what is still under way is not heard");
        let others = w.take(2);
        assert!(!others.iter().any(|m| matches!(m, Message::Close(_) | Message::Update(_))), "{others:?}");
    }
}

#[test]
fn a_commit_of_unknown_fate_makes_everybody_read_the_log_again() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.join_app(2, "ben", LESSON);
    w.hold = true;
    w.update(1, LESSON, set(7, 0, "a"));
    let batch = w.held.take().unwrap();
    // It was written, but the answer got lost.
    w.log.entries.lock().unwrap().extend(batch.entries);
    let lost = LogError::Uncertain("no answer".to_owned());
    w.event(Event::Committed { result: Err(lost) });
    assert!(matches!(w.take(1).as_slice(), [Message::Close(_)]));
    assert_eq!(w.notices(2), [rejected(0, 0, 0, Reason::StorageFailed)]);
    w.hold = false;
    w.open(1, "ann", LESSON);
    assert_eq!(w.loads, 2);
    w.update(1, LESSON, set(7, 0, "a"));
    assert_eq!(saved(&w.take(1)), 1, "it was there, and is acked as known");
    w.update(1, LESSON, set(7, 1, "b"));
    assert_eq!(w.log.entries.lock().unwrap().last().map(|e| e.doc_seq), Some(2));
}

#[test]
fn a_repeated_update_is_acked_only_when_what_it_repeats_is_durable() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.join(2, "ann", LESSON);
    w.hold = true;
    w.update(1, LESSON, set(7, 0, "a"));
    w.update(2, LESSON, set(7, 1, "b"));
    w.update(1, LESSON, set(7, 1, "b"));
    w.land();
    assert_eq!(saved(&w.take(1)), 1);
    w.land();
    assert_eq!(saved(&w.take(1)), 1);
    assert_eq!(w.log.entries.lock().unwrap().len(), 2, "and is not written twice");
    w.update(1, LESSON, set(7, 0, "a"));
    assert_eq!(saved(&w.take(1)), 1, "with nothing in flight, at once");
}

#[test]
fn a_newcomer_gets_what_is_committed_and_then_what_follows() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.update(1, LESSON, set(7, 0, "a"));
    w.hold = true;
    w.update(1, LESSON, set(7, 1, "b"));
    w.event(Event::Opened { conn: 2 });
    w.send(2, LESSON, Message::Token("ben".to_owned()));
    w.send(2, LESSON, Message::Step1(vec![0]));
    let got = w.take(2);
    assert_eq!(got[0], Message::Authenticated { read_only: false });
    assert_eq!(got[1], Message::Step2(set(7, 0, "a")), "what is in flight is not told");
    assert!(matches!(got[2], Message::Step1(_)), "the server always asks too");
    w.land();
    assert_eq!(w.take(2), [Message::Update(set(7, 1, "b"))]);
}

#[test]
fn frames_behind_the_token_wait_for_it_and_count() {
    let mut w = World::new();
    w.event(Event::Opened { conn: 1 });
    w.hello(1, "ann", "epoch-1", &[]);
    w.take(1);
    // Held back by hand: the token is answered last.
    let frame = |m| Event::Frame { conn: 1, frame: inkhorn_protocol::frame::Frame::doc(LESSON, m) };
    let asked = w.engine.step(frame(Message::Token("ann".to_owned())), 1);
    for m in [Message::Step1(vec![0]), Message::Step2(EMPTY.to_vec()), Message::Update(set(7, 0, "a"))] {
        assert!(w.engine.step(frame(m), 1).is_empty());
    }
    let Some(inkhorn_server::engine::Action::Authorise { ticket, .. }) = asked.into_iter().next() else {
        panic!("a token is asked about");
    };
    let user = inkhorn_server::engine::event::User { id: "ann".into(), name: "Ann".into() };
    let role = Some(inkhorn_protocol::session::Role::Owner);
    let document =
        Some(inkhorn_server::engine::event::Standing { course: "c".parse().unwrap(), role, course_seq: 0 });
    let result = Ok(inkhorn_server::engine::Access { user, document });
    w.event(Event::Authorised { conn: 1, key: LESSON.to_owned(), ticket, result });
    assert_eq!(w.notices(1), [at(0), stored(0, 1), stored(1, 2)]);
}

#[test]
fn what_a_client_sent_before_it_left_is_written() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.hold = true;
    w.update(1, LESSON, set(7, 0, "a"));
    w.update(1, LESSON, set(7, 1, "b"));
    w.event(Event::Closed { conn: 1 });
    w.land();
    w.land();
    assert_eq!(w.log.entries.lock().unwrap().len(), 2);
}

#[test]
fn an_unused_document_is_unloaded_and_comes_back_the_same() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.update(1, LESSON, set(7, 0, "a"));
    w.event(Event::Closed { conn: 1 });
    w.pass(59_000);
    w.join(2, "ben", LESSON);
    assert_eq!(w.loads, 1, "still warm");
    w.event(Event::Closed { conn: 2 });
    w.pass(61_000);
    w.event(Event::Opened { conn: 3 });
    w.send(3, LESSON, Message::Token("ben".to_owned()));
    w.send(3, LESSON, Message::Step1(vec![0]));
    assert_eq!(w.loads, 2);
    assert_eq!(w.take(3)[1], Message::Step2(set(7, 0, "a")));
}

#[test]
fn a_long_log_gets_a_checkpoint() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    for clock in 0..1_000 {
        w.update(1, LESSON, set(7, clock, "k"));
    }
    w.pass(1);
    assert_eq!(*w.log.checkpoints.lock().unwrap(), [(LESSON.parse().unwrap(), 1_000)]);
    w.pass(1);
    assert_eq!(w.log.checkpoints.lock().unwrap().len(), 1);
}
