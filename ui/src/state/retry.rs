//! What is tried again, and after which pauses. Pure.

/// Pause after the first try that failed, in milliseconds.
const FIRST_MS: i32 = 250;

/// Longest pause, in milliseconds: what is on screen says that it is tried again.
const LONGEST_MS: i32 = 8_000;

/// Pauses in milliseconds, each twice as long as the one before it, without end.
pub fn pauses() -> impl Iterator<Item = i32> {
    std::iter::successors(Some(FIRST_MS), |pause| Some(pause.saturating_mul(2).min(LONGEST_MS)))
}

/// Whether a failure of the core passes by itself, so that the same edit is tried again rather than refused: a full
/// disk. The code is that of the core.
pub fn is_passing(code: &str) -> bool {
    code == "disk_full"
}

#[cfg(test)]
mod tests {
    use super::{is_passing, pauses};

    #[test]
    fn a_full_disk_passes_and_what_was_refused_stays_refused() {
        assert!(is_passing("disk_full"));
        for code in ["invalid", "denied", "corrupt", "not_found", "other", ""] {
            assert!(!is_passing(code), "{code}");
        }
    }

    #[test]
    fn pauses_grow_to_a_limit_and_never_end() {
        let first: Vec<_> = pauses().take(8).collect();
        assert_eq!(first, [250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
    }
}
