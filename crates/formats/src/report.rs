//! Collects the fidelity report.

use inkhorn_protocol::fidelity::{FidelityCount, FidelityItem, FidelityReport, Outcome};
use std::collections::BTreeMap;

/// Most items that are listed one by one; beyond it they are only counted. A reader stops long before.
const MAX_ITEMS: usize = 20_000;

/// A report in the making.
#[derive(Default)]
pub(crate) struct Reporter {
    items: Vec<FidelityItem>,
    counts: BTreeMap<(String, Outcome), u32>,
}

impl Reporter {
    /// Counts a thing and lists it.
    pub(crate) fn note(
        &mut self,
        file: &str,
        line: Option<u32>,
        what: &str,
        outcome: Outcome,
        detail: String,
    ) {
        self.count(what, outcome);
        if self.items.len() < MAX_ITEMS {
            self.items.push(FidelityItem {
                file: file.to_owned(),
                line,
                what: what.to_owned(),
                outcome,
                detail,
            });
        }
    }
    /// Counts a thing.
    pub(crate) fn count(&mut self, what: &str, outcome: Outcome) {
        *self.counts.entry((what.to_owned(), outcome)).or_default() += 1;
    }
    /// The first thing that was refused, in one sentence.
    pub(crate) fn first_refused(&self) -> Option<String> {
        let refused = |item: &&FidelityItem| {
            matches!(item.outcome, Outcome::Dropped | Outcome::Missing) && item.what == "lesson"
        };
        self.items.iter().find(refused).map(|item| format!("{}: {}", item.file, item.detail))
    }
    /// The report, ordered by file and line.
    pub(crate) fn finish(mut self) -> FidelityReport {
        self.items.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        let counts =
            self.counts.into_iter().map(|((what, outcome), count)| FidelityCount { what, outcome, count });
        FidelityReport { counts: counts.collect(), items: self.items }
    }
}
