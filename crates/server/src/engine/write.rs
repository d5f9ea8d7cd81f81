//! From a frame to the log and back: staging, commit, fan-out, ack, refusal.

use super::Engine;
use super::content::{Refusal, Staged};
use super::document::{OpenId, Slot};
use super::event::{Action, Batch, ConnId, LogEntry, LogError, User};
use bytes::Bytes;
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::session::{DocNotice, Reason, Role};
use inkhorn_protocol::{CourseId, DocId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Updates that one open document may have refused for a gap while the server waits for the step 2 that covers them.
const MAX_HELD: usize = 64;

/// Bytes of such updates.
const MAX_HELD_BYTES: usize = 4 * 1024 * 1024;

/// An update on its way to the log.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) doc: DocId,
    from: Author,
    bytes: Bytes,
    step2: bool,
}

/// Who sent a frame, as of when it arrived: the connection may be gone when it is written.
#[derive(Debug, Clone)]
struct Author {
    open: OpenId,
    ticket: u64,
    user: User,
    course: CourseId,
    role: Role,
    n: u64,
}

/// What waits for the end of a commit.
#[derive(Debug)]
struct Entry {
    doc: DocId,
    from: Author,
    step2: bool,
    /// False when only a part of the frame was taken.
    acks: bool,
    /// None when the frame held nothing new, but what it repeats is not durable yet.
    logged: Option<LogEntry>,
}

/// A batch with whom it concerns.
#[derive(Debug, Default)]
pub(super) struct Batching {
    entries: Vec<Entry>,
}

impl Batching {
    pub(super) fn docs(&self) -> impl Iterator<Item = &DocId> {
        self.entries.iter().map(|e| &e.doc)
    }
}

impl Engine {
    /// Takes an update or a step 2 of a client.
    pub(super) fn write(&mut self, id: &OpenId, bytes: Bytes, step2: bool) {
        let Some(live) = self.live(id) else { return };
        live.sent += 1;
        let n = live.sent;
        let granted = live.granted.clone();
        let from = Author {
            open: id.clone(),
            ticket: live.ticket,
            user: granted.user,
            course: granted.course,
            role: granted.role,
            n,
        };
        let write = Waiting { doc: granted.doc, from, bytes, step2 };
        if self.writing.is_some() {
            self.waiting_bytes += write.bytes.len();
            self.waiting.push_back(write);
        } else {
            self.stage(write);
        }
    }

    /// Drops what a refused document still has waiting: it was sent before the sender knew.
    pub(super) fn forget_waiting(&mut self, id: &OpenId) {
        self.waiting.retain(|w| w.from.open != *id);
        self.waiting_bytes = self.waiting.iter().map(|w| w.bytes.len()).sum();
    }

    fn stage(&mut self, write: Waiting) {
        let Waiting { doc, mut from, bytes, step2 } = write;
        if let Some(live) = self.live(&from.open).filter(|l| l.ticket == from.ticket) {
            from.role = live.granted.role;
            if step2 {
                live.step1_out = false;
            }
        }
        match self.try_stage(&doc, &from, &bytes, step2) {
            Ok(()) => {}
            Err(Refusal::Gap { client, from_clock }) if !step2 => {
                return self.hold(&from, bytes, client, from_clock);
            }
            Err(refusal) => return self.refuse_write(&from, refusal),
        }
        if !step2 {
            return;
        }
        // A step 2 covers what was refused for a gap before it, or nothing will.
        let held = match self.live(&from.open) {
            Some(live) if live.ticket == from.ticket => std::mem::take(&mut live.held),
            _ => return,
        };
        let last = held.len().saturating_sub(1);
        for (at, (n, bytes)) in held.into_iter().enumerate() {
            // While they were held, nothing beyond them could be acked; the last one makes up for that.
            let covers = Author { n: if at == last { from.n } else { n }, ..from.clone() };
            if let Err(refusal) = self.try_stage(&doc, &covers, &bytes, false) {
                return self.refuse_write(&Author { n, ..covers }, refusal);
            }
        }
    }

    fn try_stage(&mut self, doc: &DocId, from: &Author, bytes: &Bytes, step2: bool) -> Result<(), Refusal> {
        let relays = self.is_new_epoch(from.open.0, &from.course)
            && self.live(&from.open).is_some_and(|live| !live.had_step2);
        let at_ms = self.wall_ms;
        let dirty = self.staged.entries.iter().any(|e| e.doc == *doc);
        let Some(document) = self.ready(doc) else { return Ok(()) };
        let Staged { bytes, ranges, gap } = document.content.stage(bytes)?;
        // A viewer's replica also reports what it deleted by integrating the edits of others: no edit of its own.
        let derived = step2 && ranges.is_empty() && !from.role.may_write();
        if derived && bytes.is_some() {
            document.content.take_back();
        }
        let Some(bytes) = bytes.filter(|_| !derived) else {
            if let Some((client, from_clock)) = gap {
                return Err(Refusal::Gap { client, from_clock });
            }
            if dirty {
                let entry = Entry { doc: doc.clone(), from: from.clone(), step2, acks: true, logged: None };
                self.staged.entries.push(entry);
            } else {
                document.content.rollback();
                let doc_seq = document.doc_seq;
                self.ack(doc, from, step2, true, doc_seq, true);
            }
            return Ok(());
        };
        let user = &from.user.id;
        let stolen = ranges.iter().find(|r| !relays && document.belongs_to_other(r.client, user));
        let refusal = match stolen {
            _ if !from.role.may_write() => {
                let (client, from_clock) = ranges.first().map_or((0, 0), |r| (r.client, r.from));
                Some(Refusal::Other { client, from_clock, reason: Reason::RoleTooLow { role: from.role } })
            }
            Some(r) => {
                Some(Refusal::Other { client: r.client, from_clock: r.from, reason: Reason::ClientIdTaken })
            }
            None => None,
        };
        if let Some(refusal) = refusal {
            document.content.take_back();
            return Err(refusal);
        }
        let claims: Vec<u64> = if relays {
            Vec::new()
        } else {
            ranges.iter().map(|r| r.client).filter(|c| !document.claims.contains_key(c)).collect()
        };
        for client in &claims {
            document.claims.insert(*client, Arc::clone(user));
        }
        document.staged_seq += 1;
        let logged = LogEntry {
            doc: doc.clone(),
            course: from.course.clone(),
            doc_seq: document.staged_seq,
            bytes,
            user: Arc::clone(user),
            claims,
            at_ms,
        };
        let acks = gap.is_none();
        self.staged.entries.push(Entry {
            doc: doc.clone(),
            from: from.clone(),
            step2,
            acks,
            logged: Some(logged),
        });
        // What came before the gap is taken, and the rest is treated as missing.
        gap.map_or(Ok(()), |(client, from_clock)| Err(Refusal::Gap { client, from_clock }))
    }

    /// Keeps an update that came over a gap until the client's next step 2, and asks for one unless that was done.
    fn hold(&mut self, from: &Author, bytes: Bytes, client: u64, from_clock: u32) {
        let Some(live) = self.live(&from.open).filter(|l| l.ticket == from.ticket) else { return };
        let held: usize = live.held.iter().map(|(_, b)| b.len()).sum();
        if live.held.len() >= MAX_HELD || held + bytes.len() > MAX_HELD_BYTES {
            return self.refuse(&from.open, client, from_clock, from.n, Reason::Gap);
        }
        live.held.push((from.n, bytes));
        let doc = live.granted.doc.clone();
        if std::mem::replace(&mut live.step1_out, true) {
            return;
        }
        let Some(own) = self.ready(&doc).map(|d| d.content.state_vector()) else { return };
        self.out.send(from.open.0, &from.open.1, Message::Step1(own));
    }

    fn refuse_write(&mut self, from: &Author, refusal: Refusal) {
        if self.live(&from.open).is_none_or(|l| l.ticket != from.ticket) {
            return;
        }
        let (client, from_clock, reason) = match refusal {
            Refusal::Gap { client, from_clock } => (client, from_clock, Reason::Gap),
            Refusal::Other { client, from_clock, reason } => (client, from_clock, reason),
        };
        self.refuse(&from.open, client, from_clock, from.n, reason);
    }

    /// Starts writing what was staged, if anything was and nothing is being written.
    pub(super) fn begin_commit(&mut self) {
        if self.writing.is_some() || self.staged.entries.is_empty() {
            return;
        }
        let batching = std::mem::take(&mut self.staged);
        let entries: Vec<LogEntry> = batching.entries.iter().filter_map(|e| e.logged.clone()).collect();
        self.writing = Some(batching);
        self.out.push(Action::Commit(Batch { entries }));
    }

    pub(super) fn committed(&mut self, result: Result<Vec<(CourseId, u64)>, LogError>) {
        let Some(batch) = self.writing.take() else { return };
        match result {
            Ok(heads) => self.publish(batch, heads),
            Err(error) => self.take_back(batch, &error),
        }
        self.waiting_bytes = 0;
        for write in std::mem::take(&mut self.waiting) {
            self.stage(write);
        }
    }

    /// It is durable: peers see it, then its authors hear so, in the order of the log.
    fn publish(&mut self, batch: Batching, heads: Vec<(CourseId, u64)>) {
        let mut changed: BTreeMap<CourseId, BTreeSet<DocId>> = BTreeMap::new();
        let docs: BTreeSet<DocId> = batch.docs().cloned().collect();
        for doc in &docs {
            if let Some(document) = self.ready(doc) {
                document.content.commit();
            }
        }
        // The content is that of the whole batch by now: only the last entry of a document has its fingerprint.
        let last: BTreeMap<DocId, usize> =
            batch.entries.iter().enumerate().map(|(at, entry)| (entry.doc.clone(), at)).collect();
        for (at, entry) in batch.entries.into_iter().enumerate() {
            let mut head = None;
            if let Some(logged) = &entry.logged {
                changed.entry(logged.course.clone()).or_default().insert(entry.doc.clone());
                if let Some(document) = self.ready(&entry.doc) {
                    document.doc_seq = logged.doc_seq;
                    document.since_checkpoint += 1;
                }
                head = Some(logged.doc_seq);
                self.fan_out(logged, &entry.from);
            }
            let head = head.or_else(|| self.ready(&entry.doc).map(|d| d.doc_seq)).unwrap_or(0);
            let is_last = last.get(&entry.doc) == Some(&at);
            self.ack(&entry.doc, &entry.from, entry.step2, entry.acks, head, is_last);
        }
        for (course, seq) in heads {
            let docs = changed.remove(&course).unwrap_or_default();
            self.documents_changed(&course, seq, docs);
        }
    }

    fn fan_out(&mut self, logged: &LogEntry, from: &Author) {
        let opens: Vec<OpenId> =
            self.ready(&logged.doc).map(|d| d.opens.iter().cloned().collect()).unwrap_or_default();
        let mut frames: BTreeMap<String, Bytes> = BTreeMap::new();
        for open in opens {
            let own = |ticket: u64| open == from.open && ticket == from.ticket;
            if !self.live(&open).is_some_and(|l| l.subscribed && !own(l.ticket)) {
                continue;
            }
            let bytes = frames.entry(open.1.clone()).or_insert_with_key(|key| {
                Bytes::from(Frame::doc(key.as_str(), Message::Update(logged.bytes.to_vec())).encode())
            });
            self.out.send_bytes(open.0, bytes.clone());
            if self.is_app(open.0) {
                self.out.at(open.0, &open.1, &logged.doc, logged.doc_seq, None);
            }
        }
    }

    /// Tells the author that a frame is durable; `all` of it, or a part, of which an app learns how far the order has come.
    /// `is_head`: what is committed is the content at `doc_seq`.
    fn ack(&mut self, doc: &DocId, from: &Author, step2: bool, all: bool, doc_seq: u64, is_head: bool) {
        let app = self.is_app(from.open.0);
        let state = match self.ready(doc) {
            Some(document) if app && step2 && is_head => Some(document.content.fingerprint().to_string()),
            _ => None,
        };
        let Some(live) = self.live(&from.open).filter(|l| l.ticket == from.ticket) else { return };
        live.had_step2 |= step2;
        let counted = all && (!step2 || std::mem::take(&mut live.ack_step2));
        // `stored` covers all frames before its number, so it may not pass one that waits for its gap to be filled.
        let n = live.held.iter().map(|(n, _)| n - 1).min().map_or(from.n, |limit| limit.min(from.n));
        if app {
            let notice = DocNotice::Stored { doc: doc.clone(), doc_seq, n, state };
            self.out.notice(from.open.0, &from.open.1, &notice);
        } else if counted {
            self.out.send(from.open.0, &from.open.1, Message::SyncStatus(true));
        }
    }

    /// It is not durable: nobody saw it, and its authors are told to come again.
    fn take_back(&mut self, batch: Batching, error: &LogError) {
        let docs: BTreeSet<DocId> = batch.docs().cloned().collect();
        let mut concerned: BTreeMap<OpenId, (u64, u64)> = BTreeMap::new();
        let mut doubtful: BTreeMap<CourseId, BTreeSet<DocId>> = BTreeMap::new();
        let mut without_lesson: BTreeSet<(ConnId, CourseId)> = BTreeSet::new();
        for entry in batch.entries {
            if matches!(entry.doc, DocId::Lesson(_)) {
                without_lesson.insert((entry.from.open.0, entry.from.course.clone()));
            }
            if let (Some(logged), LogError::Uncertain(_)) = (&entry.logged, error) {
                doubtful.entry(logged.course.clone()).or_default().insert(entry.doc.clone());
            }
            if let Some(logged) = &entry.logged
                && let Some(document) = self.ready(&entry.doc)
            {
                for client in &logged.claims {
                    document.claims.remove(client);
                }
            }
            concerned.entry(entry.from.open).or_insert((entry.from.ticket, entry.from.n));
        }
        for (open, (ticket, n)) in concerned {
            if self.live(&open).is_some_and(|l| l.ticket == ticket) {
                self.refuse(&open, 0, 0, n, Reason::StorageFailed);
            }
        }
        for (conn, course) in without_lesson {
            self.refuse_outline(conn, &course);
        }
        for doc in docs {
            match error {
                LogError::RolledBack(_) => {
                    if let Some(document) = self.ready(&doc) {
                        document.content.rollback();
                        document.staged_seq = document.doc_seq;
                    }
                }
                LogError::Uncertain(_) => self.drop_document(&doc),
            }
        }
        for (course, docs) in doubtful {
            self.in_doubt(&course, docs);
        }
    }

    /// A client sends an outline behind the lessons that it names, before it knows what became of them. A lesson was not
    /// written, so what stands behind it on the same connection must not be either: others would see it and find nothing.
    fn refuse_outline(&mut self, conn: ConnId, course: &CourseId) {
        let Some(state) = self.conns.get(&conn) else { return };
        let is_outline = |doc: &DocId| matches!(doc, DocId::Course(id) if id == course);
        let keys: Vec<String> = state
            .opens
            .iter()
            .filter(|(_, open)| open.doc().is_some_and(is_outline))
            .map(|(key, _)| key.clone())
            .collect();
        for key in keys {
            self.refuse(&(conn, key), 0, 0, 0, Reason::StorageFailed);
        }
    }

    /// Forgets a document whose log may have moved on, so that the next one to open it reads the truth.
    fn drop_document(&mut self, doc: &DocId) {
        let opens: Vec<OpenId> =
            self.ready(doc).map(|d| d.opens.iter().cloned().collect()).unwrap_or_default();
        for open in opens {
            self.refuse(&open, 0, 0, 0, Reason::StorageFailed);
        }
        if matches!(self.docs.get(doc), Some(Slot::Ready(_))) {
            self.docs.remove(doc);
        }
        let waiting = std::mem::take(&mut self.waiting);
        self.waiting = waiting.into_iter().filter(|w| w.doc != *doc).collect();
    }
}
