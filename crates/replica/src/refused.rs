//! What becomes of edits that the server refused: they stay in their document, are kept apart too, and go only by word of
//! the user.

use crate::document;
use crate::effects::Effects;
use crate::state::{Change, ChangeKind, Origin};
use crate::writer::Writer;
use crate::{ReplicaError, rows};
use inkhorn_protocol::DocId;
use inkhorn_protocol::session::Reason;
use inkhorn_updates::Index;

type Result<T> = std::result::Result<T, ReplicaError>;

impl Writer {
    /// What the server has acked of a document, or brought, as far as the log tells.
    async fn acked_part(&mut self, doc: &DocId, acked: u64) -> Result<Index> {
        let id = self.document(doc).await?.id;
        let history = rows::history(&mut self.db, id).await?;
        let mut theirs = document::empty(doc);
        for entry in &history {
            // A snapshot beyond the ack holds edits of both: then everything counts as unacked.
            let known =
                if entry.snapshot { entry.version <= acked } else { !entry.local || entry.version <= acked };
            if known && document::add(&mut theirs, doc, entry.bytes.clone()).is_err() {
                return Ok(document::empty(doc));
            }
        }
        Ok(theirs)
    }

    /// What the server has not acked of a document, as one update.
    async fn unacked(&mut self, doc: &DocId, acked: u64) -> Result<Vec<u8>> {
        let known = self.acked_part(doc, acked).await?.state_vector();
        Ok(self.document(doc).await?.index().diff(&known))
    }

    /// The server refused what waits: it is kept apart as well, and the document is not sent.
    pub(crate) async fn reject(
        &mut self,
        doc: &DocId,
        reason: &Reason,
        at_ms: u64,
        effects: &mut Effects,
    ) -> Result<()> {
        let row = self.row(doc).await?;
        let bytes = self.unacked(doc, row.acked).await?;
        rows::reject(&mut self.db, row.id, reason, at_ms, &bytes).await?;
        effects.sync_state(&row.course, doc);
        Ok(())
    }

    /// What was refused waits to be sent again.
    pub(crate) async fn retry_rejected(&mut self, doc: &DocId, effects: &mut Effects) -> Result<()> {
        let row = self.row(doc).await?;
        rows::unmute(&mut self.db, row.id).await?;
        effects.sync_state(&row.course, doc);
        Ok(())
    }

    /// The document becomes what the server is known to have; what it lacks of that comes with the next sync.
    pub(crate) async fn discard(&mut self, doc: &DocId, effects: &mut Effects) -> Result<()> {
        let found = rows::docs(&mut self.db, None, Some(doc)).await?;
        let reason = found.into_iter().next().and_then(|row| row.rejected);
        let row = self.row(doc).await?;
        // A document whose id belongs to another course has nothing on the server, and must not be registered again. One
        // that is not refused now has nothing to lose but the copy that was kept when it was mended.
        if matches!(reason, None | Some(Reason::IdTaken)) {
            rows::forget_rejected(&mut self.db, row.id).await?;
            effects.sync_state(&row.course, doc);
            return Ok(());
        }
        let theirs = self.acked_part(doc, row.acked).await?.encode();
        let own = self.document(doc).await?.own().clone();
        rows::keep_writers(&mut self.db, row.id, &own).await?;
        rows::replace_history(&mut self.db, row.id, row.version + 1, &theirs, None).await?;
        rows::unmute(&mut self.db, row.id).await?;
        rows::missed(&mut self.db, row.id).await?;
        self.loaded.remove(doc);
        self.trash.remove(&row.course);
        effects.change(Change {
            course: row.course.clone(),
            doc: doc.clone(),
            version: row.version + 1,
            origin: Origin::Server,
            kind: ChangeKind::Reset,
        });
        effects.sync_state(&row.course, doc);
        Ok(())
    }
}
