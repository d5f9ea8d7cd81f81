//! A replica under the sync engine, on a link that a test steps frame by frame.

use crate::common::{course, lesson, open};
use crate::server::{Down, Server, empty};
use inkhorn_protocol::DocId;
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::{CourseChanged, Role};
use inkhorn_replica::sync::{Action, Engine, Event};
use inkhorn_replica::{ChangeKind, Replica};
use inkhorn_updates::StateVector;
use std::collections::{BTreeSet, HashMap, VecDeque};

pub(crate) struct Client {
    pub(crate) number: usize,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) replica: Replica,
    pub(crate) changes: tokio::sync::broadcast::Receiver<std::sync::Arc<inkhorn_replica::Change>>,
    pub(crate) engine: Option<Engine>,
    pub(crate) up: VecDeque<(DocId, Message)>,
    pub(crate) todo: VecDeque<Event>,
    pub(crate) now: u64,
    /// What the engine decides cannot be written down.
    pub(crate) full: bool,
    /// On every other connection somebody looks at the first lesson.
    pub(crate) connections: u32,
    /// Documents that were said to differ from the server's, and whether they were mended.
    pub(crate) differed: Vec<(DocId, bool)>,
}

impl Client {
    pub(crate) async fn new(number: usize, seed: u64) -> Self {
        let dir = tempfile::tempdir().expect("dir");
        let replica = open(dir.path(), seed).await;
        let changes = replica.changes();
        Self {
            number,
            dir,
            replica,
            changes,
            engine: None,
            up: VecDeque::new(),
            todo: VecDeque::new(),
            now: 0,
            full: false,
            connections: 0,
            differed: Vec::new(),
        }
    }

    pub(crate) async fn restart(&mut self, seed: u64, server: &mut Server) {
        self.disconnect(server);
        self.replica.close().await;
        self.replica = open(self.dir.path(), seed).await;
        self.changes = self.replica.changes();
    }

    pub(crate) fn disconnect(&mut self, server: &mut Server) {
        self.engine = None;
        self.up.clear();
        self.todo.clear();
        server.open.remove(&self.number);
        server.down.remove(&self.number);
    }

    pub(crate) async fn connect(&mut self, server: &mut Server) {
        self.disconnect(server);
        server.open.insert(self.number, HashMap::new());
        while self.changes.try_recv().is_ok() {}
        self.engine = Some(Engine::new("token".into()));
        self.hello(server).await;
        self.connections += 1;
        if self.connections % 2 == 1 {
            self.todo.push_back(Event::Opened(DocId::Lesson(lesson())));
        }
        self.work().await;
    }

    async fn hello(&mut self, server: &Server) {
        let (_, since) = self.replica.hello().await.expect("hello");
        let seen = since.iter().find(|(id, _)| *id == course()).map_or(0, |(_, seq)| *seq);
        let docs: BTreeSet<DocId> =
            server.events.iter().filter(|(seq, _)| *seq > seen).map(|(_, doc)| doc.clone()).collect();
        let changed = CourseChanged {
            course: course(),
            course_seq: server.course_seq,
            role: Some(Role::Editor),
            title: "Ink".into(),
            docs: docs.into_iter().collect(),
        };
        self.replica.hello_answered("epoch".into(), vec![changed]).await.expect("hello");
    }

    async fn work(&mut self) {
        let open = if self.connections % 2 == 1 { vec![DocId::Lesson(lesson())] } else { vec![] };
        let work = self.replica.work(open).await.expect("work");
        self.todo.push_back(Event::Work(work));
    }

    /// Takes one event in, and performs what follows.
    pub(crate) async fn step(&mut self, server: &mut Server) -> bool {
        while let Ok(change) = self.changes.try_recv() {
            if let (true, ChangeKind::Update(update)) = (change.origin.is_local(), &change.kind) {
                let (doc, version, update) = (change.doc.clone(), change.version, update.clone());
                // A new document is not known to the engine yet.
                self.work().await;
                self.todo.push_back(Event::Committed { doc, version, update });
            }
        }
        let Some(event) = self.todo.pop_front() else { return false };
        self.now += 1;
        let Some(engine) = &mut self.engine else { return false };
        for action in engine.step(event, self.now) {
            self.perform(action, server).await;
        }
        true
    }

    async fn perform(&mut self, action: Action, server: &mut Server) {
        let replica = &self.replica;
        match action {
            Action::Acked { doc, .. } | Action::Subscribed { doc, .. } | Action::Missed { doc }
                if self.full =>
            {
                self.todo.push_back(Event::Unwritten(doc));
            }
            Action::Send { doc, message } => self.up.push_back((doc, message)),
            Action::Read { doc, ticket, since } => {
                let read = match since {
                    Some(since) => replica.diff(&doc, since).await,
                    None => replica.state_vector(&doc).await,
                };
                self.todo.push_back(Event::Read { doc, ticket, read });
            }
            Action::Apply { doc, ticket, update, caught_up } => {
                let outcome = replica.apply_remote(&doc, update, caught_up).await;
                self.todo.push_back(Event::Applied { doc, ticket, outcome });
            }
            Action::Verify { doc, ticket } => {
                let print = replica.fingerprint(&doc).await;
                self.todo.push_back(Event::Verified { doc, ticket, print });
            }
            Action::Acked { doc, version, doc_seq } => {
                // The oracle of acks: all that we say is acked is in the server's index.
                let ours = replica.state_vector(&doc).await.expect("vector");
                let (index, _) = &server.docs[&doc];
                if ours.version <= version {
                    let ours = StateVector::decode(&ours.bytes).expect("vector");
                    assert!(index.state_vector().contains(&ours), "{doc} was acked before it was there");
                }
                replica.acked(&doc, version, doc_seq).await.expect("acked");
            }
            Action::Subscribed { doc, on } => replica.subscribed(&doc, on).await.expect("noted"),
            Action::Missed { doc } => {
                replica.missed(&doc).await.expect("noted");
                self.work().await;
            }
            Action::Register { course, docs } => {
                for doc in &docs {
                    server.docs.entry(doc.clone()).or_insert_with(|| (empty(doc), 0));
                }
                replica.registered(&course, docs, None).await.expect("registered");
                self.todo.push_back(Event::Registered { course, done: true });
                self.work().await;
            }
            Action::Rebuild { doc, ticket, update, why, caught_up } => {
                let outcome = replica.rebuild(&doc, update, why, caught_up, 1).await;
                self.todo.push_back(Event::Applied { doc, ticket, outcome });
            }
            Action::Differed { doc, repaired } => self.differed.push((doc, repaired)),
            Action::Settled => {}
            other => panic!("client {}: {other:?}", self.number),
        }
    }

    pub(crate) async fn down(&mut self, down: Down, server: &Server) {
        match down {
            Down::Frame(doc, message) => self.todo.push_back(Event::Frame { doc, message }),
            Down::Notice(notice) => self.todo.push_back(Event::Notice(notice)),
            Down::Session(prev, now, kind) => {
                if !self.replica.course_event(&course(), prev, now, kind).await.expect("event") {
                    self.hello(server).await;
                }
                self.work().await;
            }
        }
    }
}
