//! Names of pieces of server state, and which of them lie below a prefix.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::hash::Hash;

/// Name of one piece of server state. Unlike keys have unlike paths.
pub trait Key: Clone + Eq + Hash + Ord + Debug + Send + Sync + 'static {
    /// The key as segments, the most general first; prefixes match whole segments.
    fn path(&self) -> Vec<&str>;
}

impl Key for inkhorn_protocol::key::QueryKey {
    fn path(&self) -> Vec<&str> {
        Self::path(self)
    }
}

/// The keys that the cache knows, in the order of their paths, so that a prefix is a range.
#[derive(Debug)]
pub(crate) struct KeyIndex<K> {
    keys: BTreeMap<Vec<String>, K>,
}

impl<K> Default for KeyIndex<K> {
    fn default() -> Self {
        Self { keys: BTreeMap::new() }
    }
}

impl<K: Key> KeyIndex<K> {
    pub(crate) fn insert(&mut self, key: &K) {
        self.keys.entry(own(&key.path())).or_insert_with(|| key.clone());
    }
    pub(crate) fn remove(&mut self, key: &K) {
        self.keys.remove(&own(&key.path()));
    }
    pub(crate) fn below(&self, prefix: &[&str]) -> Vec<K> {
        let from = own(prefix);
        self.keys
            .range(from.clone()..)
            .take_while(|(path, _)| path.starts_with(&from))
            .map(|(_, key)| key.clone())
            .collect()
    }
}

fn own(path: &[&str]) -> Vec<String> {
    path.iter().map(|&segment| segment.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use inkhorn_protocol::key::QueryKey;

    #[test]
    fn a_prefix_matches_whole_segments_only() {
        let outline = |course: &str| QueryKey::Outline { course: course.parse().unwrap() };
        let lesson =
            |course: &str| QueryKey::Lesson { course: course.parse().unwrap(), lesson: "l".parse().unwrap() };
        let mut index = KeyIndex::default();
        for key in [outline("a"), outline("ab"), lesson("a"), QueryKey::Courses, QueryKey::Sync] {
            index.insert(&key);
        }
        assert_eq!(index.below(&["course", "a"]), [lesson("a"), outline("a")]);
        assert_eq!(index.below(&["course"]).len(), 3);
        assert_eq!(index.below(&["cour"]), []);
        assert_eq!(index.below(&[]).len(), 5);
        index.remove(&outline("a"));
        assert_eq!(index.below(&["course", "a", "outline"]), []);
    }
}
