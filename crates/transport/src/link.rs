//! One live link to a server, whatever carries it.

use crate::Endpoint;
use futures_util::{Sink, Stream, future::BoxFuture};
use inkhorn_protocol::carrier::Carrier;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Who is called, and with which token.
#[derive(Clone, PartialEq, Eq)]
pub struct Destination {
    /// The server.
    pub endpoint: Endpoint,
    /// Token of the account; carriers over HTTP show it with each request, the socket in a frame.
    pub token: String,
}

impl std::fmt::Debug for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never the token.
        f.debug_struct("Destination").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// A way to reach a server. WebSocket is the first rung; server-sent events and polling carry the same
/// frames and implement the same trait.
pub trait Transport: Send + Sync + 'static {
    /// What carries the frames.
    fn carrier(&self) -> Carrier;

    /// Opens a link. It sends no frame by itself. The future may be dropped at any time.
    ///
    /// # Errors
    /// Why not, in plain words.
    fn connect<'a>(&'a self, to: &'a Destination) -> BoxFuture<'a, Result<Link, ConnectError>>;
}

/// Frames out, each a whole encoded frame.
pub type Outgoing = Pin<Box<dyn Sink<Vec<u8>, Error = LinkError> + Send>>;
/// Frames in, not decoded, until the link ends.
pub type Incoming = Pin<Box<dyn Stream<Item = Result<Vec<u8>, LinkError>> + Send>>;

/// A live link. Dropping both halves closes it.
pub struct Link {
    /// Frames out.
    pub outgoing: Outgoing,
    /// Frames in.
    pub incoming: Incoming,
    /// Signs of life.
    pub life: Life,
}

/// Counts whatever arrives from the other side, also what is no frame yet: a large frame on a slow line is no silence.
#[derive(Debug, Clone, Default)]
pub struct Life(Arc<AtomicU64>);

impl Life {
    /// Something arrived.
    pub fn heard(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    /// How often something arrived; only changes of it mean something.
    pub fn beats(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a link could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// It may work later: try again with backoff.
    #[error("{0}")]
    Failed(String),
    /// Something between, or an address that is none of ours, does not let this carrier through: try the next one.
    #[error("{0}")]
    Blocked(String),
    /// It will not work until the user changes something (signs in).
    #[error("{0}")]
    Denied(String),
}

/// Why a link ended, in plain words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It broke off; the next one may hold.
    #[error("{0}")]
    Lost(String),
    /// The server does not want us any more, until the user changes something (signs in).
    #[error("{0}")]
    Denied(String),
}
