//! What the outbox is told, and what it asks for.

use crate::entry::{Entry, News, Unreadable};
use inkhorn_protocol::OpId;
use inkhorn_protocol::rest::Operation;
use inkhorn_protocol::session::Reason;

/// Two clocks, both passed in. What is scheduled goes by the one that never jumps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since the Unix epoch; the user may set it, in either direction.
    pub wall_ms: u64,
    /// Milliseconds on a clock that only goes on.
    pub mono_ms: u64,
}

/// Names one sending of one operation, so that a late answer is not taken for another one's.
pub type Attempt = u64;

/// What the server answered to an operation, or why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Done, now or earlier.
    Done,
    /// Refused for good; the server keeps that answer.
    Rejected(crate::Refusal),
    /// No answer: whether it was done is not known.
    Unreachable(String),
    /// The sign-in is no good any more.
    SignedOut(String),
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The store was read: what an earlier run left, in the order in which it was asked for. The first event.
    Restored {
        /// What reads.
        entries: Vec<Entry>,
        /// What does not.
        unreadable: Vec<Unreadable>,
    },
    /// The user wants this done.
    Submit {
        /// A fresh id.
        op: OpId,
        /// What.
        operation: Operation,
    },
    /// Answer to [`Action::Save`]; the error when it is not on the disk.
    Saved {
        /// Operation.
        op: OpId,
        /// Whether it is on the disk now.
        outcome: Result<(), String>,
    },
    /// Answer to [`Action::Finish`].
    Finished {
        /// Operation.
        op: OpId,
        /// Whether it is on the disk now.
        outcome: Result<(), String>,
    },
    /// Answer to [`Action::Remove`].
    Removed {
        /// Operation.
        op: OpId,
        /// Whether it is off the disk now.
        outcome: Result<(), String>,
    },
    /// Answer to [`Action::Send`].
    Replied {
        /// Operation.
        op: OpId,
        /// Attempt of the action.
        attempt: Attempt,
        /// What came.
        reply: Reply,
    },
    /// The completion event of the server.
    Completed {
        /// Operation.
        op: OpId,
        /// Absent when it was done.
        rejected: Option<Reason>,
    },
    /// Completion events may have been lost: what waits for one is asked for.
    Resync,
    /// Whether anything may be sent (signed in, online), and whether completion events can arrive.
    Gate {
        /// It may be sent.
        open: bool,
        /// Events arrive.
        listening: bool,
    },
    /// The user waits for this one: it is tried now, whatever the gate and the next try say, once.
    TryNow(OpId),
    /// The user tries a refused or expired operation again. A refused one goes under a fresh id, since the server
    /// keeps its answer for the old one.
    Retry {
        /// Operation.
        op: OpId,
        /// A fresh id.
        fresh: OpId,
    },
    /// The user lets an operation go: it is forgotten, and not sent again.
    LetGo(OpId),
    /// Time passed (see [`crate::Outbox::wake_at`]).
    Tick,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Write the row of an operation, in the order of the actions; answer by [`Event::Saved`].
    Save(Entry),
    /// It was done and confirmed: write what follows from it and remove its row, both or neither; answer by
    /// [`Event::Finished`].
    Finish(Entry),
    /// Remove the row of an operation; answer by [`Event::Removed`].
    Remove(OpId),
    /// Send it; answer by [`Event::Replied`].
    Send {
        /// Operation.
        op: OpId,
        /// What it is.
        operation: Operation,
        /// To be given back.
        attempt: Attempt,
    },
    /// Tell whoever waits for this operation.
    Tell(OpId, News),
    /// What [`crate::Outbox::list`] gives is another one now.
    Changed,
}
