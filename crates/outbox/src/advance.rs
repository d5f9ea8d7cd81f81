//! Moving on: what is due is sent, one of a scope at a time; what is too old or done by a newer one leaves the line.

use crate::entry::replaces;
use crate::event::{Action, Now};
use crate::item::{Item, Phase};
use crate::queue::{EXPIRY_MS, MAX_PARALLEL, Outbox};
use inkhorn_protocol::CourseId;
use inkhorn_protocol::projection::OperationState;
use std::collections::BTreeSet;

impl Outbox {
    pub(crate) fn tick(&mut self, now: Now, out: &mut Vec<Action>) {
        for item in &mut self.items {
            match item.phase {
                Phase::Acked { until_ms } if until_ms <= now.mono_ms => {
                    item.entry.state = OperationState::TimedOut;
                    item.phase = Phase::Waiting;
                    item.due_ms = now.mono_ms;
                    out.push(Action::Changed);
                }
                Phase::Finishing { again_ms: Some(at) } if at <= now.mono_ms => {
                    item.phase = Phase::Finishing { again_ms: None };
                    out.push(Action::Finish(item.entry.clone()));
                }
                Phase::Refusing { again_ms: Some(at) } if at <= now.mono_ms => {
                    item.phase = Phase::Refusing { again_ms: None };
                    out.push(Action::Save(item.entry.clone()));
                }
                Phase::Leaving { replaced, again_ms: Some(at) } if at <= now.mono_ms => {
                    item.phase = Phase::Leaving { replaced, again_ms: None };
                    out.push(Action::Remove(item.entry.op.clone()));
                }
                _ => {}
            }
        }
    }

    pub(crate) fn advance(&mut self, now: Now, out: &mut Vec<Action>) {
        self.supersede(out);
        self.expire(now, out);
        for at in self.ready() {
            if self.items.get(at).is_some_and(|item| item.due_ms <= now.mono_ms) && self.has_room() {
                self.send(at, out);
            }
        }
    }

    pub(crate) fn has_room(&self) -> bool {
        self.items.iter().filter(|item| item.is_under_way()).count() < MAX_PARALLEL
    }

    /// What only its time keeps from being sent: the first of each scope, where nothing of that scope is under way.
    pub(crate) fn ready(&self) -> Vec<usize> {
        let under_way = self.items.iter().filter(|item| item.is_under_way());
        let mut busy: BTreeSet<&CourseId> = under_way.map(|item| item.entry.scope()).collect();
        let mut ready = Vec::new();
        for (at, item) in self.items.iter().enumerate() {
            // Those behind the first one wait, whatever it waits for.
            if item.phase == Phase::Kept || !busy.insert(item.entry.scope()) {
                continue;
            }
            if item.phase == Phase::Waiting && (self.open || item.forced) && !self.is_replaced(at) {
                ready.push(at);
            }
        }
        ready
    }

    fn send(&mut self, at: usize, out: &mut Vec<Action>) {
        self.attempts += 1;
        let attempt = self.attempts;
        let Some(item) = self.items.get_mut(at) else { return };
        item.entry.tries = item.entry.tries.saturating_add(1);
        if item.acked {
            // A mere question: nothing about it needs to survive a crash.
            item.phase = Phase::Sending(attempt);
            let (op, operation) = (item.entry.op.clone(), item.entry.operation.clone());
            out.push(Action::Send { op, operation, attempt });
        } else {
            // Whether it may have reached the server must be known after a crash: such a one is never skipped.
            item.phase = Phase::Marking;
            item.entry.state = OperationState::Sent;
            out.push(Action::Save(item.entry.clone()));
        }
        out.push(Action::Changed);
    }

    /// Whether a newer operation does the work of this one, and this one has surely not reached the server.
    pub(crate) fn is_replaced(&self, at: usize) -> bool {
        let Some((old, newer)) = self.items.get(at..).and_then(|items| items.split_first()) else {
            return false;
        };
        let unsent = old.phase == Phase::Waiting && old.entry.tries == 0 && !old.acked;
        (unsent || old.phase == Phase::Kept)
            && newer.iter().any(|new| {
                !matches!(new.phase, Phase::Kept | Phase::Leaving { .. })
                    && replaces(&new.entry.operation, &old.entry.operation)
            })
    }

    /// Removes what a newer operation does too, once that one is on the disk.
    fn supersede(&mut self, out: &mut Vec<Action>) {
        for at in 0..self.items.len() {
            if !self.is_replaced(at) || !self.is_replaced_for_good(at) {
                continue;
            }
            if let Some(item) = self.items.get_mut(at) {
                item.phase = Phase::Leaving { replaced: true, again_ms: None };
                out.push(Action::Remove(item.entry.op.clone()));
                out.push(Action::Changed);
            }
        }
    }

    fn is_replaced_for_good(&self, at: usize) -> bool {
        let Some((old, newer)) = self.items.get(at..).and_then(|items| items.split_first()) else {
            return false;
        };
        let on_disk = |new: &Item| {
            !matches!(
                new.phase,
                Phase::Accepting
                    | Phase::Reviving { .. }
                    | Phase::Kept
                    | Phase::Refusing { .. }
                    | Phase::Leaving { .. }
            )
        };
        newer.iter().any(|new| on_disk(new) && replaces(&new.entry.operation, &old.entry.operation))
    }

    fn expire(&mut self, now: Now, out: &mut Vec<Action>) {
        for item in &mut self.items {
            // A clock that was set back makes nothing older.
            let age = now.wall_ms.saturating_sub(item.entry.created_ms);
            if item.phase == Phase::Waiting && !item.acked && !item.forced && age > EXPIRY_MS {
                item.entry.state = OperationState::Expired;
                item.phase = Phase::Refusing { again_ms: None };
                out.push(Action::Save(item.entry.clone()));
                out.push(Action::Changed);
            }
        }
    }
}
