//! What the tree holds for each key: small while the value is at rest in the store, larger while it is in use.

use crate::entry::{Entry, QueryStatus};
use crate::policy::{Policy, millis};
use crate::tree::{Id, Tree};
use crate::watch::Mailbox;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Weak};
use tokio::sync::watch;
use tokio::task::AbortHandle;

/// A key and what is known of it. Kept small: there is one for each key, used or not.
pub(crate) struct Slot<K, D> {
    pub(crate) key: K,
    pub(crate) hold: Hold<D>,
    /// From one counter of the whole cache, so that it also grows across a key's removal.
    pub(crate) revision: u64,
    pub(crate) fetches: u32,
    pub(crate) cause: Cause,
}

/// Where the value is.
pub(crate) enum Hold<D> {
    /// In the store, which may evict it.
    Rest(Rest<D>),
    /// Here: observed, waited for, being fetched or under an overlay; out of the reach of eviction.
    Active(Box<Active<D>>),
}

/// A value that nobody uses at the moment.
pub(crate) struct Rest<D> {
    /// The store has the only strong reference.
    pub(crate) data: Weak<D>,
    pub(crate) covered: u64,
    pub(crate) version: u64,
    pub(crate) updated_at: i64,
    /// When it may be forgotten, in seconds on the cache's clock.
    pub(crate) gone_at: u32,
    /// When the store last heard of a use, in [`crate::shared::Shared::epoch`].
    pub(crate) touched: AtomicU32,
}

/// Never forgotten by age.
pub(crate) const NEVER: u32 = u32::MAX;

/// A value in use.
pub(crate) struct Active<D> {
    pub(crate) entry: Entry,
    pub(crate) policy: Policy,
    /// What the source said.
    pub(crate) data: Option<Arc<D>>,
    /// The same under the overlays; the same allocation where there is none.
    pub(crate) shown: Option<Arc<D>>,
    pub(crate) observers: Vec<Observer<D>>,
    /// Callers of `query` that wait.
    pub(crate) guests: u32,
    /// Generation at which the last of them came.
    pub(crate) asked: u64,
    /// Asked for without anybody waiting: kept until the fetch has ended.
    pub(crate) keep: bool,
    /// Overlays on it.
    pub(crate) overlays: u32,
    pub(crate) flight: Option<Flight>,
    /// The owner called the fetch off: who waits gets what there is.
    pub(crate) cancelled: bool,
    /// Somebody was shown "fetching" or "paused", and has to be told when that ends.
    pub(crate) busy_shown: AtomicBool,
    /// When it is fetched for its interval.
    pub(crate) poll_at: Option<u64>,
    /// Its place in the list of alarms.
    pub(crate) alarm: Option<u64>,
    /// Wakes guests; made by the first of them.
    pub(crate) ticks: Option<watch::Sender<()>>,
}

/// A fetch under way.
pub(crate) struct Flight {
    /// Unlike any other's: a fetch that was called off may still answer.
    pub(crate) number: u64,
    pub(crate) abort: AbortHandle,
}

/// Says whether what an observer selects has changed.
pub(crate) type Selection<D> = Box<dyn FnMut(Option<&D>) -> bool + Send + Sync>;

/// One watcher's interest in one key.
pub(crate) struct Observer<D> {
    pub(crate) mailbox: Arc<Mailbox>,
    /// Round of the mailbox in which it was last told.
    pub(crate) told: u64,
    pub(crate) selection: Option<Selection<D>>,
}

/// What changed an entry last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// It is new.
    Created,
    /// An invalidation.
    Invalidated,
    /// Somebody began to observe it, or asked, and it was older than its stale time.
    Observed,
    /// A window came to the front.
    Focus,
    /// The network came back.
    Reconnect,
    /// Its interval passed.
    Interval,
    /// A fetch succeeded.
    Fetched,
    /// A fetch failed.
    Failed,
    /// The source has none.
    Refused,
    /// It waits for the network.
    Paused,
    /// A fetch was called off.
    Cancelled,
    /// The owner set the data.
    Set,
    /// An overlay was put on, changed or taken off.
    Overlay,
    /// It was reset.
    Reset,
    /// It is from an earlier run.
    Restored,
}

impl Cause {
    /// In one word, for people who look into the cache.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Invalidated => "invalidated",
            Self::Observed => "observed",
            Self::Focus => "focus",
            Self::Reconnect => "reconnect",
            Self::Interval => "interval",
            Self::Fetched => "fetched",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Paused => "paused",
            Self::Cancelled => "cancelled",
            Self::Set => "set",
            Self::Overlay => "overlay",
            Self::Reset => "reset",
            Self::Restored => "restored",
        }
    }
}

impl<D> Active<D> {
    pub(crate) fn new(entry: Entry, policy: Policy, data: Option<Arc<D>>) -> Self {
        Self {
            entry,
            policy,
            shown: data.clone(),
            data,
            observers: Vec::new(),
            guests: 0,
            asked: 0,
            keep: false,
            overlays: 0,
            flight: None,
            cancelled: false,
            busy_shown: AtomicBool::new(false),
            poll_at: None,
            alarm: None,
            ticks: None,
        }
    }

    /// Whether somebody wants it fresh.
    pub(crate) fn is_wanted(&self) -> bool {
        !self.observers.is_empty() || self.guests > 0 || self.keep
    }

    /// Whether there is data to show, by an overlay or by the source, and whether the last fetch failed.
    pub(crate) fn status(&self) -> QueryStatus {
        match self.entry.status() {
            QueryStatus::Pending if self.shown.is_some() => QueryStatus::Success,
            status => status,
        }
    }

    /// Calls off the fetch under way, if there is one.
    pub(crate) fn abort(&mut self) -> bool {
        let flight = self.flight.take();
        if let Some(flight) = &flight {
            flight.abort.abort();
        }
        flight.is_some()
    }

    /// Wakes who waits for an answer.
    pub(crate) fn tick(&self) {
        if let Some(ticks) = &self.ticks {
            ticks.send_replace(());
        }
    }

    /// What an observer would notice.
    pub(crate) fn face(&self) -> Face {
        Face { status: self.status(), error: self.entry.error().cloned() }
    }
}

/// What an observer notices beside the data.
#[derive(PartialEq)]
pub(crate) struct Face {
    status: QueryStatus,
    error: Option<Arc<str>>,
}

/// Whether age alone makes data worth a fetch.
pub(crate) fn is_old(policy: &Policy, updated_at: i64, now: u64) -> bool {
    let age = i64::try_from(now).unwrap_or(i64::MAX).saturating_sub(updated_at);
    policy.stale_time.is_some_and(|stale| u128::from(age.unsigned_abs()) >= stale.as_millis() && age >= 0)
}

impl<K, D> Tree<Slot<K, D>> {
    /// The own throttle of a key, in milliseconds, if it has one.
    pub(crate) fn throttle(&self, id: Id) -> Option<u64> {
        self.get(id)?.active()?.policy.throttle.map(millis)
    }
}

impl<K, D> Slot<K, D> {
    pub(crate) fn active(&self) -> Option<&Active<D>> {
        match &self.hold {
            Hold::Active(active) => Some(active),
            Hold::Rest(_) => None,
        }
    }
    pub(crate) fn active_mut(&mut self) -> Option<&mut Active<D>> {
        match &mut self.hold {
            Hold::Active(active) => Some(active),
            Hold::Rest(_) => None,
        }
    }

    /// Tells observers.
    pub(crate) fn tell(&mut self, id: Id, data: bool, face: bool) {
        let Hold::Active(active) = &mut self.hold else { return };
        active.tick();
        if !data && !face {
            return;
        }
        *active.busy_shown.get_mut() = false;
        let shown = active.shown.as_deref();
        for observer in &mut active.observers {
            let selected = match &mut observer.selection {
                Some(changed) if data => changed(shown),
                Some(_) => false,
                None => data,
            };
            if selected || face {
                observer.mailbox.put(id, &mut observer.told);
            }
        }
    }
}
