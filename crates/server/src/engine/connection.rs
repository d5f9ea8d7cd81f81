//! Connections, the documents open on them, and how these come and go.

use super::document::{OpenId, Slot};
use super::event::{Access, Action, ConnId, Standing, User};
use super::session::Session;
use super::{Engine, RecentRole};
use bytes::Bytes;
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::session::{DocNotice, Reason, Role};
use inkhorn_protocol::{CourseId, DocId, SESSION_DOC};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Frames of one document that may arrive before it is open: a client sends three or four.
const MAX_EARLY_FRAMES: usize = 64;

/// Bytes of such frames on one connection: a newcomer must not fill the memory.
const MAX_EARLY_BYTES: usize = 4 * 1024 * 1024;

/// Documents that one connection may have open: four times the largest course that was tried.
const MAX_OPEN: usize = 4_096;

/// Wrong tokens on one connection before it is closed.
const MAX_DENIED: u32 = 16;

/// A connection that has not signed in is closed after this, in milliseconds.
const SIGN_IN_WITHIN_MS: u64 = 30_000;

/// A role that was read before it changed may arrive this much later, in milliseconds.
const ROLE_IS_RECENT_MS: u64 = 10_000;

/// One socket.
#[derive(Debug)]
pub(super) struct Conn {
    /// It said hello: it gets notices instead of sync status.
    pub(super) app: bool,
    pub(super) opens: BTreeMap<String, Open>,
    pub(super) session: Option<Session>,
    early_bytes: usize,
    denied: u32,
    opened_ms: u64,
    signed_in: bool,
}

/// A document on a connection, or `@session`.
#[derive(Debug)]
pub(super) enum Open {
    /// The token is being looked at, or the document is being read.
    Pending { ticket: u64, access: Option<Granted>, early: VecDeque<Message> },
    /// Frames flow.
    Live(Box<Live>),
}

/// What was granted.
#[derive(Debug, Clone)]
pub(super) struct Granted {
    pub(super) doc: DocId,
    pub(super) user: User,
    pub(super) course: CourseId,
    pub(super) role: Role,
    /// Head of the course when the role was read, or number of the change that brought it.
    pub(super) course_seq: u64,
}

/// An open document.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) granted: Granted,
    /// Tells this opening from an earlier one under the same key.
    pub(super) ticket: u64,
    /// Update and step 2 frames since it was opened.
    pub(super) sent: u64,
    /// It asked for the content, so it gets what is committed from there on.
    pub(super) subscribed: bool,
    /// The server asked, and no answer was processed yet.
    pub(super) step1_out: bool,
    /// The next step 2 answers a step 1 of the client's own, which counts it.
    pub(super) ack_step2: bool,
    /// A step 2 was committed in this opening.
    pub(super) had_step2: bool,
    /// Updates that were refused for a gap, until the next step 2.
    pub(super) held: Vec<(u64, Bytes)>,
}

impl Open {
    /// The document, once it is known that it may be opened.
    pub(super) fn doc(&self) -> Option<&DocId> {
        match self {
            Open::Live(live) => Some(&live.granted.doc),
            Open::Pending { access, .. } => access.as_ref().map(|granted| &granted.doc),
        }
    }
}

impl Conn {
    pub(super) fn new(now_ms: u64) -> Self {
        Self {
            app: false,
            opens: BTreeMap::new(),
            session: None,
            early_bytes: 0,
            denied: 0,
            opened_ms: now_ms,
            signed_in: false,
        }
    }
}

/// Bytes that a message carries.
fn size(message: &Message) -> usize {
    match message {
        Message::Step1(b) | Message::Step2(b) | Message::Update(b) | Message::Awareness(b) => b.len(),
        Message::Token(t) | Message::Stateless(t) | Message::Close(t) | Message::PermissionDenied(t) => {
            t.len()
        }
        _ => 0,
    }
}

impl Engine {
    pub(super) fn live(&mut self, id: &OpenId) -> Option<&mut Live> {
        match self.conns.get_mut(&id.0)?.opens.get_mut(&id.1)? {
            Open::Live(live) => Some(live),
            Open::Pending { .. } => None,
        }
    }

    pub(super) fn is_app(&self, conn: ConnId) -> bool {
        self.conns.get(&conn).is_some_and(|c| c.app)
    }

    pub(super) fn disconnect(&mut self, conn: ConnId, code: u16, why: &'static str) {
        self.closed(conn);
        self.out.push(Action::Disconnect { conn, code, why });
    }

    pub(super) fn frame(&mut self, conn: ConnId, frame: Frame) {
        let (key, message) = match frame {
            Frame::Ping => return self.out.send_bytes(conn, Bytes::from(Frame::Pong.encode())),
            Frame::Pong => return,
            Frame::Doc { key, message } => (key, message),
        };
        let Some(state) = self.conns.get_mut(&conn) else { return };
        if let Message::Token(token) = message {
            return self.token(conn, key, token);
        }
        match state.opens.get_mut(&key) {
            // The session's, or of a document that was never opened, or was closed while these frames were under way.
            None => self.session_message(conn, &key, message),
            Some(Open::Pending { early, .. }) => {
                state.early_bytes += size(&message);
                let full = early.len() >= MAX_EARLY_FRAMES || state.early_bytes > MAX_EARLY_BYTES;
                early.push_back(message);
                if full {
                    self.disconnect(conn, 1008, "too many frames before the document was open");
                }
            }
            Some(Open::Live(_)) => self.message(&(conn, key), message),
        }
    }

    fn token(&mut self, conn: ConnId, key: String, token: String) {
        let Some(state) = self.conns.get(&conn) else { return };
        let name = key.split('\0').next().unwrap_or(&key);
        let doc = if name == SESSION_DOC { None } else { name.parse::<DocId>().ok() };
        if doc.is_none() && name != SESSION_DOC {
            return self.deny(conn, &key, None, Reason::NotRegistered);
        }
        if state.opens.len() >= MAX_OPEN {
            return self.disconnect(conn, 1008, "too many documents on one connection");
        }
        self.leave(&(conn, key.clone()));
        self.tickets += 1;
        let ticket = self.tickets;
        if let Some(state) = self.conns.get_mut(&conn) {
            let pending = Open::Pending { ticket, access: None, early: VecDeque::new() };
            state.opens.insert(key.clone(), pending);
        }
        self.out.push(Action::Authorise { conn, key, ticket, token, doc });
    }

    fn deny(&mut self, conn: ConnId, key: &str, doc: Option<&DocId>, reason: Reason) {
        if self.is_app(conn)
            && let Some(doc) = doc
        {
            let notice = DocNotice::Rejected {
                doc: doc.clone(),
                client: 0,
                from_clock: 0,
                n: 0,
                reason: reason.clone(),
            };
            self.out.notice(conn, key, &notice);
        }
        self.out.send(conn, key, Message::PermissionDenied(reason.to_string()));
        let Some(state) = self.conns.get_mut(&conn) else { return };
        state.opens.remove(key);
        if reason == Reason::Unauthenticated {
            state.denied += 1;
            if state.denied >= MAX_DENIED {
                self.disconnect(conn, 4401, "too many wrong tokens");
            }
        }
    }

    pub(super) fn authorised(
        &mut self,
        conn: ConnId,
        key: &str,
        ticket: u64,
        result: Result<Access, Reason>,
    ) {
        let Some(state) = self.conns.get_mut(&conn) else { return };
        let Some(Open::Pending { ticket: asked, .. }) = state.opens.get(key) else { return };
        if *asked != ticket {
            return;
        }
        let doc = key.split('\0').next().and_then(|name| name.parse::<DocId>().ok());
        let granted = match result {
            Ok(granted) => granted,
            Err(reason) => return self.deny(conn, key, doc.as_ref(), reason),
        };
        state.signed_in = true;
        let Some(Standing { course, mut role, mut course_seq }) = granted.document else {
            return self.open_session(conn, key, granted.user);
        };
        let Some(doc) = doc else { return };
        // The role was read a moment ago, and may have been changed since; or what was told of it last is older.
        if let Some(recent) = self.recent_roles.get(&(course.clone(), Arc::clone(&granted.user.id)))
            && recent.course_seq > course_seq
        {
            (role, course_seq) = (recent.role, recent.course_seq);
        }
        let Some(role) = role else { return self.deny(conn, key, Some(&doc), Reason::NotMember) };
        let Some(Open::Pending { access, .. }) = self.conns.get_mut(&conn).and_then(|c| c.opens.get_mut(key))
        else {
            return;
        };
        *access = Some(Granted { doc: doc.clone(), user: granted.user, course, role, course_seq });
        self.out.send(conn, key, Message::Authenticated { read_only: !role.may_write() });
        let open = (conn, key.to_owned());
        match self.docs.get_mut(&doc) {
            Some(Slot::Ready(document)) => {
                document.opens.insert(open.clone());
                self.opened(&open);
            }
            Some(Slot::Loading(waiting)) => {
                waiting.insert(open);
            }
            None => {
                self.docs.insert(doc.clone(), Slot::Loading([open].into()));
                self.out.push(Action::Load { doc });
            }
        }
    }

    /// Replays the frames that came early on `@session`.
    pub(super) fn early_frames(&mut self, id: &OpenId) -> VecDeque<Message> {
        let Some(state) = self.conns.get_mut(&id.0) else { return VecDeque::new() };
        let Some(Open::Pending { early, .. }) = state.opens.get_mut(&id.1) else { return VecDeque::new() };
        let early = std::mem::take(early);
        state.early_bytes = state.early_bytes.saturating_sub(early.iter().map(size).sum());
        early
    }

    /// The document is there and the token was good: frames flow.
    pub(super) fn opened(&mut self, id: &OpenId) {
        let early = self.early_frames(id);
        let Some(state) = self.conns.get_mut(&id.0) else { return };
        let Some(open) = state.opens.get_mut(&id.1) else { return };
        let Open::Pending { ticket, access: Some(granted), .. } = open else { return };
        let doc = granted.doc.clone();
        *open = Open::Live(Box::new(Live {
            granted: granted.clone(),
            ticket: *ticket,
            sent: 0,
            subscribed: false,
            step1_out: false,
            ack_step2: false,
            had_step2: false,
            held: Vec::new(),
        }));
        if let Some(states) = self.ready(&doc).and_then(|d| d.awareness.all()) {
            self.out.send(id.0, &id.1, Message::Awareness(states));
        }
        for message in early {
            self.message(id, message);
        }
    }

    fn message(&mut self, id: &OpenId, message: Message) {
        let Some(live) = self.live(id) else { return };
        let (doc, user) = (live.granted.doc.clone(), live.granted.user.clone());
        match message {
            Message::Step1(state_vector) => self.step1(id, &doc, &state_vector),
            Message::Step2(bytes) => self.write(id, Bytes::from(bytes), true),
            Message::Update(bytes) => self.write(id, Bytes::from(bytes), false),
            Message::Awareness(bytes) => {
                let Some(document) = self.ready(&doc) else { return };
                let claims = std::mem::take(&mut document.claims);
                let foreign = |client: u64| claims.get(&client).is_some_and(|owner| *owner != user.id);
                let relay = document.awareness.apply(&bytes, id, &user, foreign);
                document.claims = claims;
                self.relay_awareness(&doc, id, relay);
            }
            Message::QueryAwareness => {
                if let Some(states) = self.ready(&doc).and_then(|d| d.awareness.all()) {
                    self.out.send(id.0, &id.1, Message::Awareness(states));
                }
            }
            Message::Close(_) => self.leave(id),
            // Not for servers, or of a kind that only means something on `@session`.
            Message::Stateless(_)
            | Message::Token(_)
            | Message::PermissionDenied(_)
            | Message::Authenticated { .. }
            | Message::SyncStatus(_) => {}
        }
    }

    /// Subscribe and diff in one step: what is committed later follows as updates, so nothing falls between.
    fn step1(&mut self, id: &OpenId, doc: &DocId, state_vector: &[u8]) {
        let Some(document) = self.ready(doc) else { return };
        let (diff, own, doc_seq) =
            (document.content.diff(state_vector), document.content.state_vector(), document.doc_seq);
        let Ok(diff) = diff else {
            let detail = "the state vector does not read".to_owned();
            return self.refuse(id, 0, 0, 0, Reason::Invalid { detail });
        };
        self.out.send(id.0, &id.1, Message::Step2(diff));
        if self.is_app(id.0) {
            let state = self.ready(doc).map(|document| document.content.fingerprint().to_string());
            self.out.at(id.0, &id.1, doc, doc_seq, state);
        }
        let Some(live) = self.live(id) else { return };
        live.subscribed = true;
        live.ack_step2 = true;
        if !std::mem::replace(&mut live.step1_out, true) {
            self.out.send(id.0, &id.1, Message::Step1(own));
        }
    }

    pub(super) fn relay_awareness(&mut self, doc: &DocId, from: &OpenId, relay: Option<Vec<u8>>) {
        let Some(relay) = relay else { return };
        let peers: Vec<OpenId> = self
            .ready(doc)
            .map(|d| d.opens.iter().filter(|o| *o != from).cloned().collect())
            .unwrap_or_default();
        let mut frames: BTreeMap<String, Bytes> = BTreeMap::new();
        for (conn, key) in peers {
            let bytes = frames.entry(key).or_insert_with_key(|key| {
                Bytes::from(Frame::doc(key.as_str(), Message::Awareness(relay.clone())).encode())
            });
            self.out.send_bytes(conn, bytes.clone());
        }
    }

    /// Closes one document on one connection, without a word to it.
    pub(super) fn leave(&mut self, id: &OpenId) {
        let Some(state) = self.conns.get_mut(&id.0) else { return };
        let doc = match state.opens.remove(&id.1) {
            Some(Open::Live(live)) => live.granted.doc.clone(),
            Some(Open::Pending { access, early, .. }) => {
                state.early_bytes = state.early_bytes.saturating_sub(early.iter().map(size).sum());
                let Some(granted) = access else { return };
                granted.doc
            }
            None => return,
        };
        let now_ms = self.now_ms;
        let relay = match self.docs.get_mut(&doc) {
            Some(Slot::Ready(document)) => {
                document.opens.remove(id);
                document.used_ms = now_ms;
                document.awareness.close(id)
            }
            Some(Slot::Loading(waiting)) => {
                waiting.remove(id);
                None
            }
            None => None,
        };
        self.relay_awareness(&doc, id, relay);
    }

    /// The connection is gone. What it sent before is still written.
    pub(super) fn closed(&mut self, conn: ConnId) {
        let keys: Vec<String> =
            self.conns.get(&conn).map(|c| c.opens.keys().cloned().collect()).unwrap_or_default();
        for key in keys {
            self.leave(&(conn, key));
        }
        self.conns.remove(&conn);
    }

    /// Refuses a frame for good and closes its document on its connection.
    pub(super) fn refuse(&mut self, id: &OpenId, client: u64, from_clock: u32, n: u64, reason: Reason) {
        let opens = self.conns.get(&id.0).map(|conn| &conn.opens);
        let Some(granted) = opens.and_then(|opens| opens.get(&id.1)).and_then(Open::doc).cloned() else {
            return;
        };
        let text = reason.to_string();
        if self.is_app(id.0) {
            let notice = DocNotice::Rejected { doc: granted, client, from_clock, n, reason };
            self.out.notice(id.0, &id.1, &notice);
        }
        self.out.send(id.0, &id.1, Message::Close(text));
        self.forget_waiting(id);
        self.leave(id);
    }

    /// A role changed: live documents of that course follow at once.
    pub(super) fn role_changed(
        &mut self,
        course: &CourseId,
        user: &Arc<str>,
        role: Option<Role>,
        course_seq: u64,
    ) {
        let recent = RecentRole { role, course_seq, until_ms: self.now_ms + ROLE_IS_RECENT_MS };
        self.recent_roles.insert((course.clone(), Arc::clone(user)), recent);
        let mut removed = Vec::new();
        let mut changed = Vec::new();
        for (&conn, state) in &mut self.conns {
            for (key, open) in &mut state.opens {
                let granted = match open {
                    Open::Live(live) => &mut live.granted,
                    Open::Pending { access: Some(granted), .. } => granted,
                    Open::Pending { access: None, .. } => continue,
                };
                // What was read after this change knows of it, and perhaps of a later one.
                if granted.course != *course || granted.user.id != *user || granted.course_seq >= course_seq {
                    continue;
                }
                granted.course_seq = course_seq;
                match role {
                    None => removed.push((conn, key.clone())),
                    Some(role) => {
                        if granted.role.may_write() != role.may_write() {
                            changed.push((conn, key.clone(), !role.may_write()));
                        }
                        granted.role = role;
                    }
                }
            }
        }
        for id in removed {
            self.refuse(&id, 0, 0, 0, Reason::NotMember);
        }
        for (conn, key, read_only) in changed {
            self.out.send(conn, &key, Message::Authenticated { read_only });
        }
    }

    /// Closes connections that did not sign in.
    pub(super) fn drop_strangers(&mut self) {
        let strangers: Vec<ConnId> = self
            .conns
            .iter()
            .filter(|(_, c)| !c.signed_in && self.now_ms >= c.opened_ms + SIGN_IN_WITHIN_MS)
            .map(|(&id, _)| id)
            .collect();
        for conn in strangers {
            self.disconnect(conn, 4408, "no sign-in");
        }
    }
}
