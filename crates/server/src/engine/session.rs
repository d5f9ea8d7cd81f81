//! `@session`: hello, what changed, and course events in order.

use super::Engine;
use super::event::{Action, Change, ConnId, Greeting, LogError, User};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::{EventKind, PROTOCOL, Reason, Role, ToApp, ToServer};
use inkhorn_protocol::{CourseId, DocId, OpId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A change that overtook an earlier one of its course waits this long for it, in milliseconds. The earlier one comes
/// from the store's list of changes, which is read at least every 250 ms.
const WAIT_FOR_EARLIER_MS: u64 = 2_000;

/// Content changes of a course are told at most this often, in milliseconds: every keystroke is one, and an app needs
/// only to know that there is something to fetch.
const DOCUMENTS_EVERY_MS: u64 = 200;

/// The session of an app.
#[derive(Debug)]
pub(super) struct Session {
    key: String,
    user: User,
    /// What the app has been told and the user's role, by course; courses that are not here are not the user's.
    heads: BTreeMap<CourseId, (u64, Role)>,
    /// Hello was asked about and not answered: what happens meanwhile comes behind the answer.
    greeting: Option<Vec<Event>>,
    greeted: bool,
    /// Courses in which the app is of another epoch: all that it has comes again, also other people's edits.
    new_epoch: BTreeSet<CourseId>,
    epoch_differs: bool,
    since: BTreeMap<CourseId, u64>,
}

#[derive(Debug, Clone)]
struct Event {
    course: CourseId,
    course_seq: u64,
    /// Events before this one are missing.
    gap: bool,
    what: What,
}

#[derive(Debug, Clone)]
enum What {
    Kind(EventKind),
    Member(Arc<str>, Option<Role>),
    /// Content that may have been committed, or not: who has the course is to ask for its head again.
    Doubt(BTreeSet<DocId>),
}

/// Order of one course's events.
#[derive(Debug, Default)]
pub(super) struct CourseEvents {
    /// Head that everybody was told, or will be with `documents`.
    head: u64,
    /// Content changes that wait for their turn.
    documents: BTreeSet<DocId>,
    told_ms: u64,
    /// An event was waited for in vain: the next one says so.
    gap: bool,
    /// So many numbers after `head` may belong to commits of unknown fate: nobody will tell those, so they are not waited
    /// for.
    doubts: u64,
    /// Events that overtook an earlier one, by their number, with the time until which they wait.
    ahead: BTreeMap<u64, (u64, What)>,
}

impl Engine {
    pub(super) fn open_session(&mut self, conn: ConnId, key: &str, user: User) {
        let early = self.early_frames(&(conn, key.to_owned()));
        let Some(state) = self.conns.get_mut(&conn) else { return };
        state.opens.remove(key);
        state.session = Some(Session {
            key: key.to_owned(),
            user,
            heads: BTreeMap::new(),
            greeting: None,
            greeted: false,
            new_epoch: BTreeSet::new(),
            epoch_differs: false,
            since: BTreeMap::new(),
        });
        self.out.send(conn, key, Message::Authenticated { read_only: false });
        for message in early {
            self.session_message(conn, key, message);
        }
    }

    /// Takes a frame if it is the session's.
    pub(super) fn session_message(&mut self, conn: ConnId, key: &str, message: Message) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        let Some(session) = state.session.as_mut().filter(|s| s.key == key) else { return };
        let Message::Stateless(text) = message else { return };
        // What does not read is of a newer app, or nonsense; neither is answered.
        let Ok(ToServer::Hello { protocol, epoch, since }) = serde_json::from_str(&text) else { return };
        if protocol != PROTOCOL {
            return self.out.json(conn, key, &ToApp::Unsupported { min: PROTOCOL, max: PROTOCOL });
        }
        state.app = true;
        session.greeting.get_or_insert_default();
        session.epoch_differs = epoch.is_some_and(|e| e != self.epoch);
        session.since.clone_from(&since);
        // Numbers of another epoch mean nothing here: everything is told again.
        let asked =
            since.into_iter().map(|(c, seq)| (c, if session.epoch_differs { 0 } else { seq })).collect();
        let user = Arc::clone(&session.user.id);
        self.out.push(Action::Greet { conn, user, since: asked });
    }

    pub(super) fn greeted(&mut self, conn: ConnId, result: Result<Greeting, LogError>) {
        let epoch = self.epoch.clone();
        let Some(session) = self.conns.get_mut(&conn).and_then(|c| c.session.as_mut()) else { return };
        let Ok(greeting) = result else {
            return self.disconnect(conn, 1011, "the server could not read its store");
        };
        let missed = session.greeting.take().unwrap_or_default();
        session.greeted = true;
        session.heads = greeting.heads;
        for (course, since) in std::mem::take(&mut session.since) {
            let head = session.heads.get(&course).map_or(0, |h| h.0);
            if session.epoch_differs || since > head {
                session.new_epoch.insert(course);
            }
        }
        let key = session.key.clone();
        // Events are told in order from here on, although some may overtake others on their way to the engine.
        for (course, (head, _)) in &session.heads {
            let head = *head;
            self.courses
                .entry(course.clone())
                .or_insert_with(|| CourseEvents { head, ..CourseEvents::default() });
        }
        self.out.json(conn, &key, &ToApp::Changed { epoch, courses: greeting.courses });
        for event in missed {
            self.tell(conn, &event);
        }
    }

    /// Whether the app on this connection sends everything again, other people's edits among it.
    pub(super) fn is_new_epoch(&self, conn: ConnId, course: &CourseId) -> bool {
        let session = self.conns.get(&conn).and_then(|c| c.session.as_ref());
        session.is_some_and(|s| s.new_epoch.contains(course))
    }

    pub(super) fn receipt(&mut self, user: &Arc<str>, op: OpId, rejected: Option<Reason>) {
        let receipt = ToApp::Receipt { op, rejected };
        let sessions: Vec<(ConnId, String)> = self
            .conns
            .iter()
            .filter_map(|(&id, c)| c.session.as_ref().map(|s| (id, s)))
            .filter(|(_, s)| s.user.id == *user)
            .map(|(id, s)| (id, s.key.clone()))
            .collect();
        for (conn, key) in sessions {
            self.out.json(conn, &key, &receipt);
        }
    }

    /// A course changed by an operation or an admin command.
    pub(super) fn changed(&mut self, change: Change) {
        let what = match (change.member, change.kind) {
            (Some((user, role)), _) => {
                self.role_changed(&change.course, &user, role, change.course_seq);
                What::Member(user, role)
            }
            (None, Some(kind)) => What::Kind(kind),
            (None, None) => return,
        };
        self.course_event(&change.course, change.course_seq, what);
    }

    /// Content of a course was committed.
    pub(super) fn documents_changed(&mut self, course: &CourseId, course_seq: u64, docs: BTreeSet<DocId>) {
        let kind = EventKind::Documents { docs: docs.into_iter().collect() };
        self.course_event(course, course_seq, What::Kind(kind));
    }

    /// A commit ended without a word on whether it is there. Nobody may go on without these documents for good.
    pub(super) fn in_doubt(&mut self, course: &CourseId, docs: BTreeSet<DocId>) {
        if let Some(events) = self.courses.get_mut(course) {
            events.doubts += 1;
        }
        self.tell_all(&Event { course: course.clone(), course_seq: 0, gap: true, what: What::Doubt(docs) });
    }

    /// Puts an event into its place: every number once, in order.
    fn course_event(&mut self, course: &CourseId, seq: u64, what: What) {
        let until = self.now_ms + WAIT_FOR_EARLIER_MS;
        let events = self.courses.entry(course.clone()).or_insert_with(|| {
            // The first event that this run sees: nobody was told anything later.
            CourseEvents { head: seq.saturating_sub(1), ..CourseEvents::default() }
        });
        if seq <= events.head {
            // It was given up waiting for; sessions compare numbers and ask again.
            return;
        }
        events.ahead.insert(seq, (until, what));
        self.drain_course(course);
    }

    fn drain_course(&mut self, course: &CourseId) {
        loop {
            let now_ms = self.now_ms;
            let Some(events) = self.courses.get_mut(course) else { return };
            let Some(first) = events.ahead.first_entry() else { break };
            let next = *first.key() <= events.head + 1 + events.doubts;
            if !next && now_ms < first.get().0 {
                break;
            }
            events.doubts = 0;
            let (seq, (_, what)) = first.remove_entry();
            events.gap |= seq != events.head + 1;
            if let What::Kind(EventKind::Documents { docs }) = what {
                events.head = seq;
                events.documents.extend(docs);
                continue;
            }
            self.tell_documents(course);
            let Some(events) = self.courses.get_mut(course) else { return };
            events.head = seq;
            let gap = std::mem::take(&mut events.gap);
            self.tell_all(&Event { course: course.clone(), course_seq: seq, gap, what });
        }
        let now_ms = self.now_ms;
        let due = |e: &CourseEvents| !e.documents.is_empty() && now_ms >= e.told_ms + DOCUMENTS_EVERY_MS;
        if self.courses.get(course).is_some_and(due) {
            self.tell_documents(course);
        }
    }

    pub(super) fn flush_course_events(&mut self) {
        let courses: Vec<CourseId> = self.courses.keys().cloned().collect();
        for course in courses {
            self.drain_course(&course);
        }
    }

    fn tell_documents(&mut self, course: &CourseId) {
        let now_ms = self.now_ms;
        let Some(events) = self.courses.get_mut(course) else { return };
        let docs = std::mem::take(&mut events.documents);
        if docs.is_empty() {
            return;
        }
        events.told_ms = now_ms;
        let what = What::Kind(EventKind::Documents { docs: docs.into_iter().collect() });
        let gap = std::mem::take(&mut events.gap);
        let event = Event { course: course.clone(), course_seq: events.head, gap, what };
        self.tell_all(&event);
    }

    fn tell_all(&mut self, event: &Event) {
        let sessions: Vec<ConnId> =
            self.conns.iter().filter(|(_, c)| c.session.is_some()).map(|(&id, _)| id).collect();
        for conn in sessions {
            self.tell(conn, event);
        }
    }

    fn tell(&mut self, conn: ConnId, event: &Event) {
        let Some(session) = self.conns.get_mut(&conn).and_then(|c| c.session.as_mut()) else { return };
        if let Some(missed) = &mut session.greeting {
            missed.push(event.clone());
            return;
        }
        if !session.greeted {
            return;
        }
        if let What::Doubt(docs) = &event.what {
            // Numbers that do not follow the app's: it says hello again, and is told what there is.
            let Some((head, _)) = session.heads.get(&event.course) else { return };
            let (prev_seq, course_seq) = (head + 1, head + 2);
            let kind = EventKind::Documents { docs: docs.iter().cloned().collect() };
            let (key, course) = (session.key.clone(), event.course.clone());
            return self.out.json(conn, &key, &ToApp::Event { course, prev_seq, course_seq, kind });
        }
        let own = match &event.what {
            What::Member(user, role) if *user == session.user.id => Some(*role),
            _ => None,
        };
        let prev_seq = match (session.heads.get(&event.course), own) {
            (Some((head, _)), _) if *head >= event.course_seq => return,
            (Some(_), _) if event.gap => event.course_seq - 1,
            (Some((head, _)), _) => *head,
            // New in this course: the app has nothing of it yet.
            (None, Some(Some(_))) => 0,
            (None, _) => return,
        };
        let role = own.unwrap_or_else(|| session.heads.get(&event.course).map(|h| h.1));
        match role {
            Some(role) => session.heads.insert(event.course.clone(), (event.course_seq, role)),
            None => session.heads.remove(&event.course),
        };
        let kind = match &event.what {
            What::Kind(kind) => kind.clone(),
            What::Doubt(_) => return,
            // Also when it was somebody else's role: the list of members is to be read again.
            What::Member(..) => EventKind::Members { role },
        };
        let (key, course, course_seq) = (session.key.clone(), event.course.clone(), event.course_seq);
        self.out.json(conn, &key, &ToApp::Event { course, prev_seq, course_seq, kind });
    }
}
