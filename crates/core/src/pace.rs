//! How fast a window is told: at once after a quiet time, and evenly in a storm.

use std::time::Duration;
use tokio::time::Instant;

/// Allows one each so often on average, and a few in a row after a quiet time.
#[derive(Debug)]
pub(crate) struct Pace {
    every: Duration,
    at_once: u32,
    /// Each one moves this on by `every`; it may be ahead of the clock by as much as `at_once` allows.
    paid_until: Instant,
}

impl Pace {
    /// One each `every`, and up to `at_once` in a row.
    pub(crate) fn new(every: Duration, at_once: u32) -> Self {
        Self { every, at_once, paid_until: Instant::now() }
    }

    /// When the next one may go.
    pub(crate) fn next(&self) -> Instant {
        let ahead = self.every * self.at_once.saturating_sub(1);
        self.paid_until.checked_sub(ahead).unwrap_or(self.paid_until)
    }

    /// One goes now.
    pub(crate) fn went(&mut self) {
        self.paid_until = self.paid_until.max(Instant::now()) + self.every;
    }
}
