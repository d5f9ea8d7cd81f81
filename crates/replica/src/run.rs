//! Updates of the server that wait for the same document are written as one: a storm costs a row and a look at the index
//! for each commit, not for each update.

use crate::ReplicaError;
use crate::effects::Effects;
use crate::job::{Apply, Job};
use crate::state::{Applied, Origin};
use crate::writer::Writer;
use std::collections::VecDeque;

/// Updates of one document that are next in the queue, at least two of them.
pub(crate) struct Run(Vec<Apply>);

fn joins(job: &Job, first: &Apply) -> bool {
    matches!(job, Job::Apply(next) if next.doc == first.doc && next.is_relayed())
}

impl Apply {
    /// It came by itself: nothing follows from it but its content.
    fn is_relayed(&self) -> bool {
        self.origin == Origin::Server && self.caught_up.is_none()
    }
}

impl Run {
    /// The run that begins with this job, or the job by itself.
    pub(crate) fn begin(job: Job, rest: &mut VecDeque<Job>) -> Result<Self, Job> {
        let Job::Apply(first) = job else { return Err(job) };
        if !first.is_relayed() || !rest.front().is_some_and(|next| joins(next, &first)) {
            return Err(Job::Apply(first));
        }
        let mut run = vec![first];
        while run.first().zip(rest.front()).is_some_and(|(first, next)| joins(next, first)) {
            match rest.pop_front() {
                Some(Job::Apply(next)) => run.push(next),
                // Looked at just now.
                Some(other) => rest.push_front(other),
                None => break,
            }
        }
        Ok(Self(run))
    }
}

impl Writer {
    /// Writes a run as one update. Where that cannot be done (they do not follow each other, or one of them is not
    /// acceptable), it is given back, to be written one by one: so each has the answer that is its own.
    pub(crate) async fn write_run(
        &mut self,
        run: Run,
        effects: &mut Effects,
    ) -> Result<Vec<Job>, ReplicaError> {
        let apart = |run: Run| run.0.into_iter().map(Job::Apply).collect();
        let joined = inkhorn_updates::join(run.0.iter().map(|apply| apply.update.as_slice()));
        let (Some(update), Some(first)) = (joined, run.0.first()) else { return Ok(apart(run)) };
        let doc = first.doc.clone();
        self.begin_job().await?;
        let mut own = Effects::default();
        match self.apply((doc.clone(), update, Origin::Server, None), &mut own).await {
            Ok(taken @ (Applied::Changed(_) | Applied::Nothing, _)) => {
                effects.merge(own);
                for apply in run.0 {
                    effects.answer(apply.done, taken);
                }
                sqlx::raw_sql("RELEASE job").execute(&mut self.db).await?;
                Ok(Vec::new())
            }
            Err(error) if error.is_of_the_store() => {
                for apply in run.0 {
                    let _ = apply.done.send(Err(error.clone()));
                }
                Err(error)
            }
            Ok(_) | Err(_) => {
                self.loaded.remove(&doc);
                sqlx::raw_sql("ROLLBACK TO job; RELEASE job").execute(&mut self.db).await?;
                Ok(apart(run))
            }
        }
    }
}
