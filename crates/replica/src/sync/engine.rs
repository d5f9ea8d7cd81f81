//! The state machine of one connection: its state, and what the replica says. `server` is what the server says, `advance`
//! what follows.

mod advance;
mod server;
#[cfg(test)]
mod tests;
mod verify;

use super::clock::Clock;
use super::doc::{DocSync, Phase, Purpose};
use super::{Action, Event, MAX_PAYLOAD_BYTES, MAX_REGISTER_RETRY_MS, REST_MS, RETRY_MS, REWRITE_MS, Ticket};
use crate::{Applied, DocWork, Read, Rebuild, ReplicaError};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::Reason;
use inkhorn_protocol::{CourseId, DocId};
use std::collections::{BTreeMap, BTreeSet};

/// State vector of an empty document.
const NOTHING: &[u8] = &[0];

/// The engine of one connection. Make a new one for each connection, after hello was answered.
pub struct Engine {
    token: String,
    /// Ordered, so that a run replays exactly.
    docs: BTreeMap<DocId, DocSync>,
    /// Courses whose registration is under way.
    registering: BTreeSet<CourseId>,
    /// When to try a registration again that has failed, and how long that was put off, in milliseconds.
    register_at: BTreeMap<CourseId, (u64, u64)>,
    tickets: Ticket,
    settled: bool,
    clock: Clock,
    /// The last look at all documents moved something, so the next step looks at all again.
    stirred: bool,
}

impl std::fmt::Debug for Engine {
    /// Without the token.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("docs", &self.docs).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine that opens documents with this token.
    pub fn new(token: String) -> Self {
        Self {
            token,
            docs: BTreeMap::new(),
            registering: BTreeSet::new(),
            register_at: BTreeMap::new(),
            tickets: 0,
            settled: false,
            clock: Clock::default(),
            stirred: true,
        }
    }

    /// Takes an event in and gives what to do, in order. `now_ms`: the wall clock, which may be set at any time.
    pub fn step(&mut self, event: Event, now_ms: u64) -> Vec<Action> {
        let now_ms = self.clock.at(now_ms);
        let mut out = Vec::new();
        // Most events are of one document and change nothing that others look at.
        let alone = event.is_of().map(|doc| (doc.clone(), self.standing(doc)));
        match event {
            Event::Work(work) => {
                self.look_again();
                self.work(work, now_ms, &mut out);
            }
            Event::Frame { doc, message } => self.frame(&doc, message, now_ms, &mut out),
            Event::Notice(notice) => self.notice(notice, now_ms, &mut out),
            Event::Committed { doc, version, update } => self.committed(&doc, version, &update, &mut out),
            Event::Read { doc, ticket, read } => self.read(&doc, ticket, read, now_ms, &mut out),
            Event::Applied { doc, ticket, outcome } => self.applied(&doc, ticket, outcome, now_ms, &mut out),
            Event::Verified { doc, ticket, print } => self.compare(&doc, ticket, print, now_ms, &mut out),
            Event::Unwritten(doc) => self.entry(doc).unwritten = Some(now_ms + REWRITE_MS),
            Event::Opened(doc) => self.entry(doc).open = true,
            Event::Closed(doc) => self.entry(doc).open = false,
            Event::Registered { course, done } => {
                self.registering.remove(&course);
                if done {
                    self.register_at.remove(&course);
                } else {
                    // It may have been refused for good: each try waits twice as long as the one before.
                    let (at, delay) = self.register_at.entry(course).or_default();
                    *delay = delay.saturating_mul(2).clamp(RETRY_MS, MAX_REGISTER_RETRY_MS);
                    *at = now_ms + *delay;
                }
            }
            Event::Anew => {
                for doc in self.docs.values_mut().filter(|doc| doc.gave_up) {
                    doc.gave_up = false;
                    doc.failures = 0;
                }
            }
            Event::Tick => {
                self.look_again();
                self.tick(now_ms, &mut out);
            }
        }
        if let Some((doc, before)) = alone
            && !self.stirred
            && !self.may_register_again(now_ms)
            && self.standing(&doc) == before
        {
            self.advance_one(&doc, &mut out);
            if self.standing(&doc) == before {
                return out;
            }
        }
        let before = out.len();
        self.advance(now_ms, &mut out);
        self.stirred = out.len() > before;
        out
    }

    /// Whether nothing is under way or waiting, as far as this connection knows: what was given up is not waited for.
    pub fn is_settled(&self) -> bool {
        self.registering.is_empty()
            && self.docs.values().all(|doc| {
                doc.unwritten.is_none()
                    && (doc.gave_up
                        || (doc.retry_at.is_none()
                            && match doc.phase {
                                // A document that the replica never named is of a course that is only here.
                                Phase::Idle => doc.course.is_none() || !doc.wanted(),
                                Phase::Open => doc.is_still(),
                            }))
            })
    }

    /// Documents that are subscribed on this connection.
    pub fn subscribed(&self) -> impl Iterator<Item = &DocId> {
        self.docs.iter().filter(|(_, doc)| doc.subscribed).map(|(id, _)| id)
    }

    fn entry(&mut self, doc: DocId) -> &mut DocSync {
        self.docs.entry(doc).or_default()
    }

    /// What was read of a document and held back is read again.
    fn look_again(&mut self) {
        for doc in self.docs.values_mut() {
            doc.outpaced = false;
        }
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        self.tickets
    }

    // ---- what the replica says ------------------------------------------------------------------

    fn work(&mut self, work: Vec<DocWork>, now_ms: u64, out: &mut Vec<Action>) {
        for item in work {
            let doc = self.entry(item.doc.clone());
            // What the replica said may be older than an ack that came meanwhile.
            let acked = item.version <= doc.acked_version;
            let item = DocWork { dirty: item.dirty && !acked, fresh: item.fresh && !acked, ..item };
            if !item.member {
                // Nothing of it goes anywhere, so it must not count as synced.
                if item.dirty {
                    self.reject(&item.doc, Reason::NotMember, out);
                }
                continue;
            }
            let Some(doc) = self.docs.get_mut(&item.doc) else { continue };
            let newly_behind = item.behind && item.mark > doc.mark;
            doc.course = Some(item.course);
            if item.dirty {
                doc.version = doc.version.max(item.version);
            }
            if newly_behind {
                // The server speaks of it again: what failed may work now.
                doc.gave_up = false;
                doc.failures = 0;
            }
            doc.fresh = item.fresh && doc.in_flight.is_empty();
            doc.registered |= item.registered;
            doc.behind = item.behind;
            doc.mark = doc.mark.max(item.mark);
            doc.held = item.held;
            doc.awaits_role = item.awaits_role;
            if doc.phase == Phase::Idle {
                doc.dirty = item.dirty;
                if doc.muted && !item.muted {
                    // Access came back: what was given up may work now.
                    doc.gave_up = false;
                }
                doc.muted = item.muted;
                continue;
            }
            doc.dirty |= item.dirty;
            if doc.muted != item.muted {
                doc.muted = item.muted;
                doc.progress_ms = now_ms;
            }
            // Something came after our step 1: another one follows this exchange. What nobody looks at is closed first, and
            // may have to rest; unless it stays open, since it waits for something.
            let still_to_ask = doc.reading.is_some_and(|(_, purpose)| purpose == Purpose::Step1);
            let stays = doc.open || doc.started_ms.is_some_and(|began| began + REST_MS <= now_ms);
            if item.behind && doc.step1_mark < item.mark && !still_to_ask && stays {
                doc.again = true;
            }
            self.answer(&item.doc, out);
        }
    }

    fn committed(&mut self, id: &DocId, version: u64, update: &[u8], out: &mut Vec<Action>) {
        let may_send = self.may_send(id);
        let Some(doc) = self.docs.get_mut(id) else { return };
        doc.version = doc.version.max(version);
        doc.dirty = true;
        doc.verifying = None;
        // Before our step 2 has gone out, it will hold this; while a read is under way, its outcome says whether it
        // does.
        let follows = doc.phase == Phase::Open && doc.answered && doc.reading.is_none() && may_send;
        if !follows || version <= doc.sent_version {
            return;
        }
        if update.len() > MAX_PAYLOAD_BYTES {
            return self.reject(id, Reason::TooLarge { limit_bytes: MAX_PAYLOAD_BYTES as u64 }, out);
        }
        doc.sent += 1;
        doc.in_flight.push_back((doc.sent, version));
        doc.sent_version = version;
        out.push(Action::Send { doc: id.clone(), message: Message::Update(update.to_vec()) });
    }

    fn read(
        &mut self,
        id: &DocId,
        ticket: Ticket,
        read: Result<Read, ReplicaError>,
        now_ms: u64,
        out: &mut Vec<Action>,
    ) {
        let may_send = self.may_send(id);
        let Some(doc) = self.docs.get_mut(id) else { return };
        let Some((_, purpose)) = doc.reading.filter(|(expected, _)| *expected == ticket) else { return };
        doc.reading = None;
        doc.progress_ms = now_ms;
        // A commit that nobody has told of yet is in it, and names what the server cannot have: the replica's word on what
        // there is to do is on its way.
        let unknown = |lesson: &DocId| self.docs.get(lesson).is_none_or(|doc| doc.course.is_none());
        let outpaced = read.as_ref().is_ok_and(|read| read.held || read.fresh.iter().any(unknown));
        let Some(doc) = self.docs.get_mut(id) else { return };
        let read = match read {
            Ok(read) => read,
            // A document that is not here yet has nothing: the server tells it all.
            Err(ReplicaError::UnknownDoc(_)) if purpose == Purpose::Step1 => Read::of(NOTHING.to_vec(), 0),
            Err(error) => return self.fail(id, error.to_string(), now_ms, out),
        };
        match purpose {
            Purpose::Step1 => {
                doc.step1_out = true;
                doc.step1_mark = doc.mark;
                out.push(Action::Send { doc: id.clone(), message: Message::Step1(read.bytes) });
            }
            Purpose::Answer | Purpose::Push => {
                if !may_send || outpaced {
                    doc.owes_answer |= purpose == Purpose::Answer;
                    doc.outpaced = outpaced;
                    return;
                }
                if read.bytes.len() > MAX_PAYLOAD_BYTES {
                    let reason = Reason::TooLarge { limit_bytes: MAX_PAYLOAD_BYTES as u64 };
                    return self.reject(id, reason, out);
                }
                doc.sent += 1;
                doc.in_flight.push_back((doc.sent, read.version));
                doc.sent_version = doc.sent_version.max(read.version);
                doc.answered = true;
                let message = match purpose {
                    Purpose::Answer => Message::Step2(read.bytes),
                    _ => Message::Update(read.bytes),
                };
                out.push(Action::Send { doc: id.clone(), message });
            }
        }
        self.answer(id, out);
    }

    fn applied(
        &mut self,
        id: &DocId,
        ticket: Ticket,
        outcome: Result<Applied, ReplicaError>,
        now_ms: u64,
        out: &mut Vec<Action>,
    ) {
        let Some(doc) = self.docs.get_mut(id) else { return };
        let Some(at) = doc.applying.iter().position(|(expected, _)| *expected == ticket) else { return };
        let Some((_, is_step2)) = doc.applying.remove(at) else { return };
        doc.progress_ms = now_ms;
        match outcome {
            Ok(Applied::Gap) if is_step2 => {
                // Our state vector was older than we thought, or the server's answer is not what was asked for.
                self.fail(id, "the server's answer left a gap".to_owned(), now_ms, out);
            }
            Ok(Applied::Gap) => doc.again = true,
            Ok(applied) => {
                if is_step2 {
                    doc.caught_up = true;
                    // A mark that came since says so again.
                    doc.behind &= doc.mark > doc.step1_mark;
                    if doc.rebuild.take().is_some() {
                        // The part on top has a new client id, which the server's step 1 knows nothing of.
                        if let Applied::Changed(version) = applied {
                            doc.version = doc.version.max(version);
                        }
                        doc.owes_answer |= doc.server_has.is_some();
                        self.answer(id, out);
                    }
                }
            }
            Err(error @ ReplicaError::Refused { .. }) if doc.rebuild.is_some() => {
                match doc.rebuild.take() {
                    // It stays as it is; the next comparison says that it differs still.
                    Some(Rebuild::Repair) => self.fail(id, error.to_string(), now_ms, out),
                    _ => {
                        tracing::warn!(doc = %id, %error, "edits could not be given a new client id");
                        self.reject(id, Reason::ClientIdTaken, out);
                    }
                }
            }
            Err(error) => self.fail(id, error.to_string(), now_ms, out),
        }
    }
}
