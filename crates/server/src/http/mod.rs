//! What the server answers over HTTP: `/collab` (WebSocket), its fallbacks, `/healthz`, `/api/v1/…`.

mod api;
mod assets;
mod collab;
mod error;
mod fallback;
mod sessions;

use crate::hub::Hub;
use crate::store::Store;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use inkhorn_protocol::carrier::MAX_BATCH_BYTES;
use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// Passwords that are checked at a time: each takes 19 MiB and some 20 ms of a core.
const LOGINS: usize = 2;

/// Largest body of an API call, in bytes: a registration of 10,000 documents is about 500 KB.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// What every handler may use.
#[derive(Debug, Clone)]
pub(crate) struct App {
    pub(crate) store: Store,
    pub(crate) hub: Hub,
    /// Connections without a socket.
    sessions: Arc<sessions::Sessions>,
    /// Sockets that have not said goodbye.
    connections: TaskTracker,
    logins: Arc<Semaphore>,
    /// Uploads under way, by their part file: two writers would spoil each other's.
    uploads: Arc<Mutex<HashSet<PathBuf>>>,
}

/// All routes.
pub(crate) fn router(store: Store, hub: Hub, connections: TaskTracker) -> Router {
    let app = App {
        store,
        hub,
        sessions: Arc::default(),
        connections,
        logins: Arc::new(Semaphore::new(LOGINS)),
        uploads: Arc::default(),
    };
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/collab", get(collab::upgrade))
        .route("/api/v1/stream", get(fallback::stream))
        .route(
            "/api/v1/frames",
            get(fallback::poll)
                .post(fallback::post)
                .delete(fallback::delete)
                .layer(DefaultBodyLimit::max(MAX_BATCH_BYTES)),
        )
        .route("/api/v1/login", post(api::login))
        .route("/api/v1/me", get(api::me))
        .route("/api/v1/courses", get(api::courses))
        .route("/api/v1/courses/{course}", get(api::course))
        .route("/api/v1/operations", post(api::operations))
        .route(
            "/api/v1/courses/{course}/assets/{hash}",
            get(assets::get).head(assets::head).put(assets::put).layer(DefaultBodyLimit::disable()),
        )
        .fallback(|| async { error::Refused::not_found("there is nothing at this address") })
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(app)
}
