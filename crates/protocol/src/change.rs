//! Changes of a course's structure, and what takes them back.
//!
//! A [`Step`] is the inverse of one change that one author made. It is done write by write, and each write is done only
//! where the outline still is as that author left it: what somebody else changed since stays as they have it.

use crate::{CourseId, NodeId};
use serde::{Deserialize, Serialize};

/// What a change did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Changed {
    /// Nodes that it was about: those that it made, where it made some; without what is below them.
    pub nodes: Vec<NodeId>,
    /// What takes it back; none when nothing was changed.
    pub step: Option<Step>,
    /// Why something stayed as it was, in plain words.
    pub stayed: Option<String>,
}

/// The inverse of one change. Taking it back gives the step that does it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Course whose outline it writes.
    pub course: CourseId,
    /// Its writes, in order.
    pub writes: Vec<Write>,
}

/// One write of a step, with what must be there for it to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "write", rename_all = "snake_case")]
pub enum Write {
    /// Another title of the course.
    CourseTitle {
        /// What must be there.
        ours: String,
        /// What is written.
        back: String,
    },
    /// Another value of a setting. Those of one step are done together or not at all: an entry and its place are two.
    Setting {
        /// Key, as [`crate::settings`] lists them.
        key: String,
        /// What must be there; none: nothing.
        ours: Option<serde_json::Value>,
        /// What is written; none: it is removed.
        back: Option<serde_json::Value>,
    },
    /// Another title of a node.
    Title {
        /// Node.
        node: NodeId,
        /// What must be there.
        ours: String,
        /// What is written.
        back: String,
    },
    /// Another place.
    Place {
        /// Node.
        node: NodeId,
        /// Where it must be.
        ours: Spot,
        /// Where it goes.
        back: Spot,
    },
    /// Out of Trash.
    Restore {
        /// Node.
        node: NodeId,
        /// The trash action that it must be in Trash by.
        action: String,
    },
    /// Into Trash. Nodes of one step go together: none goes whose children do not.
    Trash {
        /// Node.
        node: NodeId,
        /// Title that it must have.
        title: String,
        /// Where it must be.
        spot: Spot,
        /// What the lesson must hold, as [`Write::Trash`]'s maker told it; none for what is no lesson.
        holds: Option<String>,
        /// The trash action that it was in Trash by before; none when it was not, then a new one is drawn.
        action: Option<String>,
    },
}

/// A place in an outline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spot {
    /// Node above; none: the course itself.
    pub parent: Option<NodeId>,
    /// Fractional index among its siblings.
    pub position: String,
}

/// Why a write of a step was not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kept {
    /// It has another title since.
    Renamed,
    /// The setting has another value since.
    Changed,
    /// It stands elsewhere since.
    Moved,
    /// It is in Trash since, or in it for another reason.
    Trashed,
    /// It is out of Trash already.
    Restored,
    /// The lesson holds something else since, or is not fully loaded.
    Written,
    /// Something was put below it since.
    Filled,
    /// What it stood in is not there any more.
    NoPlace,
    /// There is no such node.
    Unknown,
}
