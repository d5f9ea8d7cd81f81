//! What travels between the desktop shell and its window, beside projections: shared, so that the two cannot drift.

use crate::caret::Caret;
use crate::fidelity::FidelityReport;
use crate::key::QueryKey;
use crate::projection::Access;
use crate::{CourseId, NodeId};
use serde::{Deserialize, Serialize};

/// What the window learns first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "boot", rename_all = "snake_case")]
pub enum Boot {
    /// The profile is open.
    Ready {
        /// Data folder, as text for people.
        profile: String,
        /// Course to show when the window remembers none: the sample course on the first start.
        course: Option<CourseId>,
        /// What the user should know about the opening, e.g. a damaged database that was set aside.
        #[serde(default)]
        notice: Option<String>,
    },
    /// The profile could not be opened; nothing was changed.
    Trouble {
        /// Data folder, as text for people.
        profile: String,
        /// Why.
        failure: Failure,
    },
}

/// Why a command of the window failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Short name that the window acts on, e.g. `locked`; [`Failure::OTHER`] when there is nothing to act on.
    pub code: String,
    /// One or two calm sentences: what is safe, what to do.
    pub message: String,
}

impl Failure {
    /// Code of a failure that needs no action of its own.
    pub const OTHER: &'static str = "other";

    /// A failure with [`Failure::OTHER`].
    pub fn other(message: impl Into<String>) -> Self {
        Self { code: Self::OTHER.to_owned(), message: message.into() }
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

/// One message of the channel that a window subscribes to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum ToWindow {
    /// These answers changed: ask again for the ones that are shown.
    Stale {
        /// Which.
        keys: Vec<QueryKey>,
    },
    /// Messages were lost: ask again for everything that is shown.
    Resync,
    /// An asset is here now.
    AssetArrived {
        /// Content address.
        hash: crate::AssetHash,
    },
    /// A lesson changed elsewhere, and its bytes could not be sent along: pull the difference.
    LessonChanged {
        /// Lesson.
        lesson: NodeId,
    },
    /// The history of a lesson was rebuilt, or updates of it were missed: throw the document away and open it again.
    LessonReset {
        /// Lesson.
        lesson: NodeId,
    },
    /// Who else has a lesson open, and where their carets are: everybody, each time that somebody moves or says that they
    /// are still there. Only the last list counts.
    Carets {
        /// Lesson.
        lesson: NodeId,
        /// The others.
        carets: Vec<Caret>,
    },
    /// The window is about to close: flush, then say so.
    Closing,
}

/// Answer to a query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueryReply {
    /// Whether there is data.
    pub status: QueryStatus,
    /// Whether newer data is on its way.
    pub fetch_status: FetchStatus,
    /// Grows with each change.
    pub version: u64,
    /// The projection that the key names.
    pub data: Option<serde_json::Value>,
    /// Why there is none, or why what is there could not be refreshed.
    pub error: Option<String>,
}

/// Whether an answer has data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QueryStatus {
    /// Not yet.
    Pending,
    /// The last fetch failed.
    Error,
    /// Yes.
    Success,
}

/// Whether an answer is being refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FetchStatus {
    /// No.
    Idle,
    /// Yes.
    Fetching,
    /// It waits for the network.
    Paused,
}

/// One line of the cache panel: what the cache knows of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CacheEntry {
    /// Key.
    pub key: QueryKey,
    /// Whether there is data.
    pub status: QueryStatus,
    /// Whether it is being refreshed.
    pub fetch_status: FetchStatus,
    /// Whether the source may have changed since it was read.
    pub stale: bool,
    /// Raised by each invalidation.
    pub generation: u64,
    /// Generation that the last successful fetch started at.
    pub covered: u64,
    /// Raised by each change of the data.
    pub revision: u64,
    /// Who observes it now.
    pub observers: u32,
    /// Fetches so far.
    pub fetches: u64,
    /// What changed it last, in a few words: `invalidated`, `focus`, `reconnect`, `fetched`, …
    pub cause: String,
    /// Since the data was read, in milliseconds; none without data.
    pub age_ms: Option<u64>,
    /// Size of the data, roughly, in bytes.
    pub bytes: u64,
}

/// What the cache panel shows.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CacheReport {
    /// Every key that the cache knows, in order of its path.
    pub entries: Vec<CacheEntry>,
    /// Fetches since the start.
    pub fetches: u64,
    /// Invalidations taken in since the start.
    pub invalidations: u64,
    /// Batches sent to this window since it subscribed.
    pub batches: u64,
}

/// Head of a raw message about a lesson; the bytes behind it are a Yjs v1 update.
/// On the wire: length of this as JSON (u32, little endian), this as JSON, the bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LessonHead {
    /// Lesson.
    pub lesson: NodeId,
    /// Whether it can be edited; only in the answer to opening it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access: Option<Access>,
    /// Local version after these bytes; 0 where it is not known.
    pub version: u64,
}

impl LessonHead {
    /// Head and bytes as one message.
    ///
    /// # Errors
    /// When the head cannot be written as JSON.
    pub fn join(&self, bytes: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
        let head = serde_json::to_vec(self)?;
        let mut out = Vec::with_capacity(4 + head.len() + bytes.len());
        out.extend_from_slice(&u32::try_from(head.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend_from_slice(&head);
        out.extend_from_slice(bytes);
        Ok(out)
    }

    /// Takes a message apart; `None` when it is not one.
    pub fn split(message: &[u8]) -> Option<(Self, &[u8])> {
        let (length, rest) = message.split_first_chunk::<4>()?;
        let (head, bytes) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
        Some((serde_json::from_slice(head).ok()?, bytes))
    }
}

/// Answer to an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The new course.
    pub course: CourseId,
    /// What became of what was in the folder.
    pub report: FidelityReport,
}

/// Answer to an export.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    /// Lessons written.
    pub lessons: u32,
    /// Images written.
    pub assets: u32,
    /// Titles of the lessons that show an image which is not on this computer (yet).
    pub missing_from: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lesson_message_is_taken_apart_as_it_was_joined_and_a_short_one_is_refused() {
        let head = LessonHead { lesson: "a".parse().unwrap(), access: Some(Access::Edit), version: 3 };
        let message = head.join(&[1, 2, 3]).unwrap();
        assert_eq!(LessonHead::split(&message), Some((head, &[1u8, 2, 3][..])));
        assert_eq!(LessonHead::split(&message[..7]), None);
        assert_eq!(LessonHead::split(&[255, 255, 255, 255, 1]), None);
    }
}
