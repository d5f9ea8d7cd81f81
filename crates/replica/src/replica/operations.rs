//! The handle's calls for operations, for refused edits and for kept words.

use super::Replica;
use crate::ReplicaError;
use crate::job::Job;
use crate::operations::LOST;
use crate::state::{KeptWords, OperationEffect, RejectedPart, StoredOperation};
use inkhorn_protocol::{CourseId, DocId, OpId};
use std::future::Future;

impl Replica {
    /// All operations that are kept, in the order in which they were asked for.
    ///
    /// # Errors
    /// The store's. A row that does not read is no error: it is given as it is.
    pub fn operations(
        &self,
    ) -> impl Future<Output = Result<Vec<StoredOperation>, ReplicaError>> + Send + use<> {
        self.ask(|done| Job::Operations { done })
    }

    /// Writes the row of an operation; durable when this returns.
    ///
    /// # Errors
    /// [`ReplicaError::DiskFull`] and the store's; the row is as it was then.
    pub fn save_operation(
        &self,
        op: &OpId,
        course: &CourseId,
        body: String,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let (op, course) = (op.clone(), course.clone());
        self.ask(|done| Job::SaveOperation { op, course, body, done })
    }

    /// Removes the row of an operation, by its id or by [`StoredOperation::name`].
    ///
    /// # Errors
    /// The store's.
    pub fn remove_operation(
        &self,
        op: &OpId,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let op = op.clone();
        self.ask(|done| Job::RemoveOperation { op, done })
    }

    /// Writes what follows from an operation that the server has done and removes its row, in one transaction.
    ///
    /// # Errors
    /// The store's; nothing of it was written then.
    pub fn operation_done(
        &self,
        op: &OpId,
        effect: OperationEffect,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let op = op.clone();
        self.ask(|done| Job::OperationDone { op, effect, done })
    }

    /// Courses that the user owned when the server last spoke of them, and that it does not give to the user any more.
    ///
    /// # Errors
    /// The store's.
    pub async fn lost_courses(&self) -> Result<Vec<CourseId>, ReplicaError> {
        let prefix = LOST.to_owned();
        let names = self.ask(|done| Job::FactsNamed { prefix, done }).await?;
        Ok(names.iter().filter_map(|name| name.strip_prefix(LOST)?.parse().ok()).collect())
    }

    /// A lost course was asked about, and is not the user's any more.
    ///
    /// # Errors
    /// The store's.
    pub fn forget_lost(
        &self,
        course: &CourseId,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let name = crate::operations::lost_name(course);
        self.ask(|done| Job::RemoveFact { name, done })
    }

    /// A refused edit with its bytes; `None` when it is not kept (any more).
    ///
    /// # Errors
    /// The store's.
    pub fn rejected_part(
        &self,
        id: u64,
    ) -> impl Future<Output = Result<Option<RejectedPart>, ReplicaError>> + Send + use<> {
        self.ask(|done| Job::RejectedPart { id, done })
    }

    /// Words that somebody took away unseen and that are kept, newest first.
    ///
    /// # Errors
    /// The store's.
    pub fn kept(&self) -> impl Future<Output = Result<Vec<KeptWords>, ReplicaError>> + Send + use<> {
        self.ask(|done| Job::Kept { done })
    }

    /// Forgets kept words, by word of the user. Nothing happens where there are none of that number.
    ///
    /// # Errors
    /// The store's.
    pub fn forget_kept(&self, id: u64) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        self.ask(|done| Job::ForgetKept { id, done })
    }

    /// Forgets the refused edits of a document, by word of the user: the document becomes what the server has. Streams get
    /// a [`crate::ChangeKind::Reset`].
    ///
    /// # Errors
    /// [`ReplicaError::UnknownDoc`], and the store's; everything is as it was then.
    pub fn discard_rejected(
        &self,
        doc: &DocId,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        self.ask(|done| Job::Discard { doc, done })
    }
}
