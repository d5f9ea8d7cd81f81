//! Domain events. There are exactly two publishers: the transport (status, session) and the replica (documents).

use crate::carrier::Carrier;
use crate::session::{EventKind, Reason};
use crate::{CourseId, DocId, OpId};
use serde::{Deserialize, Serialize};

/// State of the connection to the sync server, as people see it. Times are milliseconds since the Unix epoch,
/// so that a window can count down by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Status {
    /// No server is set up: everything stays on this computer.
    Local,
    /// No connection.
    Offline {
        /// When the next try is; none when only the user can change something (sign in, allow the server).
        next_try_ms: Option<u64>,
        /// Why the last try failed or the last connection ended, in plain words.
        why: Option<String>,
    },
    /// Trying now.
    Connecting {
        /// Tries since the last connection, from 1.
        attempt: u32,
    },
    /// Connected and authenticated.
    Connected {
        /// Since when.
        since_ms: u64,
        /// By what: all but the first are slower ways around a network that blocks WebSockets.
        #[serde(default)]
        carrier: Carrier,
    },
}

/// An event on the spine. Applying one twice does no harm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The connection changed (publisher: transport).
    Connection {
        /// Its state now.
        status: Status,
    },
    /// Connected again and the session has said what changed meanwhile; sent once for each connection (publisher: transport).
    Resynced,
    /// Something happened in a course on the server (publisher: transport).
    Course {
        /// Course.
        course: CourseId,
        /// What.
        kind: EventKind,
    },
    /// An operation has ended (publisher: transport).
    Operation {
        /// Operation.
        op: OpId,
        /// Absent when it was done.
        rejected: Option<Reason>,
    },
    /// Who is in a course, or where they are, changed (publisher: transport).
    PresenceChanged {
        /// Course.
        course: CourseId,
    },
    /// A document changed, whoever made the change; published once, after the local commit (publisher: replica).
    DocumentChanged {
        /// Course that the document belongs to.
        course: CourseId,
        /// Document.
        doc: DocId,
        /// Local version: grows by at least one with each change.
        version: u64,
    },
    /// What waits to be sent, or what was acked, changed for a document (publisher: replica).
    SyncStateChanged {
        /// Course that the document belongs to.
        course: CourseId,
        /// Document.
        doc: DocId,
    },
    /// The list of local courses changed (publisher: replica).
    CoursesChanged,
    /// An asset arrived or was uploaded (publisher: replica).
    AssetChanged {
        /// Course.
        course: CourseId,
        /// Content address.
        hash: crate::AssetHash,
    },
}
