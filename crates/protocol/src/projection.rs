//! Projections: what the UI and the CLI see of the state, as plain data.

use crate::session::Role;
use crate::{AssetHash, CourseId, DocId, NodeId, OpId};
use serde::{Deserialize, Serialize};

// ---- outline -----------------------------------------------------------------

/// Kind of a node of an outline. The parent's kind is fixed by the child's, so a cycle cannot be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// Below the course itself.
    Chapter,
    /// Below a chapter; an optional level.
    Section,
    /// Below a chapter or a section; has a document.
    Lesson,
}

/// A node of an outline with what is below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlineNode {
    /// Id.
    pub id: NodeId,
    /// Kind.
    pub kind: NodeKind,
    /// Title.
    pub title: String,
    /// Children, in order.
    pub children: Vec<OutlineNode>,
}

/// An outline as people see it: a pure function of the outline document.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct OutlineView {
    /// Title of the course.
    pub title: String,
    /// Chapters, in order.
    pub nodes: Vec<OutlineNode>,
    /// Nodes whose parent is in Trash, missing or unreadable.
    pub recovered: Vec<OutlineNode>,
    /// Trashed nodes, those trashed together below each other.
    pub trash: Vec<OutlineNode>,
}

// ---- courses and lessons -----------------------------------------------------

/// A course on this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseSummary {
    /// Id.
    pub id: CourseId,
    /// Title.
    pub title: String,
    /// Lessons outside Trash.
    pub lessons: u32,
    /// Whether it is on a server.
    pub shared: bool,
    /// Role there; `None` while it is only here.
    pub role: Option<Role>,
    /// Names of its owners, as far as known.
    pub owners: Vec<String>,
    /// Sync state of the whole course.
    pub sync: SyncCount,
}

/// Facts about a lesson, without its body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonInfo {
    /// Id.
    pub id: NodeId,
    /// Whether it can be edited, and if not, why.
    pub access: Access,
    /// Local version of its document.
    pub version: u64,
    /// Edits that wait to be sent.
    pub waiting: u64,
}

/// Whether something can be edited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "access", rename_all = "snake_case")]
pub enum Access {
    /// Can be edited.
    Edit,
    /// The role allows reading only.
    ReadOnly {
        /// Role.
        role: Role,
        /// Whom to ask.
        owners: Vec<String>,
    },
    /// The outline names it, but its content has not arrived yet.
    NotArrived,
    /// Made by a newer Inkhorn: shown, not edited.
    Newer,
    /// In Trash: shown, not edited, until it is restored.
    Trashed,
}

/// An asset that a lesson names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct AssetRef {
    /// Content address.
    pub hash: AssetHash,
    /// Media type.
    pub mime: String,
    /// Size in bytes.
    pub bytes: u64,
    /// File name that it came with.
    pub name: String,
}

/// An asset of a course with its state on this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AssetInfo {
    /// What it is.
    #[serde(flatten)]
    pub asset: AssetRef,
    /// Where it is.
    pub state: AssetState,
}

/// Where an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AssetState {
    /// Only here, and the course is not shared.
    Local,
    /// Here, waits to be uploaded.
    WaitsForUpload,
    /// Named by a lesson, not here yet.
    WaitsForDownload,
    /// Here and on the server.
    Synced,
}

/// An asset of a shared course that is on its way, or waits for that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// What it is.
    #[serde(flatten)]
    pub asset: AssetRef,
    /// To the server, else from it.
    pub up: bool,
    /// How far it is.
    pub state: TransferState,
    /// Bytes that have been moved so far.
    pub done: u64,
    /// Lesson that names it, where it is known; a course's picture has none.
    #[serde(default)]
    pub lesson: Option<NodeId>,
    /// Why the last try failed, in plain words; it is tried again.
    #[serde(default)]
    pub why: Option<String>,
}

/// How far the transfer of an asset is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TransferState {
    /// There is no connection.
    Offline,
    /// Others are before it, or the server has it not yet.
    Waits,
    /// Under way.
    Moves,
}

// ---- sync --------------------------------------------------------------------

/// Numbers behind the words of sync.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct SyncCount {
    /// Local edits that the server has not acked.
    pub waiting_edits: u64,
    /// Assets to upload.
    pub waiting_uploads: u64,
    /// Documents and assets known to be on the server and not here yet.
    pub waiting_downloads: u64,
    /// Edits that were refused and are kept.
    pub rejected: u64,
}

impl SyncCount {
    /// Whether nothing is under way in either direction.
    pub fn is_settled(&self) -> bool {
        self.waiting_edits == 0 && self.waiting_uploads == 0 && self.waiting_downloads == 0
    }
}

/// All that the sync pill needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncSummary {
    /// Connection.
    pub status: crate::event::Status,
    /// Sums over all shared courses.
    pub count: SyncCount,
    /// Last time at which everything was synced, in milliseconds since the Unix epoch.
    pub synced_at_ms: Option<u64>,
    /// Refused edits, newest first.
    pub rejected: Vec<RejectedEdit>,
    /// Documents that were not what the server has although nothing was under way, newest first, since the program began.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differed: Vec<DifferedDoc>,
}

/// A document whose content was compared with the server's after it was synced, and was another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DifferedDoc {
    /// Document.
    pub doc: DocId,
    /// It is the same now, after it was fetched anew; else it differs still.
    pub repaired: bool,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
}

/// A document with edits that the server does not have yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingDoc {
    /// Document.
    pub doc: DocId,
    /// Its course.
    pub course: CourseId,
    /// Title of the course.
    pub course_title: String,
    /// Title of the lesson; none for the outline.
    pub title: Option<String>,
    /// Edits that wait.
    pub edits: u64,
    /// Their size, in bytes.
    pub bytes: u64,
    /// When the oldest of them was written, in milliseconds since the Unix epoch; none where an older Inkhorn wrote it.
    pub since_ms: Option<u64>,
    /// What it waits for.
    pub waits: WaitsFor,
}

/// Words of this computer's author that somebody took away without having seen them, with the block that they were in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptWords {
    /// Number under which they are kept.
    pub id: u64,
    /// Course.
    pub course: CourseId,
    /// Its title.
    pub course_title: String,
    /// Lesson.
    pub lesson: NodeId,
    /// Its title; empty where the course has it no more.
    pub title: String,
    /// When they were taken away, in milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The beginning of the block, plain.
    pub preview: String,
    /// All of it, as Markdown.
    pub markdown: String,
}

/// What a document waits for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "waits_for", rename_all = "snake_case")]
pub enum WaitsFor {
    /// Somebody to sign in.
    SignIn,
    /// The connection.
    Connection,
    /// Assets that it names: they go first.
    Assets {
        /// How many.
        count: u64,
    },
    /// New lessons that the outline names: they go first.
    Lessons {
        /// How many.
        count: u64,
    },
    /// The server to get well, or the user to do something: why, in plain words.
    Trouble {
        /// Why.
        why: String,
    },
    /// Its turn: it is on its way.
    Turn,
}

/// How much of a course is on this computer, hence can be read without a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Available {
    /// Lessons outside Trash that are here.
    pub lessons_here: u64,
    /// Lessons outside Trash.
    pub lessons: u64,
    /// Images and files that are here.
    pub assets_here: u64,
    /// Images and files that lessons name.
    pub assets: u64,
}

/// Room that the profile takes on the disk, in bytes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Storage {
    /// Courses, lessons and their history.
    pub database: u64,
    /// Images and files of lessons.
    pub assets: u64,
    /// Logs of the program.
    pub logs: u64,
    /// Damaged databases that were set aside.
    pub set_aside: u64,
    /// The folder.
    pub folder: String,
}

/// An edit that the server refused; it is kept on this computer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedEdit {
    /// Number under which it is kept.
    pub id: u64,
    /// Course.
    pub course: CourseId,
    /// Document.
    pub doc: DocId,
    /// Why, in plain words.
    pub why: String,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: u64,
}

/// The account that is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Server.
    pub server: String,
    /// E-mail; empty until the server has been reached.
    pub email: String,
    /// Name that others see.
    pub name: String,
}

// ---- operations -----------------------------------------------------------------

/// An operation of the user that has not ended well yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationInfo {
    /// Operation.
    pub op: OpId,
    /// Course that it is about.
    pub course: CourseId,
    /// What it does: the `kind` of [`crate::rest::Operation`], e.g. `set_title`.
    pub kind: String,
    /// How far it is.
    pub state: OperationState,
    /// Times it was sent.
    pub tries: u32,
    /// When the user asked for it, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// When it is sent next, where that is known, in milliseconds since the Unix epoch.
    pub next_try_ms: Option<u64>,
    /// Why it was refused, or why the last try failed, in plain words.
    pub why: Option<String>,
}

/// How far an operation is. The reply of the server acks it; only the server's event confirms it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationState {
    /// On this computer's disk, not sent.
    Queued,
    /// Sent, not answered.
    Sent,
    /// The server has answered that it is done; its event has not come yet.
    Acked,
    /// The event came.
    Confirmed,
    /// Refused for good; kept until the user tries it again or lets it go.
    Rejected,
    /// Neither confirmed nor refused for too long: the server is asked again.
    TimedOut,
    /// Too old to be sent by itself; kept until the user tries it again or lets it go.
    Expired,
}

// ---- presence -------------------------------------------------------------------

/// Somebody who has a course open now. One entry a person and device.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Peer {
    /// Awareness client id.
    pub client: u64,
    /// Name, as the server knows it.
    pub name: String,
    /// Colour, 0 to 7, stable for a person.
    pub hue: u8,
    /// Lesson that is open there; none when only the outline is.
    pub lesson: Option<NodeId>,
}

// ---- import and export ---------------------------------------------------------

/// What an import or export did, item by item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FidelityReport {
    /// Items, in the order of the files.
    pub items: Vec<FidelityItem>,
    /// Lessons made.
    pub lessons: u32,
    /// Assets taken along.
    pub assets: u32,
}

/// One line of a fidelity report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FidelityItem {
    /// File, relative to the folder that was imported.
    pub file: String,
    /// Line in it, from 1.
    pub line: Option<u32>,
    /// What it is about: "image", "link", "HTML block", "front matter", …
    pub what: String,
    /// What became of it.
    pub outcome: Outcome,
    /// One sentence for people.
    pub detail: String,
}

/// What became of something in an import.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// As it was.
    Kept,
    /// In another form with the same meaning.
    Converted,
    /// Left out.
    Dropped,
    /// Named, but not there.
    Missing,
}
