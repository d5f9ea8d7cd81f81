//! State of one document on one connection.

use super::Ticket;
use crate::Rebuild;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::session::Reason;
use std::collections::VecDeque;

/// Where a document stands on this connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Phase {
    /// Not open here.
    #[default]
    Idle,
    /// Token sent; frames and answers are under way, or local commits are pushed as they come.
    Open,
}

/// What a read was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Our state vector, for our step 1.
    Step1,
    /// What the server lacks, as the answer to its step 1.
    Answer,
    /// What the server lacks since its step 1, as an update.
    Push,
}

#[derive(Debug, Default)]
pub(super) struct DocSync {
    pub(super) course: Option<CourseId>,
    // ---- as the replica sees it
    pub(super) open: bool,
    pub(super) dirty: bool,
    pub(super) fresh: bool,
    pub(super) behind: bool,
    pub(super) mark: u64,
    pub(super) registered: bool,
    pub(super) muted: bool,
    pub(super) awaits_role: bool,
    pub(super) held: bool,
    /// Version of the newest local edit that is known.
    pub(super) version: u64,
    // ---- on this connection
    pub(super) phase: Phase,
    /// The server has answered the token of this exchange.
    pub(super) greeted: bool,
    /// Why something was refused before the token was answered; the last one before a denial is its reason.
    pub(super) denied: Option<Reason>,
    /// The read that is under way, at most one.
    pub(super) reading: Option<(Ticket, Purpose)>,
    /// Applies under way; the one of a step 2 carries `true`.
    pub(super) applying: VecDeque<(Ticket, bool)>,
    /// When its exchange was begun last.
    pub(super) started_ms: Option<u64>,
    /// Until when the server's word alone does not begin another one.
    pub(super) rests_until: Option<u64>,
    /// Our step 1 was sent and its step 2 has not come.
    pub(super) step1_out: bool,
    /// Mark when our step 1 was sent.
    pub(super) step1_mark: u64,
    /// Another step 1 is due when this exchange has ended.
    pub(super) again: bool,
    /// A step 2 was applied on this connection.
    pub(super) caught_up: bool,
    /// State vector of the server's last step 1.
    pub(super) server_has: Option<Vec<u8>>,
    /// That step 1 waits for its answer.
    pub(super) owes_answer: bool,
    /// A step 2 of ours has gone out: commits may follow as updates.
    pub(super) answered: bool,
    /// Update and step 2 frames sent.
    pub(super) sent: u64,
    /// Frames that wait for `stored`, with the version that each one covers.
    pub(super) in_flight: VecDeque<(u64, u64)>,
    /// All local edits up to this version were sent.
    pub(super) sent_version: u64,
    /// All local edits up to this version were acked on this connection.
    pub(super) acked_version: u64,
    /// Head of the server's order at that ack.
    pub(super) acked_seq: u64,
    /// The replica could not write down what was decided, and is to do so then.
    pub(super) unwritten: Option<u64>,
    /// Head of the server's order, as far as it can be told from here.
    pub(super) head: Option<u64>,
    /// Updates that were relayed since `head`.
    pub(super) relayed: u64,
    /// Whether the replica was told that updates arrive by themselves.
    pub(super) subscribed: bool,
    /// The next step 2 is the server's whole order, and rebuilds the document.
    pub(super) rebuild: Option<Rebuild>,
    /// What was read last named something that the server cannot have: it is read again behind the replica's next word.
    pub(super) outpaced: bool,
    /// Head and fingerprint that the server told last.
    pub(super) server_state: Option<(u64, String)>,
    /// The fingerprint here is being read.
    pub(super) verifying: Option<Ticket>,
    /// It was compared in this exchange.
    pub(super) verified: bool,
    pub(super) repairs: u8,
    /// It differed, and was rebuilt since.
    pub(super) repairing: bool,
    pub(super) rekeys: u8,
    pub(super) failures: u8,
    /// When to try again after a failure.
    pub(super) retry_at: Option<u64>,
    /// Given up on this connection.
    pub(super) gave_up: bool,
    /// When something last happened.
    pub(super) progress_ms: u64,
}

impl DocSync {
    /// Forgets everything about the exchange (not what the replica said, what was acked, nor what was tried).
    pub(super) fn close(&mut self) {
        self.phase = Phase::Idle;
        self.greeted = false;
        self.denied = None;
        self.reading = None;
        self.applying.clear();
        self.step1_out = false;
        self.again = false;
        self.caught_up = false;
        self.server_has = None;
        self.owes_answer = false;
        self.answered = false;
        self.sent = 0;
        self.in_flight.clear();
        self.sent_version = 0;
        self.head = None;
        self.relayed = 0;
        self.server_state = None;
        self.verifying = None;
        self.verified = false;
        self.outpaced = false;
    }

    /// Whether there is a reason to have it open.
    pub(super) fn wanted(&self) -> bool {
        self.open || self.behind || (self.dirty && !self.muted)
    }

    /// Whether the server waits for something, or lacks something, and no read is under way for it.
    pub(super) fn has_more_to_send(&self) -> bool {
        let more = self.owes_answer || (self.answered && self.version > self.sent_version);
        self.phase == Phase::Open && self.reading.is_none() && more
    }

    /// Whether its exchange has ended with nothing left to do.
    pub(super) fn is_still(&self) -> bool {
        self.caught_up
            && (self.answered || self.muted)
            && self.reading.is_none()
            && self.applying.is_empty()
            && !self.step1_out
            && !self.again
            && self.in_flight.is_empty()
            && self.rebuild.is_none()
            && self.verifying.is_none()
            && (self.muted || self.sent_version >= self.version)
    }

    /// What the order's head may be at most after frames that are known here. A frame that holds nothing new does
    /// not move the head, hence "at most".
    pub(super) fn head_limit(&self, acked_now: u64) -> Option<u64> {
        self.head.map(|head| head + self.relayed + acked_now)
    }
}
