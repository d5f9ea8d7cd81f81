//! What the mock's core would know of its cache: who looks at what, and how often it was asked.

use crate::page;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::window::{CacheEntry, CacheReport, FetchStatus, QueryStatus};
use std::collections::BTreeMap;

/// The books.
#[derive(Debug, Default)]
pub(super) struct Cache {
    entries: BTreeMap<QueryKey, CacheEntry>,
    read_ms: BTreeMap<QueryKey, u64>,
    invalidations: u64,
    batches: u64,
}

impl Cache {
    fn entry(&mut self, key: &QueryKey) -> &mut CacheEntry {
        self.entries.entry(key.clone()).or_insert_with(|| CacheEntry {
            key: key.clone(),
            status: QueryStatus::Pending,
            fetch_status: FetchStatus::Idle,
            stale: true,
            generation: 0,
            covered: 0,
            revision: 0,
            observers: 0,
            fetches: 0,
            cause: "observed".to_owned(),
            age_ms: None,
            bytes: 0,
        })
    }

    pub(super) fn observe(&mut self, key: &QueryKey, on: bool) {
        let entry = self.entry(key);
        entry.observers = if on { entry.observers + 1 } else { entry.observers.saturating_sub(1) };
    }

    /// Those of the keys that somebody looks at.
    pub(super) fn invalidate(&mut self, keys: Vec<QueryKey>, cause: &str) -> Vec<QueryKey> {
        self.invalidations += keys.len() as u64;
        let mut observed = Vec::new();
        for key in keys {
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            entry.generation += 1;
            entry.stale = true;
            cause.clone_into(&mut entry.cause);
            if entry.observers > 0 {
                observed.push(key);
            }
        }
        self.batches += u64::from(!observed.is_empty());
        observed
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = QueryKey> {
        self.entries.keys().cloned()
    }

    /// An answer was given.
    pub(super) fn read(&mut self, key: &QueryKey, bytes: usize) {
        self.read_ms.insert(key.clone(), page::now_ms());
        let entry = self.entry(key);
        entry.status = QueryStatus::Success;
        (entry.stale, entry.covered) = (false, entry.generation);
        entry.fetches += 1;
        entry.revision += 1;
        entry.bytes = bytes as u64;
    }

    pub(super) fn report(&self) -> CacheReport {
        let now = page::now_ms();
        let entries: Vec<_> = self
            .entries
            .values()
            .map(|entry| {
                let age_ms = self.read_ms.get(&entry.key).map(|at| now.saturating_sub(*at));
                CacheEntry { age_ms, ..entry.clone() }
            })
            .collect();
        CacheReport {
            fetches: entries.iter().map(|entry| entry.fetches).sum(),
            entries,
            invalidations: self.invalidations,
            batches: self.batches,
        }
    }
}
