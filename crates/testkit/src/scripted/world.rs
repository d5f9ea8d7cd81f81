//! What the server knows: courses, documents, and who is connected. No I/O: frames go into queues.

use anyhow::{Context, ensure};
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::rest::{Course, CourseDetail, Operation, OperationReply, OperationRequest};
use inkhorn_protocol::schema::{self, roots};
use inkhorn_protocol::session::{CourseChanged, DocNotice, EventKind, PROTOCOL, Role, ToApp, ToServer};
use inkhorn_protocol::{CourseId, DocId, SESSION_DOC};
use inkhorn_updates::{Index, Schema, StateVector};
use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;
use tokio::sync::mpsc::UnboundedSender;

/// Epoch of every scripted server.
pub(super) const EPOCH: &str = "scripted";

/// A frame for a socket.
pub(super) struct Outgoing {
    pub(super) bytes: Vec<u8>,
    /// The first frame of an event: its time is noted.
    pub(super) marks: bool,
}

#[derive(Default)]
pub(super) struct World {
    courses: BTreeMap<CourseId, Known>,
    docs: HashMap<DocId, Document>,
    conns: HashMap<u64, Conn>,
    /// Frames in queues.
    waiting: usize,
    /// When each event of the script left.
    pub(super) told: Vec<SystemTime>,
}

struct Known {
    title: String,
    seq: u64,
}

struct Document {
    course: CourseId,
    index: Index,
    seq: u64,
    /// `course_seq` of its last change.
    changed: u64,
}

struct Conn {
    out: UnboundedSender<Outgoing>,
    session: bool,
    /// Open documents, with the number of frames that came for each.
    open: HashMap<DocId, u64>,
}

impl World {
    pub(super) fn connect(&mut self, id: u64, out: UnboundedSender<Outgoing>) {
        self.conns.insert(id, Conn { out, session: false, open: HashMap::new() });
    }

    pub(super) fn disconnect(&mut self, id: u64) {
        self.conns.remove(&id);
        if self.conns.is_empty() {
            self.waiting = 0;
        }
    }

    /// A frame left its queue.
    pub(super) fn left(&mut self, marks: bool, at: SystemTime) {
        self.waiting = self.waiting.saturating_sub(1);
        if marks {
            self.told.push(at);
        }
    }

    pub(super) fn waiting(&self) -> usize {
        self.waiting
    }

    pub(super) fn is_connected(&self) -> bool {
        self.conns.values().any(|conn| conn.session)
    }

    pub(super) fn is_open(&self, doc: &DocId) -> bool {
        self.conns.values().any(|conn| conn.open.contains_key(doc))
    }

    pub(super) fn stored(&self) -> usize {
        self.docs.values().filter(|doc| doc.seq > 0).count()
    }

    /// Whole state of a document.
    pub(super) fn state(&self, doc: &DocId) -> anyhow::Result<Vec<u8>> {
        Ok(self.docs.get(doc).with_context(|| format!("{doc} has not come"))?.index.encode())
    }

    // ---- calls over HTTP ------------------------------------------------------------------------

    pub(super) fn courses(&self) -> Vec<Course> {
        self.courses.keys().filter_map(|id| self.course(id)).collect()
    }

    fn course(&self, id: &CourseId) -> Option<Course> {
        let known = self.courses.get(id)?;
        let (title, course_seq) = (known.title.clone(), known.seq);
        Some(Course {
            id: id.clone(),
            title,
            role: Role::Owner,
            course_seq,
            owners: vec!["Scripted".to_owned()],
        })
    }

    pub(super) fn detail(&self, id: &CourseId) -> Option<CourseDetail> {
        let documents =
            self.docs.iter().filter(|(_, doc)| doc.course == *id).map(|(id, _)| id.clone()).collect();
        Some(CourseDetail { course: self.course(id)?, members: Vec::new(), documents })
    }

    /// Does an operation, and confirms it on `@session` as the real server does.
    pub(super) fn operate(&mut self, request: OperationRequest) -> OperationReply {
        match request.operation {
            Operation::Register { course, title, documents } => {
                self.courses.entry(course.clone()).or_insert(Known { title, seq: 0 });
                for doc in documents {
                    let fresh = || Document {
                        course: course.clone(),
                        index: Index::new(container_schema(&doc)),
                        seq: 0,
                        changed: 0,
                    };
                    self.docs.entry(doc.clone()).or_insert_with(fresh);
                }
            }
            Operation::SetTitle { course, title } => {
                if let Some(known) = self.courses.get_mut(&course) {
                    known.title = title;
                }
            }
            // Everybody here is "Scripted".
            Operation::Member { .. } => {}
        }
        self.tell_sessions(&ToApp::Receipt { op: request.op.clone(), rejected: None });
        OperationReply { op: request.op, rejected: None, taken: Vec::new() }
    }

    // ---- frames ---------------------------------------------------------------------------------

    pub(super) fn frame(&mut self, conn: u64, frame: Frame) -> anyhow::Result<()> {
        let (key, message) = match frame {
            Frame::Ping => {
                self.send(conn, Frame::Pong.encode());
                return Ok(());
            }
            Frame::Pong => return Ok(()),
            Frame::Doc { key, message } => (key, message),
        };
        if key == SESSION_DOC {
            return self.session(conn, message);
        }
        let doc: DocId = key.parse()?;
        match message {
            Message::Token(_) => {
                let vector = self.document(&doc)?.index.state_vector().encode();
                if let Some(conn) = self.conns.get_mut(&conn) {
                    conn.open.insert(doc.clone(), 0);
                }
                self.say(conn, &doc, Message::Authenticated { read_only: false });
                self.say(conn, &doc, Message::Step1(vector));
            }
            Message::Step1(vector) => {
                let document = self.document(&doc)?;
                let (diff, doc_seq) = (document.index.diff(&StateVector::decode(&vector)?), document.seq);
                self.say(conn, &doc, Message::Step2(diff));
                self.notice(conn, &doc, &DocNotice::At { doc: doc.clone(), doc_seq, state: None })?;
            }
            Message::Step2(update) | Message::Update(update) => {
                let document = self.document(&doc)?;
                if !document.index.add(&update)?.is_noop {
                    document.seq += 1;
                }
                let doc_seq = document.seq;
                let Some(n) = self.conns.get_mut(&conn).and_then(|conn| conn.open.get_mut(&doc)) else {
                    return Ok(());
                };
                *n += 1;
                let stored = DocNotice::Stored { doc: doc.clone(), doc_seq, n: *n, state: None };
                self.notice(conn, &doc, &stored)?;
            }
            Message::Close(_) => {
                if let Some(conn) = self.conns.get_mut(&conn) {
                    conn.open.remove(&doc);
                }
            }
            // Nobody else is here who would see it.
            _ => {}
        }
        Ok(())
    }

    fn session(&mut self, conn: u64, message: Message) -> anyhow::Result<()> {
        match message {
            Message::Token(_) => {
                let yes = Message::Authenticated { read_only: false };
                self.send(conn, Frame::doc(SESSION_DOC, yes).encode());
            }
            Message::Stateless(text) => {
                let ToServer::Hello { protocol, since, .. } = serde_json::from_str(&text)?;
                ensure!(protocol == PROTOCOL, "protocol {protocol}");
                let courses = since.iter().map(|(course, since)| self.changed(course, *since)).collect();
                if let Some(conn) = self.conns.get_mut(&conn) {
                    conn.session = true;
                }
                let changed = ToApp::Changed { epoch: EPOCH.to_owned(), courses };
                let text = serde_json::to_string(&changed)?;
                self.send(conn, Frame::doc(SESSION_DOC, Message::Stateless(text)).encode());
            }
            _ => {}
        }
        Ok(())
    }

    fn changed(&self, course: &CourseId, since: u64) -> CourseChanged {
        let known = self.courses.get(course);
        let news =
            |doc: &&DocId| self.docs.get(*doc).is_some_and(|d| d.course == *course && d.changed > since);
        CourseChanged {
            course: course.clone(),
            course_seq: known.map_or(0, |known| known.seq),
            role: known.map(|_| Role::Owner),
            title: known.map(|known| known.title.clone()).unwrap_or_default(),
            docs: self.docs.keys().filter(news).cloned().collect(),
        }
    }

    /// An event of the script: the other writer changed a document.
    pub(super) fn change(&mut self, doc: &DocId, update: &[u8]) -> anyhow::Result<()> {
        let document = self.document(doc)?;
        document.index.add(update)?;
        document.seq += 1;
        let (doc_seq, course) = (document.seq, document.course.clone());
        let known = self.courses.get_mut(&course).context("the course is not registered")?;
        known.seq += 1;
        let course_seq = known.seq;
        self.document(doc)?.changed = course_seq;
        let conns: Vec<u64> = self.conns.keys().copied().collect();
        let mut marks = true;
        for id in conns {
            let Some(conn) = self.conns.get(&id) else { continue };
            let (is_open, session) = (conn.open.contains_key(doc), conn.session);
            if is_open {
                let key = doc.to_string();
                self.queue(
                    id,
                    Frame::doc(key, Message::Update(update.to_vec())).encode(),
                    std::mem::take(&mut marks),
                );
                self.notice(id, doc, &DocNotice::At { doc: doc.clone(), doc_seq, state: None })?;
            }
            if session {
                let kind = EventKind::Documents { docs: vec![doc.clone()] };
                let event =
                    ToApp::Event { course: course.clone(), prev_seq: course_seq - 1, course_seq, kind };
                let text = serde_json::to_string(&event)?;
                let frame = Frame::doc(SESSION_DOC, Message::Stateless(text));
                self.queue(id, frame.encode(), std::mem::take(&mut marks));
            }
        }
        Ok(())
    }

    fn document(&mut self, doc: &DocId) -> anyhow::Result<&mut Document> {
        self.docs.get_mut(doc).with_context(|| format!("{doc} is not registered"))
    }

    // ---- out ------------------------------------------------------------------------------------

    fn tell_sessions(&mut self, message: &ToApp) {
        let Ok(text) = serde_json::to_string(message) else { return };
        let sessions: Vec<u64> = self.conns.iter().filter(|(_, c)| c.session).map(|(id, _)| *id).collect();
        for id in sessions {
            self.send(id, Frame::doc(SESSION_DOC, Message::Stateless(text.clone())).encode());
        }
    }

    fn notice(&mut self, conn: u64, doc: &DocId, notice: &DocNotice) -> anyhow::Result<()> {
        self.say(conn, doc, Message::Stateless(serde_json::to_string(notice)?));
        Ok(())
    }

    fn say(&mut self, conn: u64, doc: &DocId, message: Message) {
        self.send(conn, Frame::doc(doc.to_string(), message).encode());
    }

    fn send(&mut self, conn: u64, bytes: Vec<u8>) {
        self.queue(conn, bytes, false);
    }

    fn queue(&mut self, conn: u64, bytes: Vec<u8>, marks: bool) {
        let Some(conn) = self.conns.get(&conn) else { return };
        // Fails only when the socket has ended.
        if conn.out.send(Outgoing { bytes, marks }).is_ok() {
            self.waiting += 1;
        }
    }
}

fn container_schema(doc: &DocId) -> Schema {
    Schema::new(roots(doc).iter().map(|&(name, kind)| {
        let kind = match kind {
            schema::RootType::Map => inkhorn_updates::RootType::Map,
            schema::RootType::Array => inkhorn_updates::RootType::Array,
            schema::RootType::Text => inkhorn_updates::RootType::Text,
            schema::RootType::Xml => inkhorn_updates::RootType::Xml,
        };
        (name, kind)
    }))
}
