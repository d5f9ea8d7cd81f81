//! What is known about one key: a pure reducer, without the data itself.
//!
//! The generation rule: an invalidation raises `generation`; a fetch that succeeds covers the generation at
//! which it *started*. So an invalidation during a fetch leaves the entry stale, and exactly one more fetch
//! follows. A flag that is cleared when a fetch settles, or invalidations that are ignored during a fetch, both
//! end in entries that stay stale for ever (`tests/all/model.rs` shows both).

/// Failures in a row after which an observer is told; before that it is worth a silent try.
pub const TELL_AFTER: u32 = 3;
/// First wait after a failure, and the longest, in milliseconds.
pub const MIN_RETRY_MS: u64 = 500;
/// See [`MIN_RETRY_MS`].
pub const MAX_RETRY_MS: u64 = 30_000;

pub use inkhorn_protocol::window::{FetchStatus, QueryStatus};

/// What happens to an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// The source may have changed.
    Invalidate,
    /// A fetch starts.
    Start,
    /// The fetch under way succeeded.
    Succeed {
        /// Version of the answer, as the source counts; an older one than is cached is not published.
        version: u64,
    },
    /// The fetch under way failed in a way that may pass.
    Fail {
        /// In plain words.
        why: String,
        /// When to try again, in milliseconds on the cache's clock.
        retry_at: u64,
    },
    /// The fetch under way got the definite answer that there is no data.
    Refuse {
        /// In plain words.
        why: String,
    },
    /// The fetch under way needs the network, and there is none.
    Pause {
        /// In plain words.
        why: String,
    },
    /// The network is back: what waited need not wait any longer.
    Resume,
}

/// State of one key.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Entry {
    generation: u64,
    covered: u64,
    in_flight: Option<u64>,
    version: u64,
    has_data: bool,
    failures: u32,
    retry_at: u64,
    paused: bool,
    /// The network came back while the fetch was under way: that it finds none is old news.
    resumed: bool,
    error: Option<String>,
}

impl Default for Entry {
    /// Nothing is known: the first observer starts a fetch.
    fn default() -> Self {
        Self {
            generation: 1,
            covered: 0,
            in_flight: None,
            version: 0,
            has_data: false,
            failures: 0,
            retry_at: 0,
            paused: false,
            resumed: false,
            error: None,
        }
    }
}

impl Entry {
    /// Applies an action. True when the data of a success is to be published.
    pub fn apply(&mut self, action: Action) -> bool {
        match action {
            // It does not shorten the wait after a failure: a source that fails is left alone.
            Action::Invalidate => self.generation += 1,
            Action::Start => (self.in_flight, self.resumed) = (Some(self.generation), false),
            Action::Succeed { version } => {
                self.cover();
                self.error = None;
                let news = !self.has_data || version >= self.version;
                if news {
                    self.version = version;
                    self.has_data = true;
                }
                return news;
            }
            Action::Fail { why, retry_at } => {
                self.in_flight = None;
                self.failures = self.failures.saturating_add(1);
                self.retry_at = retry_at;
                if self.failures >= TELL_AFTER {
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
                self.in_flight = None;
                if !std::mem::take(&mut self.resumed) {
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

    /// Whether an observed entry is to be fetched now.
    pub fn may_start(&self, now: u64) -> bool {
        self.in_flight.is_none() && self.is_stale() && !self.paused && self.retry_at <= now
    }
    /// Whether the source may have changed since what is known.
    pub fn is_stale(&self) -> bool {
        self.covered < self.generation
    }
    /// Whether a fetch is under way.
    pub fn is_fetching(&self) -> bool {
        self.in_flight.is_some()
    }
    /// When a failed fetch is to be tried again.
    pub fn retry_at(&self) -> Option<u64> {
        (self.in_flight.is_none() && self.is_stale() && !self.paused && self.retry_at > 0)
            .then_some(self.retry_at)
    }
    /// Version of the data, as the source counts.
    pub fn version(&self) -> u64 {
        self.version
    }
    /// Failures in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }
    /// Why there is no data, or why it could not be refreshed.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
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

/// Wait after the `failures`-th failure in a row, half of it random.
pub fn retry_ms(failures: u32, random: u64) -> u64 {
    let ceiling =
        (2 * MIN_RETRY_MS).saturating_mul(1 << failures.saturating_sub(1).min(16)).min(MAX_RETRY_MS);
    ceiling / 2 + random % (ceiling / 2 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fetch_that_finds_no_network_after_it_came_back_is_tried_again_instead_of_waiting_for_the_next_time()
    {
        let mut entry = Entry::default();
        entry.apply(Action::Start);
        entry.apply(Action::Resume);
        entry.apply(Action::Pause { why: "too late".to_owned() });
        assert!(entry.may_start(0), "the network is there");
        entry.apply(Action::Start);
        entry.apply(Action::Pause { why: "gone again".to_owned() });
        assert!(!entry.may_start(u64::MAX), "once");
    }
}
