//! Focus and online: two small sources of yes or no. The program sets them from its window and its connection, a
//! test from itself.

use std::sync::Arc;
use tokio::sync::watch;

/// A yes or no that others can wait for. Clones are the same.
#[derive(Debug, Clone)]
pub struct Signal(Arc<watch::Sender<State>>);

#[derive(Debug, Clone, Copy)]
struct State {
    now: bool,
    /// How often it became true: a quick off and on must not look like nothing.
    rises: u64,
}

impl Signal {
    /// A signal that stands so.
    pub fn new(now: bool) -> Self {
        Self(Arc::new(watch::Sender::new(State { now, rises: 0 })))
    }

    /// Sets it. To the same again is nothing.
    pub fn set(&self, now: bool) {
        self.0.send_if_modified(|state| {
            let changes = state.now != now;
            state.rises += u64::from(changes && now);
            state.now = now;
            changes
        });
    }

    /// How it stands.
    pub fn get(&self) -> bool {
        self.0.borrow().now
    }

    pub(crate) fn rises(&self) -> Rises {
        let state = self.0.subscribe();
        let seen = state.borrow().rises;
        Rises { state, seen }
    }
}

/// Waits for a signal to become true.
pub(crate) struct Rises {
    state: watch::Receiver<State>,
    seen: u64,
}

impl Rises {
    /// Returns when it became true since the last call; never when the signal is gone. Cancel safe.
    pub(crate) async fn next(&mut self) {
        let seen = self.seen;
        let rises = self.state.wait_for(|state| state.rises != seen).await.map(|state| state.rises);
        match rises {
            Ok(rises) => self.seen = rises,
            Err(_) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn off_and_on_again_is_a_rise_and_on_twice_is_none() {
        let signal = Signal::new(true);
        let mut rises = signal.rises();
        signal.set(true);
        signal.set(false);
        assert!(futures_util::FutureExt::now_or_never(rises.next()).is_none());
        signal.set(true);
        rises.next().await;
        assert!(futures_util::FutureExt::now_or_never(rises.next()).is_none());
        assert!(signal.get());
    }
}
