//! The two handles: [`ServerState`] of the owner, who may write, and [`Reader`] for everybody else.

use crate::entry::{FetchStatus, QueryStatus};
use crate::key::{Filter, Refetch};
use crate::report::Report;
use crate::shared::Shared;
use crate::signal::Signal;
use crate::source::{Clock, Fetch, MonotonicClock};
use crate::watch::Watcher;
use std::ops::Deref;
use std::sync::Arc;

/// How a cache is made.
pub struct Options {
    /// Bytes of data kept for keys that nobody observes.
    pub capacity_bytes: u64,
    /// Invalidations start fetches of one key at most once in this many milliseconds: a frame of a screen. The first of a
    /// storm starts one at once, and news of one key do not wait for those of another.
    pub interval_ms: u64,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for retries.
    pub random: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// Whether a window of the program is at the front.
    pub focus: Signal,
    /// Whether there is a network.
    pub online: Signal,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            capacity_bytes: 32 * 1024 * 1024,
            interval_ms: 16,
            clock: Arc::new(MonotonicClock::default()),
            random: Arc::new(|| {
                use std::hash::{BuildHasher, Hasher};
                std::collections::hash_map::RandomState::new().build_hasher().finish()
            }),
            focus: Signal::new(true),
            online: Signal::new(true),
        }
    }
}

/// What is known about a key.
#[derive(Debug)]
pub struct Reply<D> {
    /// Whether there is data, and whether fetching it failed.
    pub status: QueryStatus,
    /// Whether it is being refreshed.
    pub fetch_status: FetchStatus,
    /// Grows with each change of the data.
    pub revision: u64,
    /// The data; shared, and the same allocation as before when it did not change.
    pub data: Option<Arc<D>>,
    /// Why there is none, or why it could not be refreshed.
    pub error: Option<Arc<str>>,
}

impl<D> Clone for Reply<D> {
    fn clone(&self) -> Self {
        Self {
            status: self.status,
            fetch_status: self.fetch_status,
            revision: self.revision,
            data: self.data.clone(),
            error: self.error.clone(),
        }
    }
}

/// The cache, as everybody may see it: asks, observes, and changes nothing. Clones read the same cache.
pub struct Reader<F: Fetch> {
    pub(crate) shared: Arc<Shared<F>>,
}

impl<F: Fetch> Clone for Reader<F> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<F: Fetch> std::fmt::Debug for Reader<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl<F: Fetch> Reader<F> {
    /// An observer of any number of keys, none yet.
    pub fn watch(&self) -> Watcher<F> {
        Watcher::new(Arc::clone(&self.shared))
    }

    /// What is known about a key. Data that somebody observes is returned as it is, and refreshed behind it;
    /// else this waits until the data is fresh, has failed, or waits for the network.
    pub async fn query(&self, key: &F::Key) -> Reply<F::Data> {
        if let Some(reply) = self.shared.fresh(key) {
            return reply;
        }
        let (guest, mut ticks) = self.shared.enter(key);
        loop {
            if let Some(reply) = guest.answer() {
                return reply;
            }
            if ticks.changed().await.is_err() {
                // The entry went away, which its guest prevents; what is known is then the answer.
                return guest.reply();
            }
        }
    }

    /// What is known about a key at this moment, without fetching anything.
    pub fn peek(&self, key: &F::Key) -> Option<Reply<F::Data>> {
        self.shared.peek(key)
    }

    /// The data of a key at this moment, without fetching anything.
    pub fn data(&self, key: &F::Key) -> Option<Arc<F::Data>> {
        self.shared.data(key)
    }

    /// Whether the source may have changed since the key was read; true for one that is not known.
    pub fn is_stale(&self, key: &F::Key) -> bool {
        self.shared.is_stale(key)
    }

    /// Fetches a key that will be wanted soon, unless it is fresh. Nobody is told of a failure, and none is tried again.
    pub fn prefetch(&self, key: &F::Key) {
        self.shared.prefetch(key);
    }

    /// All that is known, for people who look into the cache.
    pub fn report(&self) -> Report<F::Key> {
        self.shared.report()
    }
}

/// The cache, as its owner has it: a [`Reader`] that may also say what changed. Clones are the same cache; it ends
/// with the last handle and the last watcher.
pub struct ServerState<F: Fetch> {
    reader: Reader<F>,
}

impl<F: Fetch> Clone for ServerState<F> {
    fn clone(&self) -> Self {
        Self { reader: self.reader.clone() }
    }
}

impl<F: Fetch> std::fmt::Debug for ServerState<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerState").finish_non_exhaustive()
    }
}

impl<F: Fetch> Deref for ServerState<F> {
    type Target = Reader<F>;
    fn deref(&self) -> &Reader<F> {
        &self.reader
    }
}

impl<F: Fetch> ServerState<F> {
    /// A cache over a source. Call it within a tokio runtime.
    pub fn new(fetch: F, options: Options) -> Self {
        Self { reader: Reader { shared: Shared::spawn(fetch, options) } }
    }

    /// A handle that reads and cannot write.
    pub fn reader(&self) -> Reader<F> {
        self.reader.clone()
    }

    /// The source of every key that is meant may have changed; the empty prefix is everything. What is observed is
    /// fetched, the rest when it is asked for.
    pub fn invalidate<'a>(&self, filter: impl Into<Filter<'a, F::Key>>) {
        self.invalidate_with(filter, Refetch::Active);
    }

    /// The same, with a choice of what is fetched because of it.
    pub fn invalidate_with<'a>(&self, filter: impl Into<Filter<'a, F::Key>>, refetch: Refetch) {
        self.shared.invalidate(&filter.into(), refetch);
    }

    /// The network is back: fetches that waited for it go on. The online signal says this by itself when it rises.
    pub fn resume(&self) {
        self.shared.resume();
    }

    /// The owner knows the data of a key. A fetch under way is called off: its answer may be older.
    pub fn set_data(&self, key: &F::Key, data: F::Data) {
        self.shared.update(key, |_| Some(data));
    }

    /// Makes new data of what is known; none changes nothing. `change` runs under the cache's lock.
    pub fn update_data(&self, key: &F::Key, change: impl FnOnce(Option<&F::Data>) -> Option<F::Data>) {
        self.shared.update(key, change);
    }

    /// Calls off fetches. They are not started again before the next occasion: an invalidation, a new observer,
    /// focus, reconnect.
    pub fn cancel<'a>(&self, filter: impl Into<Filter<'a, F::Key>>) {
        self.shared.cancel(&filter.into());
    }

    /// Forgets what nobody observes. What is observed stays: see [`ServerState::reset`].
    pub fn remove<'a>(&self, filter: impl Into<Filter<'a, F::Key>>) {
        self.shared.remove(&filter.into());
    }

    /// Forgets data, also what is observed, which is fetched anew.
    pub fn reset<'a>(&self, filter: impl Into<Filter<'a, F::Key>>) {
        self.shared.reset(&filter.into());
    }

    /// Has the store do now what it otherwise does in passing, such as to free what was evicted: for who measures.
    pub fn tidy(&self) {
        self.shared.tidy();
    }
}
