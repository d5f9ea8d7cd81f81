//! A watcher observes any number of keys and learns which of them changed. What it has not yet read is a set, so
//! it can neither lag nor grow beyond the keys that it observes.

use crate::state::Shared;
use crate::{Fetch, Key};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;

/// Where changes wait for a watcher.
#[derive(Debug)]
pub(crate) struct Mailbox<K> {
    changed: Mutex<BTreeSet<K>>,
    arrived: Notify,
}

impl<K: Key> Mailbox<K> {
    pub(crate) fn new() -> Self {
        Self { changed: Mutex::new(BTreeSet::new()), arrived: Notify::new() }
    }
    pub(crate) fn put(&self, key: &K) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).insert(key.clone());
        self.arrived.notify_one();
    }
    fn take(&self) -> BTreeSet<K> {
        std::mem::take(&mut *self.changed.lock().unwrap_or_else(PoisonError::into_inner))
    }
    pub(crate) fn forget(&self, key: &K) {
        self.changed.lock().unwrap_or_else(PoisonError::into_inner).remove(key);
    }
}

/// Observes keys until it is dropped. An observed key is kept fresh and is never evicted.
#[must_use = "dropping a watcher ends its observations"]
pub struct Watcher<F: Fetch> {
    pub(crate) id: u64,
    pub(crate) mailbox: Arc<Mailbox<F::Key>>,
    pub(crate) shared: Arc<Shared<F>>,
}

impl<F: Fetch> std::fmt::Debug for Watcher<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watcher").field("id", &self.id).finish_non_exhaustive()
    }
}

impl<F: Fetch> Watcher<F> {
    /// Observes a key; twice is once. A fetch starts when what is known is stale.
    pub fn observe(&self, key: &F::Key) {
        self.shared.observe(self.id, key);
    }
    /// Ends the observation of a key.
    pub fn unobserve(&self, key: &F::Key) {
        self.shared.unobserve(self.id, key);
        self.mailbox.forget(key);
    }
    /// Waits until keys changed, and says which: each once, however often it changed. Cancel safe.
    pub async fn changed(&self) -> BTreeSet<F::Key> {
        loop {
            let keys = self.mailbox.take();
            if !keys.is_empty() {
                return keys;
            }
            self.mailbox.arrived.notified().await;
        }
    }
}

impl<F: Fetch> Drop for Watcher<F> {
    fn drop(&mut self) {
        self.shared.unwatch(self.id);
    }
}
