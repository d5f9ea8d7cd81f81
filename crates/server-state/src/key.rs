//! Names of pieces of server state, and ways to say which of them are meant.

use std::fmt::Debug;

/// Name of one piece of server state. Unlike keys have unlike paths.
pub trait Key: Clone + Eq + Ord + Debug + Send + Sync + 'static {
    /// Calls `segment` with each segment of the key, the most general first; prefixes match whole segments.
    /// By calls rather than as a list, so that a cached read allocates nothing.
    fn path<'a>(&'a self, segment: &mut dyn FnMut(&'a str));
}

/// Which keys are meant. Made from a prefix (`&["course", "c1"]`), from a key, or by a predicate, then narrowed.
pub struct Filter<'a, K> {
    pub(crate) prefix: &'a [&'a str],
    pub(crate) key: Option<&'a K>,
    pub(crate) predicate: Option<&'a dyn Fn(&K) -> bool>,
    pub(crate) among: Among,
    pub(crate) stale: bool,
}

/// Observed keys, the others, or both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Among {
    /// Both.
    #[default]
    All,
    /// Those that somebody observes or waits for now.
    Active,
    /// Those that are only kept.
    Inactive,
}

/// Which of the keys that an invalidation marks are fetched because of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Refetch {
    /// Those that somebody observes; the others when they are observed again.
    #[default]
    Active,
    /// Those that nobody observes.
    Inactive,
    /// All of them.
    All,
    /// None: each when it is observed anew, or at the next focus or reconnect.
    None,
}

// By hand: the key behind the reference need not be `Copy`.
impl<K> Clone for Filter<'_, K> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<K> Copy for Filter<'_, K> {}

impl<K> Filter<'_, K> {
    /// Every key that the cache knows.
    pub fn all() -> Self {
        Self { prefix: &[], key: None, predicate: None, among: Among::All, stale: false }
    }
}

impl<'a, K> Filter<'a, K> {
    /// Keys at or below a prefix of whole segments.
    pub fn prefix(prefix: &'a [&'a str]) -> Self {
        Self { prefix, ..Self::all() }
    }
    /// One key.
    pub fn key(key: &'a K) -> Self {
        Self { key: Some(key), ..Self::all() }
    }
    /// Only those for which the predicate holds. It runs under the cache's lock: it must not call the cache.
    #[must_use]
    pub fn matching(self, predicate: &'a dyn Fn(&K) -> bool) -> Self {
        Self { predicate: Some(predicate), ..self }
    }
    /// Only observed ones, or only the others.
    #[must_use]
    pub fn among(self, among: Among) -> Self {
        Self { among, ..self }
    }
    /// Only those whose source may have changed since they were read.
    #[must_use]
    pub fn stale(self) -> Self {
        Self { stale: true, ..self }
    }
    /// Whether it is a prefix and nothing else, which the tree of prefixes answers without looking at a key.
    pub(crate) fn is_prefix(&self) -> bool {
        self.key.is_none() && self.predicate.is_none() && self.among == Among::All && !self.stale
    }
}

impl<K> Debug for Filter<'_, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Filter").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl<'a, K> From<&'a [&'a str]> for Filter<'a, K> {
    fn from(prefix: &'a [&'a str]) -> Self {
        Self::prefix(prefix)
    }
}

impl<'a, K, const N: usize> From<&'a [&'a str; N]> for Filter<'a, K> {
    fn from(prefix: &'a [&'a str; N]) -> Self {
        Self::prefix(prefix)
    }
}
