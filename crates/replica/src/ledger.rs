//! How the writer keeps the books of sync: what is acked, registered, behind, refused, shared. Also where every writing
//! job is dispatched.

use crate::effects::Effects;
use crate::job::{Create, Edit, Job};
use crate::state::*;
use crate::writer::Writer;
use crate::{ReplicaError, rows};
use inkhorn_protocol::rest::Course;
use inkhorn_protocol::session::{CourseChanged, EventKind, Role};
use inkhorn_protocol::{CourseId, DocId};

/// Fact: epoch of the server that was seen last.
pub(crate) const EPOCH: &str = "epoch";

type Result<T> = std::result::Result<T, ReplicaError>;

impl Writer {
    /// Performs one writing job.
    ///
    /// # Errors
    /// The store's only: they end the group. A refusal goes to whoever asked.
    pub(crate) async fn write(&mut self, job: Job, effects: &mut Effects) -> Result<()> {
        self.begin_job().await?;
        let mut own = Effects::default();
        macro_rules! end {
            ($done:expr, $outcome:expr) => {{
                let outcome = $outcome.await;
                self.end_job($done, outcome, own, effects).await
            }};
        }
        match job {
            Job::Apply(job) => {
                let (job, done) = job.split();
                end!(done, self.apply(job, &mut own))
            }
            Job::Edit(Edit { doc, origin, run, done }) => end!(done, self.edit(&doc, origin, run, &mut own)),
            Job::Create(create) => {
                let Create { course, done } = *create;
                end!(done, self.create(course, &mut own))
            }
            Job::Rebuild { doc, server, why, caught_up, at_ms, done } => {
                end!(done, self.rebuild(&doc, server, why, (caught_up, at_ms), &mut own))
            }
            Job::Acked { doc, version, doc_seq, done } => {
                end!(done, self.acked(&doc, version, doc_seq, &mut own))
            }
            Job::Subscribed { doc, on, done } => end!(done, self.subscribed(&doc, on)),
            Job::Missed { doc, done } => end!(done, self.missed(&doc, &mut own)),
            Job::Registered { course, docs, title, done } => {
                end!(done, self.registered(&course, &docs, title, &mut own))
            }
            Job::Reject { doc, reason, at_ms, done } => {
                end!(done, self.reject(&doc, &reason, at_ms, &mut own))
            }
            Job::RetryRejected { doc, done } => end!(done, self.retry_rejected(&doc, &mut own)),
            Job::Discard { doc, done } => end!(done, self.discard(&doc, &mut own)),
            Job::SaveOperation { op, course, body, done } => {
                end!(done, rows::save_operation(&mut self.db, &op, &course, &body))
            }
            Job::RemoveOperation { op, done } => end!(done, rows::remove_operation(&mut self.db, &op)),
            Job::OperationDone { op, effect, done } => {
                end!(done, self.operation_done(&op, effect, &mut own))
            }
            Job::RemoveFact { name, done } => end!(done, rows::remove_fact(&mut self.db, &name)),
            Job::Share { course, done } => end!(done, self.share(&course, &mut own)),
            Job::Join { course, docs, done } => end!(done, self.join(*course, &docs, &mut own)),
            Job::HelloAnswered { epoch, courses, done } => {
                end!(done, self.hello_answered(&epoch, &courses, &mut own))
            }
            Job::CourseEvent { course, prev_seq, course_seq, kind, done } => {
                end!(done, self.course_event(&course, (prev_seq, course_seq), &kind, &mut own))
            }
            Job::SetOwners { course, owners, done } => {
                end!(done, self.set_owners(&course, &owners, &mut own))
            }
            Job::ForgetKept { id, done } => end!(done, self.forget_kept(id, &mut own)),
            Job::SetFact { name, value, done } => end!(done, rows::set_fact(&mut self.db, &name, &value)),
            Job::AssetState { course, hash, here, done } => end!(done, async {
                rows::asset_state(&mut self.db, &course, &hash, here).await?;
                own.asset(&course, &hash);
                Ok(())
            }),
            // Reads are not given to this function; were one, it would be told so.
            other => {
                other.refuse(ReplicaError::Closed);
                Ok(())
            }
        }
    }

    /// Row of a document without loading it.
    pub(crate) async fn row(&mut self, doc: &DocId) -> Result<rows::Doc> {
        rows::find_doc(&mut self.db, doc).await?.ok_or_else(|| ReplicaError::UnknownDoc(doc.clone()))
    }

    async fn acked(&mut self, doc: &DocId, version: u64, doc_seq: u64, effects: &mut Effects) -> Result<()> {
        let row = self.row(doc).await?;
        rows::acked(&mut self.db, row.id, version, doc_seq).await?;
        effects.sync_state(&row.course, doc);
        Ok(())
    }

    async fn subscribed(&mut self, doc: &DocId, on: bool) -> Result<()> {
        let row = self.row(doc).await?;
        rows::subscribed(&mut self.db, row.id, on).await
    }

    async fn missed(&mut self, doc: &DocId, effects: &mut Effects) -> Result<()> {
        let row = self.row(doc).await?;
        rows::missed(&mut self.db, row.id).await?;
        effects.sync_state(&row.course, doc);
        Ok(())
    }

    pub(crate) async fn registered(
        &mut self,
        course: &CourseId,
        docs: &[DocId],
        title: Option<String>,
        effects: &mut Effects,
    ) -> Result<()> {
        for doc in docs {
            rows::registered(&mut self.db, doc).await?;
            effects.sync_state(course, doc);
        }
        if let Some(title) = title {
            rows::set_registered_title(&mut self.db, course, &title).await?;
        }
        Ok(())
    }

    async fn share(&mut self, course: &CourseId, effects: &mut Effects) -> Result<()> {
        if !rows::set_shared(&mut self.db, course).await? {
            return Err(ReplicaError::UnknownCourse(course.clone()));
        }
        effects.courses();
        Ok(())
    }

    async fn join(&mut self, course: Course, docs: &[DocId], effects: &mut Effects) -> Result<()> {
        let Course { id, title, role, owners, .. } = course;
        rows::add_course(&mut self.db, &id, &title).await?;
        rows::set_shared(&mut self.db, &id).await?;
        rows::set_role(&mut self.db, &id, Some(role)).await?;
        rows::set_owners(&mut self.db, &id, &owners).await?;
        rows::set_registered_title(&mut self.db, &id, &title).await?;
        rows::mark_behind(&mut self.db, docs, &id).await?;
        effects.courses();
        Ok(())
    }

    async fn hello_answered(
        &mut self,
        epoch: &str,
        courses: &[CourseChanged],
        effects: &mut Effects,
    ) -> Result<HelloOutcome> {
        let known = rows::courses(&mut self.db).await?;
        let seen = rows::fact(&mut self.db, EPOCH).await?;
        let ahead = courses.iter().any(|changed| {
            // A head below ours: a database that was copied back without a new epoch. A course that is gone has none.
            let ours = known.iter().find(|row| row.id == changed.course).map_or(0, |row| row.course_seq);
            changed.role.is_some() && changed.course_seq < ours
        });
        let new_epoch = ahead || seen.as_deref().is_some_and(|seen| seen != epoch);
        if new_epoch {
            rows::offer_all(&mut self.db).await?;
        }
        if seen.as_deref() != Some(epoch) {
            rows::set_fact(&mut self.db, EPOCH, epoch).await?;
        }
        rows::mark_subscribed_behind(&mut self.db).await?;
        let mut outcome = HelloOutcome { new_epoch, courses_changed: false };
        for changed in courses {
            let Some(row) = known.iter().find(|row| row.id == changed.course) else { continue };
            if changed.role.is_none() && row.shared && row.role == Some(Role::Owner) && row.course_seq > 0 {
                // Either the owner was removed, or the server is older than the sharing of the course: asking it to
                // register the course finds out which, and does no harm.
                self.note_lost(&changed.course).await?;
            }
            outcome.courses_changed |= self.take_role(&changed.course, row, changed.role, effects).await?;
            if changed.role.is_none() {
                continue;
            }
            if row.registered_title.as_deref() != Some(&changed.title) && !changed.title.is_empty() {
                rows::set_registered_title(&mut self.db, &changed.course, &changed.title).await?;
                outcome.courses_changed = true;
            }
            self.mark_behind(&changed.course, &changed.docs, effects).await?;
            rows::set_course_seq(&mut self.db, &changed.course, changed.course_seq).await?;
        }
        if outcome.courses_changed || new_epoch {
            effects.courses();
        }
        Ok(outcome)
    }

    /// Takes a role from the server. Where it may write again, what was refused because of the role waits again.
    async fn take_role(
        &mut self,
        course: &CourseId,
        row: &CourseRow,
        role: Option<Role>,
        effects: &mut Effects,
    ) -> Result<bool> {
        // A course that is about to be registered is not known to the server yet: that takes no role away.
        if role.is_none() && row.course_seq == 0 {
            return Ok(false);
        }
        let changed = rows::set_role(&mut self.db, course, role).await?;
        if role.is_some_and(Role::may_write) {
            self.unmute_by_role(course, effects).await?;
        }
        if changed {
            effects.courses();
        }
        Ok(changed)
    }

    /// What was refused because of the role waits again.
    pub(crate) async fn unmute_by_role(&mut self, course: &CourseId, effects: &mut Effects) -> Result<()> {
        for id in rows::muted_by_role(&mut self.db, course).await? {
            rows::unmute(&mut self.db, id).await?;
            effects.courses();
        }
        Ok(())
    }

    async fn mark_behind(&mut self, course: &CourseId, docs: &[DocId], effects: &mut Effects) -> Result<()> {
        rows::mark_behind(&mut self.db, docs, course).await?;
        for doc in docs {
            effects.sync_state(course, doc);
        }
        Ok(())
    }

    async fn course_event(
        &mut self,
        course: &CourseId,
        (prev_seq, course_seq): (u64, u64),
        kind: &EventKind,
        effects: &mut Effects,
    ) -> Result<bool> {
        let known = rows::courses(&mut self.db).await?;
        let Some(row) = known.iter().find(|row| &row.id == course && row.shared) else {
            // Not a course of this computer.
            return Ok(true);
        };
        if row.course_seq != prev_seq {
            // What is older than the head was taken already; what is newer came after something that was missed.
            return Ok(course_seq <= row.course_seq);
        }
        match kind {
            EventKind::Documents { docs } | EventKind::Registered { docs } => {
                self.mark_behind(course, docs, effects).await?;
            }
            EventKind::Title { title } => {
                rows::set_registered_title(&mut self.db, course, title).await?;
                effects.courses();
            }
            EventKind::Members { role } => {
                self.take_role(course, row, *role, effects).await?;
                effects.courses();
            }
            // To be asked about again, as if it had been missed.
            EventKind::Unknown => return Ok(false),
        }
        rows::set_course_seq(&mut self.db, course, course_seq).await?;
        Ok(true)
    }

    async fn set_owners(
        &mut self,
        course: &CourseId,
        owners: &[String],
        effects: &mut Effects,
    ) -> Result<()> {
        if rows::set_owners(&mut self.db, course, owners).await? {
            effects.courses();
        }
        Ok(())
    }
}
