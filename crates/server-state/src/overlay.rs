//! Optimistic state: what the user did and the source has not confirmed. Never a snapshot to go back to: the shown
//! data is folded anew from what the source said and from the operations that are pending, so taking one back
//! leaves the others, and what came from the source meanwhile, as they are.

use crate::ServerState;
use crate::entry::QueryStatus;
use crate::shared::{Shared, State};
use crate::slot::{Active, Cause, Hold, Slot};
use crate::source::Fetch;
use crate::tree::Id;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

/// Makes the data that is shown of the data that is known; none leaves it as it is. It may run any number of times,
/// also on data that contains the operation already: it must then change nothing. It runs under the cache's lock.
pub type Fold<K, D> = Arc<dyn Fn(&K, Option<&D>) -> Option<D> + Send + Sync>;

/// One pending operation.
pub(crate) struct Overlay<F: Fetch> {
    operation: String,
    targets: Vec<Target>,
    fold: Fold<F::Key, F::Data>,
}

struct Target {
    id: Id,
    /// Once confirmed: generation of which the source's answer contains the operation.
    until: Option<u64>,
}

impl<F: Fetch> ServerState<F> {
    /// Shows what a pending operation will do to some keys; the same operation again replaces it. An entry under an
    /// overlay is never evicted.
    pub fn set_overlay(&self, operation: &str, keys: &[F::Key], fold: Fold<F::Key, F::Data>) {
        self.shared.set_overlay(operation, keys, fold);
    }

    /// Takes an operation back at once: it was rejected, or never sent.
    pub fn remove_overlay(&self, operation: &str) {
        self.shared.remove_overlay(operation);
    }

    /// The operation is done: its keys are invalidated, and each loses the overlay together with the first answer
    /// that was asked for afterwards, so that nothing flickers in between.
    pub fn confirm_overlay(&self, operation: &str) {
        self.shared.confirm_overlay(operation);
    }
}

impl<F: Fetch> Shared<F> {
    fn set_overlay(self: &Arc<Self>, operation: &str, keys: &[F::Key], fold: Fold<F::Key, F::Data>) {
        let mut state = self.write();
        let state = &mut *state;
        let ids: Vec<Id> = keys.iter().map(|key| self.activate(state, key)).collect();
        for &id in &ids {
            self.count(state, id, 1);
        }
        let targets = ids.iter().map(|&id| Target { id, until: None }).collect();
        let mut touched = ids;
        match state.overlays.iter_mut().find(|overlay| overlay.operation == operation) {
            Some(overlay) => {
                overlay.fold = fold;
                let old = std::mem::replace(&mut overlay.targets, targets);
                for target in old {
                    self.count(state, target.id, -1);
                    touched.push(target.id);
                }
            }
            None => state.overlays.push(Overlay { operation: operation.to_owned(), targets, fold }),
        }
        self.refold(state, &touched);
    }

    fn remove_overlay(self: &Arc<Self>, operation: &str) {
        let mut state = self.write();
        let state = &mut *state;
        let Some(at) = state.overlays.iter().position(|overlay| overlay.operation == operation) else {
            return;
        };
        let ids: Vec<Id> = state.overlays.remove(at).targets.into_iter().map(|target| target.id).collect();
        for &id in &ids {
            self.count(state, id, -1);
        }
        self.refold(state, &ids);
    }

    fn confirm_overlay(self: &Arc<Self>, operation: &str) {
        let mut state = self.write();
        let state = &mut *state;
        let Some(at) = state.overlays.iter().position(|overlay| overlay.operation == operation) else {
            return;
        };
        let mut dropped = Vec::new();
        let mut refetched = Vec::new();
        let mut overlay = state.overlays.remove(at);
        overlay.targets.retain_mut(|target| {
            target.until = Some(state.tree.raise(target.id));
            let wanted = state.tree.get(target.id).and_then(Slot::active).is_some_and(Active::is_wanted);
            if wanted {
                refetched.push(target.id);
            } else {
                dropped.push(target.id);
            }
            wanted
        });
        state.overlays.insert(at, overlay);
        for &id in &dropped {
            self.count(state, id, -1);
        }
        self.refold(state, &dropped);
        for id in refetched {
            self.start(state, id);
        }
        state.overlays.retain(|overlay| !overlay.targets.is_empty());
    }

    fn count(&self, state: &mut State<F>, id: Id, change: i32) {
        if let Some(active) = state.tree.get_mut(id).and_then(Slot::active_mut) {
            active.overlays = active.overlays.saturating_add_signed(change);
        }
    }

    /// Shows entries whose overlays changed, and lets go of those that nobody needs.
    fn refold(self: &Arc<Self>, state: &mut State<F>, ids: &[Id]) {
        for &id in ids {
            let Some(slot) = state.tree.get_mut(id) else { continue };
            slot.cause = Cause::Overlay;
            let Some(before) = slot.active().map(Active::face) else { continue };
            let shown = self.show(state, id);
            self.tell(state, id, shown, &before);
            self.retire(state, id);
        }
    }

    /// Folds what is shown anew. True when it changed.
    pub(crate) fn show(&self, state: &mut State<F>, id: Id) -> bool {
        let Some(slot) = state.tree.get_mut(id) else { return false };
        let Hold::Active(active) = &mut slot.hold else { return false };
        let mut shown = active.data.clone();
        if active.overlays > 0 {
            let on_it = state.overlays.iter().filter(|o| o.targets.iter().any(|target| target.id == id));
            for overlay in on_it {
                // A fold that panics shows nothing of its operation, which is better than nothing of the cache.
                let fold = AssertUnwindSafe(|| (overlay.fold)(&slot.key, shown.as_deref()));
                if let Ok(Some(data)) = std::panic::catch_unwind(fold) {
                    shown = Some(Arc::new(data));
                }
            }
        }
        let same = match (&active.shown, &shown) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new) || old == new,
            (None, None) => true,
            _ => false,
        };
        if same {
            // The source's own allocation is worth more than an equal one that was folded.
            if active.overlays == 0 {
                active.shown = shown;
            }
            return false;
        }
        active.shown = shown;
        state.revisions += 1;
        slot.revision = state.revisions;
        true
    }

    /// Ends the overlays whose operation the last answer contains. True when there was one.
    pub(crate) fn end_confirmed(&self, state: &mut State<F>, id: Id) -> bool {
        let Some(active) = state.tree.get(id).and_then(Slot::active) else { return false };
        if active.overlays == 0 || active.entry.status() == QueryStatus::Pending {
            return false;
        }
        let covered = active.entry.covered();
        self.end(state, id, |until| until <= covered)
    }

    /// Ends confirmed overlays on an entry that nobody observes any more: no answer will come.
    pub(crate) fn abandon_confirmed(&self, state: &mut State<F>, id: Id) {
        if self.end(state, id, |_| true) {
            self.show(state, id);
        }
    }

    fn end(&self, state: &mut State<F>, id: Id, ended: impl Fn(u64) -> bool) -> bool {
        let mut count = 0;
        for overlay in &mut state.overlays {
            let before = overlay.targets.len();
            overlay.targets.retain(|target| target.id != id || !target.until.is_some_and(&ended));
            count += before - overlay.targets.len();
        }
        if count > 0 {
            state.overlays.retain(|overlay| !overlay.targets.is_empty());
            let change = i32::try_from(count).map_or(i32::MIN, |count| -count);
            self.count(state, id, change);
        }
        count > 0
    }
}
