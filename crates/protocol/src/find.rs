//! What is looked for in a course, and what was found.

use crate::NodeId;
use serde::{Deserialize, Serialize};

/// Longest text that is looked for or put in its place, in characters.
pub const MAX_NEEDLE: usize = 1_000;

/// What is looked for. Part of a [`QueryKey`](crate::key::QueryKey), so it is compared and ordered whole.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct Needle {
    /// Text, or with `pattern` a regular expression.
    pub text: String,
    /// Capital letters count.
    #[serde(default)]
    pub match_case: bool,
    /// Only whole words.
    #[serde(default)]
    pub whole_word: bool,
    /// The text is a regular expression, in the syntax of the `regex` crate: no look-around, no back references.
    #[serde(default)]
    pub pattern: bool,
}

impl Needle {
    /// The options as one word, for [`QueryKey::path`](crate::key::QueryKey::path).
    pub(crate) fn options(&self) -> &'static str {
        match (self.match_case, self.whole_word, self.pattern) {
            (false, false, false) => "plain",
            (true, false, false) => "case",
            (false, true, false) => "word",
            (true, true, false) => "case word",
            (false, false, true) => "pattern",
            (true, false, true) => "case pattern",
            (false, true, true) => "word pattern",
            (true, true, true) => "case word pattern",
        }
    }
}

/// One place, with a few words around it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Words before it, in the same block.
    pub before: String,
    /// What was found.
    pub found: String,
    /// Words behind it, in the same block.
    pub after: String,
}

/// What was found in one lesson.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundIn {
    /// Lesson.
    pub lesson: NodeId,
    /// Its title.
    pub title: String,
    /// How often.
    pub count: u32,
    /// How many of them are in formulas, which are not replaced.
    #[serde(default)]
    pub fixed: u32,
    /// The first few places, in the order of the lesson.
    pub places: Vec<Place>,
    /// Whether it can be replaced there: the lesson can be edited.
    pub editable: bool,
}

/// What was found in a course, in the order of its outline.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FindView {
    /// Lessons in which something was found.
    pub lessons: Vec<FoundIn>,
    /// Places in all of them.
    pub count: u32,
    /// How many of them are in formulas, which are not replaced.
    #[serde(default)]
    pub fixed: u32,
    /// Lessons that were looked at.
    pub looked_at: u32,
    /// Lessons that have not arrived on this computer and were not looked at.
    pub not_here: u32,
}

/// What a replacement did.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Replaced {
    /// Number under which it can be taken back until the program ends; none if nothing was replaced.
    pub id: Option<u64>,
    /// Places that were replaced.
    pub count: u32,
    /// Lessons with such places.
    pub lessons: u32,
    /// Lessons that have such places and were left alone, since they cannot be edited.
    pub left_alone: u32,
    /// Why it ended before all was done, in plain words; what was done is counted above.
    pub stopped: Option<String>,
}

/// What came of taking a replacement back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PutBack {
    /// Places that are as before.
    pub count: u32,
    /// Places whose paragraph was changed since: they stay as they are.
    pub changed_since: u32,
}
