//! What is known about courses and documents besides their content: plain data, in and out of the store.

use inkhorn_course::{OpError, Outline, Place, Random, client_id};
use inkhorn_protocol::body::Node;
use inkhorn_protocol::projection::AssetRef;
use inkhorn_protocol::session::{Reason, Role};
use inkhorn_protocol::{AssetHash, CourseId, DocId, NodeId};
use std::sync::Arc;

/// Who made a change. A window does not get its own pushes back from a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The core itself: commands on the outline, imports, the command line.
    Core,
    /// An editor, by a number that its window drew.
    Editor(u64),
    /// The server.
    Server,
}

impl Origin {
    /// Whether the change was made on this computer, hence waits to be sent.
    pub fn is_local(self) -> bool {
        self != Self::Server
    }
}

/// A change of a document, after its commit.
#[derive(Debug, Clone)]
pub struct Change {
    /// Course of the document.
    pub course: CourseId,
    /// Document.
    pub doc: DocId,
    /// Version after the change.
    pub version: u64,
    /// Who made it.
    pub origin: Origin,
    /// What it was.
    pub kind: ChangeKind,
}

/// What a change was.
#[derive(Debug, Clone)]
pub enum ChangeKind {
    /// An update (v1) to apply to what one has.
    Update(Arc<[u8]>),
    /// History was rebuilt (a client id was refused): throw the document away and load it again.
    Reset,
}

/// State and version of a document, read together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// An update (v1) with what was asked for, or a state vector.
    pub bytes: Vec<u8>,
    /// Version that the bytes show.
    pub version: u64,
    /// Of an outline's content: lessons that it may name, that are to be sent now or once the role allows it, and that the
    /// server has never had.
    pub fresh: Vec<DocId>,
    /// Of a lesson's content: assets that it may name are still to be uploaded.
    pub held: bool,
}

impl Read {
    /// Names nothing that the server cannot have.
    pub fn of(bytes: Vec<u8>, version: u64) -> Self {
        Self { bytes, version, fresh: Vec::new(), held: false }
    }
}

/// Fingerprint of a document, if it may be compared with the server's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Print {
    /// The fingerprint; none while local edits wait: the server cannot have the same.
    pub state: Option<String>,
    /// Version of the document.
    pub version: u64,
}

/// A course with everything known about it besides its documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourseRow {
    /// Id.
    pub id: CourseId,
    /// Title: of the outline, or as registered while the outline has not arrived.
    pub title: String,
    /// Whether it is on a server, or to be put there.
    pub shared: bool,
    /// Role there; `None` while it is only here, or when the user is no member any more.
    pub role: Option<Role>,
    /// Names of its owners.
    pub owners: Vec<String>,
    /// Head of the course's events up to which everything is here or marked as behind.
    pub course_seq: u64,
    /// Title that the server has; `None` until it is known.
    pub registered_title: Option<String>,
}

/// A document with its sync state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocRow {
    /// Document.
    pub doc: DocId,
    /// Its course.
    pub course: CourseId,
    /// Local version: 0 as long as nothing has arrived.
    pub version: u64,
    /// Local edits that the server has not acked (0 in a course that is not shared).
    pub waiting: u64,
    /// Whether the server is known to have something that is not here.
    pub behind: bool,
    /// Whether the server knows the document.
    pub registered: bool,
    /// Why edits of this document were refused, if they were: they are kept, and not sent again until that changes.
    pub rejected: Option<Reason>,
}

/// A document of a shared course with edits that the server has not acked, and that were not refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingRow {
    /// Document.
    pub doc: DocId,
    /// Its course.
    pub course: CourseId,
    /// Edits.
    pub edits: u64,
    /// Their size, in bytes.
    pub bytes: u64,
    /// When the oldest of them was written, in milliseconds since the Unix epoch; none for one of an older Inkhorn.
    pub since_ms: Option<u64>,
    /// Assets that it names and that are to be uploaded before it.
    pub assets: u64,
}

/// What the sync engine must know of a document to decide what to do with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocWork {
    /// Document.
    pub doc: DocId,
    /// Its course.
    pub course: CourseId,
    /// Local version.
    pub version: u64,
    /// Has local edits that the server has not acked, or must be offered whole (new epoch).
    pub dirty: bool,
    /// The server has never acked anything of it.
    pub fresh: bool,
    /// The server has something that is not here.
    pub behind: bool,
    /// Counts how often it was found to be behind; an apply that says up to which mark it catches up ends that.
    pub mark: u64,
    /// The server knows the document.
    pub registered: bool,
    /// Its edits were refused: receive, do not send.
    pub muted: bool,
    /// They were refused for the role, and will be sent once it allows that: what names the document waits for it.
    pub awaits_role: bool,
    /// It names assets that are not on the server yet: receive, send when they are.
    pub held: bool,
    /// The user is a member of the course. Where one is no more, only what waits is named: to be kept as refused.
    pub member: bool,
}

/// A course to be created, in one transaction: whole or not at all.
#[derive(Debug, Clone)]
pub struct NewCourse {
    /// Id.
    pub id: CourseId,
    /// Title.
    pub title: String,
    /// First update of the outline document.
    pub outline: Vec<u8>,
    /// First updates of the lessons.
    pub lessons: Vec<(NodeId, Vec<u8>)>,
    /// Assets that the lessons name, with the lesson; their files are stored already.
    pub assets: Vec<(NodeId, AssetRef)>,
}

impl NewCourse {
    /// A course with a title and no chapters.
    ///
    /// # Errors
    /// The model's own failures; none for an empty outline.
    pub fn titled(random: &mut dyn Random, id: CourseId, title: &str) -> Result<Self, OpError> {
        let mut outline = Outline::new(client_id(random));
        let update = outline.set_title(title)?.unwrap_or_default();
        Ok(Self { id, title: title.to_owned(), outline: update, lessons: Vec::new(), assets: Vec::new() })
    }
}

/// Head of each shared course's events, up to which everything is here or marked as behind.
pub type Heads = Vec<(CourseId, u64)>;

/// What the server answered to hello, taken into the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HelloOutcome {
    /// The server was restored or replaced: everything is offered to it again.
    pub new_epoch: bool,
    /// A role or a title changed.
    pub courses_changed: bool,
}

/// Why a document becomes the server's whole order, with what the server lacks on top.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rebuild {
    /// The server refused a client id: what was written under it from `from_clock` on gets a fresh one.
    Rekey {
        /// The refused client id.
        client: u64,
        /// Its first refused clock.
        from_clock: u32,
    },
    /// The content here is another one than the server's. Where the two hold different things in one place, the server's
    /// counts, and what was here is kept beside it like a refused edit.
    Repair,
}

/// What became of a remote update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It held something new; the version after it.
    Changed(u64),
    /// Everything in it was here already.
    Nothing,
    /// It builds on others that are not here: sync step 1.
    Gap,
}

/// An asset of a course. Of the lessons that name it, one, and only while it is not in both places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetRow {
    /// Course.
    pub course: CourseId,
    /// What it is.
    pub asset: AssetRef,
    /// Whether its bytes are here.
    pub here: bool,
    /// Whether the server has it.
    pub uploaded: bool,
    /// A document that names it, while it waits to be moved.
    pub doc: Option<DocId>,
}

/// An operation as the store has it: text that the outbox reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOperation {
    /// Number of the row, in the order in which they were asked for.
    pub row: u64,
    /// Its id, as it stands there.
    pub op: String,
    /// Course that it is about, as it stands there.
    pub course: String,
    /// The outbox's JSON.
    pub body: String,
}

impl StoredOperation {
    /// Its id, or a name for one whose id does not read; [`crate::Replica::remove_operation`] takes either.
    pub fn name(&self) -> inkhorn_protocol::OpId {
        let made_up = || inkhorn_protocol::OpId::from_random(u128::from(self.row).to_be_bytes());
        self.op.parse().or_else(|_| format!("row-{}", self.row).parse()).unwrap_or_else(|_| made_up())
    }
}

/// What follows on this computer from an operation that the server has done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationEffect {
    /// The server knows the course and these documents: the course is a shared one.
    Registered {
        /// Course.
        course: CourseId,
        /// Documents.
        docs: Vec<DocId>,
        /// Title that was sent along.
        title: String,
    },
    /// The server has this title of the course.
    Titled {
        /// Course.
        course: CourseId,
        /// Title.
        title: String,
    },
}

/// A refused edit with its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RejectedPart {
    /// Number under which it is kept.
    pub id: u64,
    /// Course.
    pub course: CourseId,
    /// Document.
    pub doc: DocId,
    /// Why it was refused.
    pub reason: Reason,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// What the server had not acked of the document then, as one update (v1).
    pub bytes: Vec<u8>,
}

/// Words of this computer's author that somebody took away without having seen them.
#[derive(Debug, Clone, PartialEq)]
pub struct KeptWords {
    /// Number under which they are kept.
    pub id: u64,
    /// Course.
    pub course: CourseId,
    /// Lesson.
    pub lesson: NodeId,
    /// When they were taken away, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The block as it was, and what arrived there too late.
    pub blocks: Vec<Node>,
    /// Where it stood.
    pub place: Place,
}

/// A piece of work for the asset transfer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetWork {
    /// Course.
    pub course: CourseId,
    /// Content address.
    pub hash: AssetHash,
    /// Media type.
    pub mime: String,
    /// Size in bytes.
    pub bytes: u64,
}
