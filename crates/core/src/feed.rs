//! The cache as windows see it: events become invalidations, changes become batches for each window.
//!
//! The cache alone decides what is stale; a window is told which answers changed, at most 60 times a second,
//! whatever the storm, and asks again for those that it shows.

mod heard;
mod pending;

use crate::Core;
use crate::fetch::{Name, Projection, Projections};
use crate::net::Progress;
use crate::pace::Pace;
use crate::remembered::{AsJson, Remembered};
use inkhorn_events::Subscriber;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::window::{CacheEntry, CacheReport, FetchStatus, QueryReply, QueryStatus};
use inkhorn_protocol::{AssetHash, CourseId, OpId};
use inkhorn_server_state::{self as cache, Filter, Fold, Options, ServerState, Signal, Watcher};
use serde_json::Value;
use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

/// Time between two batches of a window, on average: one frame of a usual screen.
pub const BATCH_EVERY: Duration = Duration::from_millis(17);

/// An answer that is read again and again in a storm is read once in this time, in milliseconds. The first news of a
/// quiet one are read at once; what follows is a number in a corner, and nobody reads faster.
const AGAIN_AFTER_MS: u64 = 50;

/// Batches that may follow each other at once after a quiet time. What one change does to several answers is not read at
/// the same moment: with one batch, the lesson would wait a frame because the sync pill was told first.
const AT_ONCE: u32 = 3;

/// Name of a window.
pub type WindowId = String;

/// What changed for a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Number of the batch, from 1; a window that misses one asks again for everything.
    pub seq: u64,
    /// Answers that changed.
    pub keys: Vec<QueryKey>,
    /// Assets that arrived or were uploaded.
    pub assets: Vec<AssetHash>,
    /// Word was lost: everything that is shown is to be asked for again.
    pub resync: bool,
}

/// The batches of one window. Dropping it ends the window's observations.
#[derive(Debug)]
pub struct Feed {
    name: WindowId,
    window: Arc<Window>,
    windows: Windows,
    seq: u64,
    pace: Pace,
}

impl Feed {
    /// Waits for the next batch. Cancel safe.
    pub async fn next(&mut self) -> Batch {
        tokio::time::sleep_until(self.pace.next()).await;
        let keys = tokio::select! {
            keys = self.window.watcher.changed() => keys,
            () = self.window.arrived.notified() => Vec::new(),
        };
        let others = std::mem::take(&mut *lock(&self.window.others));
        self.seq += 1;
        self.window.batches.store(self.seq, Ordering::Relaxed);
        self.pace.went();
        Batch {
            seq: self.seq,
            keys: keys.into_iter().map(|name| name.0).collect(),
            assets: others.assets.into_iter().collect(),
            resync: others.resync,
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        let mut windows = lock(&self.windows.shared.windows);
        // A window that was reloaded has a new feed under the same name.
        if windows.get(&self.name).is_some_and(|window| Arc::ptr_eq(window, &self.window)) {
            windows.remove(&self.name);
        }
    }
}

struct Window {
    watcher: Watcher<Projections>,
    others: Mutex<Others>,
    arrived: Notify,
    batches: AtomicU64,
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window").finish_non_exhaustive()
    }
}

#[derive(Default)]
struct Others {
    assets: BTreeSet<AssetHash>,
    resync: bool,
}

/// The cache and the windows that observe it; clones are the same.
#[derive(Clone)]
pub(crate) struct Windows {
    shared: Arc<Shared>,
}

impl std::fmt::Debug for Windows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Windows").finish_non_exhaustive()
    }
}

struct Shared {
    cache: ServerState<Projections>,
    focus: Signal,
    /// Windows at the front: none while another program is.
    focused: Mutex<BTreeSet<WindowId>>,
    online: Signal,
    /// None until the profile is open, and in tests of the wiring.
    remembered: OnceLock<Remembered>,
    windows: Mutex<HashMap<WindowId, Arc<Window>>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

fn status(status: cache::QueryStatus) -> QueryStatus {
    match status {
        cache::QueryStatus::Pending => QueryStatus::Pending,
        cache::QueryStatus::Error => QueryStatus::Error,
        cache::QueryStatus::Success => QueryStatus::Success,
    }
}

fn fetch_status(status: cache::FetchStatus) -> FetchStatus {
    match status {
        cache::FetchStatus::Idle => FetchStatus::Idle,
        cache::FetchStatus::Fetching => FetchStatus::Fetching,
        cache::FetchStatus::Paused => FetchStatus::Paused,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Windows {
    pub(crate) fn new(
        projections: Projections,
        subscriber: &Subscriber,
        progress: watch::Receiver<Progress>,
    ) -> Self {
        // Until a window says that it is at the front, none is; a profile without a window has no use for either.
        let (focus, online) = (Signal::new(false), Signal::new(true));
        let options = Options {
            interval_ms: AGAIN_AFTER_MS,
            focus: focus.clone(),
            online: online.clone(),
            ..Options::default()
        };
        let cache = ServerState::new(projections, options);
        let (windows, task) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Shared {
            cache,
            focus,
            focused: Mutex::default(),
            online,
            remembered: OnceLock::new(),
            windows,
            task,
        });
        let task = tokio::spawn(heard::listen(
            Self { shared: Arc::clone(&shared) },
            subscriber.subscribe(),
            progress,
        ));
        *lock(&shared.task) = Some(task);
        Self { shared }
    }

    /// Brings back what an earlier run read from the server, and keeps it from now on.
    pub(crate) fn remember(&self, profile: &Path) {
        let remembered = self.shared.remembered.get_or_init(|| Remembered::new(profile));
        match self.shared.cache.restore(remembered, &AsJson, crate::now_ms()) {
            Ok(restored) => tracing::debug!(?restored, "what was read from the server before"),
            Err(error) => tracing::info!(%error, "what was read from the server before cannot be read"),
        }
    }

    /// Ends the task and every observation.
    pub(crate) fn close(&self) {
        if let Some(remembered) = self.shared.remembered.get()
            && let Err(error) = self.shared.cache.save(remembered, &AsJson, crate::now_ms())
        {
            tracing::info!(%error, "what was read from the server is not kept");
        }
        if let Some(task) = lock(&self.shared.task).take() {
            task.abort();
        }
        lock(&self.shared.windows).clear();
    }

    /// The feed of a window; what the window observed before is forgotten, since its page starts anew.
    pub(crate) fn subscribe(&self, name: WindowId) -> Feed {
        let window = self.fresh();
        lock(&self.shared.windows).insert(name.clone(), Arc::clone(&window));
        Feed { name, window, windows: self.clone(), seq: 0, pace: Pace::new(BATCH_EVERY, AT_ONCE) }
    }

    fn fresh(&self) -> Arc<Window> {
        let watcher = self.shared.cache.watch();
        Arc::new(Window {
            watcher,
            others: Mutex::default(),
            arrived: Notify::new(),
            batches: AtomicU64::new(0),
        })
    }

    pub(crate) fn observe(&self, name: &str, key: &QueryKey) {
        let window = lock(&self.shared.windows).get(name).cloned();
        if let Some(window) = window {
            window.watcher.observe(&Name(key.clone()));
        }
    }

    pub(crate) fn unobserve(&self, name: &str, key: &QueryKey) {
        let window = lock(&self.shared.windows).get(name).cloned();
        if let Some(window) = window {
            window.watcher.unobserve(&Name(key.clone()));
        }
    }

    pub(crate) async fn query(&self, key: &QueryKey) -> QueryReply {
        let reply = self.shared.cache.query(&Name(key.clone())).await;
        QueryReply {
            status: status(reply.status),
            fetch_status: fetch_status(reply.fetch_status),
            version: reply.revision,
            data: reply.data.map(|projection| projection.json.clone()),
            error: reply.error.map(|why| why.to_string()),
        }
    }

    /// A window came to the front, or went behind.
    pub(crate) fn focus(&self, name: &str, at_front: bool) {
        let mut focused = lock(&self.shared.focused);
        if at_front {
            focused.insert(name.to_owned());
        } else {
            focused.remove(name);
        }
        let any = !focused.is_empty();
        self.shared.focus.set(any);
    }

    /// Shows what a pending operation will do to the answers of some keys, until it is confirmed or taken back. The
    /// fold may run on an answer that contains the operation already, and must then leave it as it is (`None`).
    pub(crate) fn overlay(
        &self,
        operation: &OpId,
        keys: &[QueryKey],
        fold: impl Fn(&QueryKey, Option<&Value>) -> Option<Value> + Send + Sync + 'static,
    ) {
        let names: Vec<_> = keys.iter().cloned().map(Name).collect();
        let fold: Fold<Name, Projection> = Arc::new(move |name, shown| {
            fold(&name.0, shown.map(|shown| &shown.json)).and_then(|json| Projection::of(&json).ok())
        });
        self.shared.cache.set_overlay(operation.as_str(), &names, fold);
    }

    /// The operation is done: its keys are read again, and lose the overlay with the answer.
    pub(crate) fn overlay_confirmed(&self, operation: &OpId) {
        self.shared.cache.confirm_overlay(operation.as_str());
    }

    /// The operation will not happen: its keys show again what they showed without it.
    pub(crate) fn overlay_removed(&self, operation: &OpId) {
        self.shared.cache.remove_overlay(operation.as_str());
    }

    /// What the cache knows, for the cache panel of a window.
    pub(crate) fn report(&self, name: &str) -> CacheReport {
        let report = self.shared.cache.report();
        let entries = report.lines.into_iter().map(|line| CacheEntry {
            key: line.key.0,
            status: status(line.status),
            fetch_status: fetch_status(line.fetch_status),
            stale: line.stale,
            generation: line.generation,
            covered: line.covered,
            revision: line.revision,
            observers: line.observers,
            fetches: u64::from(line.fetches),
            cause: line.cause.as_str().to_owned(),
            age_ms: line.age_ms,
            bytes: line.bytes,
        });
        let window = lock(&self.shared.windows).get(name).cloned();
        CacheReport {
            entries: entries.collect(),
            fetches: report.fetches,
            invalidations: report.invalidations,
            batches: window.map_or(0, |window| window.batches.load(Ordering::Relaxed)),
        }
    }

    /// Somebody signed in or out.
    pub(crate) fn account_changed(&self) {
        if let Some(remembered) = self.shared.remembered.get() {
            remembered.forget();
        }
        // What one account may see is not for the next one, not even for a moment.
        let of_the_server =
            |name: &Name| matches!(name.0, QueryKey::Members { .. } | QueryKey::RemoteCourses);
        self.shared.cache.reset(Filter::all().matching(&of_the_server));
        for prefix in [&["account"][..], &["remote"], &["sync"], &["courses"], &["course"]] {
            self.shared.cache.invalidate(prefix);
        }
    }

    /// Room on the disk was freed by a command of the user.
    pub(crate) fn storage_changed(&self) {
        self.shared.cache.invalidate(&["storage"]);
    }

    /// Who is in a course changed by a command of the user.
    pub(crate) fn members_changed(&self, course: &CourseId) {
        self.shared.cache.invalidate(&["course", course.as_str(), "members"]);
    }

    fn each(&self, change: impl Fn(&mut Others)) {
        let windows: Vec<_> = lock(&self.shared.windows).values().cloned().collect();
        for window in windows {
            change(&mut lock(&window.others));
            window.arrived.notify_one();
        }
    }
}

impl Core {
    /// A window came to the front, or went behind: what is shown and old is read again when one comes.
    pub fn focus(&self, window: &str, at_front: bool) {
        self.windows().focus(window, at_front);
    }

    /// What the cache knows of each key, for people who look into it.
    pub fn cache_report(&self, window: &str) -> CacheReport {
        self.windows().report(window)
    }
}

#[cfg(test)]
mod defect;
#[cfg(test)]
mod loop_bound;
