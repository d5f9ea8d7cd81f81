//! moka as a bounded store of values, and as nothing else: what is fresh, single flight and retries are our own
//! state machine. `get_with` and its kin are banned (clippy.toml): an invalidation during their flight is lost.

use crate::entry::Entry;
use crate::{Key, Weigh};
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::sync::{Arc, Mutex, PoisonError};

/// A value at rest.
pub(crate) struct Stored<D> {
    pub(crate) entry: Entry,
    pub(crate) data: Option<Arc<D>>,
    pub(crate) revision: u64,
}

pub(crate) struct Store<K: Key, D: Send + Sync + 'static> {
    cache: Cache<K, Arc<Stored<D>>>,
    /// Filled by moka while it works, emptied by us: its listener must not take our lock.
    evicted: Arc<Mutex<Vec<K>>>,
}

impl<K: Key, D: Weigh + Send + Sync + 'static> Store<K, D> {
    pub(crate) fn new(capacity_bytes: u64) -> Self {
        let evicted = Arc::new(Mutex::new(Vec::new()));
        let gone = Arc::clone(&evicted);
        let cache = Cache::builder()
            .max_capacity(capacity_bytes)
            // The default, TinyLFU, turns new entries away until they were asked for often: the page that was
            // opened just now would be fetched again and again.
            .eviction_policy(EvictionPolicy::lru())
            .weigher(|_, stored: &Arc<Stored<D>>| {
                let data = stored.data.as_ref().map_or(0, |data| data.bytes());
                u32::try_from(data + size_of::<Stored<D>>()).unwrap_or(u32::MAX)
            })
            .eviction_listener(move |key: Arc<K>, _, cause| {
                if cause.was_evicted() {
                    gone.lock().unwrap_or_else(PoisonError::into_inner).push((*key).clone());
                }
            })
            .build();
        Self { cache, evicted }
    }

    pub(crate) fn get(&self, key: &K) -> Option<Arc<Stored<D>>> {
        self.cache.get(key)
    }

    /// Puts a value to rest, unless a newer one is there.
    pub(crate) fn put(&self, key: &K, stored: Stored<D>) {
        let stored = Arc::new(stored);
        self.cache.entry_by_ref(key).and_compute_with(|old| match old {
            Some(old) if old.value().entry.version() > stored.entry.version() => Op::Nop,
            _ => Op::Put(stored),
        });
    }

    /// Marks a value at rest as stale.
    pub(crate) fn invalidate(&self, key: &K) {
        self.cache.entry_by_ref(key).and_compute_with(|old| match old {
            Some(old) => {
                let old = old.value();
                let mut entry = old.entry.clone();
                entry.apply(crate::entry::Action::Invalidate);
                Op::Put(Arc::new(Stored { entry, data: old.data.clone(), revision: old.revision }))
            }
            None => Op::Nop,
        });
    }

    /// Keys that were evicted since the last call and are still gone.
    pub(crate) fn drain_evicted(&self) -> Vec<K> {
        let keys = std::mem::take(&mut *self.evicted.lock().unwrap_or_else(PoisonError::into_inner));
        keys.into_iter().filter(|key| !self.cache.contains_key(key)).collect()
    }

    pub(crate) fn remove(&self, key: &K) {
        self.cache.invalidate(key);
    }
}
