//! The handle's calls for sync: what the session tells the replica and asks of it.

use super::Replica;
use crate::ReplicaError;
use crate::job::{Apply, Job};
use crate::state::*;
use inkhorn_protocol::projection::{RejectedEdit, SyncCount};
use inkhorn_protocol::session::{CourseChanged, EventKind, Reason};
use inkhorn_protocol::{CourseId, DocId};
use std::future::Future;

impl Replica {
    /// Documents with edits that wait for the server, the one that has waited longest first.
    ///
    /// # Errors
    /// The store's.
    pub fn waiting(&self) -> impl Future<Output = Result<Vec<WaitingRow>, ReplicaError>> + Send + use<> {
        self.ask(|done| Job::Waiting { done })
    }

    /// Gives room that the database does not need back to the disk. Takes as long as writing it anew.
    ///
    /// # Errors
    /// The store's; nothing is lost then.
    pub fn tidy(&self) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        self.ask(|done| Job::Tidy { done })
    }

    /// Takes an update from the server: validated, checked, durable. `caught_up` is the mark up to which the document
    /// has everything after it (the engine's [`sync::Action::Apply`](crate::sync::Action::Apply)).
    ///
    /// # Errors
    /// [`ReplicaError::Refused`], [`ReplicaError::DiskFull`] and the store's; nothing was taken.
    pub fn apply_remote(
        &self,
        doc: &DocId,
        update: Vec<u8>,
        caught_up: Option<u64>,
    ) -> impl Future<Output = Result<Applied, ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        let answer =
            self.ask(|done| Job::Apply(Apply { doc, update, origin: Origin::Server, caught_up, done }));
        async move { Ok(answer.await?.0) }
    }

    /// The document becomes the server's whole order (`server`), with what the server lacks applied on top; see
    /// [`Rebuild`]. Streams get a [`ChangeKind::Reset`]. `at_ms`: now, in milliseconds since the Unix epoch.
    ///
    /// # Errors
    /// [`ReplicaError::Refused`] when either part is not acceptable: the document is as it was then.
    pub fn rebuild(
        &self,
        doc: &DocId,
        server: Vec<u8>,
        why: Rebuild,
        caught_up: u64,
        at_ms: u64,
    ) -> impl Future<Output = Result<Applied, ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        self.ask(|done| Job::Rebuild { doc, server, why, caught_up, at_ms, done })
    }

    /// The server has all local edits of the document up to `version`; its order's head is `doc_seq`.
    ///
    /// # Errors
    /// The store's; the ack is then simply not remembered.
    pub fn acked(
        &self,
        doc: &DocId,
        version: u64,
        doc_seq: u64,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        self.ask(|done| Job::Acked { doc, version, doc_seq, done })
    }

    /// Whether updates of others arrive by themselves for this document. What was subscribed when the program ended
    /// counts as behind at the next [`Replica::hello_answered`].
    ///
    /// # Errors
    /// The store's.
    pub fn subscribed(
        &self,
        doc: &DocId,
        on: bool,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        self.ask(|done| Job::Subscribed { doc, on, done })
    }

    /// A document that was subscribed is so no more, and may lack something that was sent to it: it counts as behind.
    ///
    /// # Errors
    /// The store's.
    pub fn missed(&self, doc: &DocId) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        self.ask(|done| Job::Missed { doc, done })
    }

    /// The server knows these documents now; with the title that it was told for the course, if it was.
    ///
    /// # Errors
    /// The store's.
    pub fn registered(
        &self,
        course: &CourseId,
        docs: Vec<DocId>,
        title: Option<String>,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let course = course.clone();
        self.ask(|done| Job::Registered { course, docs, title, done })
    }

    /// The server refused edits of the document: they stay in it, are kept apart too, and are not sent again until the
    /// role allows it ([`Replica::hello_answered`]) or [`Replica::retry_rejected`] is called.
    ///
    /// # Errors
    /// The store's.
    pub fn reject(
        &self,
        doc: &DocId,
        reason: Reason,
        at_ms: u64,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        self.ask(|done| Job::Reject { doc, reason, at_ms, done })
    }

    /// Sends the refused edits of a document again.
    ///
    /// # Errors
    /// The store's.
    pub fn retry_rejected(
        &self,
        doc: &DocId,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        self.ask(|done| Job::RetryRejected { doc, done })
    }

    /// Refused edits, newest first.
    ///
    /// # Errors
    /// The store's.
    pub fn rejected(&self) -> impl Future<Output = Result<Vec<RejectedEdit>, ReplicaError>> + Send + use<> {
        self.ask(|done| Job::Rejected { done })
    }

    /// Puts a course on the list of shared ones: its documents and assets wait to be sent from now on.
    ///
    /// # Errors
    /// [`ReplicaError::UnknownCourse`].
    pub fn share(&self, course: &CourseId) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let course = course.clone();
        self.ask(|done| Job::Share { course, done })
    }

    /// Takes a course of the server to this computer: empty until it is synced. Its documents, as far as known, are
    /// marked as behind. A course that is here already keeps what it has.
    ///
    /// # Errors
    /// The store's.
    pub fn join(
        &self,
        course: inkhorn_protocol::rest::Course,
        docs: Vec<DocId>,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        self.ask(|done| Job::Join { course: Box::new(course), docs, done })
    }

    /// What the next hello says: epoch seen last, and `course_seq` of every shared course.
    ///
    /// # Errors
    /// The store's.
    pub fn hello(
        &self,
    ) -> impl Future<Output = Result<(Option<String>, Heads), ReplicaError>> + Send + use<> {
        self.ask(|done| Job::Hello { done })
    }

    /// Takes in the answer to hello, in one transaction: marks what changed as behind, moves `course_seq` on, takes
    /// roles and titles. Another epoch, or a head below ours, makes everything wait to be offered again.
    ///
    /// # Errors
    /// The store's; then the connection is to be ended, and hello said again.
    pub fn hello_answered(
        &self,
        epoch: String,
        courses: Vec<CourseChanged>,
    ) -> impl Future<Output = Result<HelloOutcome, ReplicaError>> + Send + use<> {
        self.ask(|done| Job::HelloAnswered { epoch, courses, done })
    }

    /// Takes in a session event; `false` when events were missed before it: say hello again.
    ///
    /// # Errors
    /// The store's; then the connection is to be ended.
    pub fn course_event(
        &self,
        course: &CourseId,
        prev_seq: u64,
        course_seq: u64,
        kind: EventKind,
    ) -> impl Future<Output = Result<bool, ReplicaError>> + Send + use<> {
        let course = course.clone();
        self.ask(|done| Job::CourseEvent { course, prev_seq, course_seq, kind, done })
    }

    /// Sets the names of a course's owners.
    ///
    /// # Errors
    /// The store's.
    pub fn set_owners(
        &self,
        course: &CourseId,
        owners: Vec<String>,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let course = course.clone();
        self.ask(|done| Job::SetOwners { course, owners, done })
    }

    /// Fingerprint of a document, to be compared with the server's; reads all of it.
    ///
    /// # Errors
    /// [`ReplicaError::UnknownDoc`], [`ReplicaError::Damaged`].
    pub fn fingerprint(
        &self,
        doc: &DocId,
    ) -> impl Future<Output = Result<Print, ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        self.ask(|done| Job::Fingerprint { doc, done })
    }

    /// What the engine must know: all documents of shared courses where the user is a member that are dirty, behind,
    /// or not registered, or that are named in `also` (the open ones). Of courses where the user is no member any more,
    /// those with edits that wait.
    ///
    /// # Errors
    /// The store's.
    pub fn work(
        &self,
        also: Vec<DocId>,
    ) -> impl Future<Output = Result<Vec<DocWork>, ReplicaError>> + Send + use<> {
        self.ask(|done| Job::Work { also, done })
    }

    /// Numbers behind the words of sync, of one course or of all.
    ///
    /// # Errors
    /// The store's.
    pub fn sync_count(
        &self,
        course: Option<&CourseId>,
    ) -> impl Future<Output = Result<SyncCount, ReplicaError>> + Send + use<> {
        let course = course.cloned();
        self.ask(|done| Job::SyncCount { course, done })
    }

    /// At most so many pages of the database from now on, until it is closed; fewer than there are: none is added. What
    /// needs more gets [`ReplicaError::DiskFull`], as on a full disk, which is what this is for: tests of that.
    ///
    /// # Errors
    /// The store's.
    pub fn limit_pages(&self, pages: u32) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        self.ask(|done| Job::LimitPages { pages, done })
    }

    /// A small fact by name (epoch, last time synced, …); `None` when it was never set.
    ///
    /// # Errors
    /// The store's.
    pub fn fact(
        &self,
        name: &str,
    ) -> impl Future<Output = Result<Option<String>, ReplicaError>> + Send + use<> {
        let name = name.to_owned();
        self.ask(|done| Job::Fact { name, done })
    }

    /// Sets a small fact.
    ///
    /// # Errors
    /// The store's.
    pub fn set_fact(
        &self,
        name: &str,
        value: &str,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let (name, value) = (name.to_owned(), value.to_owned());
        self.ask(|done| Job::SetFact { name, value, done })
    }
}
