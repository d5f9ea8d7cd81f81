//! Pauses between the tries of what must work in the end. Pure.

/// Pause after the first try that failed, in milliseconds.
const FIRST_MS: i32 = 250;

/// Longest pause, in milliseconds: what is on screen says that it is tried again.
const LONGEST_MS: i32 = 8_000;

/// Pauses in milliseconds, each twice as long as the one before it, without end.
pub fn pauses() -> impl Iterator<Item = i32> {
    std::iter::successors(Some(FIRST_MS), |pause| Some(pause.saturating_mul(2).min(LONGEST_MS)))
}

#[cfg(test)]
mod tests {
    use super::pauses;

    #[test]
    fn pauses_grow_to_a_limit_and_never_end() {
        let first: Vec<_> = pauses().take(8).collect();
        assert_eq!(first, [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    }
}
