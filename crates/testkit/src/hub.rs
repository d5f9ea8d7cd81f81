//! A server that a test scripts, without sockets: it holds a number a key, gives snapshots, and says what changed. Time is
//! the caller's. Both wirings of the original defect run on it: [`crate::faulty`], and the product's.

use std::collections::BTreeMap;

/// What happens in a run, in milliseconds from its beginning.
#[derive(Debug, Clone)]
pub struct Script {
    /// Keys that are shown.
    pub keys: usize,
    /// Views that show each key.
    pub observers: usize,
    /// Time that a message takes each way.
    pub latency_ms: u64,
    /// Changes of others: when, and of which key.
    pub changes: Vec<(u64, usize)>,
}

impl Script {
    /// Four lessons, each shown by so many views; others make 20 changes in one second, and then nothing happens.
    pub fn lessons(observers: usize) -> Self {
        let changes = (0..20).map(|n| (50 * n as u64 + 100, n % 4)).collect();
        Self { keys: 4, observers, latency_ms: 10, changes }
    }
}

/// What the server was asked for and said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages that the server sent by itself, or a publisher published.
    pub events: u64,
    /// Snapshots that were read for somebody.
    pub fetches: u64,
    /// Times that a view was told of new data.
    pub renders: u64,
}

/// A snapshot of a key. No two are equal, since the server says when it made each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// Key.
    pub key: usize,
    /// Times that the key changed.
    pub value: u64,
    /// Number of the snapshot.
    pub made: u64,
}

/// The server.
#[derive(Debug, Default)]
pub struct Hub {
    values: BTreeMap<usize, u64>,
    made: u64,
}

impl Hub {
    /// Somebody else changed a key.
    pub fn change(&mut self, key: usize) {
        *self.values.entry(key).or_default() += 1;
    }
    /// Times that a key changed.
    pub fn value(&self, key: usize) -> u64 {
        self.values.get(&key).copied().unwrap_or_default()
    }
    /// Reads a key.
    pub fn snapshot(&mut self, key: usize) -> Snapshot {
        self.made += 1;
        Snapshot { key, value: self.value(key), made: self.made }
    }
    /// Snapshots so far.
    pub fn made(&self) -> u64 {
        self.made
    }
}
