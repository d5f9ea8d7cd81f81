//! A run: the plan's steps, and what follows from them, one thing after another in virtual time.

use crate::Report;
use crate::author::Author;
use crate::client::Client;
use crate::ledger::Ledger;
use crate::net::{End, Happening, Net};
use crate::oracle;
use crate::plan::{Plan, What};
use crate::sabotage::Sabotage;
use crate::server::{Health, Server};
use inkhorn_course::{Lesson, Outline, client_id};
use inkhorn_protocol::body::Node;
use inkhorn_protocol::projection::NodeKind;
use inkhorn_protocol::rest::Course;
use inkhorn_protocol::session::Role;
use inkhorn_protocol::{CourseId, DocId, NodeId};
use inkhorn_replica::{ChangeKind, NewCourse};
use inkhorn_server::engine::Event as ServerEvent;
use rand::{Rng, RngCore};
use std::path::Path;

/// So long after the last fault everything has to be synced, in virtual milliseconds. The longest wait of the engine
/// itself is its last retry, 16 s after a failure; links come back within seconds.
const SETTLE_WITHIN_MS: u64 = 180_000;

/// So long nothing may be sent once all is synced, in virtual milliseconds: longer than any retry of a document.
const SILENCE_MS: u64 = 40_000;

pub(crate) struct World {
    pub(crate) course: CourseId,
    pub(crate) clients: Vec<Client>,
    authors: Vec<Author>,
    pub(crate) server: Server,
    pub(crate) ledger: Ledger,
    pub(crate) net: Net,
    plan: Plan,
    faults: u64,
    links: u64,
}

type Outcome<T = ()> = Result<T, String>;

impl World {
    pub(crate) fn new(plan: Plan, sabotage: Sabotage, folder: &Path) -> Outcome<Self> {
        let mut net = Net::new(plan.seed);
        let clients: Vec<Client> = (0..plan.clients)
            .map(|number| {
                // The fourth computer belongs to somebody who has another one.
                let user = format!("user-{}", number % 3);
                Client::new(number, user, folder, plan.seed * 31 + number as u64, sabotage)
            })
            .collect();
        let course: CourseId = "course".parse().map_err(|_| "no id")?;
        let mut world = Self {
            course,
            authors: clients.iter().map(|_| Author::default()).collect(),
            clients,
            server: Server::new(sabotage),
            ledger: Ledger::default(),
            net: Net::new(plan.seed),
            plan,
            faults: 0,
            links: 0,
        };
        std::mem::swap(&mut world.net, &mut net);
        world.set_up()?;
        for (number, step) in world.plan.steps.iter().enumerate() {
            world.net.at(step.at_ms, Happening::Step(number));
        }
        Ok(world)
    }

    /// The first computer has a course, and has just put it on the list of shared ones; the others joined it, and have
    /// nothing of it yet.
    fn set_up(&mut self) -> Outcome {
        self.server.start(&mut self.net);
        let course = self.course.clone();
        for client in &mut self.clients {
            self.server.tokens.insert(client.token.clone(), client.user.clone());
            client.start(&mut self.net)?;
        }
        let new = self.new_course()?;
        let docs: Vec<DocId> = std::iter::once(DocId::Course(course.clone()))
            .chain(new.lessons.iter().map(|(id, _)| DocId::Lesson(id.clone())))
            .collect();
        let first = self.clients.first().ok_or("a plan needs clients")?;
        let owner = first.user.clone();
        first.ask(|replica| replica.create_course(new)).map_err(|error| error.to_string())?;
        first.ask(|replica| replica.share(&course)).map_err(|error| error.to_string())?;
        self.server.disk.register(&owner, &course, &docs).map_err(|error| error.to_string())?;
        for client in self.clients.iter().skip(1) {
            if client.user != owner {
                let _ = self.server.disk.set_role(&course, &client.user, Some(Role::Editor));
            }
            let role = if client.user == owner { Role::Owner } else { Role::Editor };
            let row = Course { id: course.clone(), title: "Ink".into(), role, course_seq: 0, owners: vec![] };
            client.ask(|replica| replica.join(row, docs.clone())).map_err(|error| error.to_string())?;
        }
        for client in &mut self.clients {
            client.tell_changes(&mut self.net);
        }
        Ok(())
    }

    fn new_course(&mut self) -> Outcome<NewCourse> {
        let rng = &mut self.net.rng;
        let mut random = || {
            let mut bytes = [0; 16];
            rng.fill_bytes(&mut bytes);
            bytes
        };
        let mut outline = Outline::new(client_id(&mut random));
        let mut lessons = Vec::new();
        let failed = |error: inkhorn_course::OpError| error.to_string();
        outline.set_title("Ink").map_err(failed)?;
        for chapter in ["a", "b"] {
            let id: NodeId = format!("chapter-{chapter}").parse().map_err(|_| "no id")?;
            outline.add(&mut random, NodeKind::Chapter, None, None, chapter, id.clone()).map_err(failed)?;
            let lesson: NodeId = format!("lesson-{chapter}").parse().map_err(|_| "no id")?;
            outline
                .add(&mut random, NodeKind::Lesson, Some(&id), None, chapter, lesson.clone())
                .map_err(failed)?;
            let made = Lesson::create(client_id(&mut random), &Node::new("doc", vec![]), 1, &[]);
            lessons.push((lesson, made.map_err(|error| error.to_string())?.1));
        }
        let outline = outline.encode().map_err(|error| error.to_string())?;
        Ok(NewCourse { id: self.course.clone(), title: "Ink".into(), outline, lessons, assets: vec![] })
    }

    /// Runs the plan, ends its faults, waits until all is synced, and looks whether it is right.
    pub(crate) fn run(&mut self) -> Outcome<Report> {
        let end = self.plan.steps.last().map_or(0, |step| step.at_ms) + 1;
        self.until(end)?;
        self.heal()?;
        let healed = self.net.now;
        loop {
            if self.is_quiet() {
                let frames = self.net.frames;
                let before = self.net.now;
                self.until(before + 1_000)?;
                if self.is_quiet() && self.net.frames == frames {
                    break;
                }
            } else {
                let next = self.net.next_at().ok_or("nothing happens any more")?;
                self.until(next + 1)?;
            }
            if self.net.now > healed + SETTLE_WITHIN_MS {
                return Err(format!("stall: {}", self.describe()));
            }
        }
        let settled_after_ms = self.net.now - healed;
        oracle::equal(self)?;
        let frames = self.net.frames;
        self.until(self.net.now + SILENCE_MS)?;
        if self.net.frames != frames {
            return Err(format!("loop: {} frames although all is synced", self.net.frames - frames));
        }
        oracle::bounded(self, self.ledger.count, self.faults, self.links)?;
        Ok(Report {
            edits: self.ledger.count,
            faults: self.faults,
            frames,
            settled_after_ms,
            trace: self.net.trace,
        })
    }

    fn describe(&self) -> String {
        let counts: Vec<_> =
            self.clients.iter().map(|client| client.ask(|replica| replica.sync_count(None))).collect();
        let clients: Vec<String> = self.clients.iter().map(Client::describe).collect();
        format!("{counts:?}\n{}", clients.join("\n"))
    }

    /// Nothing is on its way, and every client says that all is synced.
    fn is_quiet(&self) -> bool {
        let settled = |client: &Client| {
            client
                .ask(|replica| replica.sync_count(None))
                .is_ok_and(|count| count.is_settled() && count.rejected == 0)
        };
        self.net.pending == 0
            && self.authors.iter().all(Author::is_idle)
            && self.clients.iter().all(|client| client.is_idle() && settled(client))
    }

    fn until(&mut self, end: u64) -> Outcome {
        while self.net.next_at().is_some_and(|at| at < end) {
            let Some(what) = self.net.next() else { break };
            self.happen(what)?;
            oracle::claims(self)?;
        }
        self.net.now = self.net.now.max(end);
        Ok(())
    }

    /// Ends what still goes on.
    fn heal(&mut self) -> Outcome {
        let ends = (0..self.clients.len()).flat_map(|c| {
            [End::Partition(c), End::Crash(c), End::ClientDisk(c), End::SignIn(c), End::Role(c)]
        });
        for end in ends.chain([End::CrashServer, End::ServerDisk]).collect::<Vec<_>>() {
            self.end(end)?;
        }
        Ok(())
    }

    fn end(&mut self, end: End) -> Outcome {
        let Self { clients, server, net, .. } = self;
        match end {
            End::Partition(c) => clients[c].partitioned = false,
            End::Crash(c) if !clients[c].is_up() => clients[c].start(net)?,
            End::Crash(_) => {}
            End::CrashServer => server.start(net),
            End::ServerDisk => server.health = Health::Well,
            End::ClientDisk(c) => clients[c].set_full(false),
            End::SignIn(c) => {
                let client = &mut clients[c];
                if std::mem::take(&mut client.signed_out) {
                    client.token = format!("{}+", client.token);
                    server.tokens.insert(client.token.clone(), client.user.clone());
                    net.after(1, Happening::Connect { client: c, run: client.run });
                }
            }
            End::Role(c) => {
                let user = clients[c].user.clone();
                let role = if c % 3 == 0 { Role::Owner } else { Role::Editor };
                if server.disk.role(&self.course, &user) != Some(role) {
                    server.set_role(&self.course, &user, Some(role), net);
                }
            }
        }
        Ok(())
    }

    fn happen(&mut self, what: Happening) -> Outcome {
        let Self { clients, authors, server, net, ledger, .. } = self;
        match what {
            Happening::Step(number) => return self.step(number),
            Happening::End(end) => return self.end(end),
            Happening::Arrived { link } => {
                if server.is_up() && net.carries(link) {
                    return server.step(ServerEvent::Opened { conn: link }, net);
                }
                net.cut(link, 1, 1);
            }
            Happening::Up { link, bytes } => {
                if net.carries(link) {
                    return server.frame(link, &bytes, net);
                }
            }
            Happening::Down { link, bytes } => {
                if let Some(client) = net.client(link).filter(|_| net.carries(link)) {
                    return clients[client].frame(link, &bytes, net);
                }
            }
            Happening::ServerLost { link } => return server.step(ServerEvent::Closed { conn: link }, net),
            Happening::ClientLost { link } => {
                net.close(link);
                if let Some(client) = net.client(link) {
                    clients[client].lost(link, net);
                }
            }
            Happening::Server { run, event } => {
                if server.run() == run {
                    return server.step(*event, net);
                }
            }
            Happening::Landed { run } => {
                if server.run() == run {
                    server.landed(net)?;
                    return oracle::follows(self);
                }
            }
            Happening::ServerTick { run } => {
                if server.run() == run {
                    return server.tick(net);
                }
            }
            Happening::ClientTick { client, run } => {
                if clients[client].is_run(run) {
                    clients[client].tick(net);
                }
            }
            Happening::Disk { client, run } => {
                if clients[client].is_run(run) {
                    authors[client].save(&clients[client], ledger)?;
                    clients[client].disk(net);
                }
            }
            Happening::Done { client, run, link, done } => {
                if clients[client].is_run(run) {
                    clients[client].done(link, *done, net);
                }
            }
            Happening::Changed { client, run, change } => {
                if clients[client].is_run(run) {
                    if matches!(change.kind, ChangeKind::Reset) {
                        authors[client].reset(&change.doc);
                    }
                    clients[client].changed(&change, net);
                }
            }
            Happening::Connect { client, run } => {
                if clients[client].is_run(run) {
                    self.links += 1;
                    clients[client].connect(server.is_up(), net);
                }
            }
            Happening::Register { client, run, link, course, docs } => {
                let reached = net.carries(link) && !clients[client].partitioned;
                let user = clients[client].user.clone();
                let reply = if reached { server.register(&user, &course, &docs, net) } else { None };
                // The reply may get lost although it was done.
                let arrives = net.rng.random_bool(0.9);
                let docs = matches!(reply, Some(Ok(()))).then_some(docs).filter(|_| arrives);
                net.soon(1..40, Happening::Registered { client, run, link, course, docs });
            }
            Happening::Registered { client, run, link, course, docs } => {
                if clients[client].is_run(run) {
                    clients[client].registered(link, course, docs, net);
                }
            }
        }
        Ok(())
    }

    fn step(&mut self, number: usize) -> Outcome {
        let Some(step) = self.plan.steps.get(number) else { return Ok(()) };
        let what = step.what.clone();
        let Self { clients, authors, server, net, ledger, course, .. } = self;
        match what {
            What::Edit { client, edit, pick } => {
                if authors[client].edit(&clients[client], course, edit, pick, ledger, net)? {
                    clients[client].queued(net);
                }
                return Ok(());
            }
            What::Open { client, pick } => {
                let docs = clients[client].ask(|replica| replica.docs(None)).unwrap_or_default();
                let doc = docs.get(pick as usize % docs.len().max(1)).map(|row| row.doc.clone());
                if let Some(doc) = doc {
                    clients[client].open(doc, net);
                }
                return Ok(());
            }
            What::CloseAll { client } => {
                clients[client].close_all(net);
                return Ok(());
            }
            _ => self.faults += 1,
        }
        match what {
            What::Cut { client, server_after_ms } => {
                if let Some(link) = clients[client].link() {
                    let client_after = net.rng.random_range(0..2_000);
                    net.cut(link, server_after_ms, client_after);
                }
            }
            What::Partition { client, for_ms } => {
                clients[client].partitioned = true;
                if let Some(link) = clients[client].link() {
                    let (server_after, client_after) =
                        (net.rng.random_range(1..30_000), net.rng.random_range(0..5_000));
                    net.cut(link, server_after, client_after);
                }
                net.after(for_ms, Happening::End(End::Partition(client)));
            }
            What::Crash { client, torn, for_ms } => {
                let queued = authors[client].take_queued();
                clients[client].crash(torn, queued, net)?;
                authors[client].gone();
                net.after(for_ms, Happening::End(End::Crash(client)));
            }
            What::CrashServer { torn, for_ms } => {
                server.crash(torn)?;
                for client in clients.iter() {
                    if let Some(link) = client.link() {
                        let after = net.rng.random_range(0..1_000);
                        net.cut(link, 0, after);
                    }
                }
                net.after(for_ms, Happening::End(End::CrashServer));
            }
            What::ServerDisk { uncertain, for_ms } => {
                server.health = if uncertain { Health::Uncertain } else { Health::Full };
                net.after(for_ms, Happening::End(End::ServerDisk));
            }
            What::ClientDisk { client, for_ms } => {
                clients[client].set_full(true);
                net.after(for_ms, Happening::End(End::ClientDisk(client)));
            }
            // The client finds out with the next document that it opens.
            What::Expire { client } => drop(server.tokens.remove(&clients[client].token)),
            What::Role { client, role, for_ms } => {
                let user = clients[client].user.clone();
                server.set_role(course, &user, role, net);
                net.after(for_ms, Happening::End(End::Role(client)));
            }
            What::Clock { client, by_ms } => match client {
                Some(client) => clients[client].clock_ms += by_ms,
                None => server.clock_ms += by_ms,
            },
            What::Skip { client } => server.skip.extend(clients[client].link()),
            What::Edit { .. } | What::Open { .. } | What::CloseAll { .. } => {}
        }
        Ok(())
    }
}
