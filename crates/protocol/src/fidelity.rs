//! What an import did to a course, item by item, in words for its author.

use serde::{Deserialize, Serialize};

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It is in the course as it was.
    Kept,
    /// It is in the course in another form.
    Converted,
    /// It is not in the course, on purpose.
    Dropped,
    /// The source names it, but it is not there.
    Missing,
}

/// One thing that the report tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FidelityItem {
    /// File, relative to the folder of the course, with `/` between folders.
    pub file: String,
    /// Line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The kind of thing: `image`, `link`, `HTML comment`, …
    pub what: String,
    /// What became of it.
    pub outcome: Outcome,
    /// One plain sentence.
    pub detail: String,
}

/// How many there are of a kind of thing that was kept, converted, dropped or missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FidelityCount {
    /// The kind of thing: `lesson`, `image`, `table`, …
    pub what: String,
    /// What became of these.
    pub outcome: Outcome,
    /// How many.
    pub count: u32,
}

/// The whole report. What was simply kept is counted, and not listed one by one.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FidelityReport {
    /// Totals, by kind and outcome, in a fixed order.
    pub counts: Vec<FidelityCount>,
    /// Everything that deserves a line of its own, by file and line.
    pub items: Vec<FidelityItem>,
}

impl FidelityReport {
    /// How many things, of all kinds, had this outcome.
    pub fn count(&self, outcome: Outcome) -> u32 {
        self.counts.iter().filter(|c| c.outcome == outcome).map(|c| c.count).sum()
    }
    /// The items with this outcome.
    pub fn with(&self, outcome: Outcome) -> impl Iterator<Item = &FidelityItem> {
        self.items.iter().filter(move |item| item.outcome == outcome)
    }
}
