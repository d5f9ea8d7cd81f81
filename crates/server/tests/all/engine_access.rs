//! Who may do what: tokens, roles, client ids, awareness.

use super::updates::{EMPTY, awareness, set, sets};
use super::world::{LESSON, World, at, notices, rejected, saved, stored};
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::session::{Reason, Role};
use inkhorn_server::engine::Event;
use inkhorn_server::engine::event::Change;

fn closed(messages: &[Message]) -> bool {
    matches!(messages.last(), Some(Message::Close(_)))
}

#[test]
fn a_wrong_token_an_unknown_document_and_a_stranger_are_each_told_why() {
    let mut w = World::new();
    w.event(Event::Opened { conn: 1 });
    for (token, key, reason) in [
        ("nobody", LESSON, Reason::Unauthenticated),
        ("eve", LESSON, Reason::NotMember),
        ("ann", "lesson:unknown", Reason::NotRegistered),
        ("ann", "no document at all", Reason::NotRegistered),
    ] {
        w.send(1, key, Message::Token(token.to_owned()));
        assert_eq!(w.take(1), [Message::PermissionDenied(reason.to_string())]);
        w.update(1, key, set(7, 0, "a"));
        assert!(w.take(1).is_empty());
    }
    assert!(w.log.entries.lock().unwrap().is_empty());
}

#[test]
fn an_app_gets_the_refusal_of_a_document_as_something_to_act_on() {
    let mut w = World::new();
    w.event(Event::Opened { conn: 1 });
    w.hello(1, "eve", "epoch-1", &[]);
    w.take(1);
    w.send(1, LESSON, Message::Token("eve".to_owned()));
    assert_eq!(w.notices(1), [rejected(0, 0, 0, Reason::NotMember)]);
}

#[test]
fn the_first_step_2_is_acked_even_when_empty_and_each_update_exactly_once() {
    let mut w = World::new();
    w.event(Event::Opened { conn: 1 });
    w.send(1, LESSON, Message::Token("ann".to_owned()));
    w.send(1, LESSON, Message::Step1(vec![0]));
    w.send(1, LESSON, Message::Step2(EMPTY.to_vec()));
    assert_eq!(saved(&w.take(1)), 1);
    w.send(1, LESSON, Message::Step2(EMPTY.to_vec()));
    assert_eq!(saved(&w.take(1)), 0, "the provider counts only the one of its own step 1");
    w.update(1, LESSON, EMPTY.to_vec());
    w.update(1, LESSON, set(7, 0, "a"));
    w.update(1, LESSON, set(7, 0, "a"));
    assert_eq!(saved(&w.take(1)), 3);
}

#[test]
fn a_viewer_reads_and_cannot_write() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.update(1, LESSON, set(7, 0, "a"));
    w.event(Event::Opened { conn: 2 });
    w.send(2, LESSON, Message::Token("vic".to_owned()));
    w.send(2, LESSON, Message::Step1(vec![0]));
    w.send(2, LESSON, Message::Step2(set(7, 0, "a")));
    let got = w.take(2);
    assert_eq!(got[0], Message::Authenticated { read_only: true });
    assert_eq!(got[1], Message::Step2(set(7, 0, "a")));
    assert_eq!(saved(&got), 1, "a step 2 without anything new is no edit");
    w.update(1, LESSON, set(7, 1, "b"));
    assert_eq!(w.take(2), [Message::Update(set(7, 1, "b"))]);
    w.update(2, LESSON, set(9, 0, "mine"));
    assert!(closed(&w.take(2)));
    assert_eq!(w.log.entries.lock().unwrap().len(), 2);
    // The index forgot it too: an honest writer of that clock is no fork.
    w.update(1, LESSON, set(9, 0, "other"));
    assert_eq!(saved(&w.take(1)), 3);
}

#[test]
fn a_role_that_changes_is_in_force_on_live_connections() {
    let mut w = World::new();
    w.join_app(1, "ben", LESSON);
    let change = |seq, role| Change {
        course: "c".parse().unwrap(),
        course_seq: seq,
        kind: None,
        member: Some(("ben".into(), role)),
    };
    w.change(change(1, Some(Role::Viewer)));
    let got = w.take(1);
    assert!(got.contains(&Message::Authenticated { read_only: true }), "{got:?}");
    w.update(1, LESSON, set(7, 0, "a"));
    assert_eq!(w.notices(1), [rejected(7, 0, 2, Reason::RoleTooLow { role: Role::Viewer })]);
    w.change(change(2, Some(Role::Editor)));
    w.open(1, "ben", LESSON);
    w.update(1, LESSON, set(7, 0, "a"));
    assert_eq!(w.notices(1), [stored(1, 2)]);
    w.change(change(3, None));
    let got = w.take(1);
    assert!(notices(&got).contains(&rejected(0, 0, 0, Reason::NotMember)));
    // A sign-in that was looked up before the change and answered behind it does not slip through.
    w.roles.insert(("c".to_owned(), "ben".to_owned()), Role::Editor);
    w.heads.insert("c".parse().unwrap(), 2);
    w.send(1, LESSON, Message::Token("ben".to_owned()));
    assert_eq!(w.notices(1), [rejected(0, 0, 0, Reason::NotMember)]);
}

#[test]
fn a_role_that_was_read_is_not_replaced_by_an_older_change_that_is_told_late() {
    let mut w = World::new();
    let change = |seq, role| Change {
        course: "c".parse().unwrap(),
        course_seq: seq,
        kind: None,
        member: Some(("ben".into(), Some(role))),
    };
    w.change(change(1, Role::Viewer));
    // An editor again, and the hub has not heard of it yet when the token is looked up.
    w.roles.insert(("c".to_owned(), "ben".to_owned()), Role::Editor);
    w.heads.insert("c".parse().unwrap(), 3);
    w.join_app(1, "ben", LESSON);
    w.event(Event::Changed(change(2, Role::Viewer)));
    w.event(Event::Changed(change(3, Role::Editor)));
    let got = w.take(1);
    assert!(!got.contains(&Message::Authenticated { read_only: true }), "{got:?}");
    w.update(1, LESSON, set(7, 0, "a"));
    assert!(w.notices(1).iter().any(|notice| *notice == stored(1, 2)), "it may write all the time");
}

#[test]
fn nobody_writes_under_anothers_client_id() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.join_app(2, "ben", LESSON);
    w.update(1, LESSON, set(7, 0, "a"));
    w.notices(2);
    w.update(2, LESSON, set(7, 0, "a"));
    assert_eq!(w.notices(2), [stored(1, 2)], "a duplicate passes");
    w.update(2, LESSON, set(7, 1, "forged"));
    assert_eq!(w.notices(2), [rejected(7, 1, 3, Reason::ClientIdTaken)]);
    w.update(1, LESSON, set(7, 1, "b"));
    assert_eq!(saved(&w.take(1)), 2, "the owner goes on as if nothing had been");
}

#[test]
fn a_copied_profile_that_reuses_clocks_is_a_fork() {
    let mut w = World::new();
    w.join_app(1, "ann", LESSON);
    w.update(1, LESSON, set(7, 0, "a"));
    w.notices(1);
    w.update(1, LESSON, set(7, 0, "z"));
    assert_eq!(w.notices(1), [rejected(7, 0, 3, Reason::Fork)]);
}

#[test]
fn the_same_account_goes_on_under_its_client_id_after_a_reconnect_and_a_restart() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.update(1, LESSON, set(7, 0, "a"));
    w.event(Event::Closed { conn: 1 });
    // A restart: only the log is left.
    let mut after = World::new();
    after.log = w.log;
    after.join(1, "ann", LESSON);
    after.update(1, LESSON, set(7, 1, "unacked"));
    assert_eq!(saved(&after.take(1)), 1);
    after.join_app(2, "ben", LESSON);
    after.update(2, LESSON, set(7, 2, "forged"));
    assert_eq!(after.notices(2), [rejected(7, 2, 2, Reason::ClientIdTaken)], "and it is still nobody else's");
}

#[test]
fn awareness_claims_a_client_id_too() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.join_app(2, "ben", LESSON);
    w.send(1, LESSON, Message::Awareness(awareness(7, 1, "{}")));
    w.take(2);
    w.update(2, LESSON, set(7, 0, "forged"));
    assert_eq!(w.notices(2), [rejected(7, 0, 2, Reason::ClientIdTaken)]);
}

#[test]
fn awareness_carries_the_accounts_name_and_ends_with_the_connection() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.join(2, "ben", "lesson:l\0tab");
    w.send(1, LESSON, Message::Awareness(awareness(7, 1, r#"{"user":{"name":"Ben"}}"#)));
    let named = awareness(7, 1, r#"{"user":{"name":"ANN"}}"#);
    assert_eq!(w.take_frames(2), [Frame::doc("lesson:l\0tab", Message::Awareness(named.clone()))]);
    w.event(Event::Opened { conn: 3 });
    w.send(3, LESSON, Message::Token("vic".to_owned()));
    assert_eq!(w.take(3).last(), Some(&Message::Awareness(named)), "a newcomer sees who is there");
    w.event(Event::Closed { conn: 1 });
    assert_eq!(w.take(2), [Message::Awareness(awareness(7, 2, "null"))]);
}

#[test]
fn in_a_new_epoch_relayed_edits_are_taken_and_claim_no_id() {
    let mut w = World::new();
    w.event(Event::Opened { conn: 1 });
    w.hello(1, "ben", "epoch-0", &[("c", 9)]);
    w.send(1, LESSON, Message::Token("ben".to_owned()));
    w.send(1, LESSON, Message::Step1(vec![0]));
    w.take(1);
    // Ann's edits, which the restored server lacks, come by Ben's step 2.
    w.send(1, LESSON, Message::Step2(sets(7, 0, &["a", "b"])));
    assert_eq!(w.notices(1), [stored(1, 1)]);
    assert!(w.log.entries.lock().unwrap()[0].claims.is_empty());
    w.join(2, "ann", LESSON);
    w.update(2, LESSON, set(7, 2, "c"));
    assert_eq!(saved(&w.take(2)), 1, "the id is still Ann's to claim");
    assert_eq!(w.notices(1), [at(2)]);
    w.update(1, LESSON, set(7, 3, "d"));
    assert_eq!(w.notices(1), [rejected(7, 3, 2, Reason::ClientIdTaken)], "and the grace is over");
}

#[test]
fn many_wrong_tokens_or_early_frames_end_the_connection() {
    let mut w = World::new();
    w.event(Event::Opened { conn: 1 });
    for _ in 0..16 {
        w.send(1, LESSON, Message::Token("nobody".to_owned()));
    }
    assert_eq!(w.gone.get(&1), Some(&4401));
    w.event(Event::Opened { conn: 2 });
    w.pass(30_000);
    assert_eq!(w.gone.get(&2), Some(&4408), "and so does saying nothing");
    w.event(Event::Opened { conn: 3 });
    let frame = |m| Event::Frame { conn: 3, frame: Frame::doc(LESSON, m) };
    w.engine.step(frame(Message::Token("ann".to_owned())), w.now);
    let mut ended = false;
    for _ in 0..65 {
        let actions = w.engine.step(frame(Message::QueryAwareness), w.now);
        ended |= actions.iter().any(|a| matches!(a, inkhorn_server::engine::Action::Disconnect { .. }));
    }
    assert!(ended);
}
