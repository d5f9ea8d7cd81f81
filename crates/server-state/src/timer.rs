//! What happens by itself: retries, batches of invalidations, intervals, forgetting, and the answers to focus and
//! reconnect. One task for all of it.

use crate::entry::Action;
use crate::policy::{Policy, When, millis};
use crate::shared::{Shared, State};
use crate::slot::{Active, Cause, Hold, NEVER, Slot, is_old};
use crate::source::Fetch;
use crate::tree::Id;
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::sync::Notify;

/// Time between two rounds of forgetting: each looks at every key.
const SWEEP_EVERY_MS: u64 = 1_000;

impl<F: Fetch> Shared<F> {
    /// Puts an entry on the list of alarms where it belongs now.
    pub(crate) fn rearm(&self, state: &mut State<F>, id: Id) {
        let generation = state.tree.generation(id);
        let Some(active) = state.tree.get_mut(id).and_then(Slot::active_mut) else { return };
        let retry =
            active.entry.retry_at().filter(|_| active.entry.is_stale(generation) && active.is_wanted());
        let due = [retry, active.poll_at].into_iter().flatten().min();
        if due == active.alarm {
            return;
        }
        if let Some(at) = std::mem::replace(&mut active.alarm, due) {
            state.alarms.remove(&(at, id));
        }
        if let Some(at) = due {
            state.alarms.insert((at, id));
            if state.alarms.first() == Some(&(at, id)) {
                self.wake.notify_one();
            }
        }
    }

    /// Does what is due, and says when the next thing is, in milliseconds from now.
    fn tick(self: &Arc<Self>) -> Option<u64> {
        let mut state = self.write();
        let state = &mut *state;
        let now = self.now();
        self.release(state);
        while let Some(&(at, id)) = state.alarms.first().filter(|(at, _)| *at <= now) {
            state.alarms.remove(&(at, id));
            self.ring(state, id, now);
        }
        if state.sweep_at.is_some_and(|at| at <= now) {
            self.sweep(state, now);
        }
        let alarm = state.alarms.first().map(|(at, _)| *at);
        let next = [alarm, state.waiting.due(), state.sweep_at].into_iter().flatten().min();
        next.map(|at| at.saturating_sub(now))
    }

    fn ring(self: &Arc<Self>, state: &mut State<F>, id: Id, now: u64) {
        let focused = self.focus.get();
        let Some(slot) = state.tree.get_mut(id) else { return };
        let Hold::Active(active) = &mut slot.hold else { return };
        active.alarm = None;
        let mut raise = false;
        if active.poll_at.is_some_and(|at| at <= now) {
            active.poll_at = active.policy.interval.map(|interval| now + millis(interval).max(1));
            raise = focused || active.policy.interval_in_background;
        }
        if raise {
            slot.cause = Cause::Interval;
            state.tree.raise(id);
        }
        self.start(state, id);
    }

    /// Forgets what has been at rest for long enough.
    fn sweep(&self, state: &mut State<F>, now: u64) {
        let mut next: Option<u64> = None;
        let mut gone = Vec::new();
        for (id, slot) in state.tree.iter() {
            if let Hold::Rest(rest) = &slot.hold
                && rest.gone_at != NEVER
            {
                let at = u64::from(rest.gone_at) * 1_000;
                if at <= now {
                    gone.push(id);
                } else {
                    next = Some(next.map_or(at, |next| next.min(at)));
                }
            }
        }
        for id in gone {
            state.tree.remove(id);
            self.store.remove(id);
        }
        state.sweep_at = next.map(|next| next.max(now + SWEEP_EVERY_MS));
    }

    /// The network is back.
    pub(crate) fn resume(self: &Arc<Self>) {
        self.occasion(Cause::Reconnect, |active| {
            active.entry.apply(Action::Resume);
            active.policy.on_reconnect
        });
    }

    /// A window came to the front.
    pub(crate) fn focused(self: &Arc<Self>) {
        self.occasion(Cause::Focus, |active| active.policy.on_focus);
    }

    fn occasion(self: &Arc<Self>, cause: Cause, when: impl Fn(&mut Active<F::Data>) -> When) {
        let mut state = self.write();
        let state = &mut *state;
        let now = self.now();
        let ids: Vec<Id> = state.below.get(&crate::tree::ROOT).into_iter().flatten().copied().collect();
        for id in ids {
            let Some(slot) = state.tree.get_mut(id) else { continue };
            let Hold::Active(active) = &mut slot.hold else { continue };
            let old = |policy: &Policy, at| is_old(policy, at, now);
            let raise = match when(active) {
                When::Never => false,
                When::Always => active.is_wanted(),
                When::Stale => active.data.is_some() && old(&active.policy, active.entry.updated_at()),
            };
            if raise && !active.entry.is_fetching() {
                slot.cause = cause;
                state.tree.raise(id);
            }
            self.start(state, id);
        }
    }
}

/// The timer: does what is due when it is due, until the cache is gone.
pub(crate) async fn run<F: Fetch>(shared: Weak<Shared<F>>, wake: Arc<Notify>) {
    let (mut focus, mut online) = match shared.upgrade() {
        Some(shared) => (shared.focus.rises(), shared.online.rises()),
        None => return,
    };
    loop {
        let next = match shared.upgrade() {
            Some(shared) => shared.tick(),
            None => return,
        };
        // One millisecond at least: a clock that is coarser than the timer must not spin.
        let pause = async {
            match next {
                Some(wait) => tokio::time::sleep(Duration::from_millis(wait.max(1))).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = pause => {}
            () = wake.notified() => {}
            () = focus.next() => if let Some(shared) = shared.upgrade() { shared.focused() },
            () = online.next() => if let Some(shared) = shared.upgrade() { shared.resume() },
        }
    }
}

impl<F: Fetch> Drop for Shared<F> {
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}
