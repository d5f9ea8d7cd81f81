//! What the cache panel shows of a report. Pure.

use crate::i18n::cache as words;
use inkhorn_protocol::window::{CacheEntry, CacheReport, FetchStatus, QueryStatus};

/// State of an entry in one word. Colour never speaks alone, so the word is what is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Read, and nothing changed since.
    Fresh,
    /// The source may have changed since it was read.
    Stale,
    /// Being read now.
    Fetching,
    /// Waits for the network.
    Paused,
    /// The last fetch failed.
    Error,
    /// Never read.
    Pending,
}

impl State {
    /// State of an entry.
    pub fn of(entry: &CacheEntry) -> Self {
        match (entry.fetch_status, entry.status) {
            (FetchStatus::Fetching, _) => Self::Fetching,
            (FetchStatus::Paused, _) => Self::Paused,
            (FetchStatus::Idle, QueryStatus::Error) => Self::Error,
            (FetchStatus::Idle, QueryStatus::Pending) => Self::Pending,
            (FetchStatus::Idle, QueryStatus::Success) if entry.stale => Self::Stale,
            (FetchStatus::Idle, QueryStatus::Success) => Self::Fresh,
        }
    }
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Path of the key, its segments separated by " / ".
    pub path: String,
    /// State.
    pub state: State,
    /// The entry.
    pub entry: CacheEntry,
}

/// The lines that match a filter: each of its words must be in the path, the state or the cause, in any case.
pub fn lines(report: &CacheReport, filter: &str) -> Vec<Line> {
    let wanted: Vec<String> = filter.split_whitespace().map(str::to_lowercase).collect();
    let all = report.entries.iter().map(|entry| Line {
        path: entry.key.path().join(" / "),
        state: State::of(entry),
        entry: entry.clone(),
    });
    all.filter(|line| {
        let text = format!("{} {} {}", line.path, words::state(line.state), line.entry.cause).to_lowercase();
        wanted.iter().all(|word| text.contains(word.as_str()))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use inkhorn_protocol::key::QueryKey;

    fn entry(key: QueryKey) -> CacheEntry {
        CacheEntry {
            key,
            status: QueryStatus::Success,
            fetch_status: FetchStatus::Idle,
            stale: false,
            generation: 3,
            covered: 3,
            revision: 2,
            observers: 1,
            fetches: 2,
            cause: "invalidated".into(),
            age_ms: Some(1_200),
            bytes: 40,
        }
    }

    #[test]
    fn what_is_under_way_is_said_before_what_is_known() {
        let one = entry(QueryKey::Sync);
        assert_eq!(State::of(&one), State::Fresh);
        assert_eq!(State::of(&CacheEntry { stale: true, ..one.clone() }), State::Stale);
        let paused = CacheEntry { fetch_status: FetchStatus::Paused, status: QueryStatus::Error, ..one };
        assert_eq!(State::of(&paused), State::Paused);
    }

    #[test]
    fn a_filter_finds_words_of_the_key_the_state_and_the_cause() {
        let course = "soil".parse().expect("an id");
        let report = CacheReport {
            entries: vec![entry(QueryKey::Sync), entry(QueryKey::Outline { course })],
            ..CacheReport::default()
        };
        let found =
            |filter: &str| lines(&report, filter).into_iter().map(|line| line.path).collect::<Vec<_>>();
        assert_eq!(found(""), ["sync", "course / soil / outline"]);
        assert_eq!(found("SOIL outline"), ["course / soil / outline"]);
        assert_eq!(found("fresh invalidated").len(), 2);
        assert!(found("soil sync").is_empty());
    }
}
