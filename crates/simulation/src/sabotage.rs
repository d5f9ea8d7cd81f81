//! Faults that the simulation must find: each one breaks a rule, in one place, on purpose.

use serde::{Deserialize, Serialize};

/// What is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Sabotage {
    /// Nothing.
    #[default]
    Nothing,
    /// The server acks a batch before it is synced.
    AckBeforeSync,
    /// Local edits go to the engine as they are, also those that have to wait for what they name.
    NoDetour,
    /// Clients do not look at the numbers of the order.
    BlindToGaps,
}
