//! What the outbox needs of others, as two traits: the store and the way to the server.

use crate::entry::{Entry, Unreadable};
use crate::event::Reply;
use futures_util::future::BoxFuture;
use inkhorn_protocol::OpId;
use inkhorn_protocol::rest::Operation;

/// What the store holds.
#[derive(Debug, Default)]
pub struct Stored {
    /// Operations that read, in the order in which they were asked for.
    pub entries: Vec<Entry>,
    /// Rows that do not.
    pub unreadable: Vec<Unreadable>,
}

/// The store. Each function queues its work when it is called, so that the order of the calls is the order on the disk;
/// the future ends when it is durable there.
pub trait Persist: Send + Sync + 'static {
    /// All rows.
    fn load(&self) -> BoxFuture<'static, Result<Stored, String>>;
    /// Writes the row of an operation; a new one stands behind all others.
    fn save(&self, entry: &Entry) -> BoxFuture<'static, Result<(), String>>;
    /// Writes what follows from an operation that was done, and removes its row: both or neither.
    fn finish(&self, entry: &Entry) -> BoxFuture<'static, Result<(), String>>;
    /// Removes a row.
    fn remove(&self, op: &OpId) -> BoxFuture<'static, Result<(), String>>;
}

/// The way to the server. Asking twice under the same id does an operation once.
pub trait Dispatch: Send + Sync + 'static {
    /// Sends an operation, and gives what came of it.
    fn send(&self, op: OpId, operation: Operation) -> BoxFuture<'static, Reply>;
}
