//! What a course says of itself: language, licence, authors and the like. Kept in the `meta` map of its outline document.
//!
//! | Key of `meta` | Value |
//! |---|---|
//! | `language`, `licence` | text |
//! | `direction` | `ltr` or `rtl`; absent: by the text itself |
//! | `author:<id>`, `objective:<id>` | text of one entry |
//! | `author@<id>`, `objective@<id>` | its place in the list, a fractional index |
//! | `cover` | an asset: `{hash, mime, bytes, name}` |
//!
//! Each is a key of its own, so the last writer wins for that one only: two authors who add an objective at the same time
//! have both, and who rewrites one does not undo somebody else's reordering. An entry that is rewritten while somebody
//! removes it stays: what was typed is not lost.

use crate::NodeId;
use crate::projection::AssetRef;
use serde::{Deserialize, Serialize};

/// Longest text of an entry or a licence, in characters: a sentence or two.
pub const MAX_TEXT: usize = 500;
/// Longest language tag, in characters (BCP 47 asks to take at least 35).
pub const MAX_LANGUAGE: usize = 35;
/// Most entries of a list.
pub const MAX_ENTRIES: usize = 200;

/// Settings of a course.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CourseSettings {
    /// Language of the lessons as a BCP 47 tag; empty when it is not said.
    pub language: String,
    /// Direction of the text.
    pub direction: Direction,
    /// Licence, by a name or in a sentence; empty when it is not said.
    pub licence: String,
    /// Authors, in order.
    pub authors: Vec<Entry>,
    /// What learners can do at the end, in order.
    pub objectives: Vec<Entry>,
    /// Picture of the course.
    pub cover: Option<AssetRef>,
}

/// Direction of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// As the text itself says, block by block.
    #[default]
    Auto,
    /// Left to right.
    Ltr,
    /// Right to left.
    Rtl,
}

impl Direction {
    /// As HTML's `dir` has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Ltr => "ltr",
            Self::Rtl => "rtl",
        }
    }

    /// From HTML's `dir`; anything else is for the text to say.
    pub fn of(text: &str) -> Self {
        match text {
            "ltr" => Self::Ltr,
            "rtl" => Self::Rtl,
            _ => Self::Auto,
        }
    }
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Id, drawn once.
    pub id: NodeId,
    /// What it says.
    pub text: String,
}

/// A list of the settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum List {
    /// Authors.
    Authors,
    /// Objectives.
    Objectives,
}

/// One change of the settings, by one command of the user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "set", rename_all = "snake_case")]
pub enum Change {
    /// Another language; empty: it is not said.
    Language {
        /// BCP 47 tag.
        value: String,
    },
    /// Another direction.
    Direction {
        /// It.
        value: Direction,
    },
    /// Another licence; empty: it is not said.
    Licence {
        /// Name or sentence.
        value: String,
    },
    /// A new entry at the end of a list.
    Add {
        /// Which list.
        list: List,
        /// Fresh id.
        id: NodeId,
        /// What it says.
        text: String,
    },
    /// Another text of an entry; one that somebody removed meanwhile comes back.
    Text {
        /// Which list.
        list: List,
        /// Entry.
        id: NodeId,
        /// What it says.
        text: String,
    },
    /// An entry goes before another one, or to the end.
    Move {
        /// Which list.
        list: List,
        /// Entry.
        id: NodeId,
        /// The one that follows it then.
        before: Option<NodeId>,
    },
    /// An entry goes.
    Remove {
        /// Which list.
        list: List,
        /// Entry.
        id: NodeId,
    },
    /// Another picture, or none. Its file is stored already.
    Cover {
        /// Asset.
        cover: Option<AssetRef>,
    },
}

/// Whether a text has the form of a language tag (BCP 47): what browsers and screen readers take in `lang`.
pub fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    let letters =
        |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric()) && (1..=8).contains(&part.len());
    let main = (2..=8).contains(&first.len()) && first.bytes().all(|byte| byte.is_ascii_alphabetic());
    main && text.len() <= MAX_LANGUAGE && parts.all(letters)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_tag_is_known_by_its_form() {
        for good in
            ["en", "pt-BR", "zh-Hant-TW", "sr-Latn", "de-1996", "gsw", "x-none".trim_start_matches("x-")]
        {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "e", "english language", "en_GB", "en-", "-en", "1n", "en-toolongpart1", "é"] {
            assert!(!is_language(bad), "{bad}");
        }
    }

    #[test]
    fn a_direction_is_what_html_says() {
        for one in [Direction::Auto, Direction::Ltr, Direction::Rtl] {
            assert_eq!(Direction::of(one.as_str()), one);
        }
        assert_eq!(Direction::of("sideways"), Direction::Auto);
    }
}
