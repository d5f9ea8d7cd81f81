//! Words that somebody else takes away without having seen them: whoever deletes or moves a paragraph, while an author on
//! this computer writes in it, deletes with it what they do not know of, and no replica shows it any more. Such a
//! paragraph is kept as it was, in the transaction that takes the deletion.

use crate::effects::Effects;
use crate::state::KeptWords;
use crate::writer::Writer;
use crate::{ReplicaError, rows};
use inkhorn_course::{Before, Place};
use inkhorn_protocol::DocId;
use inkhorn_protocol::body::Node;

/// For how long, in milliseconds, edits of a window may still be under way to where something has been taken away: the window
/// learns of it within a few frames, and gives what was typed until then within a second. For so long each local edit is
/// looked at, which costs a look at the text around it.
const LATE_MS: u64 = 60_000;

/// What a document was before an update of the server.
pub(crate) struct AtStake {
    before: Before,
    /// The model was built for this question alone.
    built: bool,
}

impl Writer {
    /// What of this computer's words an update takes away unseen, if anything. Nothing is integrated unless there is.
    pub(crate) async fn at_stake(
        &mut self,
        doc: &DocId,
        update: &[u8],
    ) -> Result<Option<AtStake>, ReplicaError> {
        if !matches!(doc, DocId::Lesson(_)) {
            return Ok(None);
        }
        let now = self.now_ms();
        let (document, random) = self.with_random(doc).await?;
        let Some(collateral) = document.collateral(update, now) else { return Ok(None) };
        let built = !document.has_model();
        let before = match document.lesson(random) {
            Ok(lesson) => lesson.before(&collateral).map_err(ReplicaError::from),
            Err(error) => Err(error),
        };
        if built {
            document.drop_model_if(before.as_ref().map_or(true, Before::is_empty));
        }
        match before {
            Ok(before) if before.is_empty() => Ok(None),
            Ok(before) => Ok(Some(AtStake { before, built })),
            Err(error) => {
                tracing::warn!(%doc, %error, "what goes with a paragraph could not be read");
                Ok(None)
            }
        }
    }

    /// Keeps what went and is nowhere else, once the update was taken.
    pub(crate) async fn keep(
        &mut self,
        doc: &DocId,
        stake: AtStake,
        effects: &mut Effects,
    ) -> Result<(), ReplicaError> {
        let now = self.now_ms();
        let (document, random) = self.with_random(doc).await?;
        let (id, course) = (document.id, document.course.clone());
        let lost = match document.lesson(random).map(|lesson| lesson.lost(&stake.before)) {
            Ok(Ok(lost)) => lost,
            // Rather twice than not at all.
            _ => stake.before.all(),
        };
        document.drop_model_if(stake.built);
        for going in lost {
            if rows::keep(&mut self.db, id, now, going.container, &[going.block], &going.place).await? {
                effects.sync_state(&course, doc);
            }
        }
        Ok(())
    }

    /// Words of a local edit that arrived where something was taken away just before: the window had not heard of it.
    pub(crate) async fn keep_late(
        &mut self,
        doc: &DocId,
        new: &[(u64, u32, u32)],
        effects: &mut Effects,
    ) -> Result<(), ReplicaError> {
        let now = self.now_ms();
        let document = self.document(doc).await?;
        if !document.lost_since(now.saturating_sub(LATE_MS)) {
            return Ok(());
        }
        let (id, course) = (document.id, document.course.clone());
        for hidden in document.index().hidden(new) {
            let told = hidden.runs.iter().filter(|run| !run.text.trim().is_empty());
            let blocks: Vec<Node> =
                told.map(|run| Node::new("paragraph", vec![Node::text(run.text.as_str())])).collect();
            if blocks.is_empty() {
                continue;
            }
            if !rows::keep_more(&mut self.db, id, hidden.container, &blocks).await? {
                rows::keep(&mut self.db, id, now, hidden.container, &blocks, &Place::default()).await?;
            }
            effects.sync_state(&course, doc);
        }
        Ok(())
    }

    /// Forgets one by word of the user, or because it was put back.
    pub(crate) async fn forget_kept(&mut self, id: u64, effects: &mut Effects) -> Result<(), ReplicaError> {
        if let Some((course, doc)) = rows::forget_kept(&mut self.db, id).await? {
            effects.sync_state(&course, &doc);
        }
        Ok(())
    }

    /// All that is kept, newest first.
    pub(crate) async fn kept(&mut self) -> Result<Vec<KeptWords>, ReplicaError> {
        rows::kept(&mut self.db).await
    }
}
