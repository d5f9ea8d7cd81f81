//! The handle of a replica: queues jobs for the writer task and waits for their commit.

use crate::effects::{Answer, Streams};
use crate::job::{Apply, Create, Edit, EditFn, Job, ModelRead};
use crate::state::*;
use crate::{ReplicaError, assets::Files, store, writer};
use inkhorn_course::{Lesson, OpError, Outline, Random};
use inkhorn_events::Publisher;
use inkhorn_protocol::body::Node;
use inkhorn_protocol::projection::{OutlineView, RejectedEdit, SyncCount};
use inkhorn_protocol::session::{CourseChanged, EventKind, Reason};
use inkhorn_protocol::{AssetHash, CourseId, DocId, NodeId};
use std::any::Any;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::{broadcast, mpsc, oneshot};

/// Where fresh ids, client ids and tokens come from; a test passes a seeded one.
pub type RandomSource = Box<dyn FnMut() -> [u8; 16] + Send>;

/// What a replica is given instead of reading it by itself.
pub struct Options {
    /// Now, in milliseconds since the Unix epoch: names the file when a damaged database is set aside.
    pub now_ms: u64,
    /// Randomness.
    pub random: RandomSource,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").field("now_ms", &self.now_ms).finish_non_exhaustive()
    }
}

/// What an edit returns: a value for the caller, and what is to be committed.
#[derive(Debug)]
pub struct Edited<T> {
    /// For the caller, once it is durable.
    pub value: T,
    /// Updates of the document that was edited, in order.
    pub updates: Vec<Vec<u8>>,
    /// First updates of documents that the edit creates in the same course: durable together or not at all.
    pub created: Vec<(DocId, Vec<u8>)>,
    /// Assets that the edit names from its lesson on, or from the lessons that it creates.
    pub assets: Vec<(NodeId, inkhorn_protocol::projection::AssetRef)>,
}

impl<T> Edited<T> {
    /// An edit of one document. Empty updates are left out.
    pub fn new(value: T, updates: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let updates = updates.into_iter().filter(|update| !update.is_empty()).collect();
        Self { value, updates, created: Vec::new(), assets: Vec::new() }
    }
    /// The same edit, which also creates a document.
    pub fn creating(mut self, doc: DocId, first: Vec<u8>) -> Self {
        self.created.push((doc, first));
        self
    }
}

/// Durable documents of one profile. Cheap to clone; all clones are the same replica.
///
/// Functions that are not `async` but return a future queue their job at once, in the order of the calls; the future
/// gives the outcome and may be awaited whenever. A future that is dropped does not undo its job.
#[derive(Clone)]
pub struct Replica {
    jobs: mpsc::UnboundedSender<Job>,
    streams: Arc<Streams>,
    files: Arc<Files>,
    set_aside: Option<Arc<Path>>,
}

impl std::fmt::Debug for Replica {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replica").field("set_aside", &self.set_aside).finish_non_exhaustive()
    }
}

impl Replica {
    /// Opens the database `inkhorn.db` in `dir` (made when missing) and starts the writer task on the current tokio
    /// runtime. The caller holds the profile's lock. Opening writes to no document.
    ///
    /// A damaged database is renamed to `inkhorn.db.corrupt-<now_ms>` with its log, and a fresh one is begun; see
    /// [`Replica::set_aside`].
    ///
    /// # Errors
    /// [`ReplicaError::NewerSchema`] (nothing was touched), [`ReplicaError::Locked`], [`ReplicaError::DiskFull`],
    /// [`ReplicaError::Io`].
    pub async fn open(dir: &Path, publisher: Publisher, options: Options) -> Result<Self, ReplicaError> {
        let opened = store::open(dir, options.now_ms).await?;
        let streams = Arc::new(Streams::new(publisher));
        let files = Arc::new(Files::new(dir.join("assets")));
        let (jobs, queue) = mpsc::unbounded_channel();
        let writer = writer::Writer::new(opened.connection, streams.clone(), files.clone(), options.random);
        tokio::spawn(writer.run(queue));
        Ok(Self { jobs, streams, files, set_aside: opened.set_aside.map(Into::into) })
    }

    /// Where a damaged database was moved when this replica was opened.
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// Ends the writer task after everything that is queued, and closes the file. Later calls fail with
    /// [`ReplicaError::Closed`].
    pub async fn close(&self) {
        let (done, wait) = oneshot::channel();
        if self.jobs.send(Job::Close { done }).is_ok() {
            let _ = wait.await;
        }
    }

    // ---- documents: editing ---------------------------------------------------------------------

    /// Creates a course with all its documents in one transaction. Creating one that exists already merges (the
    /// same course from a backup): the documents take what they lack.
    ///
    /// # Errors
    /// [`ReplicaError::Refused`] when an update is not acceptable; nothing was created then.
    pub fn create_course(
        &self,
        course: NewCourse,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        self.ask(|done| Job::Create(Box::new(Create { course, done })))
    }

    /// Commits an update of an editor: validated, checked against the index, and durable when this returns. Gives the
    /// version after it (also when it held nothing new).
    ///
    /// # Errors
    /// [`ReplicaError::Gap`], [`ReplicaError::Refused`] (nothing was taken; the editor freezes and reloads),
    /// [`ReplicaError::DiskFull`] (the same update may be given again).
    pub fn apply_local(
        &self,
        doc: &DocId,
        update: Vec<u8>,
        origin: Origin,
    ) -> impl Future<Output = Result<u64, ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        let answer =
            self.ask(|done| Job::Apply(Apply { doc: doc.clone(), update, origin, caught_up: None, done }));
        async move {
            match answer.await? {
                (Applied::Gap, _) => Err(ReplicaError::Gap { doc }),
                (Applied::Changed(_) | Applied::Nothing, version) => Ok(version),
            }
        }
    }

    /// Edits an outline: `edit` runs on the live document, in the writer task, and its updates are committed.
    ///
    /// # Errors
    /// What `edit` returned (nothing was changed), or the commit's.
    pub async fn edit_outline<T: Send + 'static>(
        &self,
        course: &CourseId,
        origin: Origin,
        edit: impl FnOnce(&mut Outline, &mut dyn Random) -> Result<Edited<T>, OpError> + Send + 'static,
    ) -> Result<T, ReplicaError> {
        let run: EditFn = EditFn::Outline(Box::new(move |outline, random| Ok(erase(edit(outline, random)?))));
        self.edit(DocId::Course(course.clone()), origin, run).await
    }

    /// Edits a lesson, as [`Replica::edit_outline`] does an outline.
    ///
    /// # Errors
    /// What `edit` returned (nothing was changed), or the commit's.
    pub async fn edit_lesson<T: Send + 'static>(
        &self,
        lesson: &NodeId,
        origin: Origin,
        edit: impl FnOnce(&mut Lesson, &mut dyn Random) -> Result<Edited<T>, ReplicaError> + Send + 'static,
    ) -> Result<T, ReplicaError> {
        let run: EditFn = EditFn::Lesson(Box::new(move |lesson, random| Ok(erase(edit(lesson, random)?))));
        self.edit(DocId::Lesson(lesson.clone()), origin, run).await
    }

    async fn edit<T: Send + 'static>(
        &self,
        doc: DocId,
        origin: Origin,
        run: EditFn,
    ) -> Result<T, ReplicaError> {
        let value = self.ask(|done| Job::Edit(Edit { doc, origin, run, done })).await?;
        // The erased value is what `erase` of the same call put in.
        value.downcast().map(|value| *value).map_err(|_| ReplicaError::Closed)
    }

    // ---- documents: reading ---------------------------------------------------------------------

    /// Whole state of a document as one update, with its version. Writes nothing.
    ///
    /// # Errors
    /// [`ReplicaError::UnknownDoc`], [`ReplicaError::Damaged`].
    pub fn state(&self, doc: &DocId) -> impl Future<Output = Result<Read, ReplicaError>> + Send + use<> {
        self.diff(doc, vec![0])
    }

    /// State vector of a document, with its version.
    ///
    /// # Errors
    /// [`ReplicaError::UnknownDoc`], [`ReplicaError::Damaged`].
    pub fn state_vector(
        &self,
        doc: &DocId,
    ) -> impl Future<Output = Result<Read, ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        self.ask(|done| Job::StateVector { doc, done })
    }

    /// What a peer with this state vector lacks, as one update, with the version that it brings the peer to.
    ///
    /// # Errors
    /// [`ReplicaError::UnknownDoc`], [`ReplicaError::Damaged`], [`ReplicaError::Refused`] for a malformed vector.
    pub fn diff(
        &self,
        doc: &DocId,
        state_vector: Vec<u8>,
    ) -> impl Future<Output = Result<Read, ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        self.ask(|done| Job::Diff { doc, state_vector, done })
    }

    /// The outline of a course as people see it.
    ///
    /// # Errors
    /// [`ReplicaError::UnknownCourse`], [`ReplicaError::Damaged`].
    pub async fn outline(&self, course: &CourseId) -> Result<OutlineView, ReplicaError> {
        self.with_outline(course, |outline| outline.view().map_err(|e| ReplicaError::Operation(e.into())))
            .await?
    }

    /// Runs `look` on the live outline of a course, in the writer task; keep it short.
    ///
    /// # Errors
    /// [`ReplicaError::UnknownCourse`], [`ReplicaError::Damaged`].
    pub async fn with_outline<T: Send + 'static>(
        &self,
        course: &CourseId,
        look: impl FnOnce(&Outline) -> T + Send + 'static,
    ) -> Result<T, ReplicaError> {
        let look = ModelRead::Outline(Box::new(|outline| Box::new(look(outline)) as Box<dyn Any + Send>));
        self.look(DocId::Course(course.clone()), look).await
    }

    /// Runs `look` on a lesson, in the writer task; keep it short.
    ///
    /// # Errors
    /// [`ReplicaError::UnknownDoc`], [`ReplicaError::Damaged`].
    pub async fn with_lesson<T: Send + 'static>(
        &self,
        lesson: &NodeId,
        look: impl FnOnce(&Lesson) -> T + Send + 'static,
    ) -> Result<T, ReplicaError> {
        let look = ModelRead::Lesson(Box::new(|lesson| Box::new(look(lesson)) as Box<dyn Any + Send>));
        self.look(DocId::Lesson(lesson.clone()), look).await
    }

    /// Body of a lesson.
    ///
    /// # Errors
    /// [`ReplicaError::UnknownDoc`], [`ReplicaError::Damaged`], [`ReplicaError::Body`].
    pub async fn body(&self, lesson: &NodeId) -> Result<Node, ReplicaError> {
        Ok(self.with_lesson(lesson, Lesson::body).await??)
    }

    async fn look<T: Send + 'static>(&self, doc: DocId, look: ModelRead) -> Result<T, ReplicaError> {
        let value = self.ask(|done| Job::Look { doc, look, done }).await?;
        value.downcast().map(|value| *value).map_err(|_| ReplicaError::Closed)
    }

    /// Courses on this computer, by title.
    ///
    /// # Errors
    /// The store's.
    pub fn courses(&self) -> impl Future<Output = Result<Vec<CourseRow>, ReplicaError>> + Send + use<> {
        self.ask(|done| Job::Courses { done })
    }

    /// One course.
    ///
    /// # Errors
    /// [`ReplicaError::UnknownCourse`].
    pub async fn course(&self, course: &CourseId) -> Result<CourseRow, ReplicaError> {
        let found = self.courses().await?.into_iter().find(|row| &row.id == course);
        found.ok_or_else(|| ReplicaError::UnknownCourse(course.clone()))
    }

    /// Documents of a course with their sync state; of all courses when none is named.
    ///
    /// # Errors
    /// The store's.
    pub fn docs(
        &self,
        course: Option<&CourseId>,
    ) -> impl Future<Output = Result<Vec<DocRow>, ReplicaError>> + Send + use<> {
        let course = course.cloned();
        self.ask(|done| Job::Docs { course, done })
    }

    /// One document.
    ///
    /// # Errors
    /// [`ReplicaError::UnknownDoc`].
    pub fn doc(&self, doc: &DocId) -> impl Future<Output = Result<DocRow, ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        self.ask(|done| Job::Doc { doc, done })
    }

    /// Every change of one document from now on, after its commit. A receiver that lags is told so by its channel and
    /// reads the [state](Self::state) again; it filters out its own origin itself.
    pub fn updates(&self, doc: &DocId) -> broadcast::Receiver<Arc<Change>> {
        self.streams.of(doc)
    }

    /// Every change of every document from now on, after its commit: what the session pushes (local origins only). After
    /// lag, feed [`Replica::work`] to the engine.
    pub fn changes(&self) -> broadcast::Receiver<Arc<Change>> {
        self.streams.all()
    }

    // ---- sync -----------------------------------------------------------------------------------

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

    /// Rebuilds a document whose client id was refused: the unacked part is set aside, the document becomes the
    /// server's whole order (`server`), and the part is applied on top under a fresh client id. Streams get a
    /// [`ChangeKind::Reset`].
    ///
    /// # Errors
    /// [`ReplicaError::Refused`] when either part is not acceptable: the document is as it was then.
    pub fn rebuild(
        &self,
        doc: &DocId,
        server: Vec<u8>,
        client: u64,
        from_clock: u32,
        caught_up: u64,
    ) -> impl Future<Output = Result<Applied, ReplicaError>> + Send + use<> {
        let doc = doc.clone();
        self.ask(|done| Job::Rebuild { doc, server, client, from_clock, caught_up, done })
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
    ) -> impl Future<Output = Result<(Option<String>, Vec<(CourseId, u64)>), ReplicaError>> + Send + use<>
    {
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

    /// What the engine must know: all documents of shared courses where the user is a member that are dirty, behind,
    /// or not registered, or that are named in `also` (the open ones).
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

    // ---- assets ---------------------------------------------------------------------------------

    /// The files of the assets: written, read and checked there; which course names which is in the database.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Assets of a course; of all courses when none is named.
    ///
    /// # Errors
    /// The store's.
    pub fn assets(
        &self,
        course: Option<&CourseId>,
    ) -> impl Future<Output = Result<Vec<AssetRow>, ReplicaError>> + Send + use<> {
        let course = course.cloned();
        self.ask(|done| Job::Assets { course, done })
    }

    /// Media type of an asset and whether its file is here, whichever course names it.
    ///
    /// # Errors
    /// The store's.
    pub async fn asset(&self, hash: &AssetHash) -> Result<Option<AssetRow>, ReplicaError> {
        let rows = self.assets(None).await?;
        Ok(rows.into_iter().filter(|row| &row.asset.hash == hash).max_by_key(|row| row.here))
    }

    /// The file of an asset is on the server now: lessons that waited for it may be sent.
    ///
    /// # Errors
    /// The store's.
    pub fn asset_uploaded(
        &self,
        course: &CourseId,
        hash: &AssetHash,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let (course, hash) = (course.clone(), hash.clone());
        self.ask(|done| Job::AssetState { course, hash, here: false, done })
    }

    /// The file of an asset was stored here ([`Files::put`]); it came from the server, so that has it too.
    ///
    /// # Errors
    /// The store's.
    pub fn asset_arrived(
        &self,
        course: &CourseId,
        hash: &AssetHash,
    ) -> impl Future<Output = Result<(), ReplicaError>> + Send + use<> {
        let (course, hash) = (course.clone(), hash.clone());
        self.ask(|done| Job::AssetState { course, hash, here: true, done })
    }

    /// Assets that wait for upload (first) and for download (second), of shared courses.
    ///
    /// # Errors
    /// The store's.
    pub async fn asset_work(&self) -> Result<(Vec<AssetWork>, Vec<AssetWork>), ReplicaError> {
        let shared: Vec<CourseId> = self
            .courses()
            .await?
            .into_iter()
            .filter(|c| c.shared && c.role.is_some())
            .map(|c| c.id)
            .collect();
        let (mut up, mut down) = (Vec::new(), Vec::new());
        for row in self.assets(None).await? {
            if !shared.contains(&row.course) {
                continue;
            }
            let list = match (row.here, row.uploaded) {
                (true, false) => &mut up,
                (false, _) => &mut down,
                (true, true) => continue,
            };
            let AssetRow { course, asset, .. } = row;
            list.push(AssetWork { course, hash: asset.hash, mime: asset.mime, bytes: asset.bytes });
        }
        Ok((up, down))
    }

    // ---- plumbing -------------------------------------------------------------------------------

    /// Queues a job at once and gives the future of its answer.
    fn ask<T: Send + 'static>(&self, job: impl FnOnce(Answer<T>) -> Job) -> Asked<T> {
        let (done, answer) = oneshot::channel();
        // When the writer is gone, the sender inside the job is dropped and the answer says so.
        let _ = self.jobs.send(job(done));
        Asked(answer)
    }
}

/// Waits for the answer to a job.
struct Asked<T>(oneshot::Receiver<Result<T, ReplicaError>>);

impl<T> Future for Asked<T> {
    type Output = Result<T, ReplicaError>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(ReplicaError::Closed)))
    }
}

/// Where the profile's database is, for messages.
pub fn database_path(dir: &Path) -> PathBuf {
    dir.join(store::FILE)
}

fn erase<T: Send + 'static>(edited: Edited<T>) -> Edited<Box<dyn Any + Send>> {
    Edited {
        value: Box::new(edited.value),
        updates: edited.updates,
        created: edited.created,
        assets: edited.assets,
    }
}
