//! A watcher observes any number of keys and learns which of them changed. What it has not yet read names each key
//! once, so it can neither lag nor grow beyond the keys that it observes.

use crate::Fetch;
use crate::cache::Reply;
use crate::shared::Shared;
use crate::slot::Selection;
use crate::tree::Id;
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Where changes wait for a watcher.
pub(crate) struct Mailbox {
    /// Raised by each emptying: an observer that was told in this round need not be told again. So one storm costs
    /// one comparison an event, without a set of what waits.
    round: AtomicU64,
    letters: Mutex<Letters>,
    arrived: Notify,
}

#[derive(Default)]
struct Letters {
    changed: Vec<Id>,
    observed: BTreeSet<Id>,
}

impl Mailbox {
    pub(crate) fn new() -> Self {
        Self { round: AtomicU64::new(1), letters: Mutex::default(), arrived: Notify::new() }
    }
    fn letters(&self) -> MutexGuard<'_, Letters> {
        self.letters.lock().unwrap_or_else(PoisonError::into_inner)
    }
    /// Called under the cache's lock. Who empties the mailbox looks into the cache afterwards, so a change that is
    /// skipped here, because the round has not ended yet, is seen then.
    pub(crate) fn put(&self, id: Id, told: &mut u64) {
        if *told == self.round.load(Ordering::Acquire) {
            return;
        }
        let mut letters = self.letters();
        letters.changed.push(id);
        *told = self.round.load(Ordering::Relaxed);
        let first = letters.changed.len() == 1;
        drop(letters);
        if first {
            self.arrived.notify_one();
        }
    }
    fn take(&self, into: &mut Vec<Id>) {
        let mut letters = self.letters();
        if !letters.changed.is_empty() {
            self.round.fetch_add(1, Ordering::AcqRel);
            into.append(&mut letters.changed);
        }
    }
    pub(crate) fn observed(&self, id: Id) {
        self.letters().observed.insert(id);
    }
    pub(crate) fn unobserved(&self, id: Id) {
        let mut letters = self.letters();
        letters.observed.remove(&id);
        letters.changed.retain(|&changed| changed != id);
    }
}

/// A key that changed, and what is known of it now.
#[derive(Debug, Clone)]
pub struct Change<K, D> {
    /// Key.
    pub key: K,
    /// What is known.
    pub reply: Reply<D>,
}

/// Observes keys until it is dropped. An observed key is kept fresh and is never evicted.
#[must_use = "dropping a watcher ends its observations"]
pub struct Watcher<F: Fetch> {
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) shared: Arc<Shared<F>>,
}

impl<F: Fetch> std::fmt::Debug for Watcher<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher").finish_non_exhaustive()
    }
}

impl<F: Fetch> Watcher<F> {
    pub(crate) fn new(shared: Arc<Shared<F>>) -> Self {
        Self { mailbox: Arc::new(Mailbox::new()), shared }
    }

    /// Observes a key; twice is once. A fetch starts when what is known is stale.
    pub fn observe(&self, key: &F::Key) {
        self.shared.observe(&self.mailbox, key, None);
    }

    /// Observes a part of what a key names: the watcher is told when `select` gives something else than before, and
    /// when fetching begins or ends to fail. `select` runs under the cache's lock: keep it short, and do not call
    /// the cache in it.
    pub fn observe_selected<T: PartialEq + Send + Sync + 'static>(
        &self,
        key: &F::Key,
        select: impl Fn(&F::Data) -> T + Send + Sync + 'static,
    ) {
        let mut last: Option<Option<T>> = None;
        let selection: Selection<F::Data> = Box::new(move |data| {
            let now = Some(data.map(&select));
            let changed = now != last;
            last = now;
            changed
        });
        self.shared.observe(&self.mailbox, key, Some(selection));
    }

    /// Ends the observation of a key. The fetch that only this observation wanted is called off.
    pub fn unobserve(&self, key: &F::Key) {
        self.shared.unobserve(&self.mailbox, key);
    }

    /// Waits until keys changed, and says which, in order: each once, however often it changed. Cancel safe.
    pub async fn changed(&self) -> Vec<F::Key> {
        loop {
            let mut ids = Vec::new();
            self.mailbox.take(&mut ids);
            let mut keys = self.shared.keys(&ids);
            if !keys.is_empty() {
                keys.sort_unstable();
                return keys;
            }
            self.mailbox.arrived.notified().await;
        }
    }

    /// What changed since the last call, each with what is known now; nothing when nothing did.
    pub fn take_changes(&self) -> Vec<Change<F::Key, F::Data>> {
        let mut ids = Vec::new();
        self.mailbox.take(&mut ids);
        if ids.is_empty() { Vec::new() } else { self.shared.changes(&ids) }
    }
}

impl<F: Fetch> Drop for Watcher<F> {
    fn drop(&mut self) {
        let observed = std::mem::take(&mut self.mailbox.letters().observed);
        self.shared.unwatch(&self.mailbox, observed);
    }
}
