//! moka as a bounded store of values, and as nothing else: what is fresh, single flight and retries are our own
//! state machine. `get_with` and its kin are banned (clippy.toml): an invalidation during their flight is lost.

use crate::Weigh;
use crate::tree::Id;
use moka::ops::compute::Op;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A value at rest. moka holds the only strong reference: what it evicts is freed.
pub(crate) struct Stored<D> {
    version: u64,
    data: Arc<D>,
}

impl<D> Clone for Stored<D> {
    fn clone(&self) -> Self {
        Self { version: self.version, data: Arc::clone(&self.data) }
    }
}

pub(crate) struct Store<D: Send + Sync + 'static> {
    cache: Cache<Id, Stored<D>>,
    overhead: usize,
    /// Bytes put since moka last made room, and how many there may be: it works in batches of its own, which are
    /// many entries, and the bound is one of bytes.
    put: AtomicU64,
    slack: u64,
    /// Filled by moka while it works, emptied by us: its listener must not take our lock.
    evicted: Arc<Evicted>,
}

#[derive(Default)]
struct Evicted {
    any: AtomicBool,
    ids: Mutex<Vec<Id>>,
}

impl<D: Weigh + Send + Sync + 'static> Store<D> {
    /// `overhead` is what one entry takes beside its data, in bytes.
    pub(crate) fn new(capacity_bytes: u64, overhead: usize) -> Self {
        let evicted = Arc::new(Evicted::default());
        let gone = Arc::clone(&evicted);
        let cache = Cache::builder()
            .max_capacity(capacity_bytes)
            // The default, TinyLFU, turns new entries away until they were asked for often: the page that was
            // opened just now would be fetched again and again.
            .eviction_policy(EvictionPolicy::lru())
            .weigher(move |_, stored: &Stored<D>| {
                u32::try_from(stored.data.bytes() + overhead).unwrap_or(u32::MAX)
            })
            .eviction_listener(move |id: Arc<Id>, _, cause| {
                if cause.was_evicted() {
                    gone.ids.lock().unwrap_or_else(PoisonError::into_inner).push(*id);
                    gone.any.store(true, Ordering::Release);
                }
            })
            .build();
        Self { cache, overhead, put: AtomicU64::new(0), slack: capacity_bytes / 16, evicted }
    }

    /// Says that a value was used.
    pub(crate) fn touch(&self, id: Id) {
        drop(self.cache.get(&id));
    }

    /// Puts a value to rest, unless a newer one is there.
    pub(crate) fn put(&self, id: Id, version: u64, data: Arc<D>) {
        let bytes = u64::try_from(data.bytes() + self.overhead).unwrap_or(u64::MAX);
        self.cache.entry_by_ref(&id).and_compute_with(|old| match old {
            Some(old) if old.value().version > version => Op::Nop,
            _ => Op::Put(Stored { version, data }),
        });
        if self.put.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes) > self.slack {
            self.put.store(0, Ordering::Relaxed);
            self.cache.run_pending_tasks();
        }
    }

    /// Ids that were evicted since the last call and are still gone.
    pub(crate) fn drain_evicted(&self) -> Vec<Id> {
        if !self.evicted.any.swap(false, Ordering::AcqRel) {
            return Vec::new();
        }
        let ids = std::mem::take(&mut *self.evicted.ids.lock().unwrap_or_else(PoisonError::into_inner));
        ids.into_iter().filter(|id| !self.cache.contains_key(id)).collect()
    }

    pub(crate) fn tidy(&self) {
        self.cache.run_pending_tasks();
    }

    pub(crate) fn remove(&self, id: Id) {
        self.cache.invalidate(&id);
    }
}
