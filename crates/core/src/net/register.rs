//! Operations: registering documents and titles. And what starts with one: sharing and joining a course.

use super::rest::{RestError, sentence};
use super::session::Ask;
use super::{Net, Shared, new_op};
use crate::error::{Code, CoreError, Result};
use inkhorn_protocol::rest::{Course, Member, Operation, OperationReply};
use inkhorn_protocol::session::Reason;
use inkhorn_protocol::{CourseId, DocId, OpId};
use std::time::Duration;

/// Documents in one registration: well below the server's limit for a body.
const BATCH: usize = 2_000;

/// An operation is asked for again this often when the connection breaks: its id makes that safe.
const TRIES: u32 = 3;

/// How long a command line's `share` and `join` sync at most before they leave the rest to the next `sync`.
const SYNC_LIMIT: Duration = Duration::from_secs(300);

impl Shared {
    /// Does an operation; after a broken connection asks again under the same id, so that it is done once.
    async fn operate(&self, operation: Operation) -> Result<OperationReply> {
        let rest = self.rest()?;
        let op: OpId = new_op();
        let mut tries = 0;
        loop {
            tries += 1;
            match rest.operate(op.clone(), operation.clone()).await {
                Err(RestError::Unreachable(why)) if tries < TRIES => {
                    tracing::debug!(%why, "an operation is asked for again");
                    tokio::time::sleep(Duration::from_millis(500 << tries)).await;
                }
                other => return other.map_err(CoreError::from),
            }
        }
    }

    /// Makes sure that the server knows these documents of a course, and remembers that it does.
    pub(super) async fn register(&self, course: &CourseId, docs: Vec<DocId>) -> Result<()> {
        let title = self.replica.course(course).await?.title;
        for batch in docs.chunks(BATCH) {
            let documents = batch.to_vec();
            let operation = Operation::Register { course: course.clone(), title: title.clone(), documents };
            let reply = self.operate(operation).await?;
            if let Some(reason) = reply.rejected {
                return Err(refused(&reason));
            }
            self.replica.registered(course, batch.to_vec(), None).await?;
        }
        Ok(())
    }

    /// Tells the server the titles that it does not have yet. Idempotent: the newest title wins there too.
    pub(super) async fn register_titles(&self) -> Result<()> {
        for course in self.replica.courses().await? {
            let may_write = course.role.is_some_and(|role| role.may_write());
            if !course.shared || !may_write || course.registered_title.as_ref() == Some(&course.title) {
                continue;
            }
            let operation = Operation::SetTitle { course: course.id.clone(), title: course.title.clone() };
            let reply = self.operate(operation).await?;
            match reply.rejected {
                None => self.replica.registered(&course.id, Vec::new(), Some(course.title)).await?,
                Some(reason) => tracing::warn!(%reason, course = %course.id, "the title was refused"),
            }
        }
        Ok(())
    }
}

impl Net {
    /// Puts a local course on the server: registers it and its documents, then everything else follows by sync.
    /// Doing it again after a crash at any step goes on where that was.
    pub(crate) async fn share(&self, course: &CourseId) -> Result<()> {
        let replica = &self.shared.replica;
        let docs: Vec<DocId> = replica.docs(Some(course)).await?.into_iter().map(|row| row.doc).collect();
        // Registered first, and only then on the list: a course that the server refuses stays a local one.
        let title = replica.course(course).await?.title;
        let mut first = true;
        for batch in docs.chunks(BATCH) {
            let documents = batch.to_vec();
            let operation = Operation::Register { course: course.clone(), title: title.clone(), documents };
            let reply = self.shared.operate(operation).await?;
            if let Some(reason) = reply.rejected {
                return Err(refused(&reason));
            }
            if first {
                replica.share(course).await?;
                first = false;
            }
            replica.registered(course, batch.to_vec(), Some(title.clone())).await?;
        }
        self.carry_on().await
    }

    /// Takes a course of the server to this computer.
    pub(crate) async fn join(&self, course: &CourseId) -> Result<()> {
        let detail = self.shared.rest()?.course(course).await?;
        self.shared.replica.join(detail.course, detail.documents).await?;
        self.carry_on().await
    }

    /// The app goes on in the background; a command line syncs before it ends.
    async fn carry_on(&self) -> Result<()> {
        if self.shared.always {
            self.shared.ask(Ask::Hello);
            return Ok(());
        }
        self.carry(SYNC_LIMIT).await.map(drop)
    }

    /// Courses on the server that the user is a member of.
    pub(crate) async fn remote_courses(&self) -> Result<Vec<Course>> {
        Ok(self.shared.rest()?.courses().await?)
    }

    /// Members of a course.
    pub(crate) async fn members(&self, course: &CourseId) -> Result<Vec<Member>> {
        Ok(self.shared.rest()?.course(course).await?.members)
    }
}

fn refused(reason: &Reason) -> CoreError {
    let code = match reason {
        Reason::NotMember | Reason::RoleTooLow { .. } => Code::Denied,
        Reason::Unauthenticated => return super::rest::signed_out(),
        _ => Code::Rejected,
    };
    let what = match reason {
        Reason::IdTaken => {
            "Another course on this server has the same id, or it is one that you are not a member of. \
             Ask its owner to add you, or export the course and import it again as a new one."
                .to_owned()
        }
        other => sentence(&other.to_string()),
    };
    CoreError::new(code, format!("{what} Everything is safe on this computer."))
}
