//! Operations: registering documents and titles, by the outbox. And what starts with one: sharing and joining a course.

use super::outbox::{Waiting, is_pending};
use super::rest::{RestError, sentence, signed_out};
use super::session::Ask;
use super::{Net, Shared, new_op};
use crate::error::{Code, CoreError, Result};
use inkhorn_outbox::{News, Outcome, Refusal, Ticket};
use inkhorn_protocol::rest::{Course, Member, MemberChange, Operation};
use inkhorn_protocol::session::Reason;
use inkhorn_protocol::{CourseId, DocId};
use std::collections::BTreeSet;
use std::time::Duration;

/// Documents in one registration: well below the server's limit for a body.
const BATCH: usize = 2_000;

/// Who waits for an operation hears that it cannot be done now after this many tries. It goes on by itself.
const TRIES: u32 = 3;

/// How long a command line's `share` and `join` sync at most before they leave the rest to the next `sync`.
const SYNC_LIMIT: Duration = Duration::from_secs(300);

/// Longest title that the server's list takes, in bytes. An outline's own title has no limit but the app's.
const MAX_TITLE_BYTES: usize = 1_024;

/// Facts with this prefix hold titles that the user let go: the server is not told these again.
const TITLE_LET_GO: &str = "title_let_go:";

/// Fact: where the user's roles are from, as server and account. Only that server can have lost a course.
const ROLES_FROM: &str = "roles_from";

impl Shared {
    /// Waits until an operation was done.
    pub(super) async fn done(&self, mut ticket: Ticket) -> Result<(), Ended> {
        let mut tries = 0;
        while let Some(news) = ticket.next().await {
            match news {
                News::Kept => {}
                News::Stalled { signed_out: true, .. } => return Err(Ended::Not(signed_out())),
                News::Stalled { why, .. } => {
                    tries += 1;
                    if tries >= TRIES {
                        let words = format!("{why} It is kept, and done when the server can be reached.");
                        return Err(Ended::Not(CoreError::new(Code::Offline, words)));
                    }
                }
                News::Ended(Outcome::Done | Outcome::Superseded) => return Ok(()),
                News::Ended(Outcome::Rejected(refusal)) => return Err(Ended::Rejected(refusal)),
                News::Ended(Outcome::NotKept(why)) => {
                    return Err(Ended::Not(CoreError::new(Code::Other, why)));
                }
                News::Ended(Outcome::Expired | Outcome::LetGo) => {
                    let words = "It is not done: it was too old, or it was let go.";
                    return Err(Ended::Not(CoreError::new(Code::Other, words)));
                }
            }
        }
        Err(Ended::Not(CoreError::new(Code::Other, "The profile is closed. It is kept, and done next time.")))
    }

    /// Makes sure that the server knows these documents of a course. Those whose id another course holds stay here, and
    /// that is said; they do not keep the others from being registered.
    ///
    /// `now`: somebody waits, so it is tried whatever the connection says.
    pub(super) async fn register(&self, course: &CourseId, docs: Vec<DocId>, now: bool) -> Result<()> {
        let title = registrable(self.replica.course(course).await?.title);
        for batch in docs.chunks(BATCH) {
            let mut documents = batch.to_vec();
            // A second time without those that are taken; that there are more of them then is no honest server's answer.
            for last in [false, true] {
                if documents.is_empty() {
                    break;
                }
                let operation = Operation::Register {
                    course: course.clone(),
                    title: title.clone(),
                    documents: documents.clone(),
                };
                let ticket = self.operations.submit(new_op(), operation);
                let op = ticket.op().clone();
                if now {
                    self.operations.try_now(&op);
                }
                let refusal = match self.done(ticket).await {
                    Ok(()) => break,
                    Err(Ended::Not(error)) => return Err(error),
                    Err(Ended::Rejected(refusal)) => refusal,
                };
                let taken: BTreeSet<&DocId> = refusal.taken.iter().collect();
                let outline = DocId::Course(course.clone());
                if last || refusal.reason != Reason::IdTaken || taken.is_empty() || taken.contains(&outline) {
                    return Err(refused(&refusal.reason));
                }
                self.keep_taken(&refusal).await?;
                documents.retain(|doc| !taken.contains(doc));
                // What it asked for is asked for without them; they are shown as refused edits from now on.
                self.operations.let_go(&op).await;
            }
        }
        Ok(())
    }

    /// Documents whose id belongs to another course: kept, said, and not registered again.
    async fn keep_taken(&self, refusal: &Refusal) -> Result<()> {
        for doc in &refusal.taken {
            tracing::warn!(%doc, "its id belongs to another course on this server");
            let row = self.replica.doc(doc).await?;
            if row.rejected != Some(Reason::IdTaken) {
                self.replica.reject(doc, Reason::IdTaken, crate::now_ms()).await?;
            }
        }
        Ok(())
    }

    /// Wants the server to have the title that a course has now; returns when that is on the disk. A title that waits is
    /// replaced by it.
    pub(super) async fn submit_title(&self, course: &CourseId) -> Result<()> {
        let row = self.replica.course(course).await?;
        let title = registrable(row.title);
        let may_write = row.role.is_some_and(|role| role.may_write());
        if !row.shared || !may_write || row.registered_title.as_ref() == Some(&title) {
            return Ok(());
        }
        let operation = Operation::SetTitle { course: course.clone(), title };
        let mut ticket = self.operations.submit(new_op(), operation);
        match ticket.next().await {
            Some(News::Ended(Outcome::NotKept(why))) => Err(CoreError::new(Code::Other, why)),
            _ => Ok(()),
        }
    }

    /// Tells the server the titles that it does not have yet, whoever changed them. Idempotent: the newest title wins
    /// there too.
    pub(super) async fn register_titles(&self) -> Result<()> {
        for row in self.replica.courses().await? {
            let may_write = row.role.is_some_and(|role| role.may_write());
            let title = registrable(row.title);
            if !row.shared || !may_write || row.registered_title.as_ref() == Some(&title) {
                continue;
            }
            if self.title_is_known(&row.id, &title) {
                continue;
            }
            let let_go = self.replica.fact(&format!("{TITLE_LET_GO}{}", row.id)).await?;
            if let_go.as_ref() == Some(&title) {
                continue;
            }
            let operation = Operation::SetTitle { course: row.id.clone(), title };
            match self.done(self.operations.submit(new_op(), operation)).await {
                Ok(()) => {}
                Err(Ended::Rejected(refusal)) => {
                    tracing::warn!(reason = %refusal.reason, course = %row.id, "the title was refused");
                }
                Err(Ended::Not(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether the outbox has this title already: on its way, or refused for a reason that still stands.
    fn title_is_known(&self, course: &CourseId, title: &str) -> bool {
        self.operations.shown().entries.iter().any(|entry| {
            let same = matches!(&entry.operation,
                Operation::SetTitle { course: c, title: t } if c == course && t == title);
            // The role allows it again, or this would not be asked.
            let by_role = entry.refused.as_ref().is_some_and(|refusal| {
                matches!(refusal.reason, Reason::NotMember | Reason::RoleTooLow { .. })
            });
            same && !by_role
        })
    }

    /// The user let this operation go: a title is not sent again by itself.
    pub(super) async fn note_let_go(&self, operation: &Operation) -> Result<()> {
        if let Operation::SetTitle { course, title } = operation {
            self.replica.set_fact(&format!("{TITLE_LET_GO}{course}"), title).await?;
        }
        Ok(())
    }

    /// Courses that the user owned and that the server does not give to the user any more: where the server was restored
    /// from a backup that is older than the sharing, registering brings the course back. Once for each time that the
    /// server took the course away; where somebody else did that, the server says so and nothing is changed. A server
    /// that never had the course has not lost it: what goes to a second server is for the user to say.
    pub(super) async fn register_lost(&self) -> Result<bool> {
        let mut back = false;
        let Some(account) = self.sign_in() else { return Ok(back) };
        let here = format!("{} {}", account.server, account.email);
        let from = self.replica.fact(ROLES_FROM).await?;
        let elsewhere = from.as_ref().is_some_and(|from| *from != here);
        for course in self.replica.lost_courses().await? {
            if elsewhere {
                self.replica.forget_lost(&course).await?;
                continue;
            }
            let docs: Vec<DocId> =
                self.replica.docs(Some(&course)).await?.into_iter().map(|row| row.doc).collect();
            let title = registrable(self.replica.course(&course).await?.title);
            // Its first batch decides; the engine registers the rest.
            let documents = docs.into_iter().take(BATCH).collect();
            let operation = Operation::Register { course: course.clone(), title, documents };
            let ticket = self.operations.submit(new_op(), operation);
            let op = ticket.op().clone();
            match self.done(ticket).await {
                Ok(()) => back = true,
                Err(Ended::Rejected(refusal)) => {
                    tracing::info!(%course, reason = %refusal.reason, "a course is not ours any more");
                    self.replica.forget_lost(&course).await?;
                    // Nobody asked for it, so nobody is to be asked about it.
                    self.operations.let_go(&op).await;
                }
                Err(Ended::Not(error)) => return Err(error),
            }
        }
        if from.as_ref() != Some(&here) {
            // Last: were it written before the courses of the other server are forgotten, a crash would share them here.
            self.replica.set_fact(ROLES_FROM, &here).await?;
        }
        Ok(back)
    }

    /// Operations that are still to be done by themselves, with why the last try of one failed.
    pub(super) fn pending(&self) -> (usize, Option<String>) {
        let shown = self.operations.shown();
        let pending: Vec<_> = shown.list.iter().filter(|info| is_pending(info)).collect();
        (pending.len(), pending.iter().find_map(|info| info.why.clone()))
    }
}

/// How an operation ended that was not done.
pub(super) enum Ended {
    /// The server refused it.
    Rejected(Refusal),
    /// Not yet, or not at all.
    Not(CoreError),
}

impl Net {
    /// Puts a local course on the server: registers it and its documents, then everything else follows by sync.
    /// Doing it again after a crash at any step goes on where that was.
    pub(crate) async fn share(&self, course: &CourseId) -> Result<()> {
        let shared = &self.shared;
        shared.rest()?;
        let waiting = Waiting::on(shared);
        let docs = shared.replica.docs(Some(course)).await?;
        if docs.is_empty() {
            // Says that there is no such course.
            shared.replica.course(course).await?;
        }
        let taken = |row: &inkhorn_replica::DocRow| row.rejected == Some(Reason::IdTaken);
        let docs = docs.into_iter().filter(|row| !taken(row)).map(|row| row.doc).collect();
        // Once the server has it, the course is a shared one: the outbox writes both down together. A course that the
        // server refuses stays a local one.
        shared.register(course, docs, true).await?;
        drop(waiting);
        self.carry_on(course).await
    }

    /// Takes a course of the server to this computer.
    pub(crate) async fn join(&self, course: &CourseId) -> Result<()> {
        let detail = self.shared.rest()?.course(course).await?;
        self.shared.replica.join(detail.course, detail.documents).await?;
        self.carry_on(course).await
    }

    /// The app goes on in the background; a command line syncs before it ends.
    async fn carry_on(&self, course: &CourseId) -> Result<()> {
        if self.shared.always {
            self.shared.ask(Ask::Hello);
            return Ok(());
        }
        self.carry_course(course, SYNC_LIMIT).await
    }

    /// Courses on the server that the user is a member of.
    pub(crate) async fn remote_courses(&self) -> Result<Vec<Course>> {
        Ok(self.shared.rest()?.courses().await?)
    }

    /// Members of a course.
    pub(crate) async fn members(&self, course: &CourseId) -> Result<Vec<Member>> {
        Ok(self.shared.rest()?.course(course).await?.members)
    }

    /// Changes who is in a course. Not kept for later: by then it may be another decision.
    pub(crate) async fn change_member(
        &self,
        course: &CourseId,
        email: &str,
        change: MemberChange,
    ) -> Result<()> {
        let operation = Operation::Member { course: course.clone(), email: email.trim().to_owned(), change };
        let (rest, op) = (self.shared.rest()?, new_op());
        let mut answer = rest.operate(op.clone(), operation.clone()).await;
        if matches!(answer, Err(RestError::Unreachable(_))) {
            // It may have been done: the same operation again does it once, and says so.
            answer = rest.operate(op, operation).await;
        }
        let Some(reason) = answer?.rejected else { return Ok(()) };
        let code = match reason {
            Reason::NotMember | Reason::NotOwner { .. } | Reason::RoleTooLow { .. } => Code::Denied,
            Reason::NoAccount { .. } | Reason::NoSuchMember { .. } => Code::NotFound,
            Reason::LastOwner | Reason::AlreadyMember { .. } => Code::Invalid,
            _ => Code::Rejected,
        };
        Err(CoreError::new(code, sentence(&reason.to_string())))
    }

    /// The title of a course changed here.
    pub(crate) async fn title_changed(&self, course: &CourseId) -> Result<()> {
        self.shared.submit_title(course).await
    }

    /// The outbox.
    pub(crate) fn operations(&self) -> &inkhorn_outbox::Operations {
        &self.shared.operations
    }

    /// Tries a refused or expired operation again.
    pub(crate) async fn retry_operation(&self, op: &inkhorn_protocol::OpId) -> bool {
        self.shared.operations.retry(op, new_op()).await
    }

    /// Lets an operation go.
    pub(crate) async fn let_go_operation(&self, op: &inkhorn_protocol::OpId) -> Result<bool> {
        let entry = self.shared.operations.shown().entries.iter().find(|entry| entry.op == *op).cloned();
        let gone = self.shared.operations.let_go(op).await;
        if let (true, Some(entry)) = (gone, entry) {
            self.shared.note_let_go(&entry.operation).await?;
        }
        Ok(gone)
    }

    /// Something was freed to be sent.
    pub(crate) fn look_again(&self) {
        self.shared.ask(Ask::Work);
    }
}

/// A title as the server's list takes it.
fn registrable(mut title: String) -> String {
    let mut end = MAX_TITLE_BYTES.min(title.len());
    while !title.is_char_boundary(end) {
        end -= 1;
    }
    title.truncate(end);
    title
}

fn refused(reason: &Reason) -> CoreError {
    let code = match reason {
        Reason::NotMember | Reason::RoleTooLow { .. } => Code::Denied,
        Reason::Unauthenticated => return signed_out(),
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
