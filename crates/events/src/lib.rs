//! The observer spine: typed events from two publishers to any number of subscribers.
//!
//! Layout: [`spine`] makes the two ends; [`Publisher`] publishes and nothing else, [`Subscriber`] hands out
//! [`Subscription`]s and cannot publish; an [`Item`] is an event or the explicit word that some were missed.
//! The events themselves are a closed enum of the protocol, [`Event`], so that a consumer that forgets one
//! does not compile.
//!
//! Must never import the transport, the cache or Tauri. Only the transport and the replica are given a
//! `Publisher` (DESIGN section 1): a consumer of events cannot make one, hence events cannot loop.
//!
//! ```
//! use inkhorn_events::{Event, Item, spine};
//! # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
//! let (publisher, subscriber) = spine(64);
//! let mut subscription = subscriber.subscribe();
//! publisher.publish(Event::CoursesChanged);
//! assert_eq!(subscription.recv().await, Some(Item::Event(Event::CoursesChanged)));
//! # });
//! ```
//!
//! A subscriber has no way to publish:
//!
//! ```compile_fail,E0599
//! let (_publisher, subscriber) = inkhorn_events::spine(64);
//! subscriber.publish(inkhorn_events::Event::CoursesChanged);
//! ```
//!
//! and a publisher has none to listen, so a handler of its own events cannot be written by accident:
//!
//! ```compile_fail,E0599
//! let (publisher, _subscriber) = inkhorn_events::spine(64);
//! publisher.subscribe();
//! ```

pub use inkhorn_protocol::event::{Event, Status};
use tokio::sync::broadcast;

/// Events that a slow consumer may lag behind before it is told to re-sync. One commit of a storm makes two events for each
/// of its documents, at most 512 of them, and the next commit follows while they are read; a consumer that sleeps through
/// that re-reads anyway.
pub const CAPACITY: usize = 4096;

/// A new spine: the end that publishes and the end that subscribes.
/// `capacity` is rounded up to a power of two, and is at least 1.
pub fn spine(capacity: usize) -> (Publisher, Subscriber) {
    let (sender, _) = broadcast::channel(capacity.max(1));
    // The subscriber side keeps no sender alive: when the last publisher is dropped, every subscription ends.
    let subscriber = Subscriber { sender: sender.downgrade() };
    (Publisher { sender }, subscriber)
}

/// The end that publishes. Clones publish to the same spine.
#[derive(Debug, Clone)]
pub struct Publisher {
    sender: broadcast::Sender<Event>,
}

impl Publisher {
    /// Publishes an event to every subscription. Never waits: a consumer that lags is told so ([`Item::Resync`]).
    pub fn publish(&self, event: Event) {
        // An error means that nobody listens, which is not the publisher's business.
        let _ = self.sender.send(event);
    }

    /// Subscriptions that are alive now.
    pub fn listeners(&self) -> usize {
        self.sender.receiver_count()
    }
}

/// The end that subscribes. Clones subscribe to the same spine.
#[derive(Debug, Clone)]
pub struct Subscriber {
    sender: broadcast::WeakSender<Event>,
}

impl Subscriber {
    /// A subscription to all events that are published from now on.
    /// When every publisher is gone it ends at once.
    pub fn subscribe(&self) -> Subscription {
        let receiver = match self.sender.upgrade() {
            Some(sender) => sender.subscribe(),
            // A channel whose only sender is dropped here: a receiver that is at its end.
            None => broadcast::channel(1).1,
        };
        Subscription { receiver }
    }
}

/// What a subscription yields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// An event.
    Event(Event),
    /// Events were missed: re-read whatever is derived from them. What is still in the queue follows,
    /// which does no harm since applying an event is idempotent.
    Resync {
        /// How many were missed.
        missed: u64,
    },
}

/// A subscription; dropping it unsubscribes.
#[derive(Debug)]
#[must_use = "dropping a subscription unsubscribes"]
pub struct Subscription {
    receiver: broadcast::Receiver<Event>,
}

impl Subscription {
    /// Waits for the next item; `None` when every publisher is gone and the queue is empty.
    /// Cancel safe: an item that was not returned is not lost.
    pub async fn recv(&mut self) -> Option<Item> {
        match self.receiver.recv().await {
            Ok(event) => Some(Item::Event(event)),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(Item::Resync { missed }),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// The next item if one is there now.
    pub fn try_recv(&mut self) -> Option<Item> {
        match self.receiver.try_recv() {
            Ok(event) => Some(Item::Event(event)),
            Err(broadcast::error::TryRecvError::Lagged(missed)) => Some(Item::Resync { missed }),
            Err(broadcast::error::TryRecvError::Empty | broadcast::error::TryRecvError::Closed) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connecting(attempt: u32) -> Event {
        Event::Connection { status: Status::Connecting { attempt } }
    }

    #[tokio::test]
    async fn every_subscription_gets_every_event_in_order() {
        let (publisher, subscriber) = spine(8);
        let mut subscriptions = [subscriber.subscribe(), subscriber.clone().subscribe()];
        for attempt in 1..=8 {
            publisher.clone().publish(connecting(attempt));
        }
        for subscription in &mut subscriptions {
            for attempt in 1..=8 {
                assert_eq!(subscription.recv().await, Some(Item::Event(connecting(attempt))));
            }
            assert_eq!(subscription.try_recv(), None);
        }
    }

    #[tokio::test]
    async fn at_capacity_one_every_loss_is_told_with_its_size_and_the_newest_event_still_arrives() {
        let (publisher, subscriber) = spine(1);
        let mut subscription = subscriber.subscribe();
        publisher.publish(connecting(1));
        publisher.publish(connecting(2));
        publisher.publish(connecting(3));
        assert_eq!(subscription.recv().await, Some(Item::Resync { missed: 2 }));
        assert_eq!(subscription.recv().await, Some(Item::Event(connecting(3))));
        publisher.publish(connecting(4));
        assert_eq!(
            subscription.try_recv(),
            Some(Item::Event(connecting(4))),
            "no second resync for an old loss"
        );
    }

    #[tokio::test]
    async fn at_capacity_one_seen_and_missed_add_up_however_publishing_and_reading_interleave() {
        // Every pattern of 10 steps, each "publish" or "read", must account for each event exactly once.
        for pattern in 0u32..1 << 10 {
            let (publisher, subscriber) = spine(1);
            let mut subscription = subscriber.subscribe();
            let (mut published, mut accounted, mut last) = (0, 0, 0);
            let mut read = |subscription: &mut Subscription| match subscription.try_recv() {
                Some(Item::Event(Event::Connection { status: Status::Connecting { attempt } })) => {
                    assert!(attempt > last, "order");
                    last = attempt;
                    accounted += 1;
                    true
                }
                Some(Item::Resync { missed }) => {
                    accounted += missed;
                    true
                }
                _ => false,
            };
            for step in 0..10 {
                if pattern >> step & 1 == 1 {
                    published += 1;
                    publisher.publish(connecting(published));
                } else {
                    read(&mut subscription);
                }
            }
            while read(&mut subscription) {}
            assert_eq!(accounted, u64::from(published), "pattern {pattern:010b}");
        }
    }

    #[tokio::test]
    async fn a_slow_subscription_does_not_hold_up_a_quick_one() {
        let (publisher, subscriber) = spine(1);
        let (mut quick, mut slow) = (subscriber.subscribe(), subscriber.subscribe());
        for attempt in 1..=5 {
            publisher.publish(connecting(attempt));
            assert_eq!(quick.recv().await, Some(Item::Event(connecting(attempt))));
        }
        assert_eq!(slow.recv().await, Some(Item::Resync { missed: 4 }));
    }

    #[tokio::test]
    async fn dropping_a_subscription_unsubscribes() {
        let (publisher, subscriber) = spine(4);
        let (one, two) = (subscriber.subscribe(), subscriber.subscribe());
        assert_eq!(publisher.listeners(), 2);
        drop(one);
        assert_eq!(publisher.listeners(), 1);
        drop(two);
        publisher.publish(Event::CoursesChanged);
        assert_eq!(publisher.listeners(), 0);
    }

    #[tokio::test]
    async fn a_subscription_ends_with_the_last_publisher_and_not_before_its_queue_is_read() {
        let (publisher, subscriber) = spine(4);
        let mut subscription = subscriber.subscribe();
        let second = publisher.clone();
        drop(publisher);
        second.publish(Event::Resynced);
        drop(second);
        assert_eq!(subscription.recv().await, Some(Item::Event(Event::Resynced)));
        assert_eq!(subscription.recv().await, None);
        assert_eq!(subscriber.subscribe().recv().await, None, "a late subscriber does not wait for ever");
    }
}
