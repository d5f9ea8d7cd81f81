//! Time that only goes forward, from a clock of the system that may be set back.

/// Milliseconds, as a wall clock first showed them and as many more as have passed since: a clock that is set back counts as
/// one that stood still. Else news would wait, and documents stay loaded, until it is as late again.
#[derive(Debug, Default)]
pub(super) struct Clock {
    seen: Option<u64>,
    steady: u64,
}

impl Clock {
    /// The steady time when the wall clock shows `wall_ms`.
    pub(super) fn at(&mut self, wall_ms: u64) -> u64 {
        match self.seen.replace(wall_ms) {
            Some(seen) => self.steady += wall_ms.saturating_sub(seen),
            None => self.steady = wall_ms,
        }
        self.steady
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_goes_on_from_there() {
        let mut clock = Clock::default();
        assert_eq!([5_000, 6_000, 2_000, 2_500].map(|wall| clock.at(wall)), [5_000, 6_000, 6_000, 6_500]);
    }
}
