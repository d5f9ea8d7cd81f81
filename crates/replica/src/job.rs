//! What the writer task is asked to do. Everything that writes is committed in groups; answers go out after the commit.

use crate::replica::Edited;
use crate::state::*;
use crate::{ReplicaError, effects::Answer};
use inkhorn_course::{Lesson, OpError, Outline, Random};
use inkhorn_protocol::projection::{RejectedEdit, SyncCount};
use inkhorn_protocol::rest::Course;
use inkhorn_protocol::session::{CourseChanged, EventKind, Reason};
use inkhorn_protocol::{AssetHash, CourseId, DocId, OpId};
use std::any::Any;
use tokio::sync::oneshot;

pub(crate) type Erased = Box<dyn Any + Send>;
type OutlineEdit = Box<dyn FnOnce(&mut Outline, &mut dyn Random) -> Result<Edited<Erased>, OpError> + Send>;
type LessonEdit =
    Box<dyn FnOnce(&mut Lesson, &mut dyn Random) -> Result<Edited<Erased>, ReplicaError> + Send>;

pub(crate) enum EditFn {
    Outline(OutlineEdit),
    Lesson(LessonEdit),
}

pub(crate) enum ModelRead {
    Outline(Box<dyn FnOnce(&Outline) -> Erased + Send>),
    Lesson(Box<dyn FnOnce(&Lesson) -> Erased + Send>),
}

pub(crate) struct Apply {
    pub(crate) doc: DocId,
    pub(crate) update: Vec<u8>,
    pub(crate) origin: Origin,
    pub(crate) caught_up: Option<u64>,
    pub(crate) done: Answer<(Applied, u64)>,
}

pub(crate) struct Edit {
    pub(crate) doc: DocId,
    pub(crate) origin: Origin,
    pub(crate) run: EditFn,
    pub(crate) done: Answer<Erased>,
}

pub(crate) struct Create {
    pub(crate) course: NewCourse,
    pub(crate) done: Answer<()>,
}

pub(crate) enum Job {
    // ---- these write
    Apply(Apply),
    Edit(Edit),
    Create(Box<Create>),
    Rebuild { doc: DocId, server: Vec<u8>, why: Rebuild, caught_up: u64, at_ms: u64, done: Answer<Applied> },
    Acked { doc: DocId, version: u64, doc_seq: u64, done: Answer<()> },
    Subscribed { doc: DocId, on: bool, done: Answer<()> },
    Missed { doc: DocId, done: Answer<()> },
    Registered { course: CourseId, docs: Vec<DocId>, title: Option<String>, done: Answer<()> },
    Reject { doc: DocId, reason: Reason, at_ms: u64, done: Answer<()> },
    RetryRejected { doc: DocId, done: Answer<()> },
    Discard { doc: DocId, done: Answer<()> },
    Share { course: CourseId, done: Answer<()> },
    SaveOperation { op: OpId, course: CourseId, body: String, done: Answer<()> },
    RemoveOperation { op: OpId, done: Answer<()> },
    OperationDone { op: OpId, effect: OperationEffect, done: Answer<()> },
    RemoveFact { name: String, done: Answer<()> },
    Join { course: Box<Course>, docs: Vec<DocId>, done: Answer<()> },
    HelloAnswered { epoch: String, courses: Vec<CourseChanged>, done: Answer<HelloOutcome> },
    CourseEvent { course: CourseId, prev_seq: u64, course_seq: u64, kind: EventKind, done: Answer<bool> },
    SetOwners { course: CourseId, owners: Vec<String>, done: Answer<()> },
    ForgetKept { id: u64, done: Answer<()> },
    SetFact { name: String, value: String, done: Answer<()> },
    AssetState { course: CourseId, hash: AssetHash, here: bool, done: Answer<()> },
    // ---- these read, or at least write nothing that is kept
    LimitPages { pages: u32, done: Answer<()> },
    Fingerprint { doc: DocId, done: Answer<Print> },
    StateVector { doc: DocId, done: Answer<Read> },
    Diff { doc: DocId, state_vector: Vec<u8>, done: Answer<Read> },
    Look { doc: DocId, look: ModelRead, done: Answer<Erased> },
    Courses { done: Answer<Vec<CourseRow>> },
    Docs { course: Option<CourseId>, done: Answer<Vec<DocRow>> },
    Doc { doc: DocId, done: Answer<DocRow> },
    Rejected { done: Answer<Vec<RejectedEdit>> },
    RejectedPart { id: u64, done: Answer<Option<RejectedPart>> },
    Operations { done: Answer<Vec<StoredOperation>> },
    FactsNamed { prefix: String, done: Answer<Vec<String>> },
    Hello { done: Answer<(Option<String>, Heads)> },
    Work { also: Vec<DocId>, done: Answer<Vec<DocWork>> },
    SyncCount { course: Option<CourseId>, done: Answer<SyncCount> },
    Waiting { done: Answer<Vec<WaitingRow>> },
    Kept { done: Answer<Vec<KeptWords>> },
    Tidy { done: Answer<()> },
    Fact { name: String, done: Answer<Option<String>> },
    Assets { course: Option<CourseId>, done: Answer<Vec<AssetRow>> },
    Close { done: oneshot::Sender<()> },
}

impl Job {
    /// Whether the job needs a transaction. Reads wait until the writes that were queued before them are committed.
    pub(crate) fn writes(&self) -> bool {
        !matches!(
            self,
            Self::LimitPages { .. }
                | Self::Fingerprint { .. }
                | Self::StateVector { .. }
                | Self::Diff { .. }
                | Self::Look { .. }
                | Self::Courses { .. }
                | Self::Docs { .. }
                | Self::Doc { .. }
                | Self::Rejected { .. }
                | Self::RejectedPart { .. }
                | Self::Operations { .. }
                | Self::FactsNamed { .. }
                | Self::Hello { .. }
                | Self::Work { .. }
                | Self::SyncCount { .. }
                | Self::Waiting { .. }
                | Self::Kept { .. }
                | Self::Tidy { .. }
                | Self::Fact { .. }
                | Self::Assets { .. }
                | Self::Close { .. }
        )
    }

    /// Whether this write may wait a moment for others: news of content, which is fetched later anyway.
    pub(crate) fn may_wait(&self) -> bool {
        matches!(self, Self::CourseEvent { kind: EventKind::Documents { .. }, .. })
    }

    /// Answers with an error, without doing anything.
    pub(crate) fn refuse(self, error: ReplicaError) {
        match self {
            Self::Apply(Apply { done, .. }) => drop(done.send(Err(error))),
            Self::Edit(Edit { done, .. }) => drop(done.send(Err(error))),
            Self::Create(create) => drop(create.done.send(Err(error))),
            Self::Close { done } => drop(done.send(())),
            Self::Rebuild { done, .. } => drop(done.send(Err(error))),
            Self::Acked { done, .. } => drop(done.send(Err(error))),
            Self::Subscribed { done, .. } => drop(done.send(Err(error))),
            Self::Missed { done, .. } => drop(done.send(Err(error))),
            Self::Registered { done, .. } => drop(done.send(Err(error))),
            Self::Reject { done, .. } => drop(done.send(Err(error))),
            Self::RetryRejected { done, .. } => drop(done.send(Err(error))),
            Self::Discard { done, .. } => drop(done.send(Err(error))),
            Self::SaveOperation { done, .. } => drop(done.send(Err(error))),
            Self::RemoveOperation { done, .. } => drop(done.send(Err(error))),
            Self::OperationDone { done, .. } => drop(done.send(Err(error))),
            Self::RemoveFact { done, .. } => drop(done.send(Err(error))),
            Self::RejectedPart { done, .. } => drop(done.send(Err(error))),
            Self::Operations { done, .. } => drop(done.send(Err(error))),
            Self::FactsNamed { done, .. } => drop(done.send(Err(error))),
            Self::Share { done, .. } => drop(done.send(Err(error))),
            Self::Join { done, .. } => drop(done.send(Err(error))),
            Self::HelloAnswered { done, .. } => drop(done.send(Err(error))),
            Self::CourseEvent { done, .. } => drop(done.send(Err(error))),
            Self::SetOwners { done, .. } => drop(done.send(Err(error))),
            Self::SetFact { done, .. } => drop(done.send(Err(error))),
            Self::AssetState { done, .. } => drop(done.send(Err(error))),
            Self::LimitPages { done, .. } => drop(done.send(Err(error))),
            Self::Fingerprint { done, .. } => drop(done.send(Err(error))),
            Self::StateVector { done, .. } => drop(done.send(Err(error))),
            Self::Diff { done, .. } => drop(done.send(Err(error))),
            Self::Look { done, .. } => drop(done.send(Err(error))),
            Self::Courses { done, .. } => drop(done.send(Err(error))),
            Self::Docs { done, .. } => drop(done.send(Err(error))),
            Self::Doc { done, .. } => drop(done.send(Err(error))),
            Self::Rejected { done, .. } => drop(done.send(Err(error))),
            Self::Hello { done, .. } => drop(done.send(Err(error))),
            Self::Work { done, .. } => drop(done.send(Err(error))),
            Self::Waiting { done } => drop(done.send(Err(error))),
            Self::Kept { done } => drop(done.send(Err(error))),
            Self::ForgetKept { done, .. } => drop(done.send(Err(error))),
            Self::Tidy { done } => drop(done.send(Err(error))),
            Self::SyncCount { done, .. } => drop(done.send(Err(error))),
            Self::Fact { done, .. } => drop(done.send(Err(error))),
            Self::Assets { done, .. } => drop(done.send(Err(error))),
        }
    }
}
