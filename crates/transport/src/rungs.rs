//! The ladder of carriers, and the search for a better one while a lower one carries the link. Pure, a part of the
//! supervisor.

use crate::supervisor::{Action, CONNECT_LIMIT_MS};
use inkhorn_protocol::carrier::Carrier;

/// The first search for something better begins so long after the link, half of it by chance: networks that block
/// do not change their mind within seconds.
pub const PROBE_AFTER_MS: u64 = 60_000;
/// The wait doubles up to this: laptops are carried elsewhere a few times a day, and a change of the network searches
/// at once.
pub const MAX_PROBE_AFTER_MS: u64 = 16 * 60_000;

/// Which carrier is used, or tried next.
#[derive(Debug, Clone)]
pub(crate) struct Ladder {
    carriers: Vec<Carrier>,
    rung: usize,
}

impl Ladder {
    pub(crate) fn new(carriers: Vec<Carrier>) -> Self {
        Self { carriers, rung: 0 }
    }

    pub(crate) fn carrier(&self) -> Carrier {
        self.carriers.get(self.rung).copied().unwrap_or_default()
    }

    /// Back to the best one.
    pub(crate) fn reset(&mut self) {
        self.rung = 0;
    }

    /// One rung down; false at the last.
    pub(crate) fn descend(&mut self) -> bool {
        let further = self.rung + 1 < self.carriers.len();
        self.rung += usize::from(further);
        further
    }

    /// The rung below, or the first below the last.
    pub(crate) fn next(&self) -> usize {
        if self.rung + 1 < self.carriers.len() { self.rung + 1 } else { 0 }
    }

    pub(crate) fn climb(&mut self, rung: usize) {
        self.rung = rung;
    }

    /// The search that goes with a link by the carrier now.
    pub(crate) fn search(&self, now: u64, random: u64) -> Search {
        let better = self.carriers[..self.rung.min(self.carriers.len())].to_vec();
        let mut search = Search { better, tries: 0, next_at: 0, running: None };
        search.later(now, random);
        search
    }
}

/// Tries of better carriers beside a link, one at a time, ever more rarely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Search {
    /// Best first; empty when the link has the best.
    better: Vec<Carrier>,
    tries: u32,
    next_at: u64,
    /// Rung that is tried, and until when.
    running: Option<(usize, u64)>,
}

impl Search {
    pub(crate) fn wake_at(&self) -> Option<u64> {
        match self.running {
            Some((_, until)) => Some(until),
            None => (!self.better.is_empty()).then_some(self.next_at),
        }
    }

    /// Something changed: try at once.
    pub(crate) fn soon(&mut self, now: u64) {
        self.next_at = now;
    }

    pub(crate) fn step(&mut self, now: u64, random: u64, actions: &mut Vec<Action>) {
        match self.running {
            Some((_, until)) if until <= now => {
                actions.push(Action::StopProbe);
                self.failed(now, random);
            }
            None if !self.better.is_empty() && self.next_at <= now => {
                // In turn: the best may be blocked and the second best not.
                let rung = self.tries as usize % self.better.len();
                self.running = Some((rung, now + CONNECT_LIMIT_MS));
                actions.push(Action::Probe(self.better[rung]));
            }
            _ => {}
        }
    }

    /// The rung that was found, which ends the search.
    pub(crate) fn found(&mut self) -> Option<usize> {
        self.running.take().map(|(rung, _)| rung)
    }

    pub(crate) fn failed(&mut self, now: u64, random: u64) {
        if self.running.take().is_some() {
            self.tries = self.tries.saturating_add(1);
            self.later(now, random);
        }
    }

    pub(crate) fn stop(&mut self, actions: &mut Vec<Action>) {
        if self.running.take().is_some() {
            actions.push(Action::StopProbe);
        }
    }

    fn later(&mut self, now: u64, random: u64) {
        let wait = (PROBE_AFTER_MS << self.tries.min(8)).min(MAX_PROBE_AFTER_MS);
        self.next_at = now + wait / 2 + random % (wait / 2 + 1);
    }
}
