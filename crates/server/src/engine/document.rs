//! One document in memory.

use super::Engine;
use super::awareness::Awareness;
use super::content::Content;
use super::event::{ConnId, Loaded, LogError};
use inkhorn_protocol::DocId;
use inkhorn_protocol::session::Reason;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

/// A connection and the key under which it has the document open.
pub(super) type OpenId = (ConnId, String);

/// A document that is being read, or is there.
#[derive(Debug)]
pub(super) enum Slot {
    /// Being read; these wait for it.
    Loading(BTreeSet<OpenId>),
    /// There.
    Ready(Box<Document>),
}

/// A loaded document.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) content: Content,
    /// Head of the committed order.
    pub(super) doc_seq: u64,
    /// Head with what is staged or being written.
    pub(super) staged_seq: u64,
    pub(super) since_checkpoint: u64,
    /// Which account each client id belongs to: by what it wrote. Kept on disk, because the app sends what was never acked
    /// again after a restart of either side, on a new connection: so an id is bound to the account, not to the socket.
    pub(super) claims: HashMap<u64, Arc<str>>,
    pub(super) awareness: Awareness,
    pub(super) opens: BTreeSet<OpenId>,
    /// When it was last open.
    pub(super) used_ms: u64,
}

impl Document {
    /// Whether a client id belongs to another account than this one.
    pub(super) fn belongs_to_other(&self, client: u64, user: &Arc<str>) -> bool {
        let owner = self.claims.get(&client).or_else(|| self.awareness.account(client));
        owner.is_some_and(|owner| owner != user)
    }
}

impl Engine {
    pub(super) fn ready(&mut self, doc: &DocId) -> Option<&mut Document> {
        match self.docs.get_mut(doc) {
            Some(Slot::Ready(document)) => Some(document),
            _ => None,
        }
    }

    pub(super) fn loaded(&mut self, doc: DocId, result: Result<Box<Loaded>, LogError>) {
        let Some(Slot::Loading(waiting)) = self.docs.remove(&doc) else { return };
        let loaded = match result {
            Ok(loaded) => *loaded,
            Err(_) => {
                for open in waiting {
                    self.refuse(&open, 0, 0, 0, Reason::StorageFailed);
                }
                return;
            }
        };
        let document = Document {
            content: loaded.content,
            doc_seq: loaded.doc_seq,
            staged_seq: loaded.doc_seq,
            since_checkpoint: loaded.since_checkpoint,
            claims: loaded.claims,
            awareness: Awareness::default(),
            opens: waiting.clone(),
            used_ms: self.now_ms,
        };
        self.docs.insert(doc, Slot::Ready(Box::new(document)));
        for open in waiting {
            self.opened(&open);
        }
    }
}
