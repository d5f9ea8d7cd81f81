//! The handle of a replica: queues jobs for the writer task and waits for their commit. Documents here; `sync` and
//! `assets` have the calls of those.

mod assets;
mod operations;
mod sync;

use crate::effects::{Answer, Streams};
use crate::job::{Apply, Create, Edit, EditFn, Job, ModelRead};
use crate::state::*;
use crate::{ReplicaError, assets::Files, store, writer};
use inkhorn_course::{Lesson, OpError, Outline, Random};
use inkhorn_events::Publisher;
use inkhorn_protocol::body::Node;
use inkhorn_protocol::projection::OutlineView;
use inkhorn_protocol::{CourseId, DocId, NodeId};
use std::any::Any;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::sync::{broadcast, mpsc, oneshot};

/// Where fresh ids, client ids and tokens come from; a test passes a seeded one.
pub type RandomSource = Box<dyn FnMut() -> [u8; 16] + Send>;

/// Where the time comes from, in milliseconds since the Unix epoch; a test passes one that stands still.
pub type Clock = Box<dyn Fn() -> u64 + Send>;

/// What a replica is given instead of reading it by itself.
pub struct Options {
    /// The time: it stands beside each edit, so that people see how long it waits, and in the name of a damaged database
    /// that is set aside. Nothing is decided by it.
    pub clock: Clock,
    /// Randomness.
    pub random: RandomSource,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Options").finish_non_exhaustive()
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
    /// The number of kept words that the edit puts back: they are kept no more once it is durable.
    pub put_back: Option<u64>,
}

impl<T> Edited<T> {
    /// An edit of one document. Empty updates are left out.
    pub fn new(value: T, updates: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let updates = updates.into_iter().filter(|update| !update.is_empty()).collect();
        Self { value, updates, created: Vec::new(), assets: Vec::new(), put_back: None }
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
    /// A damaged database is renamed to `inkhorn.db.corrupt-<time>` with its log, and a fresh one is begun; see
    /// [`Replica::set_aside`].
    ///
    /// # Errors
    /// [`ReplicaError::NewerSchema`] (nothing was touched), [`ReplicaError::Locked`], [`ReplicaError::DiskFull`],
    /// [`ReplicaError::Io`].
    pub async fn open(dir: &Path, publisher: Publisher, options: Options) -> Result<Self, ReplicaError> {
        let opened = store::open(dir, (options.clock)()).await?;
        let streams = Arc::new(Streams::new(publisher));
        let files = Arc::new(Files::new(dir.join("assets")));
        let (jobs, queue) = mpsc::unbounded_channel();
        let Options { clock, random } = options;
        let writer = writer::Writer::new(opened.connection, streams.clone(), files.clone(), random, clock);
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
        put_back: edited.put_back,
    }
}
