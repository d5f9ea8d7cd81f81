//! How the writer keeps operations, and what follows from one that was done.

use crate::effects::Effects;
use crate::state::OperationEffect;
use crate::writer::Writer;
use crate::{ReplicaError, rows};
use inkhorn_protocol::{CourseId, OpId};

/// Facts with this prefix name courses that the server has lost (see [`crate::Replica::lost_courses`]).
pub(crate) const LOST: &str = "lost:";

type Result<T> = std::result::Result<T, ReplicaError>;

impl Writer {
    /// Writes what follows from an operation that the server has done, and removes its row: one transaction.
    pub(crate) async fn operation_done(
        &mut self,
        op: &OpId,
        effect: OperationEffect,
        effects: &mut Effects,
    ) -> Result<()> {
        match effect {
            OperationEffect::Registered { course, docs, title } => {
                let known = rows::courses(&mut self.db).await?;
                // A course that is gone from this computer has nothing to write.
                if let Some(row) = known.into_iter().find(|row| row.id == course) {
                    let lost = rows::fact(&mut self.db, &lost_name(&course)).await?.is_some();
                    if lost {
                        // The server has begun the course anew: all that is here is offered to it.
                        rows::offer_course(&mut self.db, &course).await?;
                        rows::remove_fact(&mut self.db, &lost_name(&course)).await?;
                    }
                    if !row.shared || row.role.is_none() {
                        rows::set_shared(&mut self.db, &course).await?;
                        self.unmute_by_role(&course, effects).await?;
                        effects.courses();
                    }
                    // The title counts for a new course only.
                    let title = (!row.shared || lost).then_some(title);
                    self.registered(&course, &docs, title, effects).await?;
                }
            }
            OperationEffect::Titled { course, title } => {
                rows::set_registered_title(&mut self.db, &course, &title).await?;
            }
        }
        rows::remove_operation(&mut self.db, op).await
    }

    /// Notes that a course of which the user was the owner is not on the server any more, or not the user's.
    pub(crate) async fn note_lost(&mut self, course: &CourseId) -> Result<()> {
        rows::set_fact(&mut self.db, &lost_name(course), "").await
    }
}

/// Name of the fact that a course was lost by the server.
pub(crate) fn lost_name(course: &CourseId) -> String {
    format!("{LOST}{course}")
}
