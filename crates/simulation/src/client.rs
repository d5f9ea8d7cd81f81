//! A computer: the real replica on a real database, the real sync engine, and the session between them, driven serially.
//!
//! The replica's writer task runs on a runtime of its own, and only while [`Client::work`] lets it: so what is committed
//! together, and what is lost in a crash, follows from the seed. The database is a real file of SQLite; a crash takes a
//! copy of its files as they lie there, with the end of the log cut where the crash came into a commit.

use crate::net::{End, Happening, LinkId, Net};
use crate::sabotage::Sabotage;
use crate::server::Server;
use futures_util::future::{BoxFuture, join_all};
use inkhorn_events::spine;
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::session::{DocNotice, PROTOCOL, Reason, ToApp, ToServer};
use inkhorn_protocol::{CourseId, DocId, SESSION_DOC};
use inkhorn_replica::sync::{Action, Engine, Event, Turns};
use inkhorn_replica::{Change, DocWork, Options, Read, Replica, ReplicaError};
use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::broadcast;

/// The engine's ticks, in milliseconds, as in the session.
const TICK_MS: u64 = 500;

/// Something that the session had under way has ended.
#[derive(Debug)]
pub(crate) enum Done {
    Engine(Event),
    Work(Result<Vec<DocWork>, ReplicaError>),
    /// Sync state was stored, or not: nothing follows but a line in the log.
    Stored,
    Registered {
        course: CourseId,
        done: bool,
    },
}

/// A link that is open.
struct Live {
    link: LinkId,
    engine: Engine,
    turns: Turns,
}

type UnderWay = (LinkId, BoxFuture<'static, Done>);

pub(crate) struct Client {
    pub(crate) number: usize,
    /// Account and token.
    pub(crate) user: String,
    pub(crate) token: String,
    folder: PathBuf,
    /// Counts starts; names the folder of the database too.
    pub(crate) run: u32,
    seed: u64,
    runtime: Option<Runtime>,
    replica: Option<Replica>,
    changes: Option<broadcast::Receiver<Arc<Change>>>,
    live: Option<Live>,
    under_way: Vec<UnderWay>,
    /// The disk has been told to do what is queued.
    disk_due: bool,
    /// What windows show.
    pub(crate) open: BTreeSet<DocId>,
    pub(crate) clock_ms: i64,
    /// The server did not know the token; the user has to sign in.
    pub(crate) signed_out: bool,
    pub(crate) partitioned: bool,
    sabotage: Sabotage,
    /// What the client said that an oracle has to look at.
    pub(crate) claims: Vec<Claim>,
    pub(crate) gave_up: Vec<String>,
}

/// Something that a client says, and that has to be true.
#[derive(Debug, Clone)]
pub(crate) enum Claim {
    /// All local edits of the document up to this version are on the server.
    Acked { doc: DocId, version: u64 },
    /// Nothing is under way.
    Settled,
}

/// The version after a commit, or why there was none.
pub(crate) type Saved = Result<(), ReplicaError>;

impl Client {
    pub(crate) fn new(number: usize, user: String, folder: &Path, seed: u64, sabotage: Sabotage) -> Self {
        Self {
            number,
            token: format!("{user}-{number}"),
            user,
            folder: folder.join(format!("client-{number}")),
            run: 0,
            seed,
            runtime: None,
            replica: None,
            changes: None,
            live: None,
            under_way: Vec::new(),
            disk_due: false,
            open: BTreeSet::new(),
            clock_ms: 0,
            signed_out: false,
            partitioned: false,
            sabotage,
            claims: Vec::new(),
            gave_up: Vec::new(),
        }
    }

    fn dir(&self) -> PathBuf {
        self.folder.join(self.run.to_string())
    }

    fn wall(&self, net: &Net) -> u64 {
        crate::wall(net.now, self.clock_ms)
    }

    pub(crate) fn is_up(&self) -> bool {
        self.replica.is_some()
    }

    /// Whether it runs, and is the run that something was meant for.
    pub(crate) fn is_run(&self, run: u32) -> bool {
        self.run == run && self.is_up()
    }

    /// Whether its disk takes anything.
    pub(crate) fn set_full(&mut self, _full: bool) {}

    pub(crate) fn link(&self) -> Option<LinkId> {
        self.live.as_ref().map(|live| live.link)
    }

    /// Whether the session has nothing to do.
    pub(crate) fn is_idle(&self) -> bool {
        let still =
            |live: &Live| live.turns.is_greeted() && !live.turns.is_asking() && live.engine.is_settled();
        self.live.as_ref().is_some_and(still) && self.under_way.is_empty()
    }

    pub(crate) fn describe(&self) -> String {
        let state = self.live.as_ref().map(|live| (live.link, &live.turns, &live.engine));
        format!("client {}: up {}, {state:?}, {:?}", self.number, self.is_up(), self.gave_up)
    }

    // ---- the program ----------------------------------------------------------------------------

    /// Starts the program on what the disk holds.
    pub(crate) fn start(&mut self, net: &mut Net) -> Result<(), String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().map_err(|e| e.to_string())?;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ (u64::from(self.run) << 32));
        let random = move || {
            let mut bytes = [0; 16];
            rng.fill_bytes(&mut bytes);
            bytes
        };
        let options = Options { now_ms: self.wall(net), random: Box::new(random) };
        let (publisher, _) = spine(1);
        let opened = runtime.block_on(Replica::open(&self.dir(), publisher, options));
        let replica = opened.map_err(|error| format!("client {} does not start: {error}", self.number))?;
        if let Some(aside) = replica.set_aside() {
            return Err(format!("client {}: the database was set aside: {}", self.number, aside.display()));
        }
        self.changes = Some(replica.changes());
        self.replica = Some(replica);
        self.runtime = Some(runtime);
        net.soon(1..200, Happening::Connect { client: self.number, run: self.run });
        net.after(TICK_MS, Happening::ClientTick { client: self.number, run: self.run });
        Ok(())
    }

    /// Ends without warning. `torn`: of 1,000 parts of what its last commit writes, so much is on disk.
    pub(crate) fn crash(
        &mut self,
        torn: Option<u32>,
        edits: Vec<BoxFuture<'static, Saved>>,
        net: &mut Net,
    ) -> Result<(), String> {
        let Some(replica) = self.replica.take() else { return Ok(()) };
        let from = self.dir();
        let wal = from.join("inkhorn.db-wal");
        let length = |path: &Path| std::fs::metadata(path).map_or(0, |meta| meta.len());
        let (log_before, base_before) = (length(&wal), length(&from.join("inkhorn.db")));
        if torn.is_some() {
            // What was queued is committed, or a part of it, and nobody hears of it.
            let under_way = std::mem::take(&mut self.under_way);
            self.block(join_all(edits));
            self.block(join_all(under_way.into_iter().map(|(_, future)| future)));
        }
        let (log_after, base_after) = (length(&wal), length(&from.join("inkhorn.db")));
        self.run += 1;
        let to = self.dir();
        let copied = std::fs::create_dir_all(&to).and_then(|()| {
            std::fs::copy(from.join("inkhorn.db"), to.join("inkhorn.db"))?;
            std::fs::copy(&wal, to.join("inkhorn.db-wal"))
        });
        copied.map_err(|error| format!("copying the files of a crash: {error}"))?;
        // Only where the commit went to the end of the log: else the log began anew, and is taken as it is.
        if let Some(torn) = torn.filter(|_| log_after > log_before && base_after == base_before) {
            let kept = log_before + (log_after - log_before) * u64::from(torn) / 1_000;
            let file = std::fs::OpenOptions::new().write(true).open(to.join("inkhorn.db-wal"));
            file.and_then(|file| file.set_len(kept)).map_err(|error| error.to_string())?;
        }
        if let Some(link) = self.live.take().map(|live| live.link) {
            let server_after = net.rng.random_range(1..30_000);
            net.cut(link, server_after, 0);
        }
        self.under_way.clear();
        self.disk_due = false;
        self.open.clear();
        self.changes = None;
        self.block(async move { replica.close().await });
        self.runtime = None;
        let _ = std::fs::remove_dir_all(from);
        Ok(())
    }

    /// Lets the replica work until this is done; what was queued before is done too.
    pub(crate) fn block<T>(&self, future: impl Future<Output = T>) -> Option<T> {
        self.runtime.as_ref().map(|runtime| runtime.block_on(future))
    }

    pub(crate) fn replica(&self) -> Option<&Replica> {
        self.replica.as_ref()
    }

    /// Asks the replica, and waits.
    pub(crate) fn ask<T, F>(&self, question: impl FnOnce(&Replica) -> F) -> Result<T, ReplicaError>
    where
        F: Future<Output = Result<T, ReplicaError>>,
    {
        let Some(replica) = &self.replica else { return Err(ReplicaError::Closed) };
        self.block(question(replica)).unwrap_or(Err(ReplicaError::Closed))
    }

    pub(crate) fn state(&self, doc: &DocId) -> Result<Read, ReplicaError> {
        self.ask(|replica| replica.state(doc))
    }

    /// Something is queued: the disk will do it in a moment.
    pub(crate) fn queued(&mut self, net: &mut Net) {
        if !std::mem::replace(&mut self.disk_due, true) {
            net.soon(1..12, Happening::Disk { client: self.number, run: self.run });
        }
    }

    /// The disk does what is queued; the session hears of it in a moment, of one thing after another.
    pub(crate) fn disk(&mut self, net: &mut Net) {
        self.disk_due = false;
        let under_way = std::mem::take(&mut self.under_way);
        let (client, run) = (self.number, self.run);
        let (links, futures): (Vec<_>, Vec<_>) = under_way.into_iter().unzip();
        let outcomes = self.block(join_all(futures)).unwrap_or_default();
        for (link, done) in links.into_iter().zip(outcomes) {
            net.soon(0..3, Happening::Done { client, run, link, done: Box::new(done) });
        }
        self.tell_changes(net);
    }

    /// Passes on what was committed.
    pub(crate) fn tell_changes(&mut self, net: &mut Net) {
        let Some(changes) = &mut self.changes else { return };
        let (client, run, mut after) = (self.number, self.run, 0);
        while let Ok(change) = changes.try_recv() {
            // A stream keeps its order.
            after += net.rng.random_range(0..2);
            net.after(after, Happening::Changed { client, run, change });
        }
    }

    // ---- the session ----------------------------------------------------------------------------

    pub(crate) fn connect(&mut self, server_up: bool, net: &mut Net) {
        if self.live.is_some() || self.signed_out || !self.is_up() {
            return;
        }
        if self.partitioned || !server_up {
            return net.soon(500..2_500, Happening::Connect { client: self.number, run: self.run });
        }
        let link = net.open(self.number);
        self.live = Some(Live { link, engine: Engine::new(self.token.clone()), turns: Turns::default() });
        self.send(SESSION_DOC, Message::Token(self.token.clone()), net);
        self.hello(net);
    }

    /// The link is gone.
    pub(crate) fn lost(&mut self, link: LinkId, net: &mut Net) {
        if self.live.as_ref().is_some_and(|live| live.link == link) {
            self.live = None;
            net.soon(100..2_500, Happening::Connect { client: self.number, run: self.run });
        }
    }

    /// Ends the link from this side.
    fn reset(&mut self, net: &mut Net) {
        if let Some(link) = self.live.as_ref().map(|live| live.link) {
            let server_after = net.rng.random_range(1..100);
            net.cut(link, server_after, 0);
            self.lost(link, net);
        }
    }

    /// The server does not know the token: the user signs in after a while.
    fn deny(&mut self, net: &mut Net) {
        self.signed_out = true;
        self.reset(net);
        net.soon(500..8_000, Happening::End(End::SignIn(self.number)));
    }

    fn send(&mut self, key: &str, message: Message, net: &mut Net) {
        if let Some(live) = &self.live {
            net.up(live.link, Server::bytes(key, message));
        }
    }

    fn hello(&mut self, net: &mut Net) {
        let Some(live) = &mut self.live else { return };
        if !live.turns.hello() {
            return;
        }
        match self.ask(Replica::hello) {
            Ok((epoch, since)) => {
                let hello = ToServer::Hello { protocol: PROTOCOL, epoch, since: since.into_iter().collect() };
                let text = serde_json::to_string(&hello).unwrap_or_default();
                self.send(SESSION_DOC, Message::Stateless(text), net);
            }
            Err(_) => self.reset(net),
        }
    }

    pub(crate) fn frame(&mut self, link: LinkId, bytes: &[u8], net: &mut Net) -> Result<(), String> {
        if self.live.as_ref().is_none_or(|live| live.link != link) {
            return Ok(());
        }
        let frame = Frame::decode(bytes).map_err(|error| format!("the server sent nonsense: {error}"))?;
        let Frame::Doc { key, message } = frame else { return Ok(()) };
        match key.parse::<DocId>() {
            Ok(doc) => self.doc_message(doc, message, net),
            Err(_) => self.session_message(message, net)?,
        }
        self.look_for_work(net);
        Ok(())
    }

    fn doc_message(&mut self, doc: DocId, message: Message, net: &mut Net) {
        let event = match message {
            Message::Stateless(text) => match serde_json::from_str::<DocNotice>(&text) {
                Ok(DocNotice::At { .. }) if self.sabotage == Sabotage::BlindToGaps => return,
                Ok(notice) => Event::Notice(notice),
                Err(_) => return,
            },
            message => Event::Frame { doc, message },
        };
        self.feed(event, net);
    }

    fn session_message(&mut self, message: Message, net: &mut Net) -> Result<(), String> {
        match message {
            Message::PermissionDenied(_) => self.deny(net),
            Message::Stateless(text) => {
                let told = serde_json::from_str(&text).map_err(|error| format!("{text}: {error}"))?;
                self.told(told, net);
            }
            Message::Close(_) => self.reset(net),
            _ => {}
        }
        Ok(())
    }

    fn told(&mut self, told: ToApp, net: &mut Net) {
        match told {
            ToApp::Changed { epoch, courses } => {
                let taken = self.ask(|replica| replica.hello_answered(epoch, courses));
                self.queued(net);
                if taken.is_err() {
                    return self.reset(net);
                }
                let Some(live) = &mut self.live else { return };
                let greeted = live.turns.greeted();
                if greeted.first {
                    for doc in self.open.clone() {
                        self.feed(Event::Opened(doc), net);
                    }
                }
                if greeted.again {
                    self.hello(net);
                }
            }
            ToApp::Event { course, prev_seq, course_seq, kind } => {
                let taken = self.ask(|replica| replica.course_event(&course, prev_seq, course_seq, kind));
                self.queued(net);
                match taken {
                    Ok(true) => {}
                    Ok(false) => self.hello(net),
                    Err(_) => return self.reset(net),
                }
                self.work_due();
            }
            ToApp::Receipt { .. } | ToApp::Unsupported { .. } => {}
        }
    }

    fn work_due(&mut self) {
        if let Some(live) = &mut self.live {
            live.turns.work_due();
        }
    }

    /// A change was committed here.
    pub(crate) fn changed(&mut self, change: &Change, net: &mut Net) {
        let Some(live) = &mut self.live else { return };
        let event = match (&change.kind, self.sabotage) {
            (inkhorn_replica::ChangeKind::Update(update), Sabotage::NoDetour) if change.origin.is_local() => {
                live.turns.work_due();
                let (doc, version, update) = (change.doc.clone(), change.version, Arc::clone(update));
                Some(Event::Committed { doc, version, update })
            }
            _ => live.turns.changed(change),
        };
        if let Some(event) = event {
            self.feed(event, net);
        }
        self.look_for_work(net);
    }

    pub(crate) fn tick(&mut self, net: &mut Net) {
        net.after(TICK_MS, Happening::ClientTick { client: self.number, run: self.run });
        self.feed(Event::Tick, net);
        self.look_for_work(net);
    }

    /// A window shows a document.
    pub(crate) fn open(&mut self, doc: DocId, net: &mut Net) {
        if self.open.insert(doc.clone()) {
            self.work_due();
            self.feed(Event::Opened(doc), net);
            self.look_for_work(net);
        }
    }

    pub(crate) fn close_all(&mut self, net: &mut Net) {
        for doc in std::mem::take(&mut self.open) {
            self.feed(Event::Closed(doc), net);
        }
        self.look_for_work(net);
    }

    fn look_for_work(&mut self, net: &mut Net) {
        let Some(live) = &mut self.live else { return };
        let Some(replica) = &self.replica else { return };
        if live.turns.ask() {
            let answer = replica.work(self.open.iter().cloned().collect());
            self.push(Box::pin(async move { Done::Work(answer.await) }), net);
        }
    }

    fn push(&mut self, future: BoxFuture<'static, Done>, net: &mut Net) {
        if let Some(live) = &self.live {
            self.under_way.push((live.link, future));
            self.queued(net);
        }
    }

    pub(crate) fn done(&mut self, link: LinkId, done: Done, net: &mut Net) {
        let Some(live) = self.live.as_mut().filter(|live| live.link == link) else { return };
        match done {
            Done::Engine(event) => self.feed(event, net),
            Done::Work(Ok(work)) => {
                live.turns.answered(&work);
                self.feed(Event::Work(work), net);
            }
            Done::Work(Err(_)) => self.reset(net),
            Done::Registered { course, done } => {
                self.feed(Event::Registered { course, done }, net);
                self.work_due();
            }
            Done::Stored => {}
        }
        self.look_for_work(net);
    }

    /// The reply to a registration; none when it did not get through.
    pub(crate) fn registered(
        &mut self,
        link: LinkId,
        course: CourseId,
        docs: Option<Vec<DocId>>,
        net: &mut Net,
    ) {
        if self.live.as_ref().is_none_or(|live| live.link != link) {
            return;
        }
        let Some(replica) = &self.replica else { return };
        match docs {
            None => self.done(link, Done::Registered { course, done: false }, net),
            Some(docs) => {
                let stored = replica.registered(&course, docs, None);
                let future = async move { Done::Registered { course, done: stored.await.is_ok() } };
                self.push(Box::pin(future), net);
            }
        }
    }

    fn feed(&mut self, event: Event, net: &mut Net) {
        let wall = self.wall(net);
        let Some(live) = self.live.as_mut().filter(|live| live.turns.is_greeted()) else { return };
        for action in live.engine.step(event, wall) {
            self.perform(action, wall, net);
        }
    }

    fn perform(&mut self, action: Action, wall: u64, net: &mut Net) {
        let (Some(replica), Some(live)) = (&self.replica, &self.live) else { return };
        let link = live.link;
        match action {
            Action::Send { doc, message } => self.send(&doc.to_string(), message, net),
            Action::Read { doc, ticket, since } => {
                let read: BoxFuture<'static, _> = match since {
                    None => Box::pin(replica.state_vector(&doc)),
                    Some(since) => Box::pin(replica.diff(&doc, since)),
                };
                let event = async move { Done::Engine(Event::Read { doc, ticket, read: read.await }) };
                self.push(Box::pin(event), net);
            }
            Action::Apply { doc, ticket, update, caught_up } => {
                let applied = replica.apply_remote(&doc, update, caught_up);
                let event =
                    async move { Done::Engine(Event::Applied { doc, ticket, outcome: applied.await }) };
                self.push(Box::pin(event), net);
            }
            Action::Rebuild { doc, ticket, update, client, from_clock, caught_up } => {
                let applied = replica.rebuild(&doc, update, client, from_clock, caught_up);
                let event =
                    async move { Done::Engine(Event::Applied { doc, ticket, outcome: applied.await }) };
                self.push(Box::pin(event), net);
            }
            Action::Acked { doc, version, doc_seq } => {
                let stored = replica.acked(&doc, version, doc_seq);
                self.claims.push(Claim::Acked { doc, version });
                self.push(
                    Box::pin(async move {
                        {
                            let _ = stored.await;
                            Done::Stored
                        }
                    }),
                    net,
                );
            }
            Action::Subscribed { doc, on } => {
                let stored = replica.subscribed(&doc, on);
                self.push(
                    Box::pin(async move {
                        {
                            let _ = stored.await;
                            Done::Stored
                        }
                    }),
                    net,
                );
            }
            Action::Missed { doc } => {
                let stored = replica.missed(&doc);
                self.push(
                    Box::pin(async move {
                        {
                            let _ = stored.await;
                            Done::Stored
                        }
                    }),
                    net,
                );
                self.work_due();
            }
            Action::Reject { doc, reason } => self.reject(&doc, reason, wall, net),
            Action::Register { course, docs } => {
                let (client, run) = (self.number, self.run);
                net.soon(2..60, Happening::Register { client, run, link, course, docs });
            }
            Action::SignIn => self.deny(net),
            Action::GaveUp { doc, why } => self.gave_up.push(format!("{doc}: {why}")),
            Action::Settled => self.claims.push(Claim::Settled),
        }
    }

    fn reject(&mut self, doc: &DocId, reason: Reason, wall: u64, net: &mut Net) {
        if let Some(replica) = &self.replica {
            let stored = replica.reject(doc, reason, wall);
            self.push(
                Box::pin(async move {
                    {
                        let _ = stored.await;
                        Done::Stored
                    }
                }),
                net,
            );
        }
    }
}
