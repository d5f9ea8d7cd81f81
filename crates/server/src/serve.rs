//! A running server.

use crate::store::{Store, StoreError};
use crate::{http, hub, lock::Lock};
use axum::serve::ListenerExt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long connections may take to say goodbye when the server stops. What was received is durable before that.
const GOODBYE: Duration = Duration::from_secs(3);

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Another server runs on this folder.
    #[error("another inkhorn-server is running on {0}; stop it first, or use another --data folder")]
    Running(PathBuf),
}

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: CancellationToken,
    connections: TaskTracker,
    web: JoinHandle<()>,
    hub: JoinHandle<()>,
    store: Store,
    _lock: Lock,
}

impl Server {
    /// Opens the data folder and listens; port 0 takes a free one. Must be called within a tokio runtime.
    ///
    /// # Errors
    /// [`ServerError`]: says what to do.
    pub async fn start(listen: SocketAddr, data: &Path) -> Result<Self, ServerError> {
        let unusable = |cause| StoreError::Folder { path: data.to_owned(), cause };
        std::fs::create_dir_all(data).map_err(unusable)?;
        let lock =
            Lock::take(data).map_err(unusable)?.ok_or_else(|| ServerError::Running(data.to_owned()))?;
        let store = Store::open(data).await?;
        let failed = |cause| ServerError::Listen { address: listen, cause };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let stop = CancellationToken::new();
        let connections = TaskTracker::new();
        let (way, hub) = hub::start(store.clone(), stop.clone()).await?;
        let router = http::router(store.clone(), way, connections.clone());
        let stopping = stop.clone();
        let web = tokio::spawn(async move {
            // Small frames one after another would wait for the other side's delayed acks, 40 ms each.
            let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
            let serving = axum::serve(listener, router).with_graceful_shutdown(stopping.cancelled_owned());
            if let Err(error) = serving.await {
                tracing::error!(%error, "the server ended");
            }
        });
        Ok(Self { address, stop, connections, web, hub, store, _lock: lock })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until it ended by itself, which it does only when something that was thought impossible happened.
    pub async fn ended(&self) {
        self.stop.cancelled().await;
    }

    /// The store behind it.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Stops: takes nothing more, makes durable what was received, says goodbye.
    pub async fn stop(self) {
        self.stop.cancel();
        let _ = self.hub.await;
        self.connections.close();
        let _ = tokio::time::timeout(GOODBYE, self.connections.wait()).await;
        let web = self.web.abort_handle();
        if tokio::time::timeout(GOODBYE, self.web).await.is_err() {
            web.abort();
        }
        self.store.close().await;
    }
}
