//! Leading and trailing throttle for each key: a key that was quiet passes at once, one that comes again waits until its
//! interval is over, and passes once then, however often it came. Pure: time is passed in.

use std::collections::{BTreeMap, BTreeSet};

/// Collects keys and lets each of them out at a bounded rate.
///
/// News of different keys do not wait for each other; what leaves together is whatever is due together.
#[derive(Debug, Clone)]
pub struct Coalescer<K> {
    interval_ms: u64,
    /// What waits, with the time at which it may leave.
    waiting: BTreeMap<K, u64>,
    by_due: BTreeSet<(u64, K)>,
    /// Keys that left a while ago, and when they may leave again; in the order of that too, to forget them in turn.
    left: BTreeMap<K, u64>,
    by_end: BTreeSet<(u64, K)>,
}

impl<K: Ord + Clone> Coalescer<K> {
    /// Each key at most once in `interval_ms`, where nothing else is said of it when it leaves.
    pub fn new(interval_ms: u64) -> Self {
        let (waiting, by_due) = (BTreeMap::new(), BTreeSet::new());
        Self { interval_ms, waiting, by_due, left: BTreeMap::new(), by_end: BTreeSet::new() }
    }

    /// Adds a key; ask [`Coalescer::take`] then.
    pub fn push(&mut self, key: K) {
        if !self.waiting.contains_key(&key) {
            let due = self.left.get(&key).copied().unwrap_or(0);
            self.by_due.insert((due, key.clone()));
            self.waiting.insert(key, due);
        }
    }

    /// Whether this key may leave now, because of another that was let out; else it waits for its time. True counts as
    /// having left. `interval_ms`: its own, if it has one.
    pub fn passes(&mut self, key: K, now: u64, interval_ms: Option<u64>) -> bool {
        if self.left.get(&key).is_some_and(|again| *again > now) {
            self.push(key);
            return false;
        }
        self.remove(&key);
        self.leaves(key, now, interval_ms);
        true
    }

    fn leaves(&mut self, key: K, now: u64, interval_ms: Option<u64>) {
        let again = now + interval_ms.unwrap_or(self.interval_ms);
        if let Some(before) = self.left.insert(key.clone(), again) {
            self.by_end.remove(&(before, key.clone()));
        }
        self.by_end.insert((again, key));
    }

    /// Takes one key out of turn. True when it was waiting.
    pub fn remove(&mut self, key: &K) -> bool {
        let Some((key, due)) = self.waiting.remove_entry(key) else { return false };
        self.by_due.remove(&(due, key))
    }

    /// When the next key may leave; none while nothing waits.
    pub fn due(&self) -> Option<u64> {
        self.by_due.first().map(|(due, _)| *due)
    }

    /// The keys that may leave now, in their order; empty when there are none yet. `interval_ms` says the own interval of
    /// a key, if it has one.
    pub fn take(&mut self, now: u64, interval_ms: impl Fn(&K) -> Option<u64>) -> BTreeSet<K> {
        while self.by_end.first().is_some_and(|(again, _)| *again <= now) {
            let Some((_, key)) = self.by_end.pop_first() else { break };
            self.left.remove(&key);
        }
        let mut out = BTreeSet::new();
        while self.by_due.first().is_some_and(|(due, _)| *due <= now) {
            let Some((_, key)) = self.by_due.pop_first() else { break };
            self.waiting.remove(&key);
            self.leaves(key.clone(), now, interval_ms(&key));
            out.insert(key);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_key_passes_at_once_and_its_storm_leaves_once_an_interval() {
        let mut coalescer = Coalescer::new(16);
        coalescer.push('a');
        assert_eq!(coalescer.take(100, |_| None), BTreeSet::from(['a']));
        for key in "abab".chars() {
            coalescer.push(key);
        }
        assert_eq!(
            coalescer.take(110, |_| None),
            BTreeSet::from(['b']),
            "news of one do not wait for those of another"
        );
        coalescer.push('b');
        assert_eq!(coalescer.take(115, |_| None), BTreeSet::new());
        assert_eq!(coalescer.due(), Some(116));
        assert_eq!(coalescer.take(116, |_| None), BTreeSet::from(['a']));
        assert_eq!(coalescer.due(), Some(126));
        assert_eq!(coalescer.take(130, |_| None), BTreeSet::from(['b']));
        assert_eq!(coalescer.due(), None);
        coalescer.push('a');
        assert_eq!(coalescer.take(500, |_| None), BTreeSet::from(['a']), "leading again after a quiet time");
        assert_eq!((coalescer.left.len(), coalescer.by_end.len()), (1, 1), "what was quiet is forgotten");
    }

    #[test]
    fn what_another_lets_out_keeps_its_own_rate() {
        let mut coalescer = Coalescer::new(16);
        coalescer.push('b');
        assert!(coalescer.passes('b', 100, None));
        assert_eq!(coalescer.due(), None, "it has left");
        assert!(!coalescer.passes('b', 110, None));
        assert_eq!(coalescer.due(), Some(116));
        assert!(coalescer.passes('b', 116, None));
        assert_eq!(coalescer.due(), None);
    }

    #[test]
    fn a_key_with_an_interval_of_its_own_keeps_it() {
        let own = |key: &char| (*key == 'b').then_some(50);
        let mut coalescer = Coalescer::new(16);
        let mut left = Vec::new();
        for now in 0..120 {
            coalescer.push('a');
            coalescer.push('b');
            left.extend(coalescer.take(now, own).into_iter().map(|key| (key, now)));
        }
        let of = |key| left.iter().filter(|(left, _)| *left == key).map(|(_, at)| *at).collect::<Vec<_>>();
        assert_eq!((of('a'), of('b')), ((0..120).step_by(16).collect(), vec![0, 50, 100]));
        assert!(!coalescer.passes('b', 140, Some(50)));
        assert!(coalescer.passes('b', 150, Some(50)));
        assert!(!coalescer.passes('b', 199, None), "the interval with which it left counts");
    }

    proptest! {
        #[test]
        fn nothing_is_lost_nothing_is_early_and_nothing_waits_longer_than_an_interval(
            pushes in prop::collection::vec((0u8..5, 0u64..40), 1..200)
        ) {
            let mut coalescer = Coalescer::new(16);
            let (mut now, mut waiting) = (0u64, BTreeMap::new());
            let mut last = BTreeMap::<u8, u64>::new();
            for (key, pause) in pushes {
                let until = now + pause;
                // A timer fires at every due time on the way.
                loop {
                    let batch = match coalescer.due() {
                        Some(due) if due.max(now) <= until => { now = due.max(now); coalescer.take(now, |_| None) }
                        _ => break,
                    };
                    prop_assert!(!batch.is_empty());
                    for key in batch {
                        prop_assert!(last.insert(key, now).is_none_or(|last| now >= last + 16));
                        let since = waiting.remove(&key).expect("was pushed");
                        prop_assert!(now <= since + 16);
                    }
                }
                now = until;
                coalescer.push(key);
                waiting.entry(key).or_insert(now);
            }
            prop_assert_eq!(coalescer.due().is_some(), !waiting.is_empty());
        }
    }
}
