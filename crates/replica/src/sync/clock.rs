//! Time that only goes forward, from a clock of the system that may be set back.

/// Milliseconds that have passed, as far as a wall clock tells: a clock that is set back counts as one that stood still, so
/// that nothing waits until it is as late again.
#[derive(Debug, Default)]
pub(super) struct Clock {
    seen: Option<u64>,
    passed: u64,
}

impl Clock {
    /// Time that has passed, in milliseconds, when the wall clock shows `now_ms`.
    pub(super) fn at(&mut self, now_ms: u64) -> u64 {
        let seen = self.seen.replace(now_ms).unwrap_or(now_ms);
        self.passed += now_ms.saturating_sub(seen);
        self.passed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_goes_on_from_there() {
        let mut clock = Clock::default();
        assert_eq!(clock.at(5_000), 0);
        assert_eq!(clock.at(6_000), 1_000);
        assert_eq!(clock.at(2_000), 1_000);
        assert_eq!(clock.at(2_500), 1_500);
    }
}
