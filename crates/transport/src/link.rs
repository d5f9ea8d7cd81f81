//! One live link to a server, whatever carries it.

use crate::Endpoint;
use futures_util::{Sink, Stream, future::BoxFuture};
use std::pin::Pin;

/// A way to reach a server. WebSocket is the first rung; server-sent events and polling carry the same
/// frames and implement the same trait.
pub trait Transport: Send + Sync + 'static {
    /// Opens a link. It sends no frame by itself. The future may be dropped at any time.
    ///
    /// # Errors
    /// Why not, in plain words.
    fn connect<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<Link, ConnectError>>;
}

/// Frames out, each a whole encoded frame.
pub type Outgoing = Pin<Box<dyn Sink<Vec<u8>, Error = LinkError> + Send>>;
/// What comes in, until the link ends.
pub type Incoming = Pin<Box<dyn Stream<Item = Result<Received, LinkError>> + Send>>;

/// A live link. Dropping both halves closes it.
pub struct Link {
    /// Frames out.
    pub outgoing: Outgoing,
    /// Frames in.
    pub incoming: Incoming,
}

/// Something that arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Received {
    /// A whole frame, not decoded.
    Frame(Vec<u8>),
    /// A sign of life of the carrier (a WebSocket ping or pong) without a frame.
    Alive,
}

/// Why a link could not be opened.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectError {
    /// It may work later: try again with backoff.
    #[error("{0}")]
    Failed(String),
    /// It will not work until the user changes something (signs in).
    #[error("{0}")]
    Denied(String),
}

/// Why a link ended, in plain words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LinkError(pub String);
