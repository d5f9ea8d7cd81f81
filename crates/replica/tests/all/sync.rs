//! The sync engine over real replicas and a virtual network, against a tiny server that keeps one order per document.
//! Links break at any moment, relayed frames get lost, replicas are closed and opened again; at the end everybody has the
//! same, every edit is there, and nobody was told "synced" before the server had it.

use crate::common::{a_course, course, lesson, open, source, texts_of, write_in};
use crate::server::{Down, Server, empty};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::projection::NodeKind;
use inkhorn_protocol::rest::Course;
use inkhorn_protocol::session::{CourseChanged, Role};
use inkhorn_protocol::{DocId, NodeId};
use inkhorn_replica::sync::{Action, Engine, Event, REST_MS, REWRITE_MS};
use inkhorn_replica::{ChangeKind, Edited, Origin, Replica, ReplicaError};
use inkhorn_updates::StateVector;
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::collections::{BTreeSet, HashMap, VecDeque};

// ---- a client -------------------------------------------------------------------------------------

pub(crate) struct Client {
    number: usize,
    pub(crate) dir: tempfile::TempDir,
    pub(crate) replica: Replica,
    changes: tokio::sync::broadcast::Receiver<std::sync::Arc<inkhorn_replica::Change>>,
    engine: Option<Engine>,
    up: VecDeque<(DocId, Message)>,
    todo: VecDeque<Event>,
    now: u64,
    /// What the engine decides cannot be written down.
    full: bool,
    /// On every other connection somebody looks at the first lesson.
    connections: u32,
    /// Documents that were said to differ from the server's, and whether they were mended.
    pub(crate) differed: Vec<(DocId, bool)>,
}

impl Client {
    async fn new(number: usize, seed: u64) -> Self {
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
    async fn step(&mut self, server: &mut Server) -> bool {
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

    async fn down(&mut self, down: Down, server: &Server) {
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

// ---- runs -----------------------------------------------------------------------------------------

pub(crate) struct Run {
    pub(crate) server: Server,
    pub(crate) clients: Vec<Client>,
    rng: StdRng,
    pub(crate) written: BTreeSet<String>,
    lessons: Vec<NodeId>,
}

impl Run {
    pub(crate) async fn new(seed: u64, clients: usize) -> Self {
        let mut run = Self {
            server: Server::default(),
            clients: Vec::new(),
            rng: StdRng::seed_from_u64(seed),
            written: BTreeSet::new(),
            lessons: vec![lesson()],
        };
        for number in 0..clients {
            run.clients.push(Client::new(number, seed * 100 + number as u64).await);
        }
        let first = &run.clients[0].replica;
        first.create_course(a_course(seed)).await.expect("course");
        first.share(&course()).await.expect("shared");
        run.clients[0].connect(&mut run.server).await;
        run.quiesce().await;
        for client in &mut run.clients[1..] {
            let on_server = Course {
                id: course(),
                title: "Ink".into(),
                role: Role::Editor,
                course_seq: 0,
                owners: vec!["Ada".into()],
            };
            let docs = run.server.docs.keys().cloned().collect();
            client.replica.join(on_server, docs).await.expect("joined");
        }
        run
    }

    pub(crate) async fn quiesce(&mut self) {
        for _ in 0..20_000 {
            let mut moved = false;
            for at in 0..self.clients.len() {
                moved |= self.clients[at].step(&mut self.server).await;
                moved |= self.deliver(at, false).await;
            }
            if !moved {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    /// One frame up, one down; `lossy` loses a relayed one now and then.
    async fn deliver(&mut self, at: usize, lossy: bool) -> bool {
        let client = &mut self.clients[at];
        let up = client.up.pop_front();
        let moved = up.is_some();
        if let Some((doc, message)) = up {
            self.server.receive(at, &doc, message);
        }
        let Some(down) = self.server.down.entry(at).or_default().pop_front() else { return moved };
        let relayed = matches!(down, Down::Frame(_, Message::Update(_)));
        if !(lossy && relayed && self.rng.random_bool(0.1)) {
            client.down(down, &self.server).await;
        }
        true
    }

    async fn edit(&mut self, at: usize) {
        let replica = &self.clients[at].replica;
        match self.rng.random_range(0..10) {
            0 => {
                let id: NodeId = format!("n{}", self.rng.random::<u32>()).parse().expect("id");
                let seed = self.rng.random();
                let (added, new) = (id.clone(), id.clone());
                let edit = replica
                    .edit_outline(&course(), Origin::Core, move |outline, random| {
                        let update = outline.add(
                            random,
                            NodeKind::Lesson,
                            Some(&crate::common::chapter()),
                            None,
                            "New",
                            id.clone(),
                        )?;
                        let client = inkhorn_course::client_id(&mut source(seed));
                        let empty = inkhorn_protocol::body::Node::new("doc", vec![]);
                        let (_, first) =
                            inkhorn_course::Lesson::create(client, &empty, 1, &[]).expect("lesson");
                        Ok(Edited::new((), [update]).creating(DocId::Lesson(new), first))
                    })
                    .await;
                if edit.is_ok() {
                    self.lessons.push(added);
                }
            }
            _ => {
                let lesson = self.lessons[self.rng.random_range(0..self.lessons.len())].clone();
                let text = format!("{at}-{}", self.rng.random::<u64>());
                // A lesson that has not arrived cannot be edited.
                let here = replica.doc(&DocId::Lesson(lesson.clone())).await.is_ok_and(|doc| doc.version > 0);
                if here && write_in(replica, &lesson, &text).await.is_ok() {
                    self.written.insert(text);
                }
            }
        }
    }

    pub(crate) async fn agree(&mut self, seed: u64) {
        // Who is connected stays so: a reconnect would heal what a gap left.
        for at in 0..self.clients.len() {
            if self.clients[at].engine.is_none() {
                self.clients[at].connect(&mut self.server).await;
            }
        }
        self.quiesce().await;
        for client in &mut self.clients {
            // What rests has done so.
            client.now += REST_MS;
            client.todo.push_back(Event::Tick);
        }
        self.quiesce().await;
        let outline = self.clients[0].replica.outline(&course()).await.expect("outline");
        let mut all = BTreeSet::new();
        let mut expected = Vec::new();
        for lesson in &self.lessons {
            expected.push(texts_of(&self.clients[0].replica, lesson).await);
            all.extend(expected.last().expect("pushed").iter().cloned());
        }
        assert_eq!(all, self.written, "seed {seed}: every edit is there, once");
        for client in &self.clients {
            let replica = &client.replica;
            assert_eq!(replica.outline(&course()).await.expect("outline"), outline, "seed {seed}");
            for (lesson, expected) in self.lessons.iter().zip(&expected) {
                assert_eq!(&texts_of(replica, lesson).await, expected, "seed {seed}");
            }
            assert!(
                client.differed.is_empty(),
                "seed {seed}, client {}: {:?}",
                client.number,
                client.differed
            );
            let count = replica.sync_count(None).await.expect("count");
            assert!(count.is_settled(), "seed {seed}, client {}: {count:?}", client.number);
            assert!(
                client.engine.as_ref().expect("connected").is_settled(),
                "seed {seed}: {:#?}",
                client.engine
            );
        }
    }
}

async fn run(seed: u64, steps: usize) {
    let mut run = Run::new(seed, 3).await;
    for _ in 0..steps {
        let at = run.rng.random_range(0..run.clients.len());
        match run.rng.random_range(0..100) {
            0..12 => run.edit(at).await,
            12..14 => run.clients[at].connect(&mut run.server).await,
            14 => run.clients[at].disconnect(&mut run.server),
            15 => {
                let seed = run.rng.random();
                run.clients[at].restart(seed, &mut run.server).await;
            }
            16..55 => drop(run.clients[at].step(&mut run.server).await),
            _ => drop(run.deliver(at, true).await),
        }
    }
    run.agree(seed).await;
}

#[tokio::test]
async fn whatever_breaks_all_replicas_end_equal_and_no_edit_is_lost_or_doubled() {
    let seeds = match std::env::var("INKHORN_SEED") {
        Ok(seed) => seed.parse::<u64>().map(|seed| seed..seed + 1).expect("a seed"),
        Err(_) => 1..21,
    };
    for seed in seeds {
        eprintln!("seed {seed}");
        run(seed, 400).await;
    }
}

#[tokio::test]
async fn a_reconnect_without_changes_opens_only_what_is_looked_at() {
    let mut run = Run::new(77, 2).await;
    run.agree(77).await;
    for at in 0..2 {
        run.clients[at].connections = 0;
        run.clients[at].connect(&mut run.server).await;
        while run.clients[at].step(&mut run.server).await {}
        let docs: BTreeSet<String> = run.clients[at].up.iter().map(|(doc, _)| doc.to_string()).collect();
        assert_eq!(docs, BTreeSet::from(["lesson:lesson".to_owned()]));
    }
}

#[tokio::test]
async fn at_share_the_outline_follows_its_lessons() {
    let mut run = Run::new(5, 1).await;
    let order: Vec<&DocId> = run.server.events.iter().map(|(_, doc)| doc).collect();
    assert_eq!(order, [&DocId::Lesson(lesson()), &DocId::Course(course())]);
    run.agree(5).await;
}

#[tokio::test]
async fn an_update_that_gets_lost_on_its_way_is_noticed_and_fetched() {
    let mut run = Run::new(6, 2).await;
    run.clients[1].connect(&mut run.server).await;
    run.quiesce().await;
    // Two relayed updates first, since only then is the head of the order known for sure; then one that gets lost.
    for text in ["one", "two", "lost"] {
        write_in(&run.clients[0].replica, &lesson(), text).await.expect("saved");
        run.written.insert(text.to_owned());
        while run.clients[0].step(&mut run.server).await {}
        while let Some((doc, message)) = run.clients[0].up.pop_front() {
            run.server.receive(0, &doc, message);
        }
        let relayed = |down: &Down| matches!(down, Down::Frame(_, Message::Update(_)));
        let queue = run.server.down.entry(1).or_default();
        assert_eq!(queue.iter().filter(|down| relayed(down)).count(), 1);
        if text == "lost" {
            queue.retain(|down| !relayed(down));
        }
        run.quiesce().await;
    }
    run.agree(6).await;
}

#[tokio::test]
async fn what_could_not_be_taken_while_a_lesson_was_looked_at_is_fetched_although_nobody_looks_any_more() {
    let mut run = Run::new(8, 2).await;
    run.clients[1].connect(&mut run.server).await;
    run.quiesce().await;
    write_in(&run.clients[0].replica, &lesson(), "late").await.expect("saved");
    run.written.insert("late".to_owned());
    while run.clients[0].step(&mut run.server).await {}
    while let Some((doc, message)) = run.clients[0].up.pop_front() {
        run.server.receive(0, &doc, message);
    }
    // The relayed update meets a full disk; the news of it, which comes behind, is taken in.
    let client = &mut run.clients[1];
    while let Some(down) = run.server.down.entry(1).or_default().pop_front() {
        let Down::Frame(doc, message @ Message::Update(_)) = down else {
            client.down(down, &run.server).await;
            continue;
        };
        let event = Event::Frame { doc: doc.clone(), message };
        let actions = client.engine.as_mut().expect("connected").step(event, client.now);
        let ticket = actions.iter().find_map(|action| match action {
            Action::Apply { ticket, .. } => Some(*ticket),
            _ => None,
        });
        let (ticket, outcome) = (ticket.expect("it is to be applied"), Err(ReplicaError::DiskFull));
        client.todo.push_back(Event::Applied { doc, ticket, outcome });
    }
    client.todo.push_back(Event::Closed(DocId::Lesson(lesson())));
    while client.step(&mut run.server).await {}
    // On the next connection nobody looks at the lesson.
    client.connections = 1;
    client.connect(&mut run.server).await;
    run.quiesce().await;
    run.agree(8).await;
}

impl Run {
    /// There is room again, and time passes.
    async fn room(&mut self, at: usize) {
        self.clients[at].full = false;
        self.clients[at].now += REWRITE_MS;
        self.clients[at].todo.push_back(Event::Tick);
        self.quiesce().await;
    }
}

#[tokio::test]
async fn an_ack_that_could_not_be_written_down_is_written_once_there_is_room() {
    let mut run = Run::new(9, 2).await;
    run.clients[0].full = true;
    write_in(&run.clients[0].replica, &lesson(), "acked").await.expect("saved");
    run.written.insert("acked".to_owned());
    run.quiesce().await;
    let client = &run.clients[0];
    let waiting = client.replica.sync_count(None).await.expect("count").waiting_edits;
    assert_eq!((waiting, client.engine.as_ref().expect("connected").is_settled()), (1, false));
    run.room(0).await;
    // On the same connection.
    let count = run.clients[0].replica.sync_count(None).await.expect("count");
    assert!(count.is_settled(), "{count:?}");
    run.agree(9).await;
}

#[tokio::test]
async fn news_of_a_lesson_whose_closing_could_not_be_written_down_are_fetched_once_there_is_room() {
    let mut run = Run::new(10, 2).await;
    run.clients[1].connect(&mut run.server).await;
    run.quiesce().await;
    run.clients[1].full = true;
    run.clients[1].todo.push_back(Event::Closed(DocId::Lesson(lesson())));
    run.quiesce().await;
    // The replica believes that it gets this by itself.
    write_in(&run.clients[0].replica, &lesson(), "unseen").await.expect("saved");
    run.written.insert("unseen".to_owned());
    run.quiesce().await;
    assert!(!texts_of(&run.clients[1].replica, &lesson()).await.contains(&"unseen".to_owned()));
    run.room(1).await;
    run.agree(10).await;
}
