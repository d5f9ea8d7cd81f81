//! The wiring that this project exists to avoid, as small as it can be: the socket's handler writes what comes straight
//! into the cache, and a view that is told of new data subscribes again.
//!
//! Each part is reasonable by itself. A subscription is answered with a snapshot, so that nobody starts with nothing. The
//! handler puts the snapshot where views look. A view runs its effect again when the data that it depends on was
//! replaced, and its effect is to subscribe. Together they are a circle.

use crate::hub::{Hub, Script, Tally};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What is under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    /// Somebody else changes a key on the server.
    Change(usize),
    /// A subscription reaches the server.
    Subscribe(usize),
    /// A snapshot reaches the socket's handler.
    Message(usize),
}

/// One client with this wiring, and the server.
#[derive(Debug)]
pub struct Faulty {
    script: Script,
    hub: Hub,
    /// By time, then by number, so that a run is always the same.
    queue: BinaryHeap<Reverse<(u64, u64, Step)>>,
    steps: u64,
    now_ms: u64,
    tally: Tally,
}

impl Faulty {
    /// Every view mounts, and so subscribes.
    pub fn new(script: Script) -> Self {
        let mut this = Self {
            hub: Hub::default(),
            queue: BinaryHeap::new(),
            steps: 0,
            now_ms: 0,
            tally: Tally::default(),
            script,
        };
        for (at_ms, key) in this.script.changes.clone() {
            this.at(at_ms, Step::Change(key));
        }
        for key in 0..this.script.keys {
            for _ in 0..this.script.observers {
                this.subscribe(key);
            }
        }
        this
    }

    /// Runs up to a time, or up to so many events. True when it came to that time.
    pub fn run(&mut self, until_ms: u64, cap: u64) -> bool {
        while let Some(Reverse((at_ms, _, step))) = self.queue.peek().copied() {
            if at_ms > until_ms {
                break;
            }
            if self.tally.events >= cap {
                return false;
            }
            self.queue.pop();
            self.now_ms = at_ms;
            self.step(step);
        }
        self.now_ms = until_ms;
        true
    }

    /// What happened so far.
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// The time, in milliseconds.
    pub fn now_ms(&self) -> u64 {
        self.now_ms
    }

    /// Whether nothing is under way any more.
    pub fn is_quiet(&self) -> bool {
        self.queue.is_empty()
    }

    fn at(&mut self, at_ms: u64, step: Step) {
        self.steps += 1;
        self.queue.push(Reverse((at_ms, self.steps, step)));
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::Change(key) => {
                self.hub.change(key);
                // Whoever subscribed is sent the new state.
                self.send(key);
            }
            Step::Subscribe(key) => self.send(key),
            Step::Message(key) => self.on_message(key),
        }
    }

    /// The server reads a snapshot and sends it.
    fn send(&mut self, key: usize) {
        self.hub.snapshot(key);
        self.tally.fetches += 1;
        self.at(self.now_ms + self.script.latency_ms, Step::Message(key));
    }

    /// The socket's handler: it writes the cache, and the cache tells every view of the key.
    fn on_message(&mut self, key: usize) {
        self.tally.events += 1;
        for _ in 0..self.script.observers {
            self.tally.renders += 1;
            self.on_data(key);
        }
    }

    /// A view has new data: its effect depends on the data, so it runs again.
    fn on_data(&mut self, key: usize) {
        self.subscribe(key);
    }

    fn subscribe(&mut self, key: usize) {
        self.at(self.now_ms + self.script.latency_ms, Step::Subscribe(key));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_faulty_wiring_never_comes_to_rest_although_nothing_happens() {
        let mut faulty = Faulty::new(Script { changes: Vec::new(), ..Script::lessons(1) });
        assert!(faulty.run(60_000, u64::MAX));
        let minute = faulty.tally();
        assert!(faulty.run(120_000, u64::MAX) && !faulty.is_quiet());
        assert_eq!(faulty.tally().events, 2 * minute.events, "for ever at the speed of the line");
    }

    #[test]
    fn with_several_views_it_grows_by_their_number_each_round_trip() {
        let mut faulty = Faulty::new(Script { changes: Vec::new(), ..Script::lessons(3) });
        let mut before = 0;
        for round in 1..8 {
            assert!(faulty.run(20 * round, u64::MAX));
            let events = faulty.tally().events;
            assert_eq!(events - before, 4 * 3u64.pow(round as u32));
            before = events;
        }
    }
}
