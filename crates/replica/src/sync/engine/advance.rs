//! Moving on: what may be sent, opened, asked again, closed, tried again or given up.

use super::{Engine, NOTHING};
use crate::sync::doc::{DocSync, Phase, Purpose};
use crate::sync::{Action, MAX_RETRIES, MAX_UNDER_WAY, REST_MS, RETRY_MS, STALL_MS};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::Reason;
use inkhorn_protocol::{CourseId, DocId};
use std::collections::BTreeMap;

/// See [`Engine::standing`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    phase: Phase,
    blocks: [bool; 4],
    wants: [bool; 8],
    ends: [bool; 3],
}

impl Engine {
    /// Whether frames with content may go out: registered, not refused, assets uploaded, and an outline only after the
    /// lessons that the server has never had.
    pub(super) fn may_send(&self, id: &DocId) -> bool {
        let Some(doc) = self.docs.get(id) else { return false };
        doc.registered && !doc.muted && !doc.held && doc.rebuild.is_none() && !self.waits_for_lessons(id)
    }

    pub(super) fn waits_for_lessons(&self, id: &DocId) -> bool {
        let DocId::Course(course) = id else { return false };
        self.docs.iter().any(|(other, doc)| {
            matches!(other, DocId::Lesson(_))
                && doc.course.as_ref() == Some(course)
                && doc.fresh
                // Refused for what it is, it will never be there, and keeps nothing back.
                && (doc.awaits_role || (doc.dirty && !doc.muted && !doc.gave_up))
        })
    }

    /// Answers the server's step 1, or sends what was committed since, if it may now.
    pub(super) fn answer(&mut self, id: &DocId, out: &mut Vec<Action>) {
        if !self.may_send(id) {
            return;
        }
        let Some(doc) = self.docs.get_mut(id) else { return };
        if doc.phase != Phase::Open || doc.reading.is_some() || doc.outpaced {
            return;
        }
        let Some(since) = doc.server_has.clone() else { return };
        let purpose = if doc.owes_answer {
            doc.owes_answer = false;
            Purpose::Answer
        } else if doc.answered && doc.version > doc.sent_version {
            Purpose::Push
        } else {
            return;
        };
        // Drawn only where it is used: a look that changes nothing leaves no trace.
        self.tickets += 1;
        let ticket = self.tickets;
        doc.reading = Some((ticket, purpose));
        out.push(Action::Read { doc: id.clone(), ticket, since: Some(since) });
    }

    /// What others look at of a document; `None` for one that is not known.
    pub(super) fn standing(&self, id: &DocId) -> Option<Standing> {
        self.docs.get(id).map(|doc| Standing {
            phase: doc.phase,
            blocks: [doc.applying.is_empty(), doc.in_flight.is_empty(), doc.caught_up, doc.held],
            wants: [
                doc.open,
                doc.behind,
                doc.dirty,
                doc.fresh,
                doc.muted,
                doc.awaits_role,
                doc.registered,
                doc.rebuild.is_some(),
            ],
            ends: [doc.gave_up, doc.retry_at.is_some(), doc.is_still()],
        })
    }

    /// What follows for one document from its own state.
    pub(super) fn advance_one(&mut self, id: &DocId, out: &mut Vec<Action>) {
        // What it waited for (an upload, a lesson, a role) may have come by any way.
        if self.docs.get(id).is_some_and(DocSync::has_more_to_send) {
            self.answer(id, out);
        }
        self.ask_again(id, out);
        self.settle(id, out);
    }

    /// Opens what is wanted, asks again where a gap was, closes what is done.
    pub(super) fn advance(&mut self, now_ms: u64, out: &mut Vec<Action>) {
        self.register(now_ms, out);
        // The others have nothing to answer, to ask or to close.
        let is_open = |(id, doc): (&DocId, &DocSync)| (doc.phase == Phase::Open).then(|| id.clone());
        let open: Vec<DocId> = self.docs.iter().filter_map(is_open).collect();
        for id in &open {
            self.advance_one(id, out);
        }
        let under_way = |(id, doc): &(&DocId, &DocSync)| {
            doc.phase == Phase::Open && !doc.is_still() && !self.is_blocked(id, doc)
        };
        let places = MAX_UNDER_WAY.saturating_sub(self.docs.iter().filter(under_way).count());
        let mut waiting: Vec<(&DocId, &DocSync)> = Vec::new();
        if places > 0 {
            waiting.extend(self.docs.iter().filter(|(id, doc)| self.can_start(id, doc)));
        }
        // What a person looks at comes first, then lessons, then outlines.
        waiting.sort_by_key(|(id, doc)| (!doc.open, matches!(id, DocId::Course(_))));
        let starting: Vec<DocId> = waiting.into_iter().take(places).map(|(id, _)| id.clone()).collect();
        for id in starting {
            self.start(&id, now_ms, out);
        }
        let settled = self.is_settled();
        if settled && !self.settled {
            out.push(Action::Settled);
        }
        self.settled = settled;
    }

    /// Whether all that it waits for is outside its own exchange, so that it takes no place from others.
    pub(super) fn is_blocked(&self, id: &DocId, doc: &DocSync) -> bool {
        doc.caught_up
            && doc.applying.is_empty()
            && doc.in_flight.is_empty()
            && (doc.held || self.waits_for_lessons(id))
    }

    pub(super) fn can_start(&self, id: &DocId, doc: &DocSync) -> bool {
        let may_start = doc.phase == Phase::Idle && doc.registered && doc.retry_at.is_none() && !doc.gave_up;
        let sends = || doc.dirty && !doc.muted && !doc.held && !self.waits_for_lessons(id);
        let receives = doc.behind && doc.rests_until.is_none();
        may_start && (doc.open || receives || doc.rebuild.is_some() || sends())
    }

    pub(super) fn start(&mut self, id: &DocId, now_ms: u64, out: &mut Vec<Action>) {
        let ticket = self.ticket();
        let token = self.token.clone();
        let Some(doc) = self.docs.get_mut(id) else { return };
        doc.phase = Phase::Open;
        doc.again = false;
        doc.progress_ms = now_ms;
        // A rest ends with a tick, hence up to as much later.
        let soon = doc.started_ms.is_some_and(|before| now_ms < before + 2 * REST_MS);
        doc.rests_until = soon.then_some(now_ms + REST_MS);
        doc.started_ms = Some(now_ms);
        out.push(Action::Send { doc: id.clone(), message: Message::Token(token) });
        if doc.rebuild.is_some() {
            doc.step1_out = true;
            doc.step1_mark = doc.mark;
            out.push(Action::Send { doc: id.clone(), message: Message::Step1(NOTHING.to_vec()) });
        } else {
            doc.reading = Some((ticket, Purpose::Step1));
            out.push(Action::Read { doc: id.clone(), ticket, since: None });
        }
    }

    /// A second step 1, once the first exchange has ended: never two at a time.
    pub(super) fn ask_again(&mut self, id: &DocId, out: &mut Vec<Action>) {
        let Some(doc) = self.docs.get_mut(id) else { return };
        let free = doc.reading.is_none() && doc.applying.is_empty() && !doc.step1_out;
        if doc.phase == Phase::Open && doc.again && free {
            doc.again = false;
            self.tickets += 1;
            let ticket = self.tickets;
            doc.reading = Some((ticket, Purpose::Step1));
            out.push(Action::Read { doc: id.clone(), ticket, since: None });
        }
    }

    /// Closes a document whose exchange has ended and that nobody looks at; keeps one that is looked at subscribed.
    pub(super) fn settle(&mut self, id: &DocId, out: &mut Vec<Action>) {
        let Some(doc) = self.docs.get_mut(id) else { return };
        if doc.phase != Phase::Open || !doc.is_still() || self.verify(id, out) {
            return;
        }
        let Some(doc) = self.docs.get_mut(id) else { return };
        if doc.open {
            if !doc.subscribed {
                doc.subscribed = true;
                out.push(Action::Subscribed { doc: id.clone(), on: true });
            }
            return;
        }
        doc.dirty &= doc.muted;
        doc.close();
        out.push(Action::Send { doc: id.clone(), message: Message::Close(String::new()) });
        self.unsubscribe(id, out);
    }

    pub(super) fn unsubscribe(&mut self, id: &DocId, out: &mut Vec<Action>) {
        let Some(doc) = self.docs.get_mut(id) else { return };
        if std::mem::replace(&mut doc.subscribed, false) {
            out.push(Action::Subscribed { doc: id.clone(), on: false });
        }
    }

    /// Whether the time of a registration that failed has come: that is seen by a look at all only.
    pub(super) fn may_register_again(&self, now_ms: u64) -> bool {
        self.register_at.iter().any(|(course, (at, _))| *at <= now_ms && !self.registering.contains(course))
    }

    pub(super) fn register(&mut self, now_ms: u64, out: &mut Vec<Action>) {
        let mut due: BTreeMap<CourseId, Vec<DocId>> = BTreeMap::new();
        for (id, doc) in &self.docs {
            let Some(course) = doc.course.clone() else { continue };
            let later = self.register_at.get(&course).is_some_and(|(at, _)| *at > now_ms);
            if !doc.registered && !doc.gave_up && !doc.muted && !later && !self.registering.contains(&course)
            {
                due.entry(course).or_default().push(id.clone());
            }
        }
        for (course, docs) in due {
            self.registering.insert(course.clone());
            out.push(Action::Register { course, docs });
        }
    }

    /// The exchange failed: close it, and try again later, a few times.
    pub(super) fn fail(&mut self, id: &DocId, why: String, now_ms: u64, out: &mut Vec<Action>) {
        let Some(doc) = self.docs.get_mut(id) else { return };
        if std::mem::replace(&mut doc.subscribed, false) {
            // News of it did not count as such while it was subscribed. So what could not be taken now must be asked for
            // again, also when nobody looks at it any more and on the next connection.
            doc.behind = true;
            out.push(Action::Missed { doc: id.clone() });
        }
        let was_open = doc.phase == Phase::Open;
        doc.close();
        doc.failures += 1;
        if doc.failures > MAX_RETRIES {
            doc.gave_up = true;
            out.push(Action::GaveUp { doc: id.clone(), why });
        } else {
            doc.retry_at = Some(now_ms + (RETRY_MS << doc.failures));
        }
        if was_open {
            out.push(Action::Send { doc: id.clone(), message: Message::Close(String::new()) });
        }
    }

    /// The server will not take these edits: they are kept, and the document goes on receiving.
    pub(super) fn reject(&mut self, id: &DocId, reason: Reason, out: &mut Vec<Action>) {
        self.unsubscribe(id, out);
        let Some(doc) = self.docs.get_mut(id) else { return };
        doc.close();
        doc.muted = true;
        doc.awaits_role = reason.is_of_role();
        // Who is no member any more does not receive either.
        doc.gave_up |= matches!(reason, Reason::NotMember | Reason::IdTaken);
        let outline = doc.course.clone().filter(|_| doc.fresh && doc.awaits_role).map(DocId::Course);
        out.push(Action::Reject { doc: id.clone(), reason: reason.clone() });
        // The outline that may name it cannot go before it, and is under the same role. At once: what gives the role back
        // is told after what took it, and sets free what was refused by then.
        let waits = |doc: &DocSync| doc.dirty && !doc.muted;
        if let Some(outline) = outline.filter(|outline| self.docs.get(outline).is_some_and(waits)) {
            self.reject(&outline, reason, out);
        }
    }

    /// What was decided of a document is to be written down again: its ack, and that it is subscribed no more, whatever it
    /// was that failed. An exchange finds out the rest anew (the replica's word comes with it: what was refused is dirty
    /// there, and is refused again).
    fn write_again(&mut self, id: &DocId, out: &mut Vec<Action>) {
        let Some(doc) = self.docs.get_mut(id) else { return };
        doc.unwritten = None;
        doc.subscribed = false;
        let (version, doc_seq) = (doc.acked_version, doc.acked_seq);
        if version > 0 {
            out.push(Action::Acked { doc: id.clone(), version, doc_seq });
        }
        out.push(Action::Missed { doc: id.clone() });
    }

    pub(super) fn tick(&mut self, now_ms: u64, out: &mut Vec<Action>) {
        let (mut stalled, mut unwritten) = (Vec::new(), Vec::new());
        for (id, doc) in &mut self.docs {
            if doc.rests_until.is_some_and(|until| until <= now_ms) {
                doc.rests_until = None;
            }
            if doc.unwritten.is_some_and(|at| at <= now_ms) {
                unwritten.push(id.clone());
            }
            if doc.retry_at.is_some_and(|at| at <= now_ms) {
                doc.retry_at = None;
            }
            // What waits for uploads or lessons makes no progress by itself.
            let waits = doc.reading.is_some()
                || doc.verifying.is_some()
                || doc.step1_out
                || !doc.applying.is_empty()
                || !doc.in_flight.is_empty();
            let silent = now_ms.saturating_sub(doc.progress_ms) > STALL_MS;
            if doc.phase == Phase::Open && waits && silent {
                stalled.push(id.clone());
            }
        }
        for id in unwritten {
            self.write_again(&id, out);
        }
        for id in stalled {
            self.fail(&id, "the server did not answer".to_owned(), now_ms, out);
        }
    }
}
