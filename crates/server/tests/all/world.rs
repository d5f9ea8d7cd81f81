//! The engine with a log in memory, connections that are lists, and a clock that stands still until it is told.

use futures_util::FutureExt;
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::session::{DocNotice, Reason, Role, ToApp};
use inkhorn_protocol::{CourseId, DocId};
use inkhorn_server::engine::event::{Change, Greeting, Standing, User};
use inkhorn_server::engine::log::Log;
use inkhorn_server::engine::{
    Access, Action, Batch, ConnId, Content, Engine, Event, Loaded, LogEntry, LogError,
};
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::future::Future;
use std::sync::Mutex;

/// What is durable, and what happens next.
#[derive(Default)]
pub(crate) struct MemoryLog {
    pub(crate) entries: Mutex<Vec<LogEntry>>,
    pub(crate) batches: Mutex<Vec<usize>>,
    pub(crate) fail: Mutex<Option<LogError>>,
    heads: Mutex<BTreeMap<CourseId, u64>>,
    pub(crate) checkpoints: Mutex<Vec<(DocId, u64)>>,
}

impl Log for MemoryLog {
    fn load(&self, doc: &DocId) -> impl Future<Output = Result<Loaded, LogError>> + Send {
        let mut content = Content::new(doc);
        let mut claims = HashMap::new();
        let entries: Vec<LogEntry> =
            self.entries.lock().unwrap().iter().filter(|e| e.doc == *doc).cloned().collect();
        for entry in &entries {
            content.replay(&entry.bytes).expect("the log replays");
            claims.extend(entry.claims.iter().map(|c| (*c, entry.user.clone())));
        }
        let doc_seq = entries.last().map_or(0, |e| e.doc_seq);
        std::future::ready(Ok(Loaded { content, doc_seq, since_checkpoint: entries.len() as u64, claims }))
    }

    fn commit(&self, batch: Batch) -> impl Future<Output = Result<Vec<(CourseId, u64)>, LogError>> + Send {
        if let Some(error) = self.fail.lock().unwrap().take() {
            return std::future::ready(Err(error));
        }
        let mut heads = self.heads.lock().unwrap();
        let mut touched = BTreeMap::new();
        for entry in &batch.entries {
            touched.entry(entry.course.clone()).or_insert_with(|| {
                let head = heads.entry(entry.course.clone()).or_default();
                *head += 1;
                *head
            });
        }
        self.batches.lock().unwrap().push(batch.entries.len());
        self.entries.lock().unwrap().extend(batch.entries);
        std::future::ready(Ok(touched.into_iter().collect()))
    }

    fn checkpoint(
        &self,
        doc: &DocId,
        doc_seq: u64,
        _bytes: Vec<u8>,
    ) -> impl Future<Output = Result<(), LogError>> + Send {
        self.checkpoints.lock().unwrap().push((doc.clone(), doc_seq));
        std::future::ready(Ok(()))
    }
}

pub(crate) struct World {
    pub(crate) engine: Engine,
    pub(crate) log: MemoryLog,
    pub(crate) now: u64,
    /// Commits are not answered until `land`.
    pub(crate) hold: bool,
    pub(crate) held: Option<Batch>,
    pub(crate) roles: BTreeMap<(String, String), Role>,
    pub(crate) docs: BTreeMap<DocId, CourseId>,
    pub(crate) heads: BTreeMap<CourseId, u64>,
    sent: BTreeMap<ConnId, Vec<Frame>>,
    pub(crate) gone: BTreeMap<ConnId, u16>,
    pub(crate) loads: usize,
}

pub(crate) const LESSON: &str = "lesson:l";
pub(crate) const OUTLINE: &str = "course:c";

impl World {
    /// Course `c` with `lesson:l`, `lesson:m`; its owner `ann`, editor `ben`, viewer `vic`. A token is the name of its owner.
    pub(crate) fn new() -> Self {
        let course: CourseId = "c".parse().unwrap();
        let roles = [("ann", Role::Owner), ("ben", Role::Editor), ("vic", Role::Viewer)];
        Self {
            engine: Engine::new("epoch-1".to_owned()),
            log: MemoryLog::default(),
            now: 1_000,
            hold: false,
            held: None,
            roles: roles.into_iter().map(|(n, r)| (("c".to_owned(), n.to_owned()), r)).collect(),
            docs: [OUTLINE, LESSON, "lesson:m"]
                .iter()
                .map(|d| (d.parse().unwrap(), course.clone()))
                .collect(),
            heads: BTreeMap::new(),
            sent: BTreeMap::new(),
            gone: BTreeMap::new(),
            loads: 0,
        }
    }

    pub(crate) fn event(&mut self, event: Event) {
        let mut events = VecDeque::from([event]);
        while let Some(event) = events.pop_front() {
            for action in self.engine.step(event, self.now) {
                events.extend(self.perform(action));
            }
        }
    }

    fn perform(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Send { conn, frames } => {
                let frames =
                    frames.iter().map(|bytes| Frame::decode(bytes).expect("the engine sends frames"));
                self.sent.entry(conn).or_default().extend(frames);
                None
            }
            Action::Disconnect { conn, code, .. } => {
                self.gone.insert(conn, code);
                None
            }
            Action::Authorise { conn, key, ticket, token, doc } => {
                Some(Event::Authorised { conn, key, ticket, result: self.authorise(&token, doc) })
            }
            Action::Load { doc } => {
                self.loads += 1;
                let result = self.log.load(&doc).now_or_never().expect("in memory").map(Box::new);
                Some(Event::Loaded { doc, result })
            }
            Action::Commit(batch) if self.hold => {
                assert!(self.held.replace(batch).is_none(), "one batch at a time");
                None
            }
            Action::Commit(batch) => {
                let result = self.log.commit(batch).now_or_never().expect("in memory");
                Some(Event::Committed { result })
            }
            Action::Checkpoint { doc, doc_seq, bytes } => {
                let _ = self.log.checkpoint(&doc, doc_seq, bytes).now_or_never();
                None
            }
            Action::Greet { conn, user, since } => {
                let heads = self
                    .roles
                    .iter()
                    .filter(|((_, name), _)| *name == *user)
                    .map(|((course, _), role)| {
                        let course: CourseId = course.parse().unwrap();
                        let head = self.heads.get(&course).copied().unwrap_or(0);
                        (course, (head, *role))
                    })
                    .collect();
                let _ = since;
                Some(Event::Greeted { conn, result: Ok(Greeting { courses: Vec::new(), heads }) })
            }
        }
    }

    fn authorise(&self, token: &str, doc: Option<DocId>) -> Result<Access, Reason> {
        if !["ann", "ben", "vic", "eve"].contains(&token) {
            return Err(Reason::Unauthenticated);
        }
        let user = User { id: token.into(), name: token.to_uppercase().into() };
        let Some(doc) = doc else { return Ok(Access { user, document: None }) };
        let course = self.docs.get(&doc).ok_or(Reason::NotRegistered)?;
        let role = self.roles.get(&(course.to_string(), token.to_owned())).copied();
        let course_seq = self.heads.get(course).copied().unwrap_or(0);
        Ok(Access { user, document: Some(Standing { course: course.clone(), role, course_seq }) })
    }

    /// Answers the commit that is held, and goes on holding.
    pub(crate) fn land(&mut self) {
        let batch = self.held.take().expect("a commit is under way");
        let result = self.log.commit(batch).now_or_never().expect("in memory");
        self.event(Event::Committed { result });
    }

    pub(crate) fn send(&mut self, conn: ConnId, key: &str, message: Message) {
        self.event(Event::Frame { conn, frame: Frame::doc(key, message) });
    }

    pub(crate) fn update(&mut self, conn: ConnId, key: &str, bytes: Vec<u8>) {
        self.send(conn, key, Message::Update(bytes));
    }

    /// A foreign client that has a document open, synced, and nothing unread.
    pub(crate) fn join(&mut self, conn: ConnId, who: &str, key: &str) {
        self.event(Event::Opened { conn });
        self.open(conn, who, key);
    }

    pub(crate) fn open(&mut self, conn: ConnId, who: &str, key: &str) {
        self.send(conn, key, Message::Token(who.to_owned()));
        self.send(conn, key, Message::Step1(vec![0]));
        self.send(conn, key, Message::Step2(vec![0, 0]));
        self.take(conn);
    }

    /// An app: a session that said hello, with a document open, synced, and nothing unread.
    pub(crate) fn join_app(&mut self, conn: ConnId, who: &str, key: &str) {
        self.event(Event::Opened { conn });
        self.hello(conn, who, "epoch-1", &[]);
        self.open(conn, who, key);
    }

    pub(crate) fn hello(&mut self, conn: ConnId, who: &str, epoch: &str, since: &[(&str, u64)]) {
        self.send(conn, "@session", Message::Token(who.to_owned()));
        let since: BTreeMap<&str, u64> = since.iter().copied().collect();
        let hello = serde_json::json!({ "type": "hello", "protocol": 1, "epoch": epoch, "since": since });
        self.send(conn, "@session", Message::Stateless(hello.to_string()));
    }

    pub(crate) fn change(&mut self, change: Change) {
        self.heads.insert(change.course.clone(), change.course_seq);
        if let Some((user, role)) = &change.member {
            let member = (change.course.to_string(), user.to_string());
            match role {
                Some(role) => self.roles.insert(member, *role),
                None => self.roles.remove(&member),
            };
        }
        self.event(Event::Changed(change));
    }

    pub(crate) fn pass(&mut self, ms: u64) {
        self.now += ms;
        self.event(Event::Tick);
    }

    /// What a connection got since it was asked last.
    pub(crate) fn take(&mut self, conn: ConnId) -> Vec<Message> {
        let frames = self.sent.remove(&conn).unwrap_or_default();
        frames
            .into_iter()
            .filter_map(|f| match f {
                Frame::Doc { message, .. } => Some(message),
                _ => None,
            })
            .collect()
    }

    pub(crate) fn take_frames(&mut self, conn: ConnId) -> Vec<Frame> {
        self.sent.remove(&conn).unwrap_or_default()
    }

    pub(crate) fn notices(&mut self, conn: ConnId) -> Vec<DocNotice> {
        notices(&self.take(conn))
    }

    pub(crate) fn told(&mut self, conn: ConnId) -> Vec<ToApp> {
        let texts = self.take(conn).into_iter().filter_map(|m| match m {
            Message::Stateless(text) => serde_json::from_str(&text).ok(),
            _ => None,
        });
        texts.collect()
    }
}

pub(crate) fn notices(messages: &[Message]) -> Vec<DocNotice> {
    let text = |m: &Message| match m {
        Message::Stateless(text) => serde_json::from_str(text).ok(),
        _ => None,
    };
    let without_state = |mut notice: DocNotice| {
        if let DocNotice::Stored { state, .. } | DocNotice::At { state, .. } = &mut notice {
            *state = None;
        }
        notice
    };
    messages.iter().filter_map(text).map(without_state).collect()
}

pub(crate) fn stored(doc_seq: u64, n: u64) -> DocNotice {
    DocNotice::Stored { doc: LESSON.parse().unwrap(), doc_seq, n, state: None }
}

pub(crate) fn at(doc_seq: u64) -> DocNotice {
    DocNotice::At { doc: LESSON.parse().unwrap(), doc_seq, state: None }
}

pub(crate) fn rejected(client: u64, from_clock: u32, n: u64, reason: Reason) -> DocNotice {
    DocNotice::Rejected { doc: LESSON.parse().unwrap(), client, from_clock, n, reason }
}

pub(crate) fn saved(messages: &[Message]) -> usize {
    messages.iter().filter(|m| **m == Message::SyncStatus(true)).count()
}
