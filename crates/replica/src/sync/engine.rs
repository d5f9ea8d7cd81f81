//! The state machine of one connection.

use super::{Action, Event};

/// The engine of one connection. Make a new one for each connection, after hello was answered.
#[derive(Debug)]
pub struct Engine {
    token: String,
}

impl Engine {
    /// An engine that opens documents with this token.
    pub fn new(token: String) -> Self {
        Self { token }
    }

    /// Takes an event in and gives what to do, in order. `now_ms`: any clock that does not go back.
    pub fn step(&mut self, event: Event, now_ms: u64) -> Vec<Action> {
        let _ = (event, now_ms, &self.token);
        Vec::new()
    }

    /// Whether nothing is under way or waiting, as far as this connection knows.
    pub fn is_settled(&self) -> bool {
        true
    }
}
