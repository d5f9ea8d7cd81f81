//! The sync engine: `step(event) → actions`, without I/O, clock or randomness.
//!
//! - [`event`]: what goes in and what comes out
//! - [`log`]: the durable log behind [`Action::Load`] and [`Action::Commit`]
//! - `connection`: sockets, the documents open on them, authentication
//! - `write`: from a frame to the log: staging, commit, fan-out, ack, refusal
//! - `document`: one loaded document; `awareness`, `session`: what is not durable
//!
//! An update is validated, committed, and only then sent to peers and acked. While a batch is being written, further
//! updates wait; when it ends, all that waited becomes the next batch. So a batch is as large as the disk is slow.

mod awareness;
mod clock;
mod connection;
mod content;
mod document;
pub mod event;
pub mod log;
mod output;
mod session;
mod write;

pub use content::{Content, Refusal};
pub use event::{Access, Action, Batch, ConnId, Event, Loaded, LogEntry, LogError};

use clock::Clock;
use connection::Conn;
use document::Slot;
use inkhorn_protocol::session::Role;
use inkhorn_protocol::{CourseId, DocId};
use output::Output;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use write::{Batching, Waiting};

/// A document that nobody has open stays in memory this long, in milliseconds: a reconnect finds it warm.
const UNLOAD_AFTER_MS: u64 = 60_000;

/// Entries after which a checkpoint is made: replaying as many takes about a millisecond.
const CHECKPOINT_EVERY: u64 = 1_000;

/// The whole state of the server's documents and connections.
#[derive(Debug, Default)]
pub struct Engine {
    /// Steady time of this step, in milliseconds.
    now_ms: u64,
    /// The wall clock of this step, in milliseconds since the Unix epoch; may be set at any time.
    wall_ms: u64,
    clock: Clock,
    epoch: String,
    // Ordered, so that a run replays exactly.
    conns: BTreeMap<ConnId, Conn>,
    docs: BTreeMap<DocId, Slot>,
    /// The batch that is being written.
    writing: Option<Batching>,
    /// The batch that is being put together in this step.
    staged: Batching,
    /// Writes that arrived while a batch was being written.
    waiting: VecDeque<Waiting>,
    /// Bytes in `waiting`.
    waiting_bytes: usize,
    /// Questions asked so far.
    tickets: u64,
    courses: BTreeMap<CourseId, session::CourseEvents>,
    /// Roles that changed a moment ago: the number of the change, and until when it counts as a moment.
    recent_roles: HashMap<(CourseId, Arc<str>), RecentRole>,
    out: Output,
}

/// A role that changed a moment ago.
#[derive(Debug, Clone, Copy)]
struct RecentRole {
    role: Option<Role>,
    course_seq: u64,
    until_ms: u64,
}

impl Engine {
    /// An engine without connections and documents. `epoch` is the store's.
    pub fn new(epoch: String) -> Self {
        Self { epoch, ..Self::default() }
    }

    /// Takes an event and returns what is to be done. `now_ms` is the wall clock, in milliseconds since the Unix epoch: it
    /// dates what is written, and may be set back at any time.
    pub fn step(&mut self, event: Event, now_ms: u64) -> Vec<Action> {
        self.wall_ms = now_ms;
        let now_ms = self.clock.at(now_ms);
        self.now_ms = now_ms;
        match event {
            Event::Opened { conn } => {
                self.conns.insert(conn, Conn::new(now_ms));
            }
            Event::Frame { conn, frame } => self.frame(conn, frame),
            Event::Closed { conn } => self.closed(conn),
            Event::Authorised { conn, key, ticket, result } => self.authorised(conn, &key, ticket, result),
            Event::Loaded { doc, result } => self.loaded(doc, result),
            Event::Committed { result } => self.committed(result),
            Event::Greeted { conn, result } => self.greeted(conn, result),
            Event::Changed(change) => self.changed(change),
            Event::Receipt { user, op, rejected } => self.receipt(&user, op, rejected),
            Event::Tick => self.tick(),
        }
        self.begin_commit();
        self.out.take()
    }

    /// Bytes of updates that wait for the batch before them; the adapter reads no more frames when it is too many.
    pub fn waiting_bytes(&self) -> usize {
        self.waiting_bytes
    }

    /// Whether nothing waits to be written, so that the process may end.
    pub fn is_quiet(&self) -> bool {
        self.writing.is_none() && self.waiting.is_empty()
    }

    fn tick(&mut self) {
        self.flush_course_events();
        self.drop_strangers();
        let now_ms = self.now_ms;
        self.recent_roles.retain(|_, recent| recent.until_ms > now_ms);
        let busy: BTreeSet<DocId> = self
            .waiting
            .iter()
            .map(|w| w.doc.clone())
            .chain(self.writing.iter().flat_map(Batching::docs).cloned())
            .collect();
        let mut idle = Vec::new();
        for (doc, slot) in &mut self.docs {
            let Slot::Ready(document) = slot else { continue };
            if busy.contains(doc) {
                continue;
            }
            let unload = document.opens.is_empty() && self.now_ms >= document.used_ms + UNLOAD_AFTER_MS;
            if document.since_checkpoint >= CHECKPOINT_EVERY {
                document.since_checkpoint = 0;
                if let Some(bytes) = document.content.checkpoint(doc) {
                    self.out.push(Action::Checkpoint { doc: doc.clone(), doc_seq: document.doc_seq, bytes });
                }
            }
            if unload {
                idle.push(doc.clone());
            }
        }
        for doc in idle {
            self.docs.remove(&doc);
        }
    }
}
