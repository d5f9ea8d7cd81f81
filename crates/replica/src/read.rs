//! How the writer answers questions, between two commits: what is read is committed.

use crate::ReplicaError;
use crate::document::Document;
use crate::job::{Erased, Job, ModelRead};
use crate::ledger::EPOCH;
use crate::rows;
use crate::state::{Heads, Print, Read};
use crate::writer::Writer;
use inkhorn_protocol::DocId;

/// SQLite's own limit (<https://www.sqlite.org/limits.html>).
const MAX_PAGES: u32 = 0xffff_fffe;

type Result<T> = std::result::Result<T, ReplicaError>;

impl Writer {
    pub(crate) async fn read(&mut self, job: Job) {
        // A caller that went away does not need its answer.
        match job {
            Job::LimitPages { pages, done } => drop(done.send(self.limit_pages(pages).await)),
            Job::Fingerprint { doc, done } => drop(done.send(self.fingerprint(&doc).await)),
            Job::StateVector { doc, done } => {
                let read = self.document(&doc).await;
                drop(done.send(read.map(|d| Read::of(d.state_vector(), d.version))));
            }
            Job::Diff { doc, state_vector, done } => {
                drop(done.send(self.diff(&doc, &state_vector).await));
            }
            Job::Look { doc, look, done } => drop(done.send(self.look(&doc, look).await)),
            Job::Courses { done } => drop(done.send(rows::courses(&mut self.db).await)),
            Job::Docs { course, done } => {
                drop(done.send(rows::docs(&mut self.db, course.as_ref(), None).await));
            }
            Job::Doc { doc, done } => {
                let found = rows::docs(&mut self.db, None, Some(&doc)).await;
                drop(done.send(
                    found.and_then(|rows| rows.into_iter().next().ok_or(ReplicaError::UnknownDoc(doc))),
                ));
            }
            Job::Rejected { done } => drop(done.send(rows::rejected(&mut self.db).await)),
            Job::RejectedPart { id, done } => drop(done.send(rows::rejected_part(&mut self.db, id).await)),
            Job::Operations { done } => drop(done.send(rows::operations(&mut self.db).await)),
            Job::FactsNamed { prefix, done } => {
                drop(done.send(rows::facts_named(&mut self.db, &prefix).await));
            }
            Job::Hello { done } => drop(done.send(self.hello().await)),
            Job::Work { also, done } => drop(done.send(rows::work(&mut self.db, &also).await)),
            Job::SyncCount { course, done } => {
                drop(done.send(rows::sync_count(&mut self.db, course.as_ref()).await));
            }
            Job::Waiting { done } => drop(done.send(rows::waiting(&mut self.db).await)),
            Job::Kept { done } => drop(done.send(self.kept().await)),
            Job::Tidy { done } => drop(done.send(self.tidy().await)),
            Job::Fact { name, done } => drop(done.send(rows::fact(&mut self.db, &name).await)),
            Job::Assets { course, done } => {
                drop(done.send(rows::assets(&mut self.db, course.as_ref()).await))
            }
            other => other.refuse(ReplicaError::Closed),
        }
    }

    async fn diff(&mut self, doc: &DocId, state_vector: &[u8]) -> Result<Read> {
        let document = self.document(doc).await?;
        let read = Read::of(document.diff(state_vector)?, document.version);
        let (fresh, held) = rows::ahead(&mut self.db, doc).await?;
        Ok(Read { fresh, held, ..read })
    }

    async fn limit_pages(&mut self, pages: u32) -> Result<()> {
        let limit = format!("PRAGMA max_page_count = {}", pages.min(MAX_PAGES));
        let done = sqlx::raw_sql(sqlx::AssertSqlSafe(limit)).execute(&mut self.db).await;
        done.map(drop).map_err(|error| crate::ReplicaError::from_sql(&error))
    }

    /// Gives room that the database does not need back to the disk. Outside of a transaction, as SQLite wants it.
    async fn tidy(&mut self) -> Result<()> {
        let done = sqlx::raw_sql("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);").execute(&mut self.db).await;
        done.map(drop).map_err(|error| crate::ReplicaError::from_sql(&error))
    }

    async fn fingerprint(&mut self, doc: &DocId) -> Result<Print> {
        let rows = rows::docs(&mut self.db, None, Some(doc)).await?;
        let waits = rows.first().is_none_or(|row| row.waiting > 0 || row.rejected.is_some());
        let document = self.document(doc).await?;
        let state = (!waits).then(|| document.fingerprint().to_string());
        Ok(Print { state, version: document.version })
    }

    async fn look(&mut self, doc: &DocId, look: ModelRead) -> Result<Erased> {
        let found = self.with_random(doc).await;
        let (document, random): (&mut Document, _) = found.map_err(|error| match (error, doc) {
            (ReplicaError::UnknownDoc(_), DocId::Course(course)) => {
                ReplicaError::UnknownCourse(course.clone())
            }
            (error, _) => error,
        })?;
        Ok(match look {
            ModelRead::Outline(look) => look(document.outline(random)?),
            ModelRead::Lesson(look) => look(document.lesson(random)?),
        })
    }

    async fn hello(&mut self) -> Result<(Option<String>, Heads)> {
        let epoch = rows::fact(&mut self.db, EPOCH).await?;
        let courses = rows::courses(&mut self.db).await?;
        Ok((
            epoch,
            courses.into_iter().filter(|row| row.shared).map(|row| (row.id, row.course_seq)).collect(),
        ))
    }
}
