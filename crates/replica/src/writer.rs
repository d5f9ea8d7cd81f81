//! The writer task: the only one that touches the database. It takes what waits, performs it in one transaction, commits
//! (one fdatasync), and only then answers and tells. While one commit runs, the next jobs gather; so the group has no
//! fixed window, and a single edit waits for one commit only.

use crate::assets::Files;
use crate::document::Document;
use crate::effects::{Answer, Effects, Streams};
use crate::job::Job;
use crate::replica::{Clock, RandomSource};
use crate::run::Run;
use crate::state::Change;
use crate::{ReplicaError, compact, rows};
use inkhorn_protocol::{CourseId, DocId, NodeId};
use sqlx::{Connection, SqliteConnection};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::Instant;

/// Most jobs of one commit, so that a flood of small edits does not keep the first one waiting.
const GROUP: usize = 512;

/// How long a write that may wait does so for company. While a commit runs nothing is read, and the server's word that a
/// document changed arrives right behind the change itself: committed at once, it would hold up the window's question for
/// what has just come. For a document that is not open this is how much later it is asked for.
const MAY_WAIT: Duration = Duration::from_millis(40);

/// Documents and bytes that stay loaded. The open lessons and outlines of a session are a dozen; a first sync walks
/// through thousands.
const LOADED: usize = 64;
const LOADED_BYTES: usize = 64 << 20;

pub(crate) struct Writer {
    pub(crate) db: SqliteConnection,
    pub(crate) streams: Arc<Streams>,
    pub(crate) files: Arc<Files>,
    pub(crate) random: RandomSource,
    clock: Clock,
    pub(crate) loaded: HashMap<DocId, Document>,
    /// Trashed lessons by course, with what the trasher had seen, and whether that was compared with what is here.
    pub(crate) trash: HashMap<CourseId, BTreeMap<NodeId, (Vec<u8>, bool)>>,
    /// Counts jobs; tells which document was used least recently.
    used: u64,
}

impl Writer {
    pub(crate) fn new(
        db: SqliteConnection,
        streams: Arc<Streams>,
        files: Arc<Files>,
        random: RandomSource,
        clock: Clock,
    ) -> Self {
        Self { db, streams, files, random, clock, loaded: HashMap::new(), trash: HashMap::new(), used: 0 }
    }

    pub(crate) async fn run(mut self, mut queue: UnboundedReceiver<Job>) {
        let mut closing = Vec::new();
        // Writes that may wait, and until when.
        let (mut waiting, mut until) = (Vec::new(), None);
        loop {
            let first = tokio::select! {
                job = queue.recv() => match job {
                    Some(job) => Some(job),
                    None => break,
                },
                () = tokio::time::sleep_until(until.unwrap_or_else(Instant::now)), if until.is_some() => None,
            };
            let (mut writes, mut reads) = (std::mem::take(&mut waiting), Vec::new());
            let mut due = until.is_some_and(|until| until <= Instant::now());
            let mut next = first;
            while let Some(job) = next {
                match job {
                    Job::Close { done } => {
                        queue.close();
                        closing.push(done);
                    }
                    job if job.writes() => {
                        due |= !job.may_wait();
                        writes.push(job);
                    }
                    job => reads.push(job),
                }
                next = if writes.len() + reads.len() < GROUP { queue.try_recv().ok() } else { None };
            }
            if due || !closing.is_empty() || writes.len() >= GROUP {
                until = None;
                if !writes.is_empty() {
                    Box::pin(self.commit(writes)).await;
                }
            } else if !writes.is_empty() {
                until.get_or_insert_with(|| Instant::now() + MAY_WAIT);
                waiting = writes;
            }
            for job in reads {
                Box::pin(self.read(job)).await;
            }
            self.fold(&queue).await;
            self.unload();
        }
        if !waiting.is_empty() {
            Box::pin(self.commit(waiting)).await;
        }
        // Closing writes the log back into the file.
        if let Err(error) = self.db.close().await {
            tracing::warn!(%error, "closing the database");
        }
        for done in closing {
            let _ = done.send(());
        }
    }

    /// Performs jobs in one transaction.
    async fn commit(&mut self, jobs: Vec<Job>) {
        let mut effects = Effects::default();
        let outcome = self.transact(jobs, &mut effects).await;
        if outcome.is_err() {
            let _ = sqlx::raw_sql("ROLLBACK").execute(&mut self.db).await;
            // What is loaded holds what was not committed: it comes back from the store when it is needed.
            self.loaded.clear();
            self.trash.clear();
        }
        effects.settle(outcome, &self.streams);
    }

    async fn transact(&mut self, jobs: Vec<Job>, effects: &mut Effects) -> Result<(), ReplicaError> {
        let begun = sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut self.db).await;
        if let Err(error) = begun {
            let error = ReplicaError::from_sql(&error);
            for job in jobs {
                job.refuse(error.clone());
            }
            return Err(error);
        }
        let mut jobs = VecDeque::from(jobs);
        // So many of the next jobs were a run that has to be written one by one.
        let mut apart = 0_usize;
        while let Some(job) = jobs.pop_front() {
            self.used += 1;
            let run = if apart > 0 { Err(job) } else { Run::begin(job, &mut jobs) };
            apart = apart.saturating_sub(1);
            let outcome = match run {
                Err(job) => Box::pin(self.write(job, effects)).await,
                Ok(run) => Box::pin(self.write_run(run, effects)).await.map(|back| {
                    apart = back.len();
                    back.into_iter().rev().for_each(|job| jobs.push_front(job));
                }),
            };
            if let Err(error) = outcome {
                // SQLite may have rolled everything back already (a full disk): nothing more in this transaction.
                for job in jobs {
                    job.refuse(error.clone());
                }
                return Err(error);
            }
        }
        self.revive_guarded(effects).await?;
        sqlx::raw_sql("COMMIT").execute(&mut self.db).await?;
        Ok(())
    }

    /// The automatic write after the jobs; when it cannot be done, the jobs are not concerned.
    async fn revive_guarded(&mut self, effects: &mut Effects) -> Result<(), ReplicaError> {
        let changed: Vec<_> = effects.changed().map(|(course, doc)| (course.clone(), doc.clone())).collect();
        if changed.is_empty() {
            return Ok(());
        }
        self.begin_job().await?;
        let mut own = Effects::default();
        let outcome = Box::pin(self.revive(changed, &mut own)).await;
        if let Err(error) = &outcome {
            tracing::warn!(%error, "Trash could not be looked at");
            self.trash.clear();
        }
        let (ignored, _) = tokio::sync::oneshot::channel();
        self.end_job(ignored, outcome, own, effects).await
    }

    /// Each job runs in a savepoint of its own: when it is refused, the others of the group are not concerned.
    pub(crate) async fn begin_job(&mut self) -> Result<(), ReplicaError> {
        sqlx::raw_sql("SAVEPOINT job").execute(&mut self.db).await?;
        Ok(())
    }

    /// Ends a job: its answer and effects wait for the commit. When it was refused, it is undone and answered at once. An
    /// error of the store ends the whole group.
    pub(crate) async fn end_job<T: Send + 'static>(
        &mut self,
        done: Answer<T>,
        outcome: Result<T, ReplicaError>,
        own: Effects,
        effects: &mut Effects,
    ) -> Result<(), ReplicaError> {
        match outcome {
            Ok(value) => {
                effects.merge(own);
                effects.answer(done, value);
                sqlx::raw_sql("RELEASE job").execute(&mut self.db).await?;
                Ok(())
            }
            Err(error) => {
                for (_, doc) in own.changed() {
                    self.loaded.remove(doc);
                }
                let _ = done.send(Err(error.clone()));
                if error.is_of_the_store() {
                    return Err(error);
                }
                sqlx::raw_sql("ROLLBACK TO job; RELEASE job").execute(&mut self.db).await?;
                Ok(())
            }
        }
    }

    // ---- loaded documents -----------------------------------------------------------------------

    /// The document, loaded when it is not.
    pub(crate) async fn document(&mut self, doc: &DocId) -> Result<&mut Document, ReplicaError> {
        if !self.loaded.contains_key(doc) {
            let row = rows::find_doc(&mut self.db, doc).await?;
            let row = row.ok_or_else(|| ReplicaError::UnknownDoc(doc.clone()))?;
            let history = rows::history(&mut self.db, row.id).await?;
            let own = rows::writers(&mut self.db, row.id).await?;
            let document = Document::load(doc.clone(), row.id, row.course, row.version, &history, own)?;
            self.loaded.insert(doc.clone(), document);
        }
        let used = self.used;
        let document = self.loaded.get_mut(doc).ok_or_else(|| ReplicaError::UnknownDoc(doc.clone()))?;
        document.used = used;
        Ok(document)
    }

    pub(crate) fn now_ms(&self) -> u64 {
        (self.clock)()
    }

    /// The loaded document together with the source of randomness that its model needs.
    pub(crate) async fn with_random(
        &mut self,
        doc: &DocId,
    ) -> Result<(&mut Document, &mut RandomSource), ReplicaError> {
        self.document(doc).await?;
        let document = self.loaded.get_mut(doc).ok_or_else(|| ReplicaError::UnknownDoc(doc.clone()))?;
        Ok((document, &mut self.random))
    }

    /// Drops what was used least recently once too much is loaded.
    fn unload(&mut self) {
        let mut bytes: usize = self.loaded.values().map(Document::byte_size).sum();
        while self.loaded.len() > LOADED || (bytes > LOADED_BYTES && self.loaded.len() > 1) {
            let oldest = self.loaded.values().min_by_key(|document| document.used).map(|d| d.doc.clone());
            let Some(dropped) = oldest.and_then(|doc| self.loaded.remove(&doc)) else { break };
            bytes = bytes.saturating_sub(dropped.byte_size());
        }
    }

    /// Folds one long log into a snapshot, when nothing else waits.
    async fn fold(&mut self, queue: &mpsc::UnboundedReceiver<Job>) {
        if !queue.is_empty() {
            return;
        }
        let due =
            |document: &&Document| document.log_rows > compact::ROWS || document.log_bytes > compact::BYTES;
        let Some(doc) = self.loaded.values().find(due).map(|document| document.doc.clone()) else { return };
        let outcome = Box::pin(self.fold_document(&doc)).await;
        if let Some(document) = self.loaded.get_mut(&doc) {
            // Also when it failed: the next try is a full log away.
            document.log_rows = 0;
            document.log_bytes = 0;
        }
        match outcome {
            Ok(true) => {}
            Ok(false) => tracing::warn!(%doc, "the snapshot differs from its log, so the log stays"),
            Err(error) => tracing::warn!(%doc, %error, "no snapshot was made, so the log stays"),
        }
    }

    async fn fold_document(&mut self, doc: &DocId) -> Result<bool, ReplicaError> {
        let document = self.document(doc).await?;
        let (id, version) = (document.id, document.version);
        let history = rows::history(&mut self.db, id).await?;
        let Some(snapshot) = compact::verified(doc, &history, &mut self.random)? else { return Ok(false) };
        let own = self.document(doc).await?.own().clone();
        let mut transaction = self.db.begin_with("BEGIN IMMEDIATE").await?;
        rows::keep_writers(&mut transaction, id, &own).await?;
        rows::fold(&mut transaction, id, version, &snapshot.bytes).await?;
        transaction.commit().await?;
        if let Some(document) = self.loaded.get_mut(doc) {
            document.shrink(snapshot.index);
        }
        Ok(true)
    }

    /// Appends bytes that a document took to its log, and notes the change.
    pub(crate) async fn log(
        &mut self,
        doc: &DocId,
        origin: crate::Origin,
        bytes: Vec<u8>,
        effects: &mut Effects,
    ) -> Result<u64, ReplicaError> {
        let document = self.loaded.get_mut(doc).ok_or_else(|| ReplicaError::UnknownDoc(doc.clone()))?;
        document.version += 1;
        document.log_rows += 1;
        document.log_bytes += bytes.len();
        let (id, version, course) = (document.id, document.version, document.course.clone());
        let now_ms = self.now_ms();
        rows::append(&mut self.db, id, version, origin.is_local(), &bytes, Some(now_ms)).await?;
        effects.change(Change {
            course,
            doc: doc.clone(),
            version,
            origin,
            kind: crate::ChangeKind::Update(bytes.into()),
        });
        Ok(version)
    }
}
