//! Writing: what the owner says of the source.

use crate::entry::Action;
use crate::key::{Among, Filter, Key, Refetch};
use crate::shared::{Shared, State};
use crate::slot::{Active, Cause, Hold, NEVER, Rest, Slot};
use crate::source::Fetch;
use crate::tree::Id;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Weak};

impl<F: Fetch> Shared<F> {
    /// Entries that are meant.
    fn select(&self, state: &State<F>, filter: &Filter<'_, F::Key>) -> Vec<Id> {
        let fits = |id: Id, slot: &Slot<F::Key, F::Data>| {
            let wanted = slot.active().is_some_and(Active::is_wanted);
            let among = match filter.among {
                Among::All => true,
                Among::Active => wanted,
                Among::Inactive => !wanted,
            };
            let covered = match &slot.hold {
                Hold::Rest(rest) => rest.covered,
                Hold::Active(active) => active.entry.covered(),
            };
            among
                && (!filter.stale || covered < state.tree.generation(id))
                && filter.predicate.is_none_or(|predicate| predicate(&slot.key))
        };
        let nodes = state.tree.at(filter.prefix);
        let below =
            |id: Id| nodes.contains(&crate::tree::ROOT) || state.tree.up(id).any(|id| nodes.contains(&id));
        if let Some(key) = filter.key {
            let found = self.find(state, key).filter(|&id| below(id));
            return found
                .filter(|&id| state.tree.get(id).is_some_and(|slot| fits(id, slot)))
                .into_iter()
                .collect();
        }
        if filter.among == Among::Active {
            let ids = nodes.iter().filter_map(|node| state.below.get(node)).flatten().copied();
            return ids.filter(|&id| state.tree.get(id).is_some_and(|slot| fits(id, slot))).collect();
        }
        state.tree.iter().filter(|(id, slot)| below(*id) && fits(*id, slot)).map(|(id, _)| id).collect()
    }

    pub(crate) fn invalidate(self: &Arc<Self>, filter: &Filter<'_, F::Key>, refetch: Refetch) {
        let mut state = self.write();
        let state = &mut *state;
        state.invalidations += 1;
        let active = matches!(refetch, Refetch::Active | Refetch::All);
        let inactive = matches!(refetch, Refetch::Inactive | Refetch::All);
        // Before the marks: a filter may ask for what is stale already.
        let idle = if inactive {
            let ids = self.select(state, filter);
            ids.into_iter()
                .filter(|&id| !state.tree.get(id).and_then(Slot::active).is_some_and(Active::is_wanted))
                .collect()
        } else {
            Vec::new()
        };
        let marked =
            if filter.is_prefix() { state.tree.at(filter.prefix) } else { self.select(state, filter) };
        for id in marked {
            state.tree.raise(id);
            if active && state.below.contains_key(&id) {
                state.waiting.push(id);
            }
        }
        for id in idle {
            let Some(key) = state.tree.get(id).map(|slot| slot.key.clone()) else { continue };
            let id = self.activate(state, &key);
            if let Some(active) = state.tree.get_mut(id).and_then(Slot::active_mut) {
                active.keep = true;
            }
            self.start(state, id);
            self.end_keeping(state, id);
        }
        // Not here: one change is often several events, and a fetch between the first and the second were read twice.
        if state.waiting.due().is_some() {
            self.wake.notify_one();
        }
    }

    /// Starts the fetches whose time has come.
    pub(crate) fn release(self: &Arc<Self>, state: &mut State<F>) {
        if state.waiting.due().is_none() {
            return;
        }
        let now = self.now();
        let out = state.waiting.take(now, |id| state.tree.throttle(*id));
        for node in &out {
            let Some(ids) = state.below.get(node) else { continue };
            for id in ids.iter().copied().collect::<Vec<_>>() {
                let own = state.tree.throttle(id);
                if out.contains(&id) || state.waiting.passes(id, now, own) {
                    self.start(state, id);
                }
            }
        }
    }

    pub(crate) fn update(
        self: &Arc<Self>,
        key: &F::Key,
        change: impl FnOnce(Option<&F::Data>) -> Option<F::Data>,
    ) {
        let mut state = self.write();
        let state = &mut *state;
        let now = i64::try_from(self.now()).unwrap_or(i64::MAX);
        let Some(id) = self.find(state, key) else {
            if let Some(data) = change(None) {
                self.add(state, key, data, now);
            }
            return;
        };
        let generation = state.tree.generation(id);
        let Some(slot) = state.tree.get_mut(id) else { return };
        match &mut slot.hold {
            Hold::Active(active) => {
                let Some(data) = change(active.data.as_deref()) else { return };
                active.abort();
                let before = active.face();
                let version = active.entry.version();
                active.entry.apply(Action::Set { generation, version, now });
                slot.cause = Cause::Set;
                let shown = self.replace(active, data) && self.show(state, id);
                self.tell(state, id, shown, &before);
                self.rearm(state, id);
            }
            Hold::Rest(rest) => {
                let old = rest.data.upgrade();
                let Some(data) = change(old.as_deref()) else { return };
                (rest.covered, rest.updated_at) = (generation, now);
                slot.cause = Cause::Set;
                if old.as_deref() == Some(&data) {
                    return;
                }
                state.revisions += 1;
                slot.revision = state.revisions;
                let gc_time = self.fetch.policy(key).gc_time;
                self.rest(state, id, Arc::new(data), gc_time);
            }
        }
    }

    /// A new entry at rest.
    pub(crate) fn add(&self, state: &mut State<F>, key: &F::Key, data: F::Data, now: i64) -> Id {
        let mut path = Vec::with_capacity(4);
        key.path(&mut |segment| path.push(segment));
        state.revisions += 1;
        let rest = Rest {
            data: Weak::new(),
            covered: 0,
            version: 0,
            updated_at: now,
            gone_at: NEVER,
            touched: AtomicU32::new(0),
        };
        let (hold, revision) = (Hold::Rest(rest), state.revisions);
        let slot = Slot { key: key.clone(), hold, revision, fetches: 0, cause: Cause::Set };
        let id = state.tree.insert(&path, slot);
        let generation = state.tree.generation(id);
        if let Some(Slot { hold: Hold::Rest(rest), .. }) = state.tree.get_mut(id) {
            rest.covered = generation;
        }
        self.rest(state, id, Arc::new(data), self.fetch.policy(key).gc_time);
        id
    }

    pub(crate) fn cancel(self: &Arc<Self>, filter: &Filter<'_, F::Key>) {
        let mut state = self.write();
        for id in self.select(&state, &filter.among(Among::Active)) {
            let Some(slot) = state.tree.get_mut(id) else { continue };
            let Hold::Active(active) = &mut slot.hold else { continue };
            if active.abort() {
                active.entry.apply(Action::Cancel);
                active.cancelled = true;
                active.keep = false;
                let busy = std::mem::take(active.busy_shown.get_mut());
                slot.cause = Cause::Cancelled;
                slot.tell(id, false, busy);
                self.retire(&mut state, id);
            }
        }
    }

    pub(crate) fn remove(&self, filter: &Filter<'_, F::Key>) {
        let mut state = self.write();
        for id in self.select(&state, filter) {
            if matches!(state.tree.get(id), Some(Slot { hold: Hold::Rest(_), .. })) {
                state.tree.remove(id);
                self.store.remove(id);
            }
        }
    }

    pub(crate) fn reset(self: &Arc<Self>, filter: &Filter<'_, F::Key>) {
        self.remove(filter);
        let mut state = self.write();
        for id in self.select(&state, filter) {
            let Some(slot) = state.tree.get_mut(id) else { continue };
            let Hold::Active(active) = &mut slot.hold else { continue };
            let before = active.face();
            active.abort();
            active.entry = crate::entry::Entry::default();
            active.data = None;
            slot.cause = Cause::Reset;
            let shown = self.show(&mut state, id);
            self.tell(&mut state, id, shown, &before);
            self.start(&mut state, id);
        }
    }
}
