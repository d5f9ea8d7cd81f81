//! The log that the engine's decisions are kept in. SQLite is one; the tests have one that fails on demand.

use super::event::{Batch, Loaded, LogError};
use inkhorn_protocol::{CourseId, DocId};
use std::future::Future;

/// Durable storage of documents, as the engine's actions need it.
pub trait Log: Send + Sync + 'static {
    /// Reads a document.
    ///
    /// # Errors
    /// [`LogError`] when it cannot be read.
    fn load(&self, doc: &DocId) -> impl Future<Output = Result<Loaded, LogError>> + Send;

    /// Writes a batch, all or nothing, and returns the new heads of its courses. Returns only when all of it survives a power cut.
    ///
    /// # Errors
    /// [`LogError`]: says whether anything may have been written.
    fn commit(&self, batch: Batch) -> impl Future<Output = Result<Vec<(CourseId, u64)>, LogError>> + Send;

    /// Keeps a checkpoint, after a fresh replay of it was compared with the log.
    ///
    /// # Errors
    /// [`LogError`]; nothing is lost then, as the log itself is never shortened.
    fn checkpoint(
        &self,
        doc: &DocId,
        doc_seq: u64,
        bytes: Vec<u8>,
    ) -> impl Future<Output = Result<(), LogError>> + Send;
}
