//! When everything was last synced: what the pill says, and what is kept of it.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Name of the fact that holds when everything was last synced.
pub(super) const SYNCED_AT: &str = "synced_at_ms";

/// It is stored at most this often, in milliseconds: while others write, everything is synced again many times a second,
/// people read minutes, and each store is a commit during which nothing else is read.
const STORE_SYNCED_AT_EVERY: u64 = 2_000;

/// When everything was last synced, and when that was last stored, in milliseconds; 0 before the first time.
#[derive(Default)]
pub(super) struct SyncedAt(Mutex<(u64, u64)>);

impl SyncedAt {
    fn times(&self) -> MutexGuard<'_, (u64, u64)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything is synced now. Whether that is to be stored.
    pub(super) fn is_now(&self, now_ms: u64) -> bool {
        let mut times = self.times();
        times.0 = now_ms;
        // Also when the clock was set back.
        let due = times.1 == 0 || now_ms.abs_diff(times.1) >= STORE_SYNCED_AT_EVERY;
        if due {
            times.1 = now_ms;
        }
        due
    }

    pub(super) fn last(&self) -> Option<u64> {
        Some(self.times().0).filter(|last| *last > 0)
    }

    pub(super) fn unstored(&self) -> Option<u64> {
        let (last, stored) = *self.times();
        (last != stored).then_some(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_stored_once_in_a_while_and_what_was_not_is_stored_at_the_end() {
        let synced = SyncedAt::default();
        assert_eq!((synced.last(), synced.unstored()), (None, None));
        assert!(synced.is_now(10_000));
        assert!(!synced.is_now(10_500));
        assert_eq!((synced.last(), synced.unstored()), (Some(10_500), Some(10_500)));
        assert!(synced.is_now(12_000));
        assert_eq!(synced.unstored(), None);
        assert!(synced.is_now(3), "the clock was set back");
    }
}
