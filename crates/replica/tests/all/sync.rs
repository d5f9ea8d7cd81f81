//! The sync engine over real replicas and a virtual network, against a tiny server that keeps one order per document.
//! Links break at any moment, relayed frames get lost, replicas are closed and opened again; at the end everybody has the
//! same, every edit is there, and nobody was told "synced" before the server had it.

use crate::client::Client;
use crate::common::{a_course, course, lesson, source, texts_of, write_in};
use crate::server::{Down, Server};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::projection::NodeKind;
use inkhorn_protocol::rest::Course;
use inkhorn_protocol::session::Role;
use inkhorn_protocol::{DocId, NodeId};
use inkhorn_replica::sync::{Action, Event, REST_MS, REWRITE_MS};
use inkhorn_replica::{Edited, Origin, ReplicaError};
use rand::{Rng, SeedableRng, rngs::StdRng};
use std::collections::BTreeSet;

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
