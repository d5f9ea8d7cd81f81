//! The outbox as a pure state machine: events go in, actions come out. It reads no clock, no disk, no randomness.

use crate::entry::{Entry, News, Outcome, Unreadable};
use crate::event::{Action, Attempt, Event, Now, Reply};
use crate::item::{Item, Phase};
use inkhorn_protocol::OpId;
use inkhorn_protocol::projection::{OperationInfo, OperationState};
use inkhorn_protocol::rest::Operation;
use inkhorn_protocol::session::Reason;

/// First delay after a try that failed, in milliseconds; it doubles. A server that restarts is back within seconds.
pub const RETRY_MS: u64 = 1_000;

/// Longest delay between two tries, in milliseconds: a person who waits looks again within ten minutes.
pub const MAX_RETRY_MS: u64 = 600_000;

/// An operation that was answered and whose event has not come is asked for again after this long, in milliseconds.
/// The event is sent right behind the answer; a dead link is noticed within 5 to 30 seconds.
pub const CONFIRM_MS: u64 = 10_000;

/// An operation that could not be sent for this long is not sent by itself any more, in milliseconds: 30 days, longer
/// than a holiday. What the user wanted then may not be what is right now, so it is asked.
pub const EXPIRY_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

/// Operations that are under way at the same time, each in a scope of its own. They are small calls to one server.
pub const MAX_PARALLEL: usize = 8;

/// The outbox. Make one, give it [`Event::Restored`], then perform the actions of each step in order.
#[derive(Default)]
pub struct Outbox {
    /// In the order in which they were asked for.
    pub(crate) items: Vec<Item>,
    unreadable: Vec<Unreadable>,
    pub(crate) open: bool,
    listening: bool,
    pub(crate) attempts: Attempt,
    /// Random number of this step, for the delays.
    jitter: u64,
}

impl std::fmt::Debug for Outbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Outbox").field("list", &self.list(Now { wall_ms: 0, mono_ms: 0 })).finish()
    }
}

impl Outbox {
    /// Takes an event in and gives what to do, in order. `jitter`: any random number.
    pub fn step(&mut self, event: Event, now: Now, jitter: u64) -> Vec<Action> {
        self.jitter = jitter;
        let mut out = Vec::new();
        match event {
            Event::Restored { entries, unreadable } => {
                self.unreadable = unreadable;
                self.items.extend(entries.into_iter().map(|entry| Item::restored(entry, now)));
                out.push(Action::Changed);
            }
            Event::Submit { op, operation } => self.submit(op, operation, now, &mut out),
            Event::Saved { op, outcome } => self.saved(&op, outcome, now, &mut out),
            Event::Finished { op, outcome } => self.finished(&op, outcome, now, &mut out),
            Event::Removed { op, outcome } => self.removed(&op, outcome, now, &mut out),
            Event::Replied { op, attempt, reply } => self.replied(&op, attempt, reply, now, &mut out),
            Event::Completed { op, rejected } => self.completed(&op, rejected.as_ref(), now, &mut out),
            Event::Resync => self.ask_for_acked(now, &mut out),
            Event::Gate { open, listening } => self.gate(open, listening, now, &mut out),
            Event::TryNow(op) => self.try_now(&op, now),
            Event::Retry { op, fresh } => self.retry(&op, fresh, now, &mut out),
            Event::LetGo(op) => self.let_go(&op, &mut out),
            Event::Tick => self.tick(now, &mut out),
        }
        self.advance(now, &mut out);
        out
    }

    /// Operations that have not ended well, oldest first.
    pub fn list(&self, now: Now) -> Vec<OperationInfo> {
        let unreadable = self.unreadable.iter().map(Unreadable::info);
        let over = |item: &&Item| !matches!(item.phase, Phase::Leaving { again_ms: None, .. });
        unreadable.chain(self.items.iter().filter(over).map(|item| item.info(now))).collect()
    }

    /// The operations as they are kept, oldest first, for an overlay of what is not confirmed.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.items.iter().map(|item| &item.entry)
    }

    /// When time alone changes something: the next [`Event::Tick`] is due then, on the clock that goes on.
    pub fn wake_at(&self) -> Option<u64> {
        let own = self.items.iter().filter_map(|item| match item.phase {
            Phase::Acked { until_ms } => Some(until_ms),
            Phase::Finishing { again_ms }
            | Phase::Refusing { again_ms }
            | Phase::Leaving { again_ms, .. } => again_ms,
            _ => None,
        });
        let ready = if self.has_room() { self.ready() } else { Vec::new() };
        own.chain(ready.into_iter().filter_map(|at| self.items.get(at).map(|item| item.due_ms))).min()
    }

    /// Whether an operation may be tried again by the user now.
    pub fn may_retry(&self, op: &OpId) -> bool {
        let at = self.items.iter().position(|item| item.entry.op == *op && item.phase == Phase::Kept);
        // One that is tried again already is on its way out.
        at.is_some_and(|at| !self.is_replaced(at))
    }

    /// Whether an operation may be let go now: not while it is under way.
    pub fn may_let_go(&self, op: &OpId) -> bool {
        let waits = |item: &Item| matches!(item.phase, Phase::Kept | Phase::Waiting);
        self.items.iter().any(|item| item.entry.op == *op && waits(item))
            || self.unreadable.iter().any(|row| row.op == *op)
    }

    fn item(&mut self, op: &OpId) -> Option<&mut Item> {
        self.items.iter_mut().find(|item| item.entry.op == *op)
    }

    fn remove(&mut self, op: &OpId) {
        self.items.retain(|item| item.entry.op != *op);
    }

    fn delay(&self, failures: u32) -> u64 {
        let full = RETRY_MS.saturating_mul(1 << failures.min(20)).min(MAX_RETRY_MS);
        // Half of it is fixed, so that nobody hurries; half is random, so that nobody marches in step.
        full / 2 + self.jitter % (full / 2 + 1)
    }

    // ---- the user ---------------------------------------------------------------------------------

    fn submit(&mut self, op: OpId, operation: Operation, now: Now, out: &mut Vec<Action>) {
        if self.item(&op).is_some() {
            return;
        }
        let entry = Entry::new(op, operation, now.wall_ms);
        out.push(Action::Save(entry.clone()));
        out.push(Action::Changed);
        self.items.push(Item::new(entry, Phase::Accepting, now));
    }

    fn try_now(&mut self, op: &OpId, now: Now) {
        let Some(at) = self.items.iter().position(|item| item.entry.op == *op) else { return };
        let Some(scope) = self.items.get(at).map(|item| item.entry.scope().clone()) else { return };
        // With those of its scope that stand before it, since it waits for them.
        for item in self.items.iter_mut().take(at + 1).filter(|item| *item.entry.scope() == scope) {
            item.forced = true;
            item.due_ms = now.mono_ms;
        }
    }

    fn retry(&mut self, op: &OpId, fresh: OpId, now: Now, out: &mut Vec<Action>) {
        if !self.may_retry(op) {
            return;
        }
        let Some(item) = self.item(op) else { return };
        if item.entry.state == OperationState::Rejected {
            let operation = item.entry.operation.clone();
            // The old row goes when the new one is on the disk: the new operation replaces it.
            return self.submit(fresh, operation, now, out);
        }
        // It may have reached the server long ago: the same id finds that out.
        item.phase = Phase::Reviving { created_ms: item.entry.created_ms };
        item.entry.state = OperationState::Queued;
        item.entry.created_ms = now.wall_ms;
        item.due_ms = now.mono_ms;
        out.push(Action::Save(item.entry.clone()));
        out.push(Action::Changed);
    }

    fn let_go(&mut self, op: &OpId, out: &mut Vec<Action>) {
        if !self.may_let_go(op) {
            return;
        }
        match self.item(op) {
            Some(item) => item.phase = Phase::Leaving { replaced: false, again_ms: None },
            None => self.unreadable.retain(|row| row.op != *op),
        }
        out.push(Action::Remove(op.clone()));
        out.push(Action::Changed);
    }

    // ---- the disk ---------------------------------------------------------------------------------

    fn saved(&mut self, op: &OpId, outcome: Result<(), String>, now: Now, out: &mut Vec<Action>) {
        let delay = self.delay(0);
        self.attempts += 1;
        let attempt = self.attempts;
        let Some(item) = self.item(op) else { return };
        match (item.phase, outcome) {
            (Phase::Accepting | Phase::Reviving { .. }, Ok(())) => {
                item.phase = Phase::Waiting;
                out.push(Action::Tell(op.clone(), News::Kept));
            }
            (Phase::Accepting, Err(why)) => {
                self.remove(op);
                out.push(Action::Tell(op.clone(), News::Ended(Outcome::NotKept(why))));
                out.push(Action::Changed);
            }
            // Its row says still that it is expired: it stays in the list, with the reason.
            (Phase::Reviving { created_ms }, Err(why)) => {
                item.entry.state = OperationState::Expired;
                item.entry.created_ms = created_ms;
                item.why = Some(why);
                item.phase = Phase::Kept;
                out.push(Action::Tell(op.clone(), News::Ended(Outcome::Expired)));
                out.push(Action::Changed);
            }
            (Phase::Marking, Ok(())) => {
                item.phase = Phase::Sending(attempt);
                let (op, operation) = (op.clone(), item.entry.operation.clone());
                out.push(Action::Send { op, operation, attempt });
                out.push(Action::Changed);
            }
            (Phase::Marking, Err(why)) => {
                item.entry.tries = item.entry.tries.saturating_sub(1);
                item.failed(why.clone(), now.mono_ms + delay);
                out.push(Action::Tell(op.clone(), News::Stalled { why, signed_out: false }));
                out.push(Action::Changed);
            }
            // Those behind it wait until it is written: after a crash, with the clock set back, it would be sent last.
            (Phase::Refusing { .. }, Err(why)) if item.entry.refused.is_none() => {
                item.why = Some(why);
                item.phase = Phase::Refusing { again_ms: Some(now.mono_ms + delay) };
                out.push(Action::Changed);
            }
            // When the server's refusal could not be written, the next run asks again and gets the same answer.
            (Phase::Refusing { .. }, _) => {
                item.phase = Phase::Kept;
                let outcome = match &item.entry.refused {
                    Some(refusal) => Outcome::Rejected(refusal.clone()),
                    None => Outcome::Expired,
                };
                out.push(Action::Tell(op.clone(), News::Ended(outcome)));
                out.push(Action::Changed);
            }
            _ => {}
        }
    }

    fn finished(&mut self, op: &OpId, outcome: Result<(), String>, now: Now, out: &mut Vec<Action>) {
        let delay = self.delay(0);
        let Some(item) = self.item(op).filter(|item| matches!(item.phase, Phase::Finishing { .. })) else {
            return;
        };
        match outcome {
            Ok(()) => {
                self.remove(op);
                out.push(Action::Tell(op.clone(), News::Ended(Outcome::Done)));
            }
            Err(why) => {
                item.why = Some(why);
                item.phase = Phase::Finishing { again_ms: Some(now.mono_ms + delay) };
            }
        }
        out.push(Action::Changed);
    }

    fn removed(&mut self, op: &OpId, outcome: Result<(), String>, now: Now, out: &mut Vec<Action>) {
        let delay = self.delay(0);
        let Some(item) = self.item(op) else { return };
        let Phase::Leaving { replaced, .. } = item.phase else { return };
        match outcome {
            Ok(()) => {
                self.remove(op);
                let outcome = if replaced { Outcome::Superseded } else { Outcome::LetGo };
                out.push(Action::Tell(op.clone(), News::Ended(outcome)));
            }
            Err(why) => {
                item.why = Some(why);
                item.phase = Phase::Leaving { replaced, again_ms: Some(now.mono_ms + delay) };
            }
        }
        out.push(Action::Changed);
    }

    // ---- the server -------------------------------------------------------------------------------

    fn replied(&mut self, op: &OpId, attempt: Attempt, reply: Reply, now: Now, out: &mut Vec<Action>) {
        let listening = self.listening;
        let failures = self.item(op).map_or(0, |item| item.failures);
        let delay = self.delay(failures);
        let Some(item) = self.item(op).filter(|item| item.phase == Phase::Sending(attempt)) else { return };
        item.forced = false;
        match reply {
            // The first answer acks. A second one to the same id is the word that its event would have brought.
            Reply::Done if item.acked => return self.finish(op, out),
            Reply::Done => {
                item.acked = true;
                item.why = None;
                item.failures = 0;
                item.entry.state = OperationState::Acked;
                item.due_ms = now.mono_ms;
                // Where no event can arrive, it is asked for at once; the same call that brought the answer is open.
                item.forced = !listening;
                item.phase = match listening {
                    true => Phase::Acked { until_ms: now.mono_ms + CONFIRM_MS },
                    false => Phase::Waiting,
                };
            }
            Reply::Rejected(refusal) => {
                item.entry.state = OperationState::Rejected;
                item.entry.refused = Some(refusal);
                item.phase = Phase::Refusing { again_ms: None };
                out.push(Action::Save(item.entry.clone()));
            }
            Reply::Unreachable(why) => {
                item.failed(why.clone(), now.mono_ms + delay);
                out.push(Action::Tell(op.clone(), News::Stalled { why, signed_out: false }));
            }
            Reply::SignedOut(why) => {
                // A new sign-in opens the gate, and that makes it due.
                item.failed(why.clone(), now.mono_ms + MAX_RETRY_MS);
                out.push(Action::Tell(op.clone(), News::Stalled { why, signed_out: true }));
            }
        }
        out.push(Action::Changed);
    }

    fn completed(&mut self, op: &OpId, rejected: Option<&Reason>, now: Now, out: &mut Vec<Action>) {
        let Some(item) = self.item(op) else { return };
        match (rejected, item.phase) {
            (
                _,
                Phase::Accepting | Phase::Finishing { .. } | Phase::Leaving { .. } | Phase::Refusing { .. },
            ) => {}
            (None, Phase::Kept) if item.entry.state == OperationState::Rejected => {}
            (None, _) => self.finish(op, out),
            // The event names the reason only; the answer says more, and is on its way or is asked for.
            (Some(_), Phase::Waiting | Phase::Acked { .. }) => {
                item.phase = Phase::Waiting;
                item.due_ms = now.mono_ms;
            }
            (Some(_), Phase::Reviving { .. } | Phase::Marking | Phase::Sending(_) | Phase::Kept) => {}
        }
    }

    fn finish(&mut self, op: &OpId, out: &mut Vec<Action>) {
        let Some(item) = self.item(op) else { return };
        item.entry.state = OperationState::Confirmed;
        item.phase = Phase::Finishing { again_ms: None };
        out.push(Action::Finish(item.entry.clone()));
        out.push(Action::Changed);
    }

    fn ask_for_acked(&mut self, now: Now, out: &mut Vec<Action>) {
        for item in &mut self.items {
            if let Phase::Acked { .. } = item.phase {
                item.entry.state = OperationState::TimedOut;
                item.phase = Phase::Waiting;
                item.due_ms = now.mono_ms;
                out.push(Action::Changed);
            }
        }
    }

    fn gate(&mut self, open: bool, listening: bool, now: Now, out: &mut Vec<Action>) {
        let opens = open && !self.open;
        let deaf = self.listening && !listening;
        (self.open, self.listening) = (open, listening);
        if deaf {
            self.ask_for_acked(now, out);
        }
        if opens {
            for item in self.items.iter_mut().filter(|item| item.phase == Phase::Waiting) {
                item.due_ms = now.mono_ms;
                item.failures = 0;
            }
            out.push(Action::Changed);
        }
    }
}
