//! The state machine of one connection.

use super::doc::{DocSync, Phase, Purpose};
use super::{
    Action, Event, MAX_PAYLOAD_BYTES, MAX_REKEYS, MAX_RETRIES, MAX_UNDER_WAY, RETRY_MS, STALL_MS, Ticket,
};
use crate::{Applied, DocWork, Read, ReplicaError};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::{DocNotice, Reason};
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
    /// When to try a registration again.
    register_at: BTreeMap<CourseId, u64>,
    tickets: Ticket,
    settled: bool,
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
        }
    }

    /// Takes an event in and gives what to do, in order. `now_ms`: any clock that does not go back.
    pub fn step(&mut self, event: Event, now_ms: u64) -> Vec<Action> {
        let mut out = Vec::new();
        match event {
            Event::Work(work) => self.work(work, now_ms, &mut out),
            Event::Frame { doc, message } => self.frame(&doc, message, now_ms, &mut out),
            Event::Notice(notice) => self.notice(notice, now_ms, &mut out),
            Event::Committed { doc, version, update } => self.committed(&doc, version, &update, &mut out),
            Event::Read { doc, ticket, read } => self.read(&doc, ticket, read, now_ms, &mut out),
            Event::Applied { doc, ticket, outcome } => self.applied(&doc, ticket, outcome, now_ms, &mut out),
            Event::Opened(doc) => self.entry(doc).open = true,
            Event::Closed(doc) => self.entry(doc).open = false,
            Event::Registered { course, done } => {
                self.registering.remove(&course);
                if !done {
                    self.register_at.insert(course, now_ms + RETRY_MS);
                }
            }
            Event::Tick => self.tick(now_ms, &mut out),
        }
        self.advance(now_ms, &mut out);
        out
    }

    /// Whether nothing is under way or waiting, as far as this connection knows: what was given up is not waited for.
    pub fn is_settled(&self) -> bool {
        self.registering.is_empty()
            && self.docs.values().all(|doc| {
                doc.gave_up
                    || (doc.retry_at.is_none()
                        && match doc.phase {
                            // A document that the replica never named is of a course that is only here.
                            Phase::Idle => doc.course.is_none() || !doc.wanted(),
                            Phase::Open => doc.is_still(),
                        })
            })
    }

    /// Documents that are subscribed on this connection.
    pub fn subscribed(&self) -> impl Iterator<Item = &DocId> {
        self.docs.iter().filter(|(_, doc)| doc.subscribed).map(|(id, _)| id)
    }

    fn entry(&mut self, doc: DocId) -> &mut DocSync {
        self.docs.entry(doc).or_default()
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
            // Something came after our step 1: another one follows this exchange.
            let still_to_ask = doc.reading.is_some_and(|(_, purpose)| purpose == Purpose::Step1);
            if item.behind && doc.step1_mark < item.mark && !still_to_ask {
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
        let read = match read {
            Ok(read) => read,
            // A document that is not here yet has nothing: the server tells it all.
            Err(ReplicaError::UnknownDoc(_)) if purpose == Purpose::Step1 => {
                Read { bytes: NOTHING.to_vec(), version: 0 }
            }
            Err(error) => return self.fail(id, error.to_string(), now_ms, out),
        };
        match purpose {
            Purpose::Step1 => {
                doc.step1_out = true;
                doc.step1_mark = doc.mark;
                out.push(Action::Send { doc: id.clone(), message: Message::Step1(read.bytes) });
            }
            Purpose::Answer | Purpose::Push => {
                if !may_send {
                    doc.owes_answer |= purpose == Purpose::Answer;
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
                tracing::warn!(doc = %id, %error, "edits could not be given a new client id");
                doc.rebuild = None;
                self.reject(id, Reason::ClientIdTaken, out);
            }
            Err(error) => self.fail(id, error.to_string(), now_ms, out),
        }
    }

    // ---- what the server says -------------------------------------------------------------------

    fn frame(&mut self, id: &DocId, message: Message, now_ms: u64, out: &mut Vec<Action>) {
        let ticket = self.ticket();
        let Some(doc) = self.docs.get_mut(id) else { return };
        if doc.phase == Phase::Idle {
            // What was under way when we closed it; the next step 1 asks for it again.
            return;
        }
        doc.progress_ms = now_ms;
        if !doc.greeted {
            // Frames keep their order: what comes before the answer to our token belongs to an exchange that we closed.
            match message {
                Message::Authenticated { .. } => doc.greeted = true,
                Message::PermissionDenied(why) => {
                    doc.close();
                    doc.gave_up = true;
                    out.push(Action::GaveUp { doc: id.clone(), why });
                }
                _ => {}
            }
            return;
        }
        match message {
            Message::Step1(vector) => {
                doc.server_has = Some(vector);
                doc.owes_answer = true;
                self.answer(id, out);
            }
            Message::Step2(update) => {
                if !doc.step1_out {
                    return;
                }
                doc.step1_out = false;
                doc.applying.push_back((ticket, true));
                let (id, mark) = (id.clone(), doc.step1_mark);
                out.push(match doc.rebuild {
                    Some((client, from_clock)) => {
                        Action::Rebuild { doc: id, ticket, update, client, from_clock, caught_up: mark }
                    }
                    None => Action::Apply { doc: id, ticket, update, caught_up: Some(mark) },
                });
            }
            Message::Update(update) => {
                doc.relayed += 1;
                // The server's whole order is on its way and holds it.
                if doc.rebuild.is_none() {
                    doc.applying.push_back((ticket, false));
                    out.push(Action::Apply { doc: id.clone(), ticket, update, caught_up: None });
                }
            }
            Message::PermissionDenied(why) | Message::Close(why) => {
                if !doc.is_still() || doc.open {
                    let why = if why.is_empty() { "the server closed it".to_owned() } else { why };
                    self.fail(id, why, now_ms, out);
                }
            }
            // The app does not count: `stored` acks. Awareness has its own way.
            Message::SyncStatus(_)
            | Message::Authenticated { .. }
            | Message::Awareness(_)
            | Message::QueryAwareness
            | Message::Stateless(_)
            | Message::Token(_) => {}
        }
    }

    fn notice(&mut self, notice: DocNotice, now_ms: u64, out: &mut Vec<Action>) {
        match notice {
            DocNotice::Stored { doc, doc_seq, n } => self.stored(&doc, doc_seq, n, now_ms, out),
            DocNotice::At { doc: id, doc_seq } => {
                let Some(doc) = self.docs.get_mut(&id).filter(|doc| doc.greeted) else { return };
                // Own frames that wait for their `stored` may stand between.
                let limit = doc.head_limit(doc.in_flight.len() as u64);
                if limit.is_some_and(|limit| doc_seq > limit) {
                    doc.again = true;
                }
                doc.head = Some(doc.head.unwrap_or(0).max(doc_seq));
                doc.relayed = 0;
            }
            DocNotice::Rejected { doc, client, from_clock, reason, .. } => {
                self.rejected(&doc, client, from_clock, reason, now_ms, out);
            }
        }
    }

    fn stored(&mut self, id: &DocId, doc_seq: u64, n: u64, now_ms: u64, out: &mut Vec<Action>) {
        let Some(doc) = self.docs.get_mut(id).filter(|doc| doc.greeted) else { return };
        doc.progress_ms = now_ms;
        let mut acked = None;
        let mut frames = 0;
        while let Some((_, version)) = doc.in_flight.pop_front_if(|(frame, _)| *frame <= n) {
            acked = Some(version);
            frames += 1;
        }
        if doc.head_limit(frames).is_some_and(|limit| doc_seq > limit) {
            doc.again = true;
        }
        if let Some(head) = &mut doc.head {
            *head = (*head).max(doc_seq);
        }
        let Some(version) = acked else { return };
        doc.failures = 0;
        doc.acked_version = doc.acked_version.max(version);
        doc.dirty = !doc.in_flight.is_empty() || doc.version > doc.sent_version;
        let was_fresh = std::mem::replace(&mut doc.fresh, false);
        out.push(Action::Acked { doc: id.clone(), version, doc_seq });
        // The outline may follow its lessons now.
        if was_fresh && let Some(course) = doc.course.clone() {
            self.answer(&DocId::Course(course), out);
        }
    }

    fn rejected(
        &mut self,
        id: &DocId,
        client: u64,
        from_clock: u32,
        reason: Reason,
        now_ms: u64,
        out: &mut Vec<Action>,
    ) {
        let Some(doc) = self.docs.get_mut(id).filter(|doc| doc.greeted) else { return };
        match reason {
            Reason::ClientIdTaken | Reason::Fork if doc.rekeys < MAX_REKEYS => {
                doc.rekeys += 1;
                self.unsubscribe(id, out);
                if let Some(doc) = self.docs.get_mut(id) {
                    doc.close();
                    doc.rebuild = Some((client, from_clock));
                    // `advance` opens it again; the whole order is asked for then.
                    doc.again = true;
                }
            }
            Reason::Unauthenticated => out.push(Action::SignIn),
            Reason::NotRegistered => {
                doc.registered = false;
                self.fail(id, reason.to_string(), now_ms, out);
            }
            Reason::StorageFailed | Reason::Gap => self.fail(id, reason.to_string(), now_ms, out),
            reason => self.reject(id, reason, out),
        }
    }

    // ---- moving on ------------------------------------------------------------------------------

    /// Whether frames with content may go out: registered, not refused, assets uploaded, and an outline only after the
    /// lessons that the server has never had.
    fn may_send(&self, id: &DocId) -> bool {
        let Some(doc) = self.docs.get(id) else { return false };
        doc.registered && !doc.muted && !doc.held && doc.rebuild.is_none() && !self.waits_for_lessons(id)
    }

    fn waits_for_lessons(&self, id: &DocId) -> bool {
        let DocId::Course(course) = id else { return false };
        self.docs.iter().any(|(other, doc)| {
            matches!(other, DocId::Lesson(_))
                && doc.course.as_ref() == Some(course)
                && doc.fresh
                && doc.dirty
                && !doc.muted
                && !doc.gave_up
        })
    }

    /// Answers the server's step 1, or sends what was committed since, if it may now.
    fn answer(&mut self, id: &DocId, out: &mut Vec<Action>) {
        if !self.may_send(id) {
            return;
        }
        let ticket = self.ticket();
        let Some(doc) = self.docs.get_mut(id) else { return };
        if doc.phase != Phase::Open || doc.reading.is_some() {
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
        doc.reading = Some((ticket, purpose));
        out.push(Action::Read { doc: id.clone(), ticket, since: Some(since) });
    }

    /// Opens what is wanted, asks again where a gap was, closes what is done.
    fn advance(&mut self, now_ms: u64, out: &mut Vec<Action>) {
        self.register(now_ms, out);
        let ids: Vec<DocId> = self.docs.keys().cloned().collect();
        for id in &ids {
            self.ask_again(id, out);
            self.settle(id, out);
        }
        let mut under_way = 0;
        for (id, doc) in &self.docs {
            under_way +=
                usize::from(doc.phase == Phase::Open && !doc.is_still() && !self.is_blocked(id, doc));
        }
        // What a person looks at comes first, then lessons, then outlines.
        let rank = |id: &DocId| (!self.docs.get(id).is_some_and(|d| d.open), matches!(id, DocId::Course(_)));
        let mut waiting: Vec<&DocId> = ids.iter().filter(|id| self.can_start(id)).collect();
        waiting.sort_by_key(|id| rank(id));
        let starting: Vec<DocId> =
            waiting.into_iter().take(MAX_UNDER_WAY.saturating_sub(under_way)).cloned().collect();
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
    fn is_blocked(&self, id: &DocId, doc: &DocSync) -> bool {
        doc.caught_up
            && doc.applying.is_empty()
            && doc.in_flight.is_empty()
            && (doc.held || self.waits_for_lessons(id))
    }

    fn can_start(&self, id: &DocId) -> bool {
        let Some(doc) = self.docs.get(id) else { return false };
        let blocked = doc.held || self.waits_for_lessons(id);
        let reason = doc.open || doc.behind || doc.rebuild.is_some() || (doc.dirty && !doc.muted && !blocked);
        doc.phase == Phase::Idle && doc.registered && doc.retry_at.is_none() && !doc.gave_up && reason
    }

    fn start(&mut self, id: &DocId, now_ms: u64, out: &mut Vec<Action>) {
        let ticket = self.ticket();
        let token = self.token.clone();
        let Some(doc) = self.docs.get_mut(id) else { return };
        doc.phase = Phase::Open;
        doc.again = false;
        doc.progress_ms = now_ms;
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
    fn ask_again(&mut self, id: &DocId, out: &mut Vec<Action>) {
        let ticket = self.ticket();
        let Some(doc) = self.docs.get_mut(id) else { return };
        let free = doc.reading.is_none() && doc.applying.is_empty() && !doc.step1_out;
        if doc.phase == Phase::Open && doc.again && free {
            doc.again = false;
            doc.reading = Some((ticket, Purpose::Step1));
            out.push(Action::Read { doc: id.clone(), ticket, since: None });
        }
    }

    /// Closes a document whose exchange has ended and that nobody looks at; keeps one that is looked at subscribed.
    fn settle(&mut self, id: &DocId, out: &mut Vec<Action>) {
        let Some(doc) = self.docs.get_mut(id) else { return };
        if doc.phase != Phase::Open || !doc.is_still() {
            return;
        }
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

    fn unsubscribe(&mut self, id: &DocId, out: &mut Vec<Action>) {
        let Some(doc) = self.docs.get_mut(id) else { return };
        if std::mem::replace(&mut doc.subscribed, false) {
            out.push(Action::Subscribed { doc: id.clone(), on: false });
        }
    }

    fn register(&mut self, now_ms: u64, out: &mut Vec<Action>) {
        let mut due: BTreeMap<CourseId, Vec<DocId>> = BTreeMap::new();
        for (id, doc) in &self.docs {
            let Some(course) = doc.course.clone() else { continue };
            let later = self.register_at.get(&course).is_some_and(|at| *at > now_ms);
            if !doc.registered && !doc.gave_up && !doc.muted && !later && !self.registering.contains(&course)
            {
                due.entry(course).or_default().push(id.clone());
            }
        }
        for (course, docs) in due {
            self.register_at.remove(&course);
            self.registering.insert(course.clone());
            out.push(Action::Register { course, docs });
        }
    }

    /// The exchange failed: close it, and try again later, a few times.
    fn fail(&mut self, id: &DocId, why: String, now_ms: u64, out: &mut Vec<Action>) {
        self.unsubscribe(id, out);
        let Some(doc) = self.docs.get_mut(id) else { return };
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
    fn reject(&mut self, id: &DocId, reason: Reason, out: &mut Vec<Action>) {
        self.unsubscribe(id, out);
        let Some(doc) = self.docs.get_mut(id) else { return };
        doc.close();
        doc.muted = true;
        // Who is no member any more does not receive either.
        doc.gave_up |= matches!(reason, Reason::NotMember | Reason::IdTaken);
        out.push(Action::Reject { doc: id.clone(), reason });
    }

    fn tick(&mut self, now_ms: u64, out: &mut Vec<Action>) {
        let mut stalled = Vec::new();
        for (id, doc) in &mut self.docs {
            if doc.retry_at.is_some_and(|at| at <= now_ms) {
                doc.retry_at = None;
            }
            // What waits for uploads or lessons makes no progress by itself.
            let waits = doc.reading.is_some()
                || doc.step1_out
                || !doc.applying.is_empty()
                || !doc.in_flight.is_empty();
            let silent = now_ms.saturating_sub(doc.progress_ms) > STALL_MS;
            if doc.phase == Phase::Open && waits && silent {
                stalled.push(id.clone());
            }
        }
        for id in stalled {
            self.fail(&id, "the server did not answer".to_owned(), now_ms, out);
        }
    }
}
