//! What travels over HTTP under `/api/v1`, authorised by `Authorization: Bearer <token>`.
//!
//! | Call | Body → answer |
//! |---|---|
//! | `POST /login` (no token) | [`Login`] → [`LoggedIn`] |
//! | `GET /me` | → [`Me`] |
//! | `GET /courses` | → `Vec<`[`Course`]`>` |
//! | `GET /courses/{c}` | → [`CourseDetail`] |
//! | `POST /operations` | [`OperationRequest`] → [`OperationReply`]; idempotent by its id |
//! | `HEAD, PUT, GET /courses/{c}/assets/{sha256}` | raw bytes; PUT takes `Content-Range` to resume, HEAD of a part answers 404 with `Upload-Offset` |
//!
//! Every error answer is an [`ErrorBody`] with a matching HTTP status.

use crate::session::{Reason, Role};
use crate::{CourseId, DocId, OpId};
use serde::{Deserialize, Serialize};

/// Signs in with a password.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Login {
    /// E-mail of the account.
    pub email: String,
    /// Password.
    pub password: String,
}

/// A fresh token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoggedIn {
    /// The token; the server keeps only its hash.
    pub token: String,
}

/// The account behind a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Me {
    /// Id of the account.
    pub id: String,
    /// E-mail.
    pub email: String,
    /// Name that others see.
    pub name: String,
    /// [`crate::session::PROTOCOL`] of the server.
    pub protocol: u32,
    /// Epoch of the server.
    pub epoch: String,
}

/// A course on the server, as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// Id.
    pub id: CourseId,
    /// Registered title.
    pub title: String,
    /// Role of the caller.
    pub role: Role,
    /// Head of its events.
    pub course_seq: u64,
    /// Names of its owners, for "ask Maria (owner)".
    pub owners: Vec<String>,
}

/// A course with its members and documents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseDetail {
    /// The course.
    #[serde(flatten)]
    pub course: Course,
    /// Members.
    pub members: Vec<Member>,
    /// Registered documents.
    pub documents: Vec<DocId>,
}

/// A member of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// E-mail.
    pub email: String,
    /// Name.
    pub name: String,
    /// Role.
    pub role: Role,
}

/// An operation of the user. Sending it twice does it once and answers the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationRequest {
    /// Drawn once by the client.
    pub op: OpId,
    /// What to do.
    #[serde(flatten)]
    pub operation: Operation,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Operation {
    /// Makes sure that the course and its documents exist. A new course gets the caller as owner.
    Register {
        /// Course.
        course: CourseId,
        /// Title, used when the course is new.
        title: String,
        /// Documents, the outline among them.
        documents: Vec<DocId>,
    },
    /// Changes the registered title (editors and owners).
    SetTitle {
        /// Course.
        course: CourseId,
        /// New title.
        title: String,
    },
    /// Changes who is in a course. Owners may; everybody may leave.
    Member {
        /// Course.
        course: CourseId,
        /// E-mail of whom it is about.
        email: String,
        /// What to do.
        change: MemberChange,
    },
}

/// What is done to a member of a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum MemberChange {
    /// Becomes a member. Refused for one who is: it must not take away a role.
    Invite {
        /// With this role.
        role: Role,
    },
    /// Gets another role.
    Role {
        /// This one.
        role: Role,
    },
    /// Is no member any more. About oneself: leaves.
    Remove,
}

impl Operation {
    /// Course that it is about.
    pub fn course(&self) -> &CourseId {
        match self {
            Self::Register { course, .. } | Self::SetTitle { course, .. } | Self::Member { course, .. } => {
                course
            }
        }
    }

    /// Its kind, as it stands in JSON.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Register { .. } => "register",
            Self::SetTitle { .. } => "set_title",
            Self::Member { .. } => "member",
        }
    }
}

/// Outcome of an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperationReply {
    /// The operation.
    pub op: OpId,
    /// Absent when it was done.
    #[serde(default)]
    pub rejected: Option<Reason>,
    /// Ids among the documents that another course holds (with [`Reason::IdTaken`]).
    #[serde(default)]
    pub taken: Vec<DocId>,
}

/// Body of every error answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// Why, as something to act on.
    pub reason: Reason,
    /// One sentence for people.
    pub message: String,
}

/// Limit of an asset of any type ([`crate::media::TYPES`]), in bytes; the importer uses the same.
pub const MAX_ASSET_BYTES: u64 = 25 * 1024 * 1024;
