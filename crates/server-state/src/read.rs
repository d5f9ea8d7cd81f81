//! Reading: what is known, without changing it.

use crate::cache::Reply;
use crate::entry::{FetchStatus, QueryStatus};
use crate::shared::{Shared, State};
use crate::slot::{Hold, Slot, is_old};
use crate::source::Fetch;
use crate::tree::Id;
use crate::watch::Change;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Keeps an entry in use while a caller waits.
pub(crate) struct Guest<F: Fetch> {
    pub(crate) shared: Arc<Shared<F>>,
    pub(crate) id: Id,
    /// Generation at which it came: an answer must be as new, and need not be newer, or a storm of invalidations
    /// would keep it waiting.
    pub(crate) since: u64,
}

impl<F: Fetch> Guest<F> {
    /// The answer, once there is one.
    pub(crate) fn answer(&self) -> Option<Reply<F::Data>> {
        let state = self.shared.read();
        let slot = state.tree.get(self.id)?;
        let active = slot.active()?;
        let entry = &active.entry;
        let observed = !active.observers.is_empty() && active.shown.is_some();
        let ended = active.cancelled || entry.is_paused() || entry.status() == QueryStatus::Error;
        let settled = !entry.is_stale(self.since) || (!entry.is_fetching() && ended);
        if observed || settled { self.shared.reply(slot) } else { None }
    }

    /// What is known, whatever it is.
    pub(crate) fn reply(&self) -> Reply<F::Data> {
        let state = self.shared.read();
        let reply = state.tree.get(self.id).and_then(|slot| self.shared.reply(slot));
        reply.unwrap_or(Reply {
            status: QueryStatus::Pending,
            fetch_status: FetchStatus::Idle,
            revision: 0,
            data: None,
            error: None,
        })
    }
}

impl<F: Fetch> Drop for Guest<F> {
    fn drop(&mut self) {
        let mut state = self.shared.write();
        if let Some(active) = state.tree.get_mut(self.id).and_then(Slot::active_mut) {
            active.guests = active.guests.saturating_sub(1);
        }
        self.shared.retire(&mut state, self.id);
    }
}

type Known<'a, F> = (Id, &'a Slot<<F as Fetch>::Key, <F as Fetch>::Data>);

impl<F: Fetch> Shared<F> {
    fn slot<'a>(&self, state: &'a State<F>, key: &F::Key) -> Option<Known<'a, F>> {
        let id = self.find(state, key)?;
        Some((id, state.tree.get(id)?))
    }

    /// The data, and the store hears of it when it was long ago that it did.
    fn shown(&self, id: Id, slot: &Slot<F::Key, F::Data>) -> Option<Arc<F::Data>> {
        match &slot.hold {
            Hold::Active(active) => active.shown.clone(),
            Hold::Rest(rest) => {
                let data = rest.data.upgrade()?;
                let epoch = self.epoch();
                if rest.touched.load(Ordering::Relaxed) != epoch {
                    rest.touched.store(epoch, Ordering::Relaxed);
                    self.store.touch(id);
                }
                Some(data)
            }
        }
    }

    /// None when it was evicted.
    fn reply(&self, slot: &Slot<F::Key, F::Data>) -> Option<Reply<F::Data>> {
        Some(match &slot.hold {
            Hold::Active(active) => {
                let fetch_status = active.entry.fetch_status();
                if fetch_status != FetchStatus::Idle {
                    active.busy_shown.store(true, Ordering::Relaxed);
                }
                Reply {
                    status: active.status(),
                    fetch_status,
                    revision: slot.revision,
                    data: active.shown.clone(),
                    error: active.entry.error().cloned(),
                }
            }
            Hold::Rest(rest) => Reply {
                status: QueryStatus::Success,
                fetch_status: FetchStatus::Idle,
                revision: slot.revision,
                data: Some(rest.data.upgrade()?),
                error: None,
            },
        })
    }

    pub(crate) fn peek(&self, key: &F::Key) -> Option<Reply<F::Data>> {
        let state = self.read();
        let (id, slot) = self.slot(&state, key)?;
        if let Hold::Rest(_) = slot.hold {
            self.shown(id, slot)?;
        }
        self.reply(slot)
    }

    pub(crate) fn data(&self, key: &F::Key) -> Option<Arc<F::Data>> {
        let state = self.read();
        let (id, slot) = self.slot(&state, key)?;
        self.shown(id, slot)
    }

    /// What is known, if nothing has to be done before it may be shown.
    pub(crate) fn fresh(&self, key: &F::Key) -> Option<Reply<F::Data>> {
        let now = self.now();
        let state = self.read();
        let (id, slot) = self.slot(&state, key)?;
        let (covered, updated_at, policy) = match &slot.hold {
            Hold::Rest(rest) => (rest.covered, rest.updated_at, self.fetch.policy(key)),
            Hold::Active(active) if active.data.is_some() && active.entry.error().is_none() => {
                (active.entry.covered(), active.entry.updated_at(), active.policy)
            }
            Hold::Active(_) => return None,
        };
        if covered < state.tree.generation(id) || is_old(&policy, updated_at, now) {
            return None;
        }
        self.shown(id, slot)?;
        self.reply(slot)
    }

    pub(crate) fn is_stale(&self, key: &F::Key) -> bool {
        let now = self.now();
        let state = self.read();
        let Some((id, slot)) = self.slot(&state, key) else { return true };
        let (covered, updated_at, policy) = match &slot.hold {
            Hold::Rest(rest) => (rest.covered, rest.updated_at, self.fetch.policy(key)),
            Hold::Active(active) => (active.entry.covered(), active.entry.updated_at(), active.policy),
        };
        covered < state.tree.generation(id) || is_old(&policy, updated_at, now)
    }

    pub(crate) fn keys(&self, ids: &[Id]) -> Vec<F::Key> {
        if ids.is_empty() {
            return Vec::new();
        }
        let state = self.read();
        ids.iter().filter_map(|&id| state.tree.get(id)).map(|slot| slot.key.clone()).collect()
    }

    pub(crate) fn changes(&self, ids: &[Id]) -> Vec<Change<F::Key, F::Data>> {
        let state = self.read();
        let slots = ids.iter().filter_map(|&id| state.tree.get(id));
        slots.filter_map(|slot| Some(Change { key: slot.key.clone(), reply: self.reply(slot)? })).collect()
    }
}
