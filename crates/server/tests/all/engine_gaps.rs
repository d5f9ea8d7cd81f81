//! Gaps: asked about once, filled or refused, and never a loop on the wire.

use super::updates::{delete, over, set, sets, state_vector};
use super::world::{LESSON, World, rejected, saved, stored};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::Reason;

fn step1s(messages: &[Message]) -> usize {
    messages.iter().filter(|m| matches!(m, Message::Step1(_))).count()
}

#[test]
fn a_gap_is_asked_about_once_and_acked_with_the_step_2_that_fills_it() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.update(1, LESSON, set(7, 0, "a"));
    w.take(1);
    w.update(1, LESSON, set(7, 2, "c"));
    w.update(1, LESSON, set(7, 3, "d"));
    let got = w.take(1);
    assert_eq!(got, [Message::Step1(state_vector(&[(7, 1)]))], "one question for both, and no ack");
    w.send(1, LESSON, Message::Step2(sets(7, 1, &["b", "c", "d"])));
    let got = w.take(1);
    assert_eq!(saved(&got), 2, "one for each update; this step 2 is counted by nobody");
    assert_eq!(step1s(&got), 0);
    // Another gap, later, is another question.
    w.update(1, LESSON, set(7, 9, "x"));
    assert_eq!(step1s(&w.take(1)), 1);
}

#[test]
fn a_gap_that_survives_the_question_is_refused_and_never_asked_about_again() {
    let mut w = World::new();
    w.join_app(1, "ann", LESSON);
    w.update(1, LESSON, set(7, 5, "a"));
    assert_eq!(step1s(&w.take(1)), 1);
    w.send(1, LESSON, Message::Step2(vec![0, 0]));
    let got = w.take(1);
    assert_eq!(step1s(&got), 0);
    assert!(super::world::notices(&got).contains(&rejected(7, 5, 2, Reason::Gap)), "{got:?}");
    assert!(matches!(got.last(), Some(Message::Close(_))));
    w.update(1, LESSON, set(7, 6, "a"));
    assert!(w.take(1).is_empty(), "the document is closed on this connection");
}

#[test]
fn stored_never_passes_an_update_that_waits_for_its_gap() {
    let mut w = World::new();
    w.join_app(1, "ann", LESSON);
    w.update(1, LESSON, set(7, 1, "b"));
    // Another client id of the same app has no gap.
    w.update(1, LESSON, set(8, 0, "x"));
    assert_eq!(w.notices(1), [stored(1, 1)], "number 2 is not durable, so 3 is not said");
    w.send(1, LESSON, Message::Step2(sets(7, 0, &["a", "b"])));
    let last = w.notices(1).pop();
    assert_eq!(last, Some(stored(2, 4)), "the held update is acked together with the step 2 that covers it");
    w.update(1, LESSON, set(7, 2, "c"));
    assert_eq!(w.notices(1), [stored(3, 5)]);
}

#[test]
fn a_reference_to_what_nobody_sent_is_a_gap() {
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.update(1, LESSON, over(7, 0, (99, 4)));
    assert_eq!(step1s(&w.take(1)), 1);
    let mut w = World::new();
    w.join(1, "ann", LESSON);
    w.update(1, LESSON, delete(99, 4));
    assert_eq!(step1s(&w.take(1)), 1);
    assert!(w.log.entries.lock().unwrap().is_empty());
}

#[test]
fn an_update_over_a_gap_while_the_server_waits_for_a_step_2_asks_nothing_more() {
    let mut w = World::new();
    w.event(inkhorn_server::engine::Event::Opened { conn: 1 });
    w.send(1, LESSON, Message::Token("ann".to_owned()));
    w.send(1, LESSON, Message::Step1(vec![0]));
    assert_eq!(step1s(&w.take(1)), 1);
    w.update(1, LESSON, set(7, 1, "b"));
    w.send(1, LESSON, Message::Step1(vec![0]));
    assert_eq!(step1s(&w.take(1)), 0, "one is outstanding");
    w.send(1, LESSON, Message::Step2(sets(7, 0, &["a", "b"])));
    assert_eq!(saved(&w.take(1)), 2, "the first step 2 of the connection, and the update");
}

#[test]
fn what_is_held_for_a_gap_is_bounded() {
    let mut w = World::new();
    w.join_app(1, "ann", LESSON);
    for clock in 1..=65 {
        w.update(1, LESSON, set(7, clock, "k"));
    }
    assert!(
        w.notices(1)
            .iter()
            .any(|n| matches!(n, inkhorn_protocol::session::DocNotice::Rejected { reason: Reason::Gap, .. }))
    );
}

#[test]
fn a_step_2_that_brings_nothing_is_acked_once_what_was_held_is_durable() {
    let mut w = World::new();
    w.join_app(1, "ann", LESSON);
    w.update(1, LESSON, set(7, 1, "b"));
    w.update(1, LESSON, set(8, 0, "x"));
    w.take(1);
    // The other computer of the same person fills the gap first.
    w.join_app(2, "ann", LESSON);
    w.update(2, LESSON, sets(7, 0, &["a", "b"]));
    w.take(1);
    w.send(1, LESSON, Message::Step2(vec![0, 0]));
    let acked = w.notices(1).into_iter().filter_map(|notice| match notice {
        inkhorn_protocol::session::DocNotice::Stored { n, .. } => Some(n),
        _ => None,
    });
    assert_eq!(acked.max(), Some(4), "all four frames");
}
