//! What can go wrong, one variant for each thing that a caller does about it.

use inkhorn_course::{BodyError, OpError};
use inkhorn_protocol::{CourseId, DocId};
use std::path::PathBuf;

/// Why the replica did not do what it was asked. Whatever the variant: what was reported as saved before is saved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplicaError {
    /// The database was written by a newer Inkhorn. Nothing was touched.
    #[error(
        "This profile was written by a newer Inkhorn (database version {found}, this one knows {known}). \
         Nothing was changed. Update Inkhorn, or choose another profile."
    )]
    NewerSchema {
        /// Version in the file.
        found: i64,
        /// Newest version that this build knows.
        known: i64,
    },
    /// The database turned out to be damaged while it was in use. The next start sets it aside.
    #[error(
        "The database of this profile is damaged ({detail}). What was saved before is still in it. \
         Close Inkhorn and start it again: the file is then set aside, and shared courses come back by sync."
    )]
    Corrupt {
        /// What SQLite said.
        detail: String,
    },
    /// No room. Nothing of the call was saved; the same call works once there is room.
    #[error(
        "The disk is full, so this change was not saved. Everything saved before is safe. \
         Free some space and try again."
    )]
    DiskFull,
    /// Another program writes to the same database.
    #[error("Another program is using the database of this profile. Close it and try again.")]
    Locked,
    /// The file system refused.
    #[error("{path}: {reason}. What was saved before is safe.", path = path.display())]
    Io {
        /// File or folder.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// An update builds on others that are not here: re-sync.
    #[error("the update of {doc} builds on others that are not here")]
    Gap {
        /// Document.
        doc: DocId,
    },
    /// An update that no document of ours takes.
    #[error("the update of {doc} is refused: {reason}")]
    Refused {
        /// Document.
        doc: DocId,
        /// What is wrong with it, for the log.
        reason: String,
    },
    /// What is stored for a document cannot be read back. Its rows are left as they are.
    #[error("What is stored for {doc} cannot be read ({reason}). Nothing of it was changed.")]
    Damaged {
        /// Document.
        doc: DocId,
        /// What is wrong, for the log.
        reason: String,
    },
    /// No such document here.
    #[error("{0} is not on this computer.")]
    UnknownDoc(DocId),
    /// No such course here.
    #[error("Course {0} is not on this computer.")]
    UnknownCourse(CourseId),
    /// The outline refused the operation; nothing was changed.
    #[error(transparent)]
    Operation(#[from] OpError),
    /// The lesson could not be read or written.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The replica was closed.
    #[error("The profile is closed.")]
    Closed,
}

impl ReplicaError {
    /// Whether the database itself failed, rather than what was asked of it.
    pub(crate) fn is_of_the_store(&self) -> bool {
        matches!(self, Self::Corrupt { .. } | Self::DiskFull | Self::Locked | Self::Io { .. } | Self::Closed)
    }

    /// Whether the same call may work later, with nothing changed but time: there is room again, another program has let go.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::DiskFull | Self::Locked | Self::Io { .. })
    }

    /// From an error of SQLite.
    pub(crate) fn from_sql(error: &sqlx::Error) -> Self {
        let detail = error.to_string();
        let sqlx::Error::Database(database) = error else {
            return Self::Io { path: PathBuf::from(crate::store::FILE), reason: detail };
        };
        // Extended result codes keep the primary code in their low byte.
        match database.code().and_then(|code| code.parse::<u32>().ok()).map(|code| code & 0xff) {
            Some(5 | 6) => Self::Locked,
            Some(11 | 26) => Self::Corrupt { detail },
            Some(13) => Self::DiskFull,
            _ => Self::Io { path: PathBuf::from(crate::store::FILE), reason: detail },
        }
    }

    /// From an error of the file system.
    pub(crate) fn from_io(path: &std::path::Path, error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull,
            _ => Self::Io { path: path.to_owned(), reason: error.to_string() },
        }
    }
}

impl From<sqlx::Error> for ReplicaError {
    fn from(error: sqlx::Error) -> Self {
        Self::from_sql(&error)
    }
}
