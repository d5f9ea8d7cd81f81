//! One operation in the outbox, with all that is not kept of it.

use crate::entry::Entry;
use crate::event::{Attempt, Now};
use inkhorn_protocol::projection::{OperationInfo, OperationState};

/// What an entry is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Being written for the first time, without being sent.
    Accepting,
    /// Expired, and tried again by the user: being written as such. Where that fails it is what it was, asked for then.
    Reviving { created_ms: u64 },
    /// Being written with the mark of the send that follows.
    Marking,
    /// On the disk, waits for its turn, its time, or the gate.
    Waiting,
    /// Sent.
    Sending(Attempt),
    /// Answered; waits for its event until then.
    Acked { until_ms: u64 },
    /// Its effects are being written, or, after a failure, are to be written again then.
    Finishing { again_ms: Option<u64> },
    /// Its row is being removed, or, after a failure, is to be removed then: a newer operation replaces it, or the user
    /// let it go. What stands behind it waits: were the row still there after a crash, it would be sent last.
    Leaving { replaced: bool, again_ms: Option<u64> },
    /// That it is refused or expired is being written, or, after a failure, is to be written again then.
    Refusing { again_ms: Option<u64> },
    /// Refused or expired: waits for the user.
    Kept,
}

pub(crate) struct Item {
    pub(crate) entry: Entry,
    pub(crate) phase: Phase,
    /// Not before this, on the clock that goes on.
    pub(crate) due_ms: u64,
    pub(crate) failures: u32,
    /// Why the last try failed.
    pub(crate) why: Option<String>,
    /// Tried once whatever the gate says.
    pub(crate) forced: bool,
    /// The server has answered that it is done.
    pub(crate) acked: bool,
}

impl Item {
    pub(crate) fn new(entry: Entry, phase: Phase, now: Now) -> Self {
        let due_ms = now.mono_ms;
        Self { entry, phase, due_ms, failures: 0, why: None, forced: false, acked: false }
    }

    /// What was under way when the last run ended is asked for again under the same id.
    pub(crate) fn restored(mut entry: Entry, now: Now) -> Self {
        let kept = matches!(entry.state, OperationState::Rejected | OperationState::Expired);
        if !kept {
            entry.state = OperationState::Queued;
            entry.refused = None;
        }
        Self::new(entry, if kept { Phase::Kept } else { Phase::Waiting }, now)
    }

    pub(crate) fn is_under_way(&self) -> bool {
        matches!(
            self.phase,
            Phase::Marking
                | Phase::Sending(_)
                | Phase::Acked { .. }
                | Phase::Finishing { .. }
                | Phase::Leaving { .. }
                | Phase::Refusing { .. }
        )
    }

    pub(crate) fn failed(&mut self, why: String, due_ms: u64) {
        self.entry.state = if self.acked { OperationState::TimedOut } else { OperationState::Queued };
        self.phase = Phase::Waiting;
        self.why = Some(why);
        self.failures += 1;
        self.due_ms = due_ms;
        self.forced = false;
    }

    pub(crate) fn info(&self, now: Now) -> OperationInfo {
        let next = (self.phase == Phase::Waiting && self.failures > 0)
            .then(|| now.wall_ms.saturating_add(self.due_ms.saturating_sub(now.mono_ms)));
        self.entry.info(self.why.clone(), next)
    }
}
