//! What the cache reads through: a query key becomes a projection, of the replica or of the server.

use crate::error::{Code, CoreError, Result};
use crate::{Core, Inner};
use futures_util::future::BoxFuture;
use inkhorn_protocol::key::QueryKey;
use inkhorn_server_state::{Fetch, FetchError, Fetched, Key, Policy, Retry, Weigh};
use serde::Serialize;
use serde_json::Value;
use std::sync::{Arc, Weak};
use std::time::Duration;

/// Members and courses of the server are told by events, but only while there is a connection: what is older than
/// this is asked for again when it is shown, when the window comes to the front and when the network comes back.
const REMOTE_STALE: Duration = Duration::from_secs(60);

/// What was read from the server is kept this long: offline it is all that there is.
const REMOTE_KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How often counts over all courses are taken while they change again and again.
const COUNTED_EVERY: Duration = Duration::from_millis(500);

/// How often the progress of transfers is read while it moves.
const MOVED_EVERY: Duration = Duration::from_millis(200);

/// How often the room on the disk is measured while it changes.
const MEASURED_EVERY: Duration = Duration::from_secs(5);

/// A query key as the cache knows it. The cache knows nothing of courses, and the protocol nothing of the cache.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(pub(crate) QueryKey);

impl Key for Name {
    fn path<'a>(&'a self, segment: &mut dyn FnMut(&'a str)) {
        self.0.path().into_iter().for_each(segment);
    }
}

/// A projection as a window gets it.
#[derive(Debug, PartialEq)]
pub(crate) struct Projection {
    pub(crate) json: Value,
    bytes: usize,
}

impl Weigh for Projection {
    fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Projection {
    pub(crate) fn of(data: &impl Serialize) -> Result<Self> {
        let failed =
            |error: serde_json::Error| CoreError::new(Code::Other, format!("This cannot be shown: {error}."));
        let json = serde_json::to_value(data).map_err(failed)?;
        let bytes = serde_json::to_string(&json).map_err(failed)?.len();
        Ok(Self { json, bytes })
    }
}

/// How a key is read.
type Read = dyn Fn(QueryKey) -> BoxFuture<'static, Result<Projection>> + Send + Sync;

/// Reads projections.
#[derive(Clone)]
pub(crate) struct Projections {
    read: Arc<Read>,
}

impl Projections {
    /// Of this core, which owns the cache: so the cache must not own the core.
    pub(crate) fn new(core: Weak<Inner>) -> Self {
        Self::reading(move |key| Box::pin(Self::of(core.clone(), key)))
    }

    /// Of any source; a test scripts one.
    pub(crate) fn reading(
        read: impl Fn(QueryKey) -> BoxFuture<'static, Result<Projection>> + Send + Sync + 'static,
    ) -> Self {
        Self { read: Arc::new(read) }
    }

    async fn of(core: Weak<Inner>, key: QueryKey) -> Result<Projection> {
        let Some(inner) = core.upgrade() else {
            return Err(CoreError::new(Code::NotFound, "The profile is closed."));
        };
        let core = Core { inner };
        match key {
            QueryKey::Courses => Projection::of(&core.courses().await?),
            QueryKey::Outline { course } => Projection::of(&core.outline(&course).await?),
            QueryKey::Settings { course } => Projection::of(&core.course_settings(&course).await?),
            QueryKey::Lesson { course, lesson } => Projection::of(&core.lesson_info(&course, &lesson).await?),
            QueryKey::Sync => Projection::of(&core.sync_summary().await?),
            QueryKey::Account => Projection::of(&core.account().await?),
            QueryKey::Members { course } => Projection::of(&core.members(&course).await?),
            QueryKey::RemoteCourses => Projection::of(&core.remote_courses().await?),
            QueryKey::Operations => Projection::of(&core.operations().await?),
            QueryKey::Find { course, needle } => Projection::of(&core.find(&course, &needle).await?),
            QueryKey::Waiting => Projection::of(&core.waiting().await?),
            QueryKey::KeptWords => Projection::of(&core.kept_words().await?),
            QueryKey::Available { course } => Projection::of(&core.available(&course).await?),
            QueryKey::Storage => Projection::of(&core.storage().await?),
            QueryKey::Presence { course } => Projection::of(&core.presence(&course)),
            QueryKey::Transfers { course } => Projection::of(&core.transfers(&course).await?),
        }
    }
}

impl Fetch for Projections {
    type Key = Name;
    type Data = Projection;

    fn policy(&self, key: &Name) -> Policy {
        match &key.0 {
            // Counts of what waits, over all courses: they change with every document, and nobody reads them faster.
            QueryKey::Courses
            | QueryKey::Sync
            | QueryKey::Waiting
            | QueryKey::KeptWords
            | QueryKey::Available { .. } => Policy { throttle: Some(COUNTED_EVERY), ..Policy::local() },
            // A number of a transfer moves with each piece, and nobody reads faster.
            QueryKey::Transfers { .. } => Policy { throttle: Some(MOVED_EVERY), ..Policy::local() },
            // Walks through folders; what one edit adds is not seen in megabytes.
            QueryKey::Storage => Policy { throttle: Some(MEASURED_EVERY), ..Policy::local() },
            // Read from the replica, which says when they change.
            QueryKey::Outline { .. }
            | QueryKey::Settings { .. }
            | QueryKey::Lesson { .. }
            | QueryKey::Account
            | QueryKey::Operations => Policy::local(),
            // A course is looked through for each: what is not shown any more is not kept, and while others write it is
            // counted as often as somebody reads.
            QueryKey::Find { .. } => {
                Policy { throttle: Some(COUNTED_EVERY), gc_time: Some(Duration::ZERO), ..Policy::local() }
            }
            // Nobody is there any more when the program starts again, nor long after nobody looked.
            QueryKey::Presence { .. } => Policy { gc_time: Some(Duration::ZERO), ..Policy::local() },
            // A person waits for these and can do something about a failure: it is said at once.
            QueryKey::Members { .. } | QueryKey::RemoteCourses => Policy {
                gc_time: Some(REMOTE_KEPT),
                persist: true,
                retry: Retry { tell_after: 1, ..Retry::default() },
                ..Policy::remote(REMOTE_STALE)
            },
        }
    }

    fn fetch(&self, key: &Name) -> BoxFuture<'static, Result<Fetched<Projection>, FetchError>> {
        let reading = (self.read)(key.0.clone());
        Box::pin(async move {
            // Versions are the replica's business: one fetch of a key at a time reads them in order.
            reading.await.map(|data| Fetched { data, version: 0 }).map_err(|error| match error.code {
                Code::Offline => FetchError::Offline(error.message),
                Code::SignedOut | Code::Denied | Code::NotFound => FetchError::Refused(error.message),
                _ => FetchError::Failed(error.message),
            })
        })
    }
}
