//! Leading and trailing throttle, deduplicated by key: the first of a storm passes at once, the rest leave in
//! batches, at most one an interval. Pure: time is passed in.

use std::collections::BTreeSet;

/// Collects keys and lets them out at a bounded rate.
#[derive(Debug, Clone)]
pub struct Coalescer<K> {
    interval_ms: u64,
    last: Option<u64>,
    waiting: BTreeSet<K>,
}

impl<K: Ord> Coalescer<K> {
    /// At most one batch in `interval_ms`.
    pub fn new(interval_ms: u64) -> Self {
        Self { interval_ms, last: None, waiting: BTreeSet::new() }
    }

    /// Adds a key; ask [`Coalescer::take`] then.
    pub fn push(&mut self, key: K) {
        self.waiting.insert(key);
    }

    /// Takes one key out of turn. True when it was waiting.
    pub fn remove(&mut self, key: &K) -> bool {
        self.waiting.remove(key)
    }

    /// When the next batch may leave; none while nothing waits.
    pub fn due(&self) -> Option<u64> {
        (!self.waiting.is_empty()).then(|| self.last.map_or(0, |last| last + self.interval_ms))
    }

    /// The batch that may leave now, in the order of its keys; empty when there is none yet.
    pub fn take(&mut self, now: u64) -> BTreeSet<K> {
        match self.due() {
            Some(due) if due <= now => {
                self.last = Some(now);
                std::mem::take(&mut self.waiting)
            }
            _ => BTreeSet::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_passes_at_once_and_a_storm_leaves_in_one_batch() {
        let mut coalescer = Coalescer::new(16);
        coalescer.push('a');
        assert_eq!(coalescer.take(100), BTreeSet::from(['a']));
        for key in "bcbcbcb".chars() {
            coalescer.push(key);
            assert_eq!(coalescer.take(110), BTreeSet::new());
        }
        assert_eq!(coalescer.due(), Some(116));
        assert_eq!(coalescer.take(116), BTreeSet::from(['b', 'c']));
        assert_eq!(coalescer.due(), None);
        coalescer.push('d');
        assert_eq!(coalescer.take(500), BTreeSet::from(['d']), "leading again after a quiet time");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_nothing_is_early_and_nothing_waits_longer_than_an_interval(
            pushes in prop::collection::vec((0u8..5, 0u64..40), 1..200)
        ) {
            let mut coalescer = Coalescer::new(16);
            let (mut now, mut waiting, mut last) = (0u64, std::collections::BTreeMap::new(), None::<u64>);
            for (key, pause) in pushes {
                let until = now + pause;
                // A timer fires at every due time on the way.
                loop {
                    let batch = match coalescer.due() {
                        Some(due) if due.max(now) <= until => { now = due.max(now); coalescer.take(now) }
                        _ => break,
                    };
                    prop_assert!(!batch.is_empty());
                    prop_assert!(last.is_none_or(|last| now >= last + 16));
                    last = Some(now);
                    for key in batch {
                        let since = waiting.remove(&key).expect("was pushed");
                        prop_assert!(now <= since + 16);
                    }
                    prop_assert!(waiting.is_empty());
                }
                now = until;
                coalescer.push(key);
                waiting.entry(key).or_insert(now);
            }
            prop_assert_eq!(coalescer.due().is_some(), !waiting.is_empty());
        }
    }
}
