//! The words of the cache panel: those of its trade, explained where they stand.
#![allow(missing_docs, reason = "each text says itself what it is")]

use super::en::count;
use crate::state::cache::State;
use inkhorn_protocol::window::CacheReport;

pub const TITLE: &str = "Cache";
pub const SHOW: &str = "Cache panel";
pub const FILTER: &str = "Filter keys";
pub const NONE: &str = "No key matches this filter.";
pub const UNKNOWN: &str = "The core does not say what is in its cache.";

/// Columns: name, and what it means.
pub const COLUMNS: [(&str, &str); 9] = [
    ("Key", "Name of the piece of server state"),
    ("State", "Whether it is current, and whether it is being read"),
    ("Observers", "Who looks at it now"),
    ("Generation", "Invalidations so far; after the slash, how many of them the data covers"),
    ("Revision", "Changes of the data so far"),
    ("Fetches", "Reads of the source so far"),
    ("Last cause", "What changed the entry last"),
    ("Age", "Since the data was read"),
    ("Size", "Of the data, roughly"),
];

pub fn state(state: State) -> &'static str {
    match state {
        State::Fresh => "fresh",
        State::Stale => "stale",
        State::Fetching => "fetching",
        State::Paused => "paused",
        State::Error => "failed",
        State::Pending => "not read",
    }
}

pub fn totals(report: &CacheReport) -> String {
    [
        count(report.entries.len() as u64, "key", "keys"),
        count(report.fetches, "fetch", "fetches"),
        count(report.invalidations, "invalidation", "invalidations"),
        count(report.batches, "batch to this window", "batches to this window"),
    ]
    .join(" · ")
}

/// "3 s", "2 min", "4 h".
pub fn age(ms: u64) -> String {
    match ms / 1_000 {
        seconds @ 0..=99 => format!("{seconds} s"),
        seconds @ 100..=5_999 => format!("{} min", seconds / 60),
        seconds => format!("{} h", seconds / 3_600),
    }
}

/// "512 B", "1.5 KB".
pub fn size(bytes: u64) -> String {
    match bytes {
        0..=999 => format!("{bytes} B"),
        1_000..=999_999 => format!("{}.{} KB", bytes / 1_000, bytes % 1_000 / 100),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_sizes_are_short() {
        assert_eq!(
            (age(900), age(99_000), age(240_000), age(7_200_000)),
            ("0 s".into(), "99 s".into(), "4 min".into(), "2 h".into())
        );
        assert_eq!(
            (size(12), size(1_540), size(2_300_000)),
            ("12 B".into(), "1.5 KB".into(), "2.3 MB".into())
        );
    }
}
