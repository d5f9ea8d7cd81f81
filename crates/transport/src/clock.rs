//! The two clocks that a supervisor needs.

use std::time::{SystemTime, UNIX_EPOCH};
use tokio::time::Instant;

/// One moment on both clocks, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Monotonic, from an arbitrary start. On Linux it stands still while the computer sleeps.
    pub mono_ms: u64,
    /// Since the Unix epoch. It goes on while the computer sleeps, and jumps when somebody sets it.
    pub wall_ms: u64,
}

/// Tells the time; a test passes its own.
pub trait Clock: Send + Sync + 'static {
    /// The moment now.
    fn now(&self) -> Now;
    /// When the monotonic clock will show `mono_ms`, for a timer.
    fn instant(&self, mono_ms: u64) -> Instant;
}

/// The computer's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Now { mono_ms: millis(self.start.elapsed()), wall_ms: millis(wall) }
    }
    fn instant(&self, mono_ms: u64) -> Instant {
        self.start + std::time::Duration::from_millis(mono_ms)
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
