//! Single rules of the outbox, step by step.

use inkhorn_outbox::{
    Action, CONFIRM_MS, EXPIRY_MS, Entry, Event, MAX_RETRY_MS, News, Now, Outbox, Outcome, Refusal, Reply,
    Unreadable,
};
use inkhorn_protocol::OpId;
use inkhorn_protocol::projection::OperationState;
use inkhorn_protocol::rest::Operation;
use inkhorn_protocol::session::Reason;

const T0: u64 = 1_700_000_000_000;

fn at(ms: u64) -> Now {
    Now { wall_ms: T0 + ms, mono_ms: ms }
}

fn id(op: &str) -> OpId {
    op.parse().expect("an id")
}

fn title(course: &str, title: &str) -> Operation {
    Operation::SetTitle { course: course.parse().expect("an id"), title: title.into() }
}

/// An outbox whose disk always works at once; gives what is sent.
struct Rig {
    outbox: Outbox,
    now: Now,
    sent: Vec<(OpId, u64)>,
    told: Vec<(OpId, News)>,
    finished: Vec<OpId>,
}

impl Rig {
    fn new(open: bool, listening: bool) -> Self {
        let mut rig =
            Self { outbox: Outbox::default(), now: at(0), sent: vec![], told: vec![], finished: vec![] };
        rig.feed(Event::Restored { entries: vec![], unreadable: vec![] });
        rig.feed(Event::Gate { open, listening });
        rig
    }

    fn feed(&mut self, event: Event) {
        for action in self.outbox.step(event, self.now, 0) {
            match action {
                Action::Save(entry) => self.feed(Event::Saved { op: entry.op, outcome: Ok(()) }),
                Action::Finish(entry) => {
                    self.finished.push(entry.op.clone());
                    self.feed(Event::Finished { op: entry.op, outcome: Ok(()) });
                }
                Action::Send { op, attempt, .. } => self.sent.push((op, attempt)),
                Action::Tell(op, news) => self.told.push((op, news)),
                Action::Remove(op) => self.feed(Event::Removed { op, outcome: Ok(()) }),
                Action::Changed => {}
            }
        }
    }

    fn submit(&mut self, op: &str, operation: Operation) {
        self.feed(Event::Submit { op: id(op), operation });
    }

    fn reply(&mut self, reply: Reply) {
        let (op, attempt) = self.sent.pop().expect("something was sent");
        self.feed(Event::Replied { op, attempt, reply });
    }

    fn sent(&self) -> Vec<&str> {
        self.sent.iter().map(|(op, _)| op.as_str()).collect()
    }

    fn states(&self) -> Vec<(String, OperationState)> {
        self.outbox.list(self.now).into_iter().map(|info| (info.op.to_string(), info.state)).collect()
    }

    fn pass(&mut self, ms: u64) {
        self.now = Now { wall_ms: self.now.wall_ms + ms, mono_ms: self.now.mono_ms + ms };
        self.feed(Event::Tick);
    }
}

#[test]
fn the_answer_acks_and_only_the_event_confirms() {
    let mut rig = Rig::new(true, true);
    rig.submit("a", title("c", "Ink"));
    assert_eq!(rig.states(), [("a".into(), OperationState::Sent)]);
    rig.reply(Reply::Done);
    assert_eq!(rig.states(), [("a".into(), OperationState::Acked)]);
    assert!(rig.finished.is_empty());
    rig.feed(Event::Completed { op: id("a"), rejected: None });
    assert_eq!(rig.finished, [id("a")]);
    assert!(rig.states().is_empty());
    assert_eq!(rig.told.last(), Some(&(id("a"), News::Ended(Outcome::Done))));
}

#[test]
fn an_event_that_comes_before_the_answer_confirms_and_the_answer_is_late() {
    let mut rig = Rig::new(true, true);
    rig.submit("a", title("c", "Ink"));
    rig.feed(Event::Completed { op: id("a"), rejected: None });
    rig.reply(Reply::Done);
    assert_eq!(rig.finished, [id("a")]);
}

#[test]
fn a_lost_event_is_found_by_asking_again_under_the_same_id() {
    let mut rig = Rig::new(true, true);
    rig.submit("a", title("c", "Ink"));
    rig.reply(Reply::Done);
    assert_eq!(rig.outbox.wake_at(), Some(CONFIRM_MS));
    rig.pass(CONFIRM_MS);
    assert_eq!(rig.sent(), ["a"]);
    rig.reply(Reply::Done);
    assert_eq!(rig.finished, [id("a")]);
    // Events that may have been lost are the same.
    rig.submit("b", title("c", "Pen"));
    rig.reply(Reply::Done);
    rig.feed(Event::Resync);
    assert_eq!(rig.sent(), ["b"]);
}

#[test]
fn where_no_event_can_arrive_the_server_is_asked_at_once() {
    let mut rig = Rig::new(true, false);
    rig.submit("a", title("c", "Ink"));
    rig.reply(Reply::Done);
    assert_eq!(rig.sent(), ["a"]);
    rig.reply(Reply::Done);
    assert_eq!(rig.finished, [id("a")]);
}

#[test]
fn one_of_a_course_at_a_time_and_courses_do_not_wait_for_each_other() {
    let mut rig = Rig::new(true, true);
    let register = |course: &str| Operation::Register {
        course: course.parse().expect("an id"),
        title: String::new(),
        documents: vec![],
    };
    rig.submit("a", register("c"));
    rig.submit("b", title("c", "Ink"));
    rig.submit("x", title("d", "Pen"));
    assert_eq!(rig.sent(), ["a", "x"]);
    rig.feed(Event::Completed { op: id("a"), rejected: None });
    assert_eq!(rig.sent(), ["a", "x", "b"]);
}

#[test]
fn nothing_is_sent_while_the_gate_is_closed_and_a_waiting_title_is_replaced_by_a_newer_one() {
    let mut rig = Rig::new(false, false);
    rig.submit("a", title("c", "Ink"));
    rig.submit("b", title("c", "Ink and quill"));
    rig.pass(MAX_RETRY_MS);
    assert!(rig.sent().is_empty());
    assert_eq!(rig.states(), [("b".into(), OperationState::Queued)]);
    assert!(rig.told.contains(&(id("a"), News::Ended(Outcome::Superseded))));
    rig.feed(Event::Gate { open: true, listening: true });
    assert_eq!(rig.sent(), ["b"]);
}

#[test]
fn what_may_have_reached_the_server_is_never_replaced_also_after_a_restart() {
    let mut rig = Rig::new(true, true);
    rig.submit("a", title("c", "Ink"));
    rig.reply(Reply::Unreachable("gone".into()));
    let kept: Vec<Entry> = rig.outbox.entries().cloned().collect();
    assert_eq!(kept[0].tries, 1);
    let mut rig = Rig::new(false, false);
    rig.feed(Event::Restored { entries: kept, unreadable: vec![] });
    rig.submit("b", title("c", "Pen"));
    assert_eq!(rig.states().len(), 2);
    rig.feed(Event::Gate { open: true, listening: true });
    assert_eq!(rig.sent(), ["a"], "the older one first: what became of it must be known");
}

#[test]
fn what_is_refused_is_kept_with_its_reason_until_the_user_tries_again_under_a_fresh_id_or_lets_it_go() {
    let mut rig = Rig::new(true, true);
    let refusal = Refusal { reason: Reason::NotMember, taken: vec![] };
    rig.submit("a", title("c", "Ink"));
    // The event alone does not say all: the answer does.
    rig.feed(Event::Completed { op: id("a"), rejected: Some(Reason::NotMember) });
    rig.reply(Reply::Rejected(refusal.clone()));
    assert_eq!(rig.states(), [("a".into(), OperationState::Rejected)]);
    assert_eq!(rig.told.last(), Some(&(id("a"), News::Ended(Outcome::Rejected(refusal.clone())))));
    rig.pass(EXPIRY_MS * 2);
    rig.feed(Event::Resync);
    assert!(rig.sent().is_empty(), "not by itself");
    // Those behind it are not held up.
    rig.submit(
        "b",
        Operation::Register { course: "c".parse().unwrap(), title: String::new(), documents: vec![] },
    );
    assert_eq!(rig.sent(), ["b"]);
    rig.reply(Reply::Rejected(refusal));
    rig.feed(Event::Retry { op: id("a"), fresh: id("a2") });
    assert_eq!(rig.sent(), ["a2"]);
    assert_eq!(rig.states().len(), 2, "the new one stands for the old one");
    assert!(!rig.outbox.may_let_go(&id("a2")), "not while it is under way");
    assert!(rig.outbox.may_let_go(&id("b")));
    rig.feed(Event::LetGo(id("b")));
    assert_eq!(rig.states(), [("a2".into(), OperationState::Sent)]);
}

#[test]
fn tries_become_rarer_up_to_a_limit_and_coming_online_ends_the_wait() {
    let mut rig = Rig::new(true, true);
    rig.submit("a", title("c", "Ink"));
    let mut waits = vec![];
    for _ in 0..14 {
        rig.reply(Reply::Unreachable("gone".into()));
        let wait = rig.outbox.wake_at().expect("it goes on") - rig.now.mono_ms;
        waits.push(wait);
        rig.pass(wait - 1);
        assert!(rig.sent().is_empty());
        rig.pass(1);
    }
    assert!(waits.is_sorted() && waits[0] < 1_000 && waits[13] == MAX_RETRY_MS / 2, "{waits:?}");
    rig.reply(Reply::SignedOut("sign in".into()));
    assert!(matches!(rig.told.last(), Some((_, News::Stalled { signed_out: true, .. }))));
    rig.feed(Event::Gate { open: false, listening: false });
    rig.feed(Event::Gate { open: true, listening: true });
    assert_eq!(rig.sent(), ["a"], "a sign-in loses nothing");
}

#[test]
fn the_user_who_waits_gets_one_try_also_while_offline() {
    let mut rig = Rig::new(false, false);
    rig.submit("a", title("c", "Ink"));
    rig.submit(
        "b",
        Operation::Register { course: "c".parse().unwrap(), title: String::new(), documents: vec![] },
    );
    rig.feed(Event::TryNow(id("b")));
    assert_eq!(rig.sent(), ["a"], "the one before it comes first");
    rig.reply(Reply::Unreachable("gone".into()));
    rig.pass(MAX_RETRY_MS);
    assert!(rig.sent().is_empty(), "one try, and no more until online");
}

#[test]
fn what_could_not_be_sent_for_too_long_is_kept_and_asked_about_and_a_clock_set_back_makes_nothing_old() {
    let mut rig = Rig::new(false, false);
    rig.submit("a", title("c", "Ink"));
    rig.now.wall_ms = 0;
    rig.feed(Event::Tick);
    assert_eq!(rig.states(), [("a".into(), OperationState::Queued)]);
    rig.now.wall_ms = T0 + EXPIRY_MS + 1;
    rig.feed(Event::Tick);
    assert_eq!(rig.states(), [("a".into(), OperationState::Expired)]);
    rig.feed(Event::Gate { open: true, listening: true });
    assert!(rig.sent().is_empty());
    rig.feed(Event::Retry { op: id("a"), fresh: id("unused") });
    assert_eq!(rig.sent(), ["a"], "under the same id: it may have been done long ago");
}

#[test]
fn a_row_that_does_not_read_is_shown_and_kept_until_it_is_let_go() {
    let mut rig = Rig::new(true, true);
    let row = Unreadable { op: id("odd"), course: "c".parse().unwrap(), why: "unknown kind".into() };
    rig.feed(Event::Restored { entries: vec![], unreadable: vec![row] });
    let list = rig.outbox.list(rig.now);
    assert_eq!((list.len(), list[0].kind.as_str()), (1, inkhorn_outbox::UNREADABLE));
    assert!(list[0].why.as_ref().is_some_and(|why| why.contains("newer")));
    assert!(!rig.outbox.may_retry(&id("odd")));
    rig.feed(Event::LetGo(id("odd")));
    assert!(rig.states().is_empty());
}

#[test]
fn what_cannot_be_written_down_is_not_begun_and_that_is_said() {
    let mut outbox = Outbox::default();
    outbox.step(Event::Gate { open: true, listening: true }, at(0), 0);
    outbox.step(Event::Submit { op: id("a"), operation: title("c", "Ink") }, at(0), 0);
    let actions =
        outbox.step(Event::Saved { op: id("a"), outcome: Err("the disk is full".into()) }, at(0), 0);
    assert!(matches!(&actions[0], Action::Tell(_, News::Ended(Outcome::NotKept(_)))), "{actions:?}");
    assert!(outbox.list(at(0)).is_empty());
}

#[test]
fn an_expired_one_that_cannot_be_written_down_when_it_is_tried_again_stays_in_the_list() {
    let mut outbox = Outbox::default();
    let mut entry = Entry::new(id("a"), title("c", "Ink"), T0);
    entry.state = OperationState::Expired;
    outbox.step(Event::Restored { entries: vec![entry], unreadable: vec![] }, at(0), 0);
    outbox.step(Event::Retry { op: id("a"), fresh: id("unused") }, at(5), 0);
    outbox.step(Event::Saved { op: id("a"), outcome: Err("the disk is full".into()) }, at(6), 0);
    let list = outbox.list(at(6));
    assert_eq!((list[0].state, list[0].created_ms), (OperationState::Expired, T0));
    assert_eq!(list[0].why.as_deref(), Some("the disk is full"));
    assert!(outbox.may_retry(&id("a")), "once there is room");
}

#[test]
fn what_stands_behind_an_expired_one_waits_until_that_is_written_down() {
    // Were it sent before, and the program ended with the clock set back, the expired one would be sent last.
    let mut outbox = Outbox::default();
    let entry = Entry::new(id("old"), title("c", "Ink"), T0);
    outbox.step(Event::Restored { entries: vec![entry], unreadable: vec![] }, at(0), 0);
    let documents = vec!["lesson:x".parse().unwrap()];
    let register = Operation::Register { course: "c".parse().unwrap(), title: "Quill".into(), documents };
    let late = Now { wall_ms: T0 + EXPIRY_MS + 1, mono_ms: 1 };
    outbox.step(Event::Tick, late, 0);
    outbox.step(Event::Submit { op: id("new"), operation: register }, late, 0);
    outbox.step(Event::Saved { op: id("old"), outcome: Err("the disk is full".into()) }, late, 0);
    outbox.step(Event::Saved { op: id("new"), outcome: Ok(()) }, late, 0);
    let saved = |actions: Vec<Action>| -> Vec<OpId> {
        let entry = |action| if let Action::Save(entry) = action { Some(entry.op) } else { None };
        actions.into_iter().filter_map(entry).collect()
    };
    assert!(saved(outbox.step(Event::Gate { open: true, listening: true }, late, 0)).is_empty());
    assert_eq!(outbox.list(late)[0].why.as_deref(), Some("the disk is full"));
    let again = outbox.wake_at().expect("it tries again by itself");
    let then = Now { mono_ms: again, ..late };
    assert_eq!(saved(outbox.step(Event::Tick, then, 0)), [id("old")]);
    let actions = outbox.step(Event::Saved { op: id("old"), outcome: Ok(()) }, then, 0);
    assert_eq!(saved(actions), [id("new")], "the mark before it is sent");
}
