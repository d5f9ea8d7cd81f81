//! What the window remembers between runs, in the browser's local storage.

use inkhorn_protocol::{CourseId, NodeId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Narrowest and widest sidebar, in CSS pixels (LOOK: frame).
pub const SIDEBAR: std::ops::RangeInclusive<u32> = 220..=420;

/// Light or dark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    /// Light.
    Light,
    /// Dark.
    Dark,
    /// As the desktop says.
    #[default]
    System,
}

/// Everything that is remembered. A field that a newer or older build does not know is dropped, never an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prefs {
    /// Light or dark.
    pub theme: Theme,
    /// Lesson text without serifs.
    pub sans: bool,
    /// Width of the sidebar, in CSS pixels.
    pub sidebar_width: u32,
    /// Whether the sidebar is hidden (at 900 px and more).
    pub sidebar_hidden: bool,
    /// Course that was open last.
    pub course: Option<CourseId>,
    /// Lesson that was open last, by course.
    pub lessons: BTreeMap<CourseId, NodeId>,
    /// Server that the user signed in to last.
    pub server: String,
    /// E-mail that was used there.
    pub email: String,
    /// Rows of 28 rather than 32 pixels.
    pub compact: bool,
    /// Nodes that are closed in the outline.
    pub collapsed: BTreeSet<NodeId>,
}

impl Default for Prefs {
    fn default() -> Self {
        Self {
            theme: Theme::System,
            sans: false,
            sidebar_width: 280,
            sidebar_hidden: false,
            course: None,
            lessons: BTreeMap::new(),
            server: String::new(),
            email: String::new(),
            compact: false,
            collapsed: BTreeSet::new(),
        }
    }
}

impl Prefs {
    /// From what was stored; whatever cannot be read becomes the default.
    pub fn parse(stored: Option<&str>) -> Self {
        let mut prefs: Self = stored.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        prefs.sidebar_width = prefs.sidebar_width.clamp(*SIDEBAR.start(), *SIDEBAR.end());
        prefs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_is_in_the_storage_gives_usable_preferences() {
        assert_eq!(Prefs::parse(None), Prefs::default());
        assert_eq!(Prefs::parse(Some("{broken")), Prefs::default());
        assert_eq!(Prefs::parse(Some(r#"{"sidebar_width":9000,"later":1}"#)).sidebar_width, 420);
        let prefs = Prefs { theme: Theme::Dark, ..Prefs::default() };
        assert_eq!(Prefs::parse(serde_json::to_string(&prefs).ok().as_deref()), prefs);
    }
}
