//! Documents that were not what the server has although nothing was under way: said, whether they could be mended or not.

use super::session::Session;
use crate::error::{Code, CoreError};
use crate::now_ms;
use inkhorn_protocol::DocId;
use inkhorn_protocol::projection::DifferedDoc;
use std::sync::PoisonError;

/// Documents that are remembered: more than anybody reads.
const MAX_DIFFERED: usize = 20;

impl Session {
    /// A document was not what the server has: it is said, whether it could be mended or not.
    pub(super) fn differed(&self, doc: DocId, repaired: bool) {
        let trouble = if repaired {
            tracing::warn!(%doc, "a document differed from the server's; it was fetched anew and is the same now");
            None
        } else {
            tracing::error!(%doc, "a document differs from the server's, also after it was fetched anew");
            let words = "A document on this computer differs from the server's although both say that they are in \
                         step. Nothing was thrown away: export the course, and tell who runs the server.";
            Some(CoreError::new(Code::Other, words))
        };
        let mut differed = self.shared.differed.lock().unwrap_or_else(PoisonError::into_inner);
        differed.push_front(DifferedDoc { doc, repaired, at_ms: now_ms() });
        differed.truncate(MAX_DIFFERED);
        drop(differed);
        // Whoever shows the state of sync reads it again, also where there is no trouble to tell.
        self.shared.progress.send_modify(|progress| progress.trouble = trouble.or(progress.trouble.take()));
    }
}
