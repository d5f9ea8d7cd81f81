//! What the cache reads through: a query key becomes a projection, of the replica or of the server.

use crate::error::{Code, CoreError, Result};
use crate::net::Net;
use crate::queries;
use futures_util::future::BoxFuture;
use inkhorn_protocol::key::QueryKey;
use inkhorn_replica::Replica;
use inkhorn_server_state::{Fetch, FetchError, Fetched, Weigh};
use serde::Serialize;
use serde_json::Value;

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
    fn of(data: &impl Serialize) -> Result<Self> {
        let failed = |error: serde_json::Error| CoreError::new(Code::Other, format!("This cannot be shown: {error}."));
        let json = serde_json::to_value(data).map_err(failed)?;
        let bytes = serde_json::to_string(&json).map_err(failed)?.len();
        Ok(Self { json, bytes })
    }
}

/// Reads projections.
#[derive(Clone, Debug)]
pub(crate) struct Projections {
    pub(crate) replica: Replica,
    pub(crate) net: Net,
}

impl Projections {
    async fn read(&self, key: QueryKey) -> Result<Projection> {
        match key {
            QueryKey::Courses => Projection::of(&queries::courses(&self.replica).await?),
            QueryKey::Outline { course } => Projection::of(&queries::outline(&self.replica, &course).await?),
            QueryKey::Lesson { course, lesson } => {
                Projection::of(&queries::lesson_info(&self.replica, &course, &lesson).await?)
            }
            QueryKey::Sync => Projection::of(&self.net.sync_summary().await?),
            QueryKey::Account => Projection::of(&self.net.account()),
            QueryKey::Members { course } => Projection::of(&self.net.members(&course).await?),
            QueryKey::RemoteCourses => Projection::of(&self.net.remote_courses().await?),
        }
    }
}

impl Fetch for Projections {
    type Key = QueryKey;
    type Data = Projection;

    fn fetch(&self, key: &QueryKey) -> BoxFuture<'static, Result<Fetched<Projection>, FetchError>> {
        let (this, key) = (self.clone(), key.clone());
        Box::pin(async move {
            // Versions are the replica's business: one fetch of a key at a time reads them in order.
            this.read(key).await.map(|data| Fetched { data, version: 0 }).map_err(|error| match error.code {
                Code::Offline => FetchError::Offline(error.message),
                Code::SignedOut | Code::Denied | Code::NotFound => FetchError::Refused(error.message),
                _ => FetchError::Failed(error.message),
            })
        })
    }
}
