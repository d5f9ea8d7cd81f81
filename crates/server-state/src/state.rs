//! The cache: performs what the entries decide. One lock, never held across a wait; fetches are tasks of their
//! own; one timer task for retries and trailing invalidations.

use crate::coalesce::Coalescer;
use crate::entry::{Action, Entry, FetchStatus, QueryStatus, retry_ms};
use crate::key::KeyIndex;
use crate::source::{Clock, Fetch, FetchError, Fetched, MonotonicClock};
use crate::store::{Store, Stored};
use crate::watch::{Mailbox, Watcher};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::sync::{Notify, watch};

/// How a cache is made.
pub struct Options {
    /// Bytes of data kept for keys that nobody observes.
    pub capacity_bytes: u64,
    /// At most one batch of invalidations in this many milliseconds: 20 refreshes a second follow a typist well.
    pub interval_ms: u64,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Randomness for retries.
    pub random: Arc<dyn Fn() -> u64 + Send + Sync>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            capacity_bytes: 32 * 1024 * 1024,
            interval_ms: 50,
            clock: Arc::new(MonotonicClock::default()),
            random: Arc::new(|| {
                use std::hash::{BuildHasher, Hasher};
                std::collections::hash_map::RandomState::new().build_hasher().finish()
            }),
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
    /// Grows by one with each change of the data.
    pub revision: u64,
    /// The data; shared, and the same allocation as before when it did not change.
    pub data: Option<Arc<D>>,
    /// Why there is none, or why it could not be refreshed.
    pub error: Option<String>,
}

/// The cache. Clones are the same cache; it ends with the last clone and the last watcher.
pub struct ServerState<F: Fetch> {
    shared: Arc<Shared<F>>,
}

impl<F: Fetch> Clone for ServerState<F> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

impl<F: Fetch> std::fmt::Debug for ServerState<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerState").finish_non_exhaustive()
    }
}

impl<F: Fetch> ServerState<F> {
    /// A cache over a source. Call it within a tokio runtime.
    pub fn new(fetch: F, options: Options) -> Self {
        let wake = Arc::new(Notify::new());
        let shared = Arc::new(Shared {
            fetch,
            clock: options.clock,
            random: options.random,
            store: Store::new(options.capacity_bytes),
            wake: Arc::clone(&wake),
            inner: Mutex::new(Inner {
                active: HashMap::new(),
                index: KeyIndex::default(),
                waiting: Coalescer::new(options.interval_ms),
                watchers: HashMap::new(),
                next_watcher: 0,
            }),
        });
        tokio::spawn(timer(Arc::downgrade(&shared), wake));
        Self { shared }
    }

    /// The source of every key at or below this prefix may have changed; the empty prefix is everything.
    pub fn invalidate(&self, prefix: &[&str]) {
        self.shared.invalidate(prefix);
    }

    /// The network is back: fetches that waited for it go on.
    pub fn resume(&self) {
        self.shared.resume();
    }

    /// An observer of any number of keys, none yet.
    pub fn watch(&self) -> Watcher<F> {
        let mut inner = self.shared.lock();
        inner.next_watcher += 1;
        let (id, mailbox) = (inner.next_watcher, Arc::new(Mailbox::new()));
        inner.watchers.insert(id, Arc::clone(&mailbox));
        Watcher { id, mailbox, shared: Arc::clone(&self.shared) }
    }

    /// What is known about a key. Data that somebody observes is returned as it is, and refreshed behind it;
    /// else this waits until the data is fresh, has failed, or waits for the network.
    pub async fn query(&self, key: &F::Key) -> Reply<F::Data> {
        let (guest, mut ticks) = self.shared.enter(key);
        loop {
            if let Some(reply) = guest.shared.answer(key) {
                return reply;
            }
            if ticks.changed().await.is_err() {
                // The entry went away, which its guest prevents; start over rather than hang.
                ticks = guest.shared.ticks(key);
            }
        }
    }

    /// What is known about a key at this moment, without fetching anything.
    pub fn peek(&self, key: &F::Key) -> Option<Reply<F::Data>> {
        self.shared.peek(key)
    }
}

/// What all handles share.
pub(crate) struct Shared<F: Fetch> {
    fetch: F,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Fn() -> u64 + Send + Sync>,
    store: Store<F::Key, F::Data>,
    wake: Arc<Notify>,
    inner: Mutex<Inner<F::Key, F::Data>>,
}

struct Inner<K, D> {
    /// Observed, asked for or being fetched: pinned here, out of the reach of eviction.
    active: HashMap<K, Active<D>>,
    index: KeyIndex<K>,
    /// Invalidations that wait for their batch.
    waiting: Coalescer<K>,
    watchers: HashMap<u64, Arc<Mailbox<K>>>,
    next_watcher: u64,
}

struct Active<D> {
    entry: Entry,
    data: Option<Arc<D>>,
    revision: u64,
    observers: BTreeSet<u64>,
    /// Callers of `query` that wait.
    guests: usize,
    /// Somebody was shown "fetching" or "paused", and has to be told when that ends.
    shown_busy: bool,
    ticks: watch::Sender<()>,
}

impl<D> Active<D> {
    fn reply(&mut self) -> Reply<D> {
        let fetch_status = self.entry.fetch_status();
        self.shown_busy |= fetch_status != FetchStatus::Idle;
        Reply {
            status: self.entry.status(),
            fetch_status,
            revision: self.revision,
            data: self.data.clone(),
            error: self.entry.error().map(str::to_owned),
        }
    }
}

/// Keeps an entry active while a caller waits.
struct Guest<F: Fetch> {
    shared: Arc<Shared<F>>,
    key: F::Key,
}

impl<F: Fetch> Drop for Guest<F> {
    fn drop(&mut self) {
        let mut inner = self.shared.lock();
        if let Some(active) = inner.active.get_mut(&self.key) {
            active.guests = active.guests.saturating_sub(1);
        }
        self.shared.retire(&mut inner, &self.key);
    }
}

impl<F: Fetch> Shared<F> {
    fn lock(&self) -> MutexGuard<'_, Inner<F::Key, F::Data>> {
        // A panic while the lock was held leaves counters at worst; going on is better than none of the cache.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn observe(self: &Arc<Self>, watcher: u64, key: &F::Key) {
        let mut inner = self.lock();
        self.activate(&mut inner, key).observers.insert(watcher);
        self.flush(&mut inner, key);
        self.start(&mut inner, key);
    }

    pub(crate) fn unobserve(&self, watcher: u64, key: &F::Key) {
        let mut inner = self.lock();
        if let Some(active) = inner.active.get_mut(key) {
            active.observers.remove(&watcher);
        }
        self.retire(&mut inner, key);
    }

    pub(crate) fn unwatch(&self, watcher: u64) {
        let mut inner = self.lock();
        inner.watchers.remove(&watcher);
        let keys: Vec<_> = inner
            .active
            .iter()
            .filter(|(_, a)| a.observers.contains(&watcher))
            .map(|(k, _)| k.clone())
            .collect();
        for key in keys {
            if let Some(active) = inner.active.get_mut(&key) {
                active.observers.remove(&watcher);
            }
            self.retire(&mut inner, &key);
        }
    }

    fn invalidate(self: &Arc<Self>, prefix: &[&str]) {
        let mut inner = self.lock();
        for key in self.store.drain_evicted() {
            if !inner.active.contains_key(&key) {
                inner.index.remove(&key);
            }
        }
        for key in inner.index.below(prefix) {
            inner.waiting.push(key);
        }
        self.release(&mut inner);
        drop(inner);
        self.wake.notify_one();
    }

    fn resume(self: &Arc<Self>) {
        let mut inner = self.lock();
        let keys: Vec<_> = inner.active.keys().cloned().collect();
        for key in keys {
            if let Some(active) = inner.active.get_mut(&key) {
                active.entry.apply(Action::Resume);
            }
            self.start(&mut inner, &key);
        }
    }

    /// Lets out the invalidations whose time has come.
    fn release(self: &Arc<Self>, inner: &mut Inner<F::Key, F::Data>) {
        for key in inner.waiting.take(self.clock.now_ms()) {
            self.stale(inner, &key);
        }
    }

    fn stale(self: &Arc<Self>, inner: &mut Inner<F::Key, F::Data>, key: &F::Key) {
        match inner.active.get_mut(key) {
            Some(active) => {
                active.entry.apply(Action::Invalidate);
                self.start(inner, key);
            }
            None => self.store.invalidate(key),
        }
    }

    /// An invalidation of this key that waits for its batch counts at once for somebody who asks.
    fn flush(self: &Arc<Self>, inner: &mut Inner<F::Key, F::Data>, key: &F::Key) {
        if inner.waiting.remove(key) {
            self.stale(inner, key);
        }
    }

    fn activate<'a>(&self, inner: &'a mut Inner<F::Key, F::Data>, key: &F::Key) -> &'a mut Active<F::Data> {
        inner.index.insert(key);
        inner.active.entry(key.clone()).or_insert_with(|| {
            let (entry, data, revision) = match self.store.get(key) {
                Some(stored) => (stored.entry.clone(), stored.data.clone(), stored.revision),
                None => (Entry::default(), None, 0),
            };
            let (observers, ticks) = (BTreeSet::new(), watch::Sender::new(()));
            Active { entry, data, revision, observers, guests: 0, shown_busy: false, ticks }
        })
    }

    /// Lets go of an entry that nobody needs; its data stays in the store as long as there is room.
    fn retire(&self, inner: &mut Inner<F::Key, F::Data>, key: &F::Key) {
        let Some(active) = inner.active.get(key) else { return };
        if !active.observers.is_empty() || active.guests > 0 || active.entry.is_fetching() {
            return;
        }
        let Some(mut active) = inner.active.remove(key) else { return };
        // A failure of the past is no reason to keep the next observer waiting.
        active.entry.apply(Action::Resume);
        if active.data.is_some() {
            let Active { entry, data, revision, .. } = active;
            self.store.put(key, Stored { entry, data, revision });
        } else {
            self.store.remove(key);
            inner.index.remove(key);
        }
    }

    fn start(self: &Arc<Self>, inner: &mut Inner<F::Key, F::Data>, key: &F::Key) {
        let Some(active) = inner.active.get_mut(key) else { return };
        let wanted = !active.observers.is_empty() || active.guests > 0;
        if !wanted {
            return;
        }
        if !active.entry.may_start(self.clock.now_ms()) {
            if active.entry.retry_at().is_some() {
                self.wake.notify_one();
            }
            return;
        }
        active.entry.apply(Action::Start);
        let (shared, key) = (Arc::clone(self), key.clone());
        // A task within a task, so that a source that panics is a failure and not an entry that fetches for ever.
        let fetching = tokio::spawn(shared.fetch.fetch(&key));
        tokio::spawn(async move {
            let result = fetching
                .await
                .unwrap_or_else(|_| Err(FetchError::Failed("Reading this failed unexpectedly.".to_owned())));
            shared.settle(&key, result);
        });
    }

    fn settle(self: &Arc<Self>, key: &F::Key, result: Result<Fetched<F::Data>, FetchError>) {
        let mut inner = self.lock();
        let inner = &mut *inner;
        let now = self.clock.now_ms();
        let Some(active) = inner.active.get_mut(key) else { return };
        let before = (active.entry.status(), active.entry.error().map(str::to_owned), active.revision);
        match result {
            Ok(Fetched { data, version }) => {
                let news = active.entry.apply(Action::Succeed { version });
                if news && active.data.as_deref() != Some(&data) {
                    active.data = Some(Arc::new(data));
                    active.revision += 1;
                }
            }
            Err(FetchError::Failed(why)) => {
                let wait = retry_ms(active.entry.failures() + 1, (self.random)());
                active.entry.apply(Action::Fail { why, retry_at: now + wait });
            }
            Err(FetchError::Refused(why)) => {
                active.entry.apply(Action::Refuse { why });
                if active.data.take().is_some() {
                    active.revision += 1;
                }
            }
            Err(FetchError::Offline(why)) => {
                active.entry.apply(Action::Pause { why });
            }
        }
        let after = (active.entry.status(), active.entry.error().map(str::to_owned), active.revision);
        let tell = before != after || (active.shown_busy && !active.entry.may_start(now));
        active.ticks.send_replace(());
        if tell {
            active.shown_busy = false;
            for observer in &active.observers {
                if let Some(mailbox) = inner.watchers.get(observer) {
                    mailbox.put(key);
                }
            }
        }
        self.start(inner, key);
        self.retire(inner, key);
    }

    fn enter(self: &Arc<Self>, key: &F::Key) -> (Guest<F>, watch::Receiver<()>) {
        let mut inner = self.lock();
        let active = self.activate(&mut inner, key);
        active.guests += 1;
        let ticks = active.ticks.subscribe();
        self.flush(&mut inner, key);
        self.start(&mut inner, key);
        (Guest { shared: Arc::clone(self), key: key.clone() }, ticks)
    }

    fn ticks(&self, key: &F::Key) -> watch::Receiver<()> {
        self.activate(&mut self.lock(), key).ticks.subscribe()
    }

    fn answer(&self, key: &F::Key) -> Option<Reply<F::Data>> {
        let mut inner = self.lock();
        let active = inner.active.get_mut(key)?;
        let entry = &active.entry;
        let observed = !active.observers.is_empty() && active.data.is_some();
        let settled = !entry.is_fetching()
            && (!entry.is_stale()
                || entry.status() == QueryStatus::Error
                || entry.fetch_status() == FetchStatus::Paused);
        (observed || settled).then(|| active.reply())
    }

    fn peek(&self, key: &F::Key) -> Option<Reply<F::Data>> {
        let mut inner = self.lock();
        if let Some(active) = inner.active.get_mut(key) {
            return Some(active.reply());
        }
        let stored = self.store.get(key)?;
        Some(Reply {
            status: stored.entry.status(),
            fetch_status: stored.entry.fetch_status(),
            revision: stored.revision,
            data: stored.data.clone(),
            error: stored.entry.error().map(str::to_owned),
        })
    }

    /// Does what is due, and says when the next thing is.
    fn tick(self: &Arc<Self>) -> Option<u64> {
        let mut inner = self.lock();
        self.release(&mut inner);
        let now = self.clock.now_ms();
        let due: Vec<_> = inner
            .active
            .iter()
            .filter(|(_, a)| a.entry.retry_at().is_some_and(|at| at <= now))
            .map(|(k, _)| k.clone())
            .collect();
        for key in due {
            self.start(&mut inner, &key);
        }
        let retry = inner.active.values().filter_map(|active| active.entry.retry_at()).min();
        let next = [retry, inner.waiting.due()].into_iter().flatten().min();
        next.map(|at| at.saturating_sub(now))
    }
}

impl<F: Fetch> Drop for Shared<F> {
    fn drop(&mut self) {
        self.wake.notify_one();
    }
}

async fn timer<F: Fetch>(shared: Weak<Shared<F>>, wake: Arc<Notify>) {
    loop {
        let next = match shared.upgrade() {
            Some(shared) => shared.tick(),
            None => return,
        };
        match next {
            // One millisecond at least: a clock that is coarser than the timer must not spin.
            Some(wait) => {
                let wait = Duration::from_millis(wait.max(1));
                let _ = tokio::time::timeout(wait, wake.notified()).await;
            }
            None => wake.notified().await,
        }
    }
}
