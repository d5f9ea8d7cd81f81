//! JSON in stateless messages: on `@session`, and on documents of sockets that opened `@session`.
//! Events say what happened; there are no query keys on the wire: the cache alone decides what is stale.

use crate::{CourseId, DocId, OpId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Version of this protocol. A server that speaks another says so in [`ToApp::Unsupported`].
pub const PROTOCOL: u32 = 1;

/// What an app says on `@session`, right behind its token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToServer {
    /// First message of a connection: what the app knows already. Answered by [`ToApp::Changed`].
    Hello {
        /// [`PROTOCOL`] of the app.
        protocol: u32,
        /// Epoch that the app saw last; none on first contact.
        #[serde(default)]
        epoch: Option<String>,
        /// `course_seq` up to which the app has everything, by course. Courses that are not named are not reported.
        since: BTreeMap<CourseId, u64>,
    },
}

/// What the server says on `@session`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToApp {
    /// Answer to hello: one entry for each course that hello named.
    Changed {
        /// Changes when a server was restored from a backup: each client then sends all that it has.
        epoch: String,
        /// What changed, by course.
        courses: Vec<CourseChanged>,
    },
    /// Something happened in a course of the user.
    Event {
        /// Course.
        course: CourseId,
        /// Head before this event. When it is not the app's own head, events were missed: say hello again.
        prev_seq: u64,
        /// Head after this event.
        course_seq: u64,
        /// What happened.
        #[serde(flatten)]
        kind: EventKind,
    },
    /// Outcome of an operation that this user sent to `POST /api/v1/operations`.
    Receipt {
        /// The operation.
        op: OpId,
        /// Absent when it was done, else why it was not.
        #[serde(default)]
        rejected: Option<Reason>,
    },
    /// The app is too old or too new for this server; it goes on offline and says so.
    Unsupported {
        /// Oldest protocol that the server speaks.
        min: u32,
        /// Newest protocol that the server speaks.
        max: u32,
    },
}

/// What changed in one course since the app's `course_seq`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseChanged {
    /// Course.
    pub course: CourseId,
    /// Head of the course now.
    pub course_seq: u64,
    /// Role of the user; none when the user is no member, or the course is not on this server.
    pub role: Option<Role>,
    /// Registered title.
    #[serde(default)]
    pub title: String,
    /// Documents that changed since.
    pub docs: Vec<DocId>,
}

/// What happened in a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum EventKind {
    /// Documents got new content.
    Documents {
        /// Which.
        docs: Vec<DocId>,
    },
    /// Documents were registered.
    Registered {
        /// Which.
        docs: Vec<DocId>,
    },
    /// The registered title changed.
    Title {
        /// The new one.
        title: String,
    },
    /// Members or roles changed; `role` is the receiver's own role now.
    Members {
        /// None: no member any more.
        role: Option<Role>,
    },
    /// A kind of a newer server: the course is to be asked about again.
    #[serde(other)]
    Unknown,
}

/// What the server says about one document, on the document's own name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum DocNotice {
    /// The app's frame number `n` and all before it are durable.
    Stored {
        /// Document.
        doc: DocId,
        /// Head of the document's order after it (unchanged when the frame held nothing new).
        doc_seq: u64,
        /// Count of Update and Step2 frames that the app has sent for this document on this connection, from 1,
        /// anew after each token.
        n: u64,
        /// Fingerprint of the content at `doc_seq`, behind a step 2: a replica with nothing under way has the same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<String>,
    },
    /// Follows each relayed update and each step 2: the document's order has reached this.
    At {
        /// Document.
        doc: DocId,
        /// Head of the order.
        doc_seq: u64,
        /// Fingerprint of the content at `doc_seq`, behind a step 2.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        state: Option<String>,
    },
    /// The app's frame number `n` was refused for good; the document is closed on this connection.
    Rejected {
        /// Document.
        doc: DocId,
        /// Client id whose range was refused; 0 when no single client is to blame.
        client: u64,
        /// First refused clock of that client.
        from_clock: u32,
        /// Number of the frame, counted as in [`DocNotice::Stored`]; 0 when it was no frame.
        #[serde(default)]
        n: u64,
        /// Why.
        reason: Reason,
    },
}

/// Role of a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads and writes.
    Editor,
    /// Reads, writes, and manages members.
    Owner,
}

impl Role {
    /// Whether this role may change documents.
    pub fn may_write(self) -> bool {
        self >= Self::Editor
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Viewer => "viewer",
            Self::Editor => "editor",
            Self::Owner => "owner",
        })
    }
}

impl std::str::FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "viewer" => Ok(Self::Viewer),
            "editor" => Ok(Self::Editor),
            "owner" => Ok(Self::Owner),
            other => Err(format!("'{other}' is not a role: use owner, editor or viewer")),
        }
    }
}

/// Why something was refused; each one is something that the receiver acts on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Reason {
    /// Sign in again.
    #[error("the server does not know this sign-in any more")]
    Unauthenticated,
    /// Not a member of this course.
    #[error("you are not a member of this course")]
    NotMember,
    /// Reading is allowed, changing is not.
    #[error("your role is {role}: you can read this course but not change it")]
    RoleTooLow {
        /// The role.
        role: Role,
    },
    /// Only owners say who is in a course.
    #[error("your role is {role}: only an owner of the course changes who is in it")]
    NotOwner {
        /// The role.
        role: Role,
    },
    /// A course keeps an owner: else nobody could invite, or give roles, any more.
    #[error("this is the only owner of the course: make somebody else an owner first")]
    LastOwner,
    /// Nobody has this e-mail on the server.
    #[error("nobody has an account with the e-mail {email} on this server: ask whoever runs it to make one")]
    NoAccount {
        /// E-mail.
        email: String,
    },
    /// Invited, and in the course already.
    #[error("{email} is in this course already: change the role in the list")]
    AlreadyMember {
        /// E-mail.
        email: String,
    },
    /// Not in the course (any more).
    #[error("{email} is not in this course any more")]
    NoSuchMember {
        /// E-mail.
        email: String,
    },
    /// Register the document first, or the course does not exist.
    #[error("the server does not know this document")]
    NotRegistered,
    /// The id belongs to another course: take a new one.
    #[error("this id belongs to another course")]
    IdTaken,
    /// The client id belongs to somebody else: re-key (DESIGN section 4, ownership).
    #[error("the client id belongs to another writer")]
    ClientIdTaken,
    /// A known range came with other content: a copied profile. Re-key.
    #[error("two different edits claim the same place in history")]
    Fork,
    /// Said by the app, never by a server: what was here differed from the server's content in places that both hold. The
    /// server's counts now, and what was here is kept beside it.
    #[error(
        "what was on this computer differed from the server's; this is the copy from before it was mended"
    )]
    Differed,
    /// A gap that survived one sync step 1.
    #[error("edits before this one are missing")]
    Gap,
    /// The update does not validate.
    #[error("the edit is not well-formed: {detail}")]
    Invalid {
        /// What is wrong, for the log.
        detail: String,
    },
    /// Too large.
    #[error("too large: the limit is {limit_bytes} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit_bytes: u64,
    },
    /// The server could not save it; try later.
    #[error("the server could not save it")]
    StorageFailed,
    /// A reason of a newer server.
    #[serde(other)]
    #[error("the server refused it")]
    Other,
}

impl Reason {
    /// Whether it ends by itself when the user gets another role in the course.
    pub fn is_of_role(&self) -> bool {
        matches!(self, Self::RoleTooLow { .. } | Self::NotMember)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_of_a_newer_server_is_read_as_unknown() {
        let text = r#"{"type":"event","course":"c","prev_seq":1,"course_seq":2,"kind":"fireworks","x":1}"#;
        let event: ToApp = serde_json::from_str(text).expect("reads");
        assert!(matches!(event, ToApp::Event { kind: EventKind::Unknown, course_seq: 2, .. }));
    }

    #[test]
    fn notices_survive_json() {
        let doc: DocId = "lesson:a".parse().expect("id");
        for notice in [
            DocNotice::Stored { doc: doc.clone(), doc_seq: 3, n: 1, state: None },
            DocNotice::Rejected {
                doc,
                client: 7,
                from_clock: 2,
                n: 4,
                reason: Reason::RoleTooLow { role: Role::Viewer },
            },
        ] {
            let text = serde_json::to_string(&notice).expect("writes");
            assert_eq!(serde_json::from_str::<DocNotice>(&text).expect("reads"), notice);
        }
    }
}
