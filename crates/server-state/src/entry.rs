//! What is known about one key: a pure reducer, without the data itself.
//!
//! The generation rule: an invalidation raises the generation of the key (a number that the [`crate::tree`] keeps,
//! for whole prefixes at once); a fetch that succeeds covers the generation at which it *started*. So an
//! invalidation during a fetch leaves the entry stale, and exactly one more fetch follows. A flag that is cleared
//! when a fetch settles, or invalidations that are ignored during a fetch, both end in entries that stay stale for
//! ever (`tests/all/model.rs` shows both).

use std::sync::Arc;

/// Whether an answer has data.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum QueryStatus {
    /// Not yet.
    Pending,
    /// The last fetch failed.
    Error,
    /// Yes.
    Success,
}

/// Whether an answer is being refreshed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FetchStatus {
    /// No.
    Idle,
    /// Yes.
    Fetching,
    /// It waits for the network.
    Paused,
}

/// What happens to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// A fetch starts.
    Start {
        /// Generation of the key now.
        generation: u64,
    },
    /// The fetch under way succeeded.
    Succeed {
        /// Version of the answer, as the source counts; an older one than is cached is not published.
        version: u64,
        /// Now, in milliseconds on the cache's clock.
        now: i64,
    },
    /// The fetch under way failed in a way that may pass.
    Fail {
        /// In plain words.
        why: Arc<str>,
        /// When to try again, in milliseconds on the cache's clock; none: not before the next invalidation.
        retry_at: Option<u64>,
        /// Whether observers are told, rather than given a silent further try.
        tell: bool,
    },
    /// The fetch under way got the definite answer that there is no data.
    Refuse {
        /// In plain words.
        why: Arc<str>,
    },
    /// A fetch needs the network, and there is none.
    Pause {
        /// In plain words.
        why: Arc<str>,
    },
    /// The network is back: what waited need not wait any longer.
    Resume,
    /// The fetch under way was called off.
    Cancel,
    /// The owner of the cache knows the data.
    Set {
        /// Generation of the key now.
        generation: u64,
        /// Version of the data.
        version: u64,
        /// Now.
        now: i64,
    },
}

/// State of one key. By default nothing is known: the first observer starts a fetch.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Entry {
    covered: u64,
    version: u64,
    updated_at: i64,
    has_data: bool,
    in_flight: Option<u64>,
    failures: u32,
    retry_at: u64,
    /// Generation at which it was given up.
    gave_up: u64,
    paused: bool,
    /// The network came back while the fetch was under way: that it finds none is old news.
    resumed: bool,
    error: Option<Arc<str>>,
}

impl Entry {
    /// An entry with data that was read at rest.
    pub fn at_rest(covered: u64, version: u64, updated_at: i64) -> Self {
        Self { covered, version, updated_at, has_data: true, ..Self::default() }
    }

    /// Applies an action. True when the data of a success is to be published.
    pub fn apply(&mut self, action: Action) -> bool {
        match action {
            Action::Start { generation } => (self.in_flight, self.resumed) = (Some(generation), false),
            Action::Succeed { version, now } => {
                self.cover();
                self.error = None;
                self.updated_at = now;
                let news = !self.has_data || version >= self.version;
                if news {
                    self.version = version;
                    self.has_data = true;
                }
                return news;
            }
            Action::Fail { why, retry_at, tell } => {
                let started = self.in_flight.take();
                self.failures = self.failures.saturating_add(1);
                match retry_at {
                    Some(at) => self.retry_at = at,
                    None => {
                        (self.failures, self.retry_at) = (0, 0);
                        self.gave_up = started.unwrap_or(self.gave_up);
                    }
                }
                if tell {
                    self.error = Some(why);
                }
            }
            Action::Refuse { why } => {
                self.cover();
                self.has_data = false;
                self.version = 0;
                self.error = Some(why);
            }
            Action::Pause { why } => {
                // Only a fetch can be late with this news; what is about to be fetched and may not is not.
                let late = self.in_flight.take().is_some() && self.resumed;
                if !late {
                    self.paused = true;
                    self.error = Some(why);
                }
            }
            Action::Resume => {
                if self.paused {
                    self.paused = false;
                    self.error = None;
                }
                self.resumed = self.in_flight.is_some();
                self.failures = 0;
                self.retry_at = 0;
            }
            Action::Cancel => self.in_flight = None,
            Action::Set { generation, version, now } => {
                self.in_flight = Some(generation);
                self.cover();
                (self.version, self.updated_at, self.has_data, self.error) = (version, now, true, None);
            }
        }
        false
    }

    fn cover(&mut self) {
        if let Some(started) = self.in_flight.take() {
            self.covered = started;
        }
        self.failures = 0;
        self.retry_at = 0;
        self.paused = false;
    }

    /// Whether an observed entry is to be fetched now. An invalidation does not shorten the wait after a failure:
    /// a source that fails is left alone.
    pub fn may_start(&self, generation: u64, now: u64) -> bool {
        self.in_flight.is_none()
            && self.is_stale(generation)
            && self.gave_up < generation
            && !self.paused
            && self.retry_at <= now
    }
    /// Whether the source may have changed since what is known.
    pub fn is_stale(&self, generation: u64) -> bool {
        self.covered < generation
    }
    /// Whether a fetch is under way.
    pub fn is_fetching(&self) -> bool {
        self.in_flight.is_some()
    }
    /// Whether it waits for the network.
    pub fn is_paused(&self) -> bool {
        self.paused
    }
    /// When a failed fetch is to be tried again.
    pub fn retry_at(&self) -> Option<u64> {
        (self.in_flight.is_none() && !self.paused && self.retry_at > 0).then_some(self.retry_at)
    }
    /// Generation that the last success started at.
    pub fn covered(&self) -> u64 {
        self.covered
    }
    /// Version of the data, as the source counts.
    pub fn version(&self) -> u64 {
        self.version
    }
    /// When the data was last read, in milliseconds on the cache's clock; before its start for data of an earlier run.
    pub fn updated_at(&self) -> i64 {
        self.updated_at
    }
    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
    /// Why there is no data, or why it could not be refreshed.
    pub fn error(&self) -> Option<&Arc<str>> {
        self.error.as_ref()
    }
    /// Whether there is data, and whether it failed.
    pub fn status(&self) -> QueryStatus {
        match (&self.error, self.has_data) {
            // Waiting for the network is no failure while there is data to show.
            (Some(_), true) if self.paused => QueryStatus::Success,
            (Some(_), false) if self.paused => QueryStatus::Pending,
            (Some(_), _) => QueryStatus::Error,
            (None, true) => QueryStatus::Success,
            (None, false) => QueryStatus::Pending,
        }
    }
    /// Whether it is being refreshed.
    pub fn fetch_status(&self) -> FetchStatus {
        if self.in_flight.is_some() {
            FetchStatus::Fetching
        } else if self.paused {
            FetchStatus::Paused
        } else {
            FetchStatus::Idle
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fetch_that_finds_no_network_after_it_came_back_is_tried_again_instead_of_waiting_for_the_next_time()
    {
        let mut entry = Entry::default();
        entry.apply(Action::Start { generation: 1 });
        entry.apply(Action::Resume);
        entry.apply(Action::Pause { why: "too late".into() });
        assert!(entry.may_start(1, 0), "the network is there");
        entry.apply(Action::Start { generation: 1 });
        entry.apply(Action::Pause { why: "gone again".into() });
        assert!(!entry.may_start(1, u64::MAX), "once");
    }

    #[test]
    fn what_may_not_be_fetched_for_want_of_a_network_waits_also_after_one_came_back_during_an_earlier_fetch()
    {
        let mut entry = Entry::default();
        entry.apply(Action::Start { generation: 1 });
        entry.apply(Action::Resume);
        entry.apply(Action::Succeed { version: 0, now: 0 });
        entry.apply(Action::Pause { why: "none now".into() });
        assert!(entry.is_paused(), "or who asks would wait without a word");
    }
}
