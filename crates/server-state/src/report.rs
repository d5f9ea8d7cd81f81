//! What the cache knows, for people who look into it.

use crate::entry::{FetchStatus, QueryStatus};
use crate::shared::Shared;
use crate::slot::{Cause, Hold};
use crate::{Fetch, Weigh};

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line<K> {
    /// Key.
    pub key: K,
    /// Whether there is data.
    pub status: QueryStatus,
    /// Whether it is being refreshed.
    pub fetch_status: FetchStatus,
    /// Whether the source may have changed since it was read.
    pub stale: bool,
    /// Raised by each invalidation, from one counter of the whole cache.
    pub generation: u64,
    /// Generation that the last successful fetch started at.
    pub covered: u64,
    /// Raised by each change of the data, from one counter of the whole cache.
    pub revision: u64,
    /// Who observes it now.
    pub observers: u32,
    /// Overlays on it.
    pub overlays: u32,
    /// Fetches so far.
    pub fetches: u32,
    /// What changed it last.
    pub cause: Cause,
    /// Since the data was read, in milliseconds; none without data.
    pub age_ms: Option<u64>,
    /// Size of the data, roughly.
    pub bytes: u64,
}

/// Every key, and counts since the start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report<K> {
    /// Every key, in order.
    pub lines: Vec<Line<K>>,
    /// Fetches.
    pub fetches: u64,
    /// Invalidations.
    pub invalidations: u64,
}

impl<F: Fetch> Shared<F> {
    pub(crate) fn report(&self) -> Report<F::Key> {
        let state = self.read();
        let now = i64::try_from(self.clock.now_ms()).unwrap_or(i64::MAX);
        let lines = state.tree.iter().filter_map(|(id, slot)| {
            let generation = state.tree.generation(id);
            let age = |updated_at: i64| u64::try_from(now.saturating_sub(updated_at)).unwrap_or(0);
            let (covered, data, updated_at) = match &slot.hold {
                Hold::Rest(rest) => (rest.covered, Some(rest.data.upgrade()?), rest.updated_at),
                Hold::Active(active) => {
                    (active.entry.covered(), active.shown.clone(), active.entry.updated_at())
                }
            };
            let active = slot.active();
            let stale = covered < generation;
            // An invalidation marks a prefix, not each entry below it: the cause is seen by the numbers.
            let unmarked = matches!(slot.cause, Cause::Fetched | Cause::Set | Cause::Restored);
            Some(Line {
                key: slot.key.clone(),
                status: active.map_or(QueryStatus::Success, |active| active.status()),
                fetch_status: active.map_or(FetchStatus::Idle, |active| active.entry.fetch_status()),
                stale,
                generation,
                covered,
                revision: slot.revision,
                observers: active.map_or(0, |a| u32::try_from(a.observers.len()).unwrap_or(u32::MAX)),
                overlays: active.map_or(0, |active| active.overlays),
                fetches: slot.fetches,
                cause: if stale && unmarked { Cause::Invalidated } else { slot.cause },
                age_ms: data.is_some().then(|| age(updated_at)),
                bytes: data.map_or(0, |data| u64::try_from(data.bytes()).unwrap_or(u64::MAX)),
            })
        });
        let mut lines: Vec<_> = lines.collect();
        lines.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Report { lines, fetches: state.fetches, invalidations: state.invalidations }
    }
}
