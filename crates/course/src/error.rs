//! What can go wrong, one variant for each thing that a caller does about it.

use inkhorn_protocol::{NodeId, projection::NodeKind};

/// Why a document did not take an update, or cannot be used any more.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Integrate {
    /// Not an update that we accept. The document is as it was.
    #[error("the update is malformed: {reason}")]
    Invalid {
        /// What was wrong, for the log.
        reason: String,
    },
    /// The update builds on others that are not here: re-sync, never wait. What could be taken was taken.
    #[error("the update builds on others that have not arrived")]
    MissingUpdates,
    /// The document panicked, now or earlier: rebuild it from its log, without the update that did it.
    #[error("the document is unusable after an internal failure and must be reloaded from its log")]
    Poisoned,
}

/// Why an operation on an outline was refused. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OpError {
    /// No such node (or one whose kind this version cannot read).
    #[error("there is no node {0} in this course")]
    UnknownNode(NodeId),
    /// The id is in use.
    #[error("the id {0} is already in use in this course")]
    Taken(NodeId),
    /// A chapter stands at the top, a section in a chapter, a lesson in a chapter or section.
    #[error("a {} cannot be placed there: chapters stand at the top, sections in a chapter, lessons in a chapter or a section", name(*.0))]
    WrongParent(NodeKind),
    /// `before` is not a sibling at the target.
    #[error("node {0} is not among the siblings there")]
    NotASibling(NodeId),
    /// The node, or the parent asked for, is in Trash: restore it first.
    #[error("node {0} is in Trash; restore it first")]
    Trashed(NodeId),
    /// A lesson that is not fully loaded cannot be trashed: what it holds would be lost unseen.
    #[error("lesson {0} has not arrived completely and cannot be trashed yet")]
    NotLoaded(NodeId),
    /// The document itself.
    #[error(transparent)]
    Document(#[from] Integrate),
}

/// Why a body could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Nested deeper than any lesson is: refused, since readers of trees recurse.
    #[error("the lesson is nested more than {} levels deep", crate::lesson::MAX_DEPTH)]
    TooDeep,
    /// The document itself.
    #[error(transparent)]
    Document(#[from] Integrate),
}

fn name(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Chapter => "chapter",
        NodeKind::Section => "section",
        NodeKind::Lesson => "lesson",
    }
}
