//! What can go wrong, in words for people and a code for programs.

use inkhorn_replica::ReplicaError;

/// What kind of failure it is; one for each thing that a caller does about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// Another program has the profile open.
    Locked,
    /// The profile was written by a newer Inkhorn.
    Newer,
    /// The database is damaged; the next start sets it aside.
    Corrupt,
    /// No room on the disk.
    DiskFull,
    /// No such course, node, document or file here.
    NotFound,
    /// What was asked cannot be done as it was asked; nothing was changed.
    Invalid,
    /// Nobody is signed in, or the server does not know the sign-in any more.
    SignedOut,
    /// The server cannot be reached.
    Offline,
    /// The role does not allow it, or one is no member.
    Denied,
    /// The server refused edits; they are kept.
    Rejected,
    /// It did not end in time; it goes on next time.
    Timeout,
    /// Nothing to act on.
    Other,
}

impl Code {
    /// The code as text, for windows and `--json`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Locked => "locked",
            Self::Newer => "newer",
            Self::Corrupt => "corrupt",
            Self::DiskFull => "disk_full",
            Self::NotFound => "not_found",
            Self::Invalid => "invalid",
            Self::SignedOut => "signed_out",
            Self::Offline => "offline",
            Self::Denied => "denied",
            Self::Rejected => "rejected",
            Self::Timeout => "timeout",
            Self::Other => inkhorn_protocol::window::Failure::OTHER,
        }
    }
}

/// Why something was not done: what is safe, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct CoreError {
    /// What kind of failure it is.
    pub code: Code,
    /// One or two calm sentences.
    pub message: String,
}

/// Short for the results of the core.
pub type Result<T, E = CoreError> = std::result::Result<T, E>;

impl CoreError {
    /// An error with a code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl From<ReplicaError> for CoreError {
    fn from(error: ReplicaError) -> Self {
        let code = match &error {
            ReplicaError::NewerSchema { .. } => Code::Newer,
            ReplicaError::Corrupt { .. } | ReplicaError::Damaged { .. } => Code::Corrupt,
            ReplicaError::DiskFull => Code::DiskFull,
            ReplicaError::Locked => Code::Locked,
            ReplicaError::UnknownDoc(_) | ReplicaError::UnknownCourse(_) => Code::NotFound,
            ReplicaError::Operation(_) | ReplicaError::Refused { .. } | ReplicaError::Gap { .. } => {
                Code::Invalid
            }
            ReplicaError::Io { .. } | ReplicaError::Body(_) | ReplicaError::Closed => Code::Other,
        };
        let text = error.to_string();
        // The model speaks in half sentences, which stand in logs as well.
        let text = match error {
            ReplicaError::Operation(_) | ReplicaError::Body(_) => {
                let mut letters = text.chars();
                let first = letters.next().into_iter().flat_map(char::to_uppercase);
                format!("{}. Nothing was changed.", first.chain(letters).collect::<String>())
            }
            _ => text,
        };
        Self::new(code, text)
    }
}

impl From<CoreError> for inkhorn_protocol::window::Failure {
    fn from(error: CoreError) -> Self {
        Self { code: error.code.as_str().to_owned(), message: error.message }
    }
}
