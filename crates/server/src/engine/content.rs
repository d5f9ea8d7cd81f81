//! A document's content as the index holds it, with what the engine needs on top: taking back a single staged update,
//! and refusals in the words of the wire.

use bytes::Bytes;
use inkhorn_protocol::DocId;
use inkhorn_protocol::frame::MAX_FRAME_BYTES;
use inkhorn_protocol::schema::{RootType, roots};
use inkhorn_protocol::session::Reason;
use inkhorn_updates::{Fingerprint, Index, Invalid, MAX_CLIENT_BYTES, Refused, Schema, StateVector};

/// Largest document, in bytes: its whole content has to fit into one frame for a newcomer.
const MAX_DOCUMENT_BYTES: usize = MAX_FRAME_BYTES - 64 * 1024;

/// The indexed content of one document: committed, and in flight.
#[derive(Debug)]
pub struct Content {
    index: Index,
    /// At least as many bytes as the whole content takes on the wire.
    size: usize,
    /// What is in flight, in order.
    staged: Vec<Bytes>,
    /// Of what is committed, once somebody asked.
    fingerprint: Option<Fingerprint>,
}

/// Clocks of one client that were not known before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Range {
    /// Client id.
    pub client: u64,
    /// First clock.
    pub from: u32,
}

/// What a staged update brings.
#[derive(Debug, Default)]
pub struct Staged {
    /// The part of it that is to be stored and relayed; none when all of it was known.
    pub bytes: Option<Bytes>,
    /// New clocks by client; empty when it only deletes.
    pub ranges: Vec<Range>,
    /// Where something is missing, behind which nothing was taken.
    pub gap: Option<(u64, u32)>,
}

/// Why an update was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Something before it is missing; a step 2 of its sender may bring it.
    Gap {
        /// Client whose clocks are missing.
        client: u64,
        /// First clock that cannot be taken.
        from_clock: u32,
    },
    /// It will never be taken.
    Other {
        /// Client to blame; 0 when no single one is.
        client: u64,
        /// First refused clock.
        from_clock: u32,
        /// Why.
        reason: Reason,
    },
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let other = |client, from_clock, reason| Self::Other { client, from_clock, reason };
        match refused {
            Refused::Gap { client, need, .. } => Self::Gap { client, from_clock: need },
            Refused::UnknownReference { client, clock } => Self::Gap { client, from_clock: clock },
            Refused::Container { client, clock, .. } => {
                other(client, clock, Reason::Invalid { detail: refused.to_string() })
            }
            Refused::Fork { client, clock } => other(client, clock, Reason::Fork),
            Refused::TooLarge => other(0, 0, Reason::TooLarge { limit_bytes: MAX_CLIENT_BYTES as u64 }),
            Refused::Invalid(_) | Refused::InFlight => {
                other(0, 0, Reason::Invalid { detail: refused.to_string() })
            }
        }
    }
}

impl Content {
    /// An empty document.
    pub fn new(doc: &DocId) -> Self {
        let schema = Schema::new(roots(doc).iter().map(|&(name, kind)| {
            let kind = match kind {
                RootType::Map => inkhorn_updates::RootType::Map,
                RootType::Array => inkhorn_updates::RootType::Array,
                RootType::Text => inkhorn_updates::RootType::Text,
                RootType::Xml => inkhorn_updates::RootType::Xml,
            };
            (name, kind)
        }));
        Self { index: Index::new(schema), size: 0, staged: Vec::new(), fingerprint: None }
    }

    /// Takes an update that is durable already.
    ///
    /// # Errors
    /// [`Refused`] when it does not fit, which means that the log is damaged.
    pub fn replay(&mut self, update: &[u8]) -> Result<(), Refused> {
        self.size += update.len();
        self.fingerprint = None;
        self.index.add(update).map(|_| ())
    }

    /// Takes an update into flight.
    ///
    /// # Errors
    /// [`Refusal`]; nothing changed then.
    pub fn stage(&mut self, update: &Bytes) -> Result<Staged, Refusal> {
        let added = self.index.stage(update)?;
        if !added.is_noop && self.is_full(update.len()) {
            self.staged.push(Bytes::new());
            self.take_back();
            let reason = Reason::TooLarge { limit_bytes: MAX_DOCUMENT_BYTES as u64 };
            return Err(Refusal::Other { client: 0, from_clock: 0, reason });
        }
        let bytes = (!added.is_noop).then(|| added.part.map_or_else(|| update.clone(), Bytes::from));
        // A no-op is one in flight too, for the index; so it is one here.
        self.staged.push(bytes.clone().unwrap_or_else(|| Bytes::from_static(&[0, 0])));
        let ranges = added.new.iter().map(|&(client, from, _)| Range { client, from }).collect();
        Ok(Staged { bytes, ranges, gap: added.gap.map(|gap| (gap.client, gap.need)) })
    }

    /// Whether the document would become too large; counts exactly only when it has to.
    fn is_full(&mut self, more: usize) -> bool {
        self.size += more;
        if self.size > MAX_DOCUMENT_BYTES {
            let staged: usize = self.staged.iter().map(Bytes::len).sum();
            self.size = self.index.encode().len() + staged + more;
        }
        self.size > MAX_DOCUMENT_BYTES
    }

    /// Takes the last staged update back.
    pub fn take_back(&mut self) {
        self.staged.pop();
        self.index.rollback();
        for update in &self.staged {
            // They were taken in this order before.
            let _ = self.index.stage(update);
        }
    }

    /// Everything in flight is durable.
    pub fn commit(&mut self) {
        self.fingerprint = None;
        self.index.commit(self.index.in_flight());
        self.staged.clear();
    }

    /// Nothing in flight is durable.
    pub fn rollback(&mut self) {
        self.index.rollback();
        self.staged.clear();
    }

    /// Fingerprint of what is committed; reckoned once for each state.
    pub fn fingerprint(&mut self) -> Fingerprint {
        *self.fingerprint.get_or_insert_with(|| self.index.fingerprint())
    }

    /// State vector of what is committed.
    pub fn state_vector(&self) -> Vec<u8> {
        self.index.state_vector().encode()
    }

    /// What the owner of a state vector lacks of what is committed.
    ///
    /// # Errors
    /// [`Invalid`] when the state vector does not read.
    pub fn diff(&self, state_vector: &[u8]) -> Result<Vec<u8>, Invalid> {
        Ok(self.index.diff(&StateVector::decode(state_vector)?))
    }

    /// What is committed, in the smallest form, if a fresh replay of that form is the same document.
    pub fn checkpoint(&self, doc: &DocId) -> Option<Vec<u8>> {
        let bytes = self.index.compact();
        let mut fresh = Self::new(doc);
        fresh.replay(&bytes).ok()?;
        let same = fresh.index.state_vector() == self.index.state_vector()
            && fresh.index.delete_set() == self.index.delete_set()
            && fresh.index.compact() == bytes;
        same.then_some(bytes)
    }
}
