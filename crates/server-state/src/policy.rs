//! How a kind of query is treated: when its data is old, how long it is kept, what it needs to be fetched.

use std::time::Duration;

/// Options of a key; [`crate::Fetch::policy`] says them for each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Policy {
    /// Age from which data is worth a fetch when somebody begins to observe it, on focus and on reconnect. None:
    /// fresh until it is invalidated, the right choice for a source that says when it changes.
    pub stale_time: Option<Duration>,
    /// How long data is kept that nobody observes. None: as long as there is room.
    pub gc_time: Option<Duration>,
    /// Invalidations start a fetch at most once in this time. None: as [`crate::Options::interval_ms`] says.
    pub throttle: Option<Duration>,
    /// What a fetch needs.
    pub network: NetworkMode,
    /// Whether a window that comes to the front fetches what is observed.
    pub on_focus: When,
    /// Whether a network that comes back fetches what is observed. What waits for the network always goes on.
    pub on_reconnect: When,
    /// Fetched anew this long after it was last asked for, while it is observed.
    pub interval: Option<Duration>,
    /// Also while no window is at the front.
    pub interval_in_background: bool,
    /// What follows a failure.
    pub retry: Retry,
    /// Whether the data is part of what [`crate::ServerState::save`] writes.
    pub persist: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            stale_time: None,
            // As TanStack Query has it: somebody who comes back to a page within a coffee sees it at once.
            gc_time: Some(Duration::from_secs(5 * 60)),
            throttle: None,
            network: NetworkMode::Local,
            on_focus: When::Stale,
            on_reconnect: When::Stale,
            interval: None,
            interval_in_background: false,
            retry: Retry::default(),
            persist: false,
        }
    }
}

impl Policy {
    /// For a source on this computer that says when it changes.
    pub fn local() -> Self {
        Self::default()
    }
    /// For a source across the network that does not say when it changes.
    pub fn remote(stale_time: Duration) -> Self {
        Self { stale_time: Some(stale_time), network: NetworkMode::Remote, ..Self::default() }
    }
}

/// What a fetch needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NetworkMode {
    /// Nothing: it is always tried.
    #[default]
    Local,
    /// The network: without, it waits and is shown as paused.
    Remote,
    /// Tried once in any case, since there may be an answer on this computer; tried again only with the network.
    LocalFirst,
}

/// Whether an occasion is one to fetch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum When {
    /// No.
    Never,
    /// When the data is stale.
    #[default]
    Stale,
    /// Yes.
    Always,
}

/// What follows a failure that may pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Retry {
    /// Failures in a row after which observers are told; before that it is worth a silent try.
    pub tell_after: u32,
    /// Failures in a row after which nothing more is tried until the next invalidation. None: it heals by itself.
    pub give_up_after: Option<u32>,
    /// First wait.
    pub min: Duration,
    /// Longest wait; they double up to it.
    pub max: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            tell_after: 3,
            give_up_after: None,
            min: Duration::from_millis(500),
            max: Duration::from_secs(30),
        }
    }
}

impl Retry {
    /// Wait after the `failures`-th failure in a row, in milliseconds, half of it random.
    pub fn wait_ms(&self, failures: u32, random: u64) -> u64 {
        let (min, max) = (millis(self.min), millis(self.max));
        let doubled = (2 * min).saturating_mul(1 << failures.saturating_sub(1).min(16));
        let ceiling = doubled.min(max).max(1);
        ceiling / 2 + random % (ceiling / 2 + 1)
    }
}

pub(crate) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_half_of_each_is_random() {
        let retry = Retry::default();
        assert_eq!((retry.wait_ms(1, 0), retry.wait_ms(1, 500)), (500, 1_000));
        assert_eq!((retry.wait_ms(2, 0), retry.wait_ms(2, 1_000)), (1_000, 2_000));
        assert_eq!((retry.wait_ms(40, 0), retry.wait_ms(40, 15_000)), (15_000, 30_000));
        let none = Retry { min: Duration::ZERO, max: Duration::ZERO, ..retry };
        assert_eq!(none.wait_ms(9, 7), 0);
    }
}
