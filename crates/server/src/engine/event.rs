//! What goes into the engine and what comes out of it.

use super::content::Content;
use bytes::Bytes;
use inkhorn_protocol::frame::Frame;
use inkhorn_protocol::session::{CourseChanged, EventKind, Reason, Role};
use inkhorn_protocol::{CourseId, DocId, OpId};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Number of a connection, never used twice in a run.
pub type ConnId = u64;

/// Somebody who signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// Id of the account.
    pub id: Arc<str>,
    /// Name that others see.
    pub name: Arc<str>,
}

/// What a token may do with a document; `document` is absent for `@session`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub user: User,
    /// What the user may do with the document.
    pub document: Option<Standing>,
}

/// The role of a user in the course of a document, as it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Course of the document.
    pub course: CourseId,
    /// Role in it; none: no member.
    pub role: Option<Role>,
    /// Head of the course when the role was read: a change with a later number has overtaken the answer.
    pub course_seq: u64,
}

/// A document as the log holds it.
#[derive(Debug)]
pub struct Loaded {
    /// Its content, indexed.
    pub content: Content,
    /// Head of its order.
    pub doc_seq: u64,
    /// Entries since the last checkpoint.
    pub since_checkpoint: u64,
    /// Which account each client id belongs to.
    pub claims: HashMap<u64, Arc<str>>,
}

/// What a session needs to begin.
#[derive(Debug, Clone, Default)]
pub struct Greeting {
    /// The answer to hello.
    pub courses: Vec<CourseChanged>,
    /// Head of every course of the user, and the user's role in it.
    pub heads: BTreeMap<CourseId, (u64, Role)>,
}

/// Something that happened in a course, with its place in the course's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Course.
    pub course: CourseId,
    /// Head of the course after it.
    pub course_seq: u64,
    /// What; never `Members`, see `member`.
    pub kind: Option<EventKind>,
    /// A member whose role changed, with the role now.
    pub member: Option<(Arc<str>, Option<Role>)>,
}

/// Why the log failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// Nothing of the batch was written.
    #[error("nothing was saved: {0}")]
    RolledBack(String),
    /// The batch may have been written or not; the documents have to be read again.
    #[error("it is not known what was saved: {0}")]
    Uncertain(String),
}

/// Something that happened outside of the engine.
#[derive(Debug)]
pub enum Event {
    /// A connection began.
    Opened {
        /// Which.
        conn: ConnId,
    },
    /// A frame arrived.
    Frame {
        /// From where.
        conn: ConnId,
        /// The frame.
        frame: Frame,
    },
    /// A connection ended.
    Closed {
        /// Which.
        conn: ConnId,
    },
    /// Answer to [`Action::Authorise`].
    Authorised {
        /// Connection.
        conn: ConnId,
        /// Document key as the client sent it.
        key: String,
        /// Ticket of the question.
        ticket: u64,
        /// What the token may do.
        result: Result<Access, Reason>,
    },
    /// Answer to [`Action::Load`].
    Loaded {
        /// Document.
        doc: DocId,
        /// Its content.
        result: Result<Box<Loaded>, LogError>,
    },
    /// Answer to [`Action::Commit`]: when `Ok`, everything of the batch survives a power cut.
    Committed {
        /// New heads of the courses that were touched.
        result: Result<Vec<(CourseId, u64)>, LogError>,
    },
    /// Answer to [`Action::Greet`].
    Greeted {
        /// Connection.
        conn: ConnId,
        /// What changed.
        result: Result<Greeting, LogError>,
    },
    /// A course changed other than by document content: by an operation or an admin command.
    Changed(Change),
    /// An operation of a user has ended.
    Receipt {
        /// Account.
        user: Arc<str>,
        /// Operation.
        op: OpId,
        /// Why it was refused.
        rejected: Option<Reason>,
    },
    /// Time passed; expected a few times a second.
    Tick,
}

/// Something that the adapter has to do. Actions are to be done in order.
#[derive(Debug)]
pub enum Action {
    /// Send these frames, in this order, as one bundle.
    Send {
        /// To where.
        conn: ConnId,
        /// Encoded frames.
        frames: Vec<Bytes>,
    },
    /// Close the connection.
    Disconnect {
        /// Which.
        conn: ConnId,
        /// WebSocket close code.
        code: u16,
        /// Why, in a few words.
        why: &'static str,
    },
    /// Find out what a token may do; answered by [`Event::Authorised`].
    Authorise {
        /// Connection.
        conn: ConnId,
        /// Document key as the client sent it.
        key: String,
        /// To be given back.
        ticket: u64,
        /// The token.
        token: String,
        /// The document; none for `@session`.
        doc: Option<DocId>,
    },
    /// Read a document; answered by [`Event::Loaded`].
    Load {
        /// Which.
        doc: DocId,
    },
    /// Make this durable, all or nothing; answered by [`Event::Committed`]. There is never a second one before the answer.
    Commit(Batch),
    /// Keep a checkpoint, once it was verified.
    Checkpoint {
        /// Document.
        doc: DocId,
        /// Head of the order that it holds.
        doc_seq: u64,
        /// Its content, compacted.
        bytes: Vec<u8>,
    },
    /// Find out what a session needs to begin; answered by [`Event::Greeted`].
    Greet {
        /// Connection.
        conn: ConnId,
        /// Account.
        user: Arc<str>,
        /// What the app knows, by course.
        since: BTreeMap<CourseId, u64>,
    },
}

/// What is written in one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// Log entries; those of one document are in order.
    pub entries: Vec<LogEntry>,
}

/// One entry of a document's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogEntry {
    /// Document.
    pub doc: DocId,
    /// Course of the document.
    pub course: CourseId,
    /// Its place in the document's order, from 1.
    pub doc_seq: u64,
    /// The update.
    pub bytes: Bytes,
    /// Account that sent it.
    pub user: Arc<str>,
    /// Client ids that belong to the account from now on.
    pub claims: Vec<u64>,
    /// When it arrived, in milliseconds since the Unix epoch.
    pub at_ms: u64,
}
