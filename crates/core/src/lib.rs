//! The composition root: one profile, its documents, its connection, its cache; knows no window.
//!
//! - [`Core`]: the handle, cheap to clone; its methods are spread over the files below, one noun each
//! - local half: `lock` (one program at a time), `profile` (where it is), `documents` (courses and lessons as data),
//!   `outline`, `structure` (its changes, and what takes them back), `copies`, `lesson`, `caret`, `assets`,
//!   `import` (and export), `backup` (one file with everything)
//! - network half: `net` (sign-in, session, operations, assets, sync), `operations` and `rejected` (what the server
//!   refused, and what the user does about it), `kept_words` (what somebody deleted unseen), `fetch` and [`feed`] (the cache as windows see it)
//!
//! Every edit is durable when its call returns. Nothing here waits for the network unless its documentation says so.
//! Must never import Tauri or Dioxus.
//!
//! ```
//! use inkhorn_core::{Config, Core};
//! use inkhorn_protocol::projection::NodeKind;
//! # let dir = std::env::temp_dir().join(format!("inkhorn-core-doc-{}", std::process::id()));
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let core = Core::open(Config::offline(&dir, "the example")).await?;
//! let course = core.create_course("Ink").await?;
//! let chapter = core.add(&course, NodeKind::Chapter, None, None, "Quills").await?;
//! let lesson = core.add(&course, NodeKind::Lesson, Some(chapter), None, "Cutting").await?;
//! core.append_markdown(&lesson, "A *sharp* knife.").await?;
//! assert!(core.lesson_markdown(&lesson).await?.contains("A *sharp* knife."));
//! core.close().await;
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assets;
mod backup;
mod caret;
mod copies;
mod documents;
mod error;
pub mod feed;
mod fetch;
mod find;
mod import;
mod kept_words;
mod lesson;
mod lock;
mod net;
mod operations;
mod outline;
mod pace;
mod profile;
mod rejected;
mod remembered;
mod settings;
mod storage;
mod structure;
mod waiting;

pub use assets::{AssetPart, Range};
pub use caret::CaretStream;
pub use documents::Facts;
pub use error::{Code, CoreError, Result};
pub use feed::{Batch, Feed, WindowId};
pub use lesson::{LessonState, LessonUpdate, UpdateStream, markdown_blocks};
pub use profile::Config;

pub use inkhorn_transport::{Network, Proxies};

use inkhorn_events::{CAPACITY, Subscriber, Subscription, spine};
use inkhorn_replica::{Options, Replica};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// One open profile. Clones are the same profile.
#[derive(Clone)]
pub struct Core {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) profile: PathBuf,
    pub(crate) replica: Replica,
    pub(crate) net: net::Net,
    pub(crate) windows: feed::Windows,
    pub(crate) finds: find::Finds,
    events: Subscriber,
    /// A std mutex: taken once, at the end.
    lock: Mutex<Option<lock::ProfileLock>>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core").field("profile", &self.inner.profile).finish_non_exhaustive()
    }
}

impl Core {
    /// Opens a profile, making it when it is not there, on the current tokio runtime.
    ///
    /// # Errors
    /// [`Code::Locked`] when another program has it open, [`Code::Newer`], [`Code::DiskFull`], [`Code::Other`] for a
    /// folder that cannot be used.
    pub async fn open(config: Config) -> Result<Self> {
        let Config { profile, holder, .. } = &config;
        std::fs::create_dir_all(profile).map_err(|error| {
            let message = format!(
                "The folder {} cannot be used: {error}. Choose another one with --profile.",
                profile.display()
            );
            CoreError::new(
                if error.kind() == std::io::ErrorKind::StorageFull { Code::DiskFull } else { Code::Other },
                message,
            )
        })?;
        let lock = lock::ProfileLock::take(profile, holder)?;
        let (publisher, subscriber) = spine(CAPACITY);
        let options = Options { clock: Box::new(now_ms), random: Box::new(random16) };
        let replica = Replica::open(profile, publisher.clone(), options).await?;
        let spine = (publisher, &subscriber);
        let net = net::Net::open(profile, replica.clone(), spine, config.connect, &config.network).await?;
        let (progress, operations) = (net.progress(), net.operations().watch());
        let inner = Arc::new_cyclic(|core| Inner {
            profile: profile.clone(),
            replica,
            net,
            windows: feed::Windows::new(fetch::Projections::new(core.clone()), &subscriber, progress),
            finds: find::Finds::default(),
            events: subscriber.clone(),
            lock: Mutex::new(Some(lock)),
        });
        inner.windows.follow(operations);
        inner.windows.remember(profile);
        Ok(Self { inner })
    }

    /// Ends everything in order: the connection, the writer after all that is queued, the lock.
    pub async fn close(&self) {
        self.inner.windows.close();
        self.inner.net.close().await;
        self.inner.replica.close().await;
        drop(self.inner.lock.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// What happens here, as it happens: for notifications and logs. A subscription cannot publish.
    pub fn events(&self) -> Subscription {
        self.inner.events.subscribe()
    }

    /// The folder of the profile.
    pub fn profile(&self) -> &Path {
        &self.inner.profile
    }

    /// What the user should be told about the opening: a damaged database that was set aside.
    pub fn notice(&self) -> Option<String> {
        self.inner.replica.set_aside().map(|file| {
            format!(
                "The database of this profile was damaged. It was set aside, unchanged, as {}, and a new one was begun. \
                 Shared courses come back when they are joined again; others from their backup files.",
                file.display()
            )
        })
    }

    pub(crate) fn net(&self) -> &net::Net {
        &self.inner.net
    }

    pub(crate) fn windows(&self) -> &feed::Windows {
        &self.inner.windows
    }

    pub(crate) fn replica(&self) -> &Replica {
        &self.inner.replica
    }
}

/// Now, in milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// 16 random bytes of the system.
pub(crate) fn random16() -> [u8; 16] {
    uuid::Uuid::new_v4().into_bytes()
}

/// Runs what blocks on the disk away from the tasks that answer windows.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    match tokio::task::spawn_blocking(work).await {
        Ok(outcome) => outcome,
        Err(error) => {
            tracing::error!(%error, "a task that reads or writes files failed");
            Err(CoreError::new(
                Code::Other,
                "This could not be done because of an internal failure. Your courses are safe.",
            ))
        }
    }
}
