//! A computer: the real replica on a real database, the real sync engine, and the session between them, driven serially.
//!
//! The replica's writer task runs on a runtime of its own, and only while [`Client::work`] lets it: so what is committed
//! together, and what is lost in a crash, follows from the seed. The database is a real file of SQLite; a crash takes a
//! copy of its files as they lie there, with the end of the log cut where the crash came into a commit.

mod session;

use crate::net::{End, Happening, LinkId, Net};
use crate::sabotage::Sabotage;
use crate::server::Server;
use futures_util::future::{BoxFuture, join_all};
use inkhorn_events::spine;
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::session::{DocNotice, EventKind, PROTOCOL, ToApp, ToServer};
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
    /// Sync state of a document was stored, or not.
    Stored(DocId, Result<(), ReplicaError>),
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
    full: bool,
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
    /// The document was not what the server has.
    Differed { doc: DocId, repaired: bool },
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
            full: false,
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

    /// Whether its disk has no room for more.
    pub(crate) fn set_full(&mut self, full: bool) {
        self.full = full;
        let pages = if full { 1 } else { u32::MAX };
        // One that is down finds it so when it starts.
        let _ = self.ask(|replica| replica.limit_pages(pages));
    }

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
        // Paused: a timer of the writer is due as soon as nothing else is to be done, so a run takes no real time and
        // is the same each time.
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .map_err(|e| e.to_string())?;
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ (u64::from(self.run) << 32));
        let random = move || {
            let mut bytes = [0; 16];
            rng.fill_bytes(&mut bytes);
            bytes
        };
        // Stands still until the next start: nothing is decided by it.
        let now = self.wall(net);
        let options = Options { clock: Box::new(move || now), random: Box::new(random) };
        let (publisher, _) = spine(1);
        let opened = runtime.block_on(Replica::open(&self.dir(), publisher, options));
        let replica = opened.map_err(|error| format!("client {} does not start: {error}", self.number))?;
        if let Some(aside) = replica.set_aside() {
            return Err(format!("client {}: the database was set aside: {}", self.number, aside.display()));
        }
        self.changes = Some(replica.changes());
        self.replica = Some(replica);
        self.runtime = Some(runtime);
        if self.full {
            self.set_full(true);
        }
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
}
