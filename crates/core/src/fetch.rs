//! What the cache reads through: a query key becomes a projection, of the replica or of the server.

use crate::error::{Code, CoreError, Result};
use crate::{Core, Inner};
use futures_util::future::BoxFuture;
use inkhorn_protocol::key::QueryKey;
use inkhorn_server_state::{Fetch, FetchError, Fetched, Weigh};
use serde::Serialize;
use serde_json::Value;
use std::sync::{Arc, Weak};

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
            QueryKey::Lesson { course, lesson } => Projection::of(&core.lesson_info(&course, &lesson).await?),
            QueryKey::Sync => Projection::of(&core.sync_summary().await?),
            QueryKey::Account => Projection::of(&core.account().await?),
            QueryKey::Members { course } => Projection::of(&core.members(&course).await?),
            QueryKey::RemoteCourses => Projection::of(&core.remote_courses().await?),
            QueryKey::Operations => Projection::of(&core.operations().await?),
            QueryKey::Presence { course } => Projection::of(&core.presence(&course)),
        }
    }
}

impl Fetch for Projections {
    type Key = QueryKey;
    type Data = Projection;

    fn fetch(&self, key: &QueryKey) -> BoxFuture<'static, Result<Fetched<Projection>, FetchError>> {
        let reading = (self.read)(key.clone());
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
