//! Messages of a channel in their order. They can overtake each other on the way (small ones are evaluated, large ones
//! fetched), and one may be lost: then what follows is delivered behind a gap, and whoever listens asks again. Pure.

use std::collections::BTreeMap;

/// Messages that wait for an earlier one at most: more overtaking than this was never seen; what is missing is lost.
const MOST_EARLY: usize = 64;

/// What comes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next<T> {
    /// The next message.
    Message(T),
    /// Something before the next message is lost.
    Gap,
}

/// Puts messages into order by their number, from 0.
#[derive(Debug)]
pub struct Order<T> {
    next: u32,
    early: BTreeMap<u32, T>,
}

impl<T> Default for Order<T> {
    fn default() -> Self {
        Self { next: 0, early: BTreeMap::new() }
    }
}

impl<T> Order<T> {
    /// A message arrived: what can be delivered now.
    pub fn take(&mut self, number: u32, message: T) -> Vec<Next<T>> {
        // What comes after it was given up, or twice, says nothing new: the listener has asked again since.
        if number < self.next {
            return Vec::new();
        }
        self.early.insert(number, message);
        let mut out = self.ready();
        if self.early.len() > MOST_EARLY {
            out.extend(self.skip());
        }
        out
    }

    /// The number that is waited for while later messages are here.
    pub fn waits_for(&self) -> Option<u32> {
        (!self.early.is_empty()).then_some(self.next)
    }

    /// It has been waited for long enough, if it still is this number.
    pub fn give_up(&mut self, number: u32) -> Vec<Next<T>> {
        if self.waits_for() == Some(number) { self.skip() } else { Vec::new() }
    }

    fn skip(&mut self) -> Vec<Next<T>> {
        let Some(first) = self.early.keys().next() else { return Vec::new() };
        self.next = *first;
        let mut out = vec![Next::Gap];
        out.extend(self.ready());
        out
    }

    fn ready(&mut self) -> Vec<Next<T>> {
        let mut out = Vec::new();
        while let Some(message) = self.early.remove(&self.next) {
            self.next += 1;
            out.push(Next::Message(message));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_lost_message_is_a_gap_and_what_follows_is_delivered() {
        let mut order = Order::default();
        assert_eq!(order.take(0, 'a'), [Next::Message('a')]);
        assert_eq!(order.take(2, 'c'), []);
        assert_eq!(order.waits_for(), Some(1));
        assert_eq!(order.give_up(1), [Next::Gap, Next::Message('c')]);
        assert_eq!(order.take(1, 'b'), [], "too late: asked again already");
        assert_eq!(order.take(3, 'd'), [Next::Message('d')]);
        assert_eq!(order.give_up(1), [], "an old timer does nothing");
    }

    #[test]
    fn a_gap_is_seen_without_a_timer_once_too_much_waits() {
        let mut order = Order::default();
        let out: Vec<_> = (1..=65).flat_map(|number| order.take(number, number)).collect();
        assert_eq!(out.first(), Some(&Next::Gap));
        assert_eq!(out.len(), 66);
    }

    proptest! {
        #[test]
        fn in_any_order_nothing_is_lost_doubled_or_out_of_order(
            numbers in Just((0..40u32).collect::<Vec<_>>()).prop_shuffle()
        ) {
            let mut order = Order::default();
            let out: Vec<_> = numbers.into_iter().flat_map(|number| order.take(number, number)).collect();
            prop_assert_eq!(out, (0..40).map(Next::Message).collect::<Vec<_>>());
        }
    }
}
