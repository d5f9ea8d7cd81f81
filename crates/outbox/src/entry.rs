//! One operation as it is kept, and what can become of it.

use inkhorn_protocol::projection::{OperationInfo, OperationState};
use inkhorn_protocol::rest::Operation;
use inkhorn_protocol::session::Reason;
use inkhorn_protocol::{CourseId, DocId, OpId};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// An operation with all that is kept of it. Its JSON is the row in the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Drawn once; the server does an operation once for each of these.
    pub op: OpId,
    /// What to do.
    pub operation: Operation,
    /// How far it is.
    pub state: OperationState,
    /// Times it was sent, or was about to be: written before each send that is not a mere question.
    pub tries: u32,
    /// When the user asked for it, in milliseconds since the Unix epoch.
    pub created_ms: u64,
    /// Why the server refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refusal>,
}

/// Why the server refused an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Its reason.
    pub reason: Reason,
    /// Ids that another course holds (with [`Reason::IdTaken`]).
    #[serde(default)]
    pub taken: Vec<DocId>,
}

impl Entry {
    /// A new operation, not sent yet.
    pub fn new(op: OpId, operation: Operation, created_ms: u64) -> Self {
        Self { op, operation, state: OperationState::Queued, tries: 0, created_ms, refused: None }
    }

    /// Operations of one scope are done one after the other.
    pub fn scope(&self) -> &CourseId {
        self.operation.course()
    }

    /// The row in the store.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which its types rule out.
    pub fn to_row(&self) -> Result<String, String> {
        serde_json::to_string(self).map_err(|error| error.to_string())
    }

    /// From the row in the store.
    ///
    /// # Errors
    /// Why it does not read: a newer Inkhorn wrote it, or it is damaged. It is to be kept as it is.
    pub fn from_row(text: &str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|error| error.to_string())
    }

    pub(crate) fn info(&self, why: Option<String>, next_try_ms: Option<u64>) -> OperationInfo {
        let refused = self.refused.as_ref().map(|refusal| refusal.reason.to_string());
        OperationInfo {
            op: self.op.clone(),
            course: self.scope().clone(),
            kind: self.operation.kind().to_owned(),
            state: self.state,
            tries: self.tries,
            created_ms: self.created_ms,
            next_try_ms,
            why: refused.or(why),
        }
    }
}

/// Whether nothing is lost when `old` is not done because `new` is: the newest title is the one that counts, and a
/// registration that names all documents of an older one does its work too.
pub fn replaces(new: &Operation, old: &Operation) -> bool {
    match (new, old) {
        (Operation::SetTitle { course: a, .. }, Operation::SetTitle { course: b, .. }) => a == b,
        (
            Operation::Register { course: a, documents: new, .. },
            Operation::Register { course: b, documents: old, .. },
        ) => {
            let new: HashSet<&DocId> = new.iter().collect();
            a == b && old.iter().all(|doc| new.contains(doc))
        }
        _ => false,
    }
}

/// How an operation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Done, and confirmed.
    Done,
    /// Refused for good. It is kept until the user tries it again or lets it go.
    Rejected(Refusal),
    /// A newer operation does its work.
    Superseded,
    /// Too old to be sent by itself. It is kept like a refused one.
    Expired,
    /// The user let it go.
    LetGo,
    /// It could not be written down, so it was never begun.
    NotKept(String),
}

/// News of an operation for whoever waits for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// It is on the disk: it will be done also after a crash.
    Kept,
    /// A try failed; it goes on by itself when it can.
    Stalled {
        /// Why, in plain words.
        why: String,
        /// Only a sign-in helps.
        signed_out: bool,
    },
    /// It has ended.
    Ended(Outcome),
}

/// A row that does not read: written by a newer Inkhorn, or damaged. It is kept as it is, and shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// Name by which it is let go: its operation id where that reads, else one that the store made up.
    pub op: OpId,
    /// Course that it is about, as far as known.
    pub course: CourseId,
    /// What is wrong with it.
    pub why: String,
}

impl Unreadable {
    pub(crate) fn info(&self) -> OperationInfo {
        OperationInfo {
            op: self.op.clone(),
            course: self.course.clone(),
            kind: UNREADABLE.to_owned(),
            state: OperationState::Rejected,
            tries: 0,
            created_ms: 0,
            next_try_ms: None,
            why: Some(format!(
                "it does not read here: a newer Inkhorn wrote it, or it is damaged ({}). It is kept as it is",
                self.why
            )),
        }
    }
}

/// `kind` of an operation whose row does not read.
pub const UNREADABLE: &str = "unreadable";

#[cfg(test)]
mod tests {
    use super::*;

    fn register(docs: &[&str]) -> Operation {
        Operation::Register {
            course: "c".parse().unwrap(),
            title: String::new(),
            documents: docs.iter().map(|doc| doc.parse().unwrap()).collect(),
        }
    }

    #[test]
    fn a_row_reads_as_it_was_written_and_one_of_a_newer_inkhorn_is_told_apart() {
        let mut entry = Entry::new("o".parse().unwrap(), register(&["lesson:a"]), 7);
        entry.refused = Some(Refusal { reason: Reason::IdTaken, taken: vec!["lesson:a".parse().unwrap()] });
        let row = entry.to_row().unwrap();
        assert_eq!(Entry::from_row(&row), Ok(entry));
        assert!(Entry::from_row(&row.replace("register", "fireworks")).is_err());
        assert!(Entry::from_row(&row[..row.len() / 2]).is_err());
    }

    #[test]
    fn a_newer_title_replaces_an_older_one_and_a_registration_only_one_that_it_holds() {
        let title = |course: &str| Operation::SetTitle { course: course.parse().unwrap(), title: "t".into() };
        assert!(replaces(&title("c"), &title("c")));
        assert!(!replaces(&title("c"), &title("d")));
        assert!(!replaces(&title("c"), &register(&[])));
        assert!(replaces(&register(&["lesson:a", "lesson:b"]), &register(&["lesson:b"])));
        assert!(!replaces(&register(&["lesson:b"]), &register(&["lesson:a", "lesson:b"])));
    }
}
