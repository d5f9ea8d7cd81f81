//! The document-sync engine: a pure state machine for one connection. Events go in, actions come out; it reads no
//! clock, no disk and no network, so a simulation runs it on a virtual network (the idea of samod-core).
//!
//! The driver (the session in `core`) makes an [`Engine`] for each connection, once the server has answered hello:
//!
//! 1. it feeds [`Event::Work`] with what the replica says of its documents ([`crate::Replica::work`]), now and whenever
//!    that changed: after hello, after a session event, after a registration, after assets were uploaded, after lag;
//! 2. it performs every [`Action`] in order. Jobs for the replica are queued in order by calling its functions, whose
//!    futures may be awaited later and in any order; their outcomes come back as [`Event::Read`] and
//!    [`Event::Applied`] with the action's ticket;
//! 3. it feeds frames, notices, local commits and a [`Event::Tick`] every second or so.
//!
//! [`Turns`] is what such a driver has to remember beside the engine: hello and the question for work one at a time, and
//! which local edits go to the engine by way of that question (`detour`).
//!
//! What the engine keeps to (DESIGN section 4): only documents that changed, are dirty or are open; a token, then our
//! step 1; the server's step 1 is answered by one step 2; local commits follow as updates, and `stored {n}` acks them;
//! a gap makes one step 1 and never a second one at a time; nothing is sent of a document that is not registered, whose
//! assets are not uploaded, or whose edits were refused; an outline follows the lessons it names. When an exchange has ended,
//! the fingerprint here is compared with the server's (`verify`).

mod clock;
mod detour;
mod doc;
mod engine;
mod turns;

pub use engine::Engine;
pub use turns::{Greeted, Turns};

use crate::{Applied, DocWork, Print, Read, Rebuild, ReplicaError};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::{DocNotice, Reason};
use inkhorn_protocol::{CourseId, DocId};
use std::sync::Arc;

/// Documents that are synced at the same time; those that wait take their turn. Enough to hide the round trip, few
/// enough that 1,000 lessons do not make 1,000 reads at once on either side.
pub const MAX_UNDER_WAY: usize = 32;

/// Largest payload of a frame that is sent: the frame's limit, less room for its head.
pub const MAX_PAYLOAD_BYTES: usize = inkhorn_protocol::frame::MAX_FRAME_BYTES - 1024;

/// How often a refused client id is replaced for one document and connection. One time is what a copied profile
/// needs; more than a few means that the server refuses whatever comes.
pub const MAX_REKEYS: u8 = 3;

/// How often a document that differs from the server's is rebuilt on one connection. Once is what damage on this side
/// needs; if it differs still, another time would not help.
pub const MAX_REPAIRS: u8 = 1;

/// How often a document is tried again on one connection after it failed.
pub const MAX_RETRIES: u8 = 3;

/// First delay before a document that failed is tried again, in milliseconds; it doubles.
pub const RETRY_MS: u64 = 2_000;

/// How long a document that nobody looks at rests, in milliseconds, once the server's word on it has begun two exchanges
/// within twice this time. Somebody else's typing is then fetched as often, with all that was typed meanwhile; without
/// that, a course that many people write in would cost an exchange for each of their words, and the lesson that is
/// looked at would wait behind them.
pub const REST_MS: u64 = 500;

/// Delay before what could not be written down is written again, in milliseconds.
pub const REWRITE_MS: u64 = 2_000;

/// Longest delay before a registration that failed is tried again, in milliseconds: the first is [`RETRY_MS`], and it
/// doubles. The server keeps the outcome of each, so one that is refused for good must not be asked for all day.
pub const MAX_REGISTER_RETRY_MS: u64 = 600_000;

/// A document whose exchange makes no progress for this long is closed and tried again, in milliseconds. A link that
/// is dead is noticed sooner, by the heartbeat.
pub const STALL_MS: u64 = 60_000;

/// Names one read or apply that the engine asked for.
pub type Ticket = u64;

/// What happened.
#[derive(Debug, Clone)]
pub enum Event {
    /// What the replica says of documents of shared courses; naming a document again replaces what was known.
    /// Documents that are not named stay as they are.
    Work(Vec<DocWork>),
    /// A frame came for a document.
    Frame {
        /// Document.
        doc: DocId,
        /// What it says.
        message: Message,
    },
    /// The server said something about a document (a stateless message on its name).
    Notice(DocNotice),
    /// A local edit was committed (from [`crate::Replica::changes`], local origins only).
    Committed {
        /// Document.
        doc: DocId,
        /// Version after it.
        version: u64,
        /// The update.
        update: Arc<[u8]>,
    },
    /// Answer to [`Action::Read`].
    Read {
        /// Document.
        doc: DocId,
        /// Ticket of the action.
        ticket: Ticket,
        /// What was read; the error when it could not be.
        read: Result<Read, ReplicaError>,
    },
    /// Answer to [`Action::Apply`] and [`Action::Rebuild`].
    Applied {
        /// Document.
        doc: DocId,
        /// Ticket of the action.
        ticket: Ticket,
        /// What became of it.
        outcome: Result<Applied, ReplicaError>,
    },
    /// Answer to [`Action::Verify`].
    Verified {
        /// Document.
        doc: DocId,
        /// Ticket of the action.
        ticket: Ticket,
        /// The fingerprint; the error when it could not be read.
        print: Result<Print, ReplicaError>,
    },
    /// An [`Action::Acked`], [`Action::Subscribed`], [`Action::Missed`] or [`Action::Reject`] of the document could not be
    /// written down, and the next time may go better (a full disk).
    Unwritten(DocId),
    /// A window opened the document: it stays subscribed.
    Opened(DocId),
    /// The last window closed it: it is closed on the connection once it has nothing under way.
    Closed(DocId),
    /// The registration of [`Action::Register`] has ended. After success the driver also feeds the new `Work`.
    Registered {
        /// Course.
        course: CourseId,
        /// Whether the server knows the documents now; else it is tried again later.
        done: bool,
    },
    /// A role changed, or hello was answered once more: what was given up on this connection may work now. Feed the new
    /// `Work` too.
    Anew,
    /// Time passed.
    Tick,
}

impl Event {
    /// The one document that it is about; `None` when it may concern several, or what others are to do.
    fn is_of(&self) -> Option<&DocId> {
        match self {
            Self::Frame { doc, .. } | Self::Read { doc, .. } | Self::Applied { doc, .. } => Some(doc),
            Self::Verified { doc, .. } => Some(doc),
            Self::Committed { doc, .. } => Some(doc),
            Self::Notice(DocNotice::Stored { doc, .. } | DocNotice::At { doc, .. }) => Some(doc),
            Self::Notice(DocNotice::Rejected { .. })
            | Self::Work(_)
            | Self::Unwritten(_)
            | Self::Opened(_)
            | Self::Closed(_)
            | Self::Registered { .. }
            | Self::Anew
            | Self::Tick => None,
        }
    }
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Send a frame on the document's name.
    Send {
        /// Document.
        doc: DocId,
        /// What it says.
        message: Message,
    },
    /// Read the state vector (`since` is `None`), or what a peer with that state vector lacks: answer by
    /// [`Event::Read`].
    Read {
        /// Document.
        doc: DocId,
        /// To be given back.
        ticket: Ticket,
        /// State vector of the peer.
        since: Option<Vec<u8>>,
    },
    /// [`crate::Replica::apply_remote`]; answer by [`Event::Applied`].
    Apply {
        /// Document.
        doc: DocId,
        /// To be given back.
        ticket: Ticket,
        /// The update.
        update: Vec<u8>,
        /// Up to which mark the document is caught up after it.
        caught_up: Option<u64>,
    },
    /// [`crate::Replica::rebuild`]: the server's whole order has come, what it lacks goes on top; answer by
    /// [`Event::Applied`].
    Rebuild {
        /// Document.
        doc: DocId,
        /// To be given back.
        ticket: Ticket,
        /// The server's whole state.
        update: Vec<u8>,
        /// Why.
        why: Rebuild,
        /// Up to which mark the document is caught up after it.
        caught_up: u64,
    },
    /// [`crate::Replica::fingerprint`]; answer by [`Event::Verified`].
    Verify {
        /// Document.
        doc: DocId,
        /// To be given back.
        ticket: Ticket,
    },
    /// The document was not what the server has, although nothing was under way. `repaired`: it is now, after the server's
    /// whole order was asked for; else it differs still, and stays as it is.
    Differed {
        /// Document.
        doc: DocId,
        /// Whether it is mended.
        repaired: bool,
    },
    /// [`crate::Replica::acked`].
    Acked {
        /// Document.
        doc: DocId,
        /// All local edits up to this version are on the server.
        version: u64,
        /// Head of the server's order.
        doc_seq: u64,
    },
    /// [`crate::Replica::subscribed`].
    Subscribed {
        /// Document.
        doc: DocId,
        /// Whether updates of others arrive by themselves from now on.
        on: bool,
    },
    /// [`crate::Replica::missed`]: updates arrived by themselves, and some may not have been taken. Then the driver feeds
    /// the new `Work`.
    Missed {
        /// Document.
        doc: DocId,
    },
    /// Register these documents (idempotent), then [`Event::Registered`].
    Register {
        /// Course.
        course: CourseId,
        /// Documents, the outline among them if it is not registered.
        docs: Vec<DocId>,
    },
    /// [`crate::Replica::reject`]: the edits are kept and shown, and not sent again.
    Reject {
        /// Document.
        doc: DocId,
        /// Why.
        reason: Reason,
    },
    /// The server does not know this sign-in any more: end the connection and ask the user.
    SignIn,
    /// The document could not be synced on this connection, after every retry.
    GaveUp {
        /// Document.
        doc: DocId,
        /// Why, for the log and the sync centre.
        why: String,
    },
    /// Everything that was known to be under way has ended: nothing waits, in either direction.
    Settled,
}
