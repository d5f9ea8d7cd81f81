//! Virtual time and the virtual network: a queue of what is to happen, and links that keep their order until they die.

use bytes::Bytes;
use inkhorn_protocol::frame::Frame;
use inkhorn_protocol::{CourseId, DocId};
use inkhorn_replica::Change;
use inkhorn_server::engine::Event as ServerEvent;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::sync::Arc;

/// Number of a link; the server's connection has the same one.
pub(crate) type LinkId = u64;

/// Something that will happen.
#[derive(Debug)]
pub(crate) enum Happening {
    /// A step of the plan.
    Step(usize),
    /// What a step began ends.
    End(End),
    /// The server learns of a new link.
    Arrived { link: LinkId },
    /// Bytes reach the server.
    Up { link: LinkId, bytes: Bytes },
    /// Bytes reach the client.
    Down { link: LinkId, bytes: Bytes },
    /// The server notices that a link is gone.
    ServerLost { link: LinkId },
    /// The client notices that its link is gone.
    ClientLost { link: LinkId },
    /// An answer to the server's engine.
    Server { run: u32, event: Box<ServerEvent> },
    /// The batch that the server writes has come to its end.
    Landed { run: u32 },
    /// The server's clock ticks.
    ServerTick { run: u32 },
    /// The client's clock ticks.
    ClientTick { client: usize, run: u32 },
    /// The client's disk does what is queued.
    Disk { client: usize, run: u32 },
    /// The client hears of what its disk has done.
    Done { client: usize, run: u32, link: LinkId, done: Box<crate::client::Done> },
    /// The client's session sees a change that was committed.
    Changed { client: usize, run: u32, change: Arc<Change> },
    /// The client tries to connect.
    Connect { client: usize, run: u32 },
    /// A registration reaches the server.
    Register { client: usize, run: u32, link: LinkId, course: CourseId, docs: Vec<DocId> },
    /// Its reply reaches the client; none: it did not get through.
    Registered { client: usize, run: u32, link: LinkId, course: CourseId, docs: Option<Vec<DocId>> },
}

/// What a step began ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Partition(usize),
    Crash(usize),
    CrashServer,
    ServerDisk,
    ClientDisk(usize),
    SignIn(usize),
    Role(usize),
}

struct Link {
    client: usize,
    /// Nothing more arrives, at either end.
    cut: bool,
    up_ms: u64,
    down_ms: u64,
}

/// The queue, the links and the dice.
pub(crate) struct Net {
    /// Virtual time, in milliseconds.
    pub(crate) now: u64,
    pub(crate) rng: ChaCha8Rng,
    queue: BinaryHeap<Reverse<Entry>>,
    count: u64,
    links: BTreeMap<LinkId, Link>,
    last_link: LinkId,
    /// Frames sent, up and down.
    pub(crate) frames: u64,
    /// What happened in which order, as a number: two runs of a plan give the same.
    pub(crate) trace: u64,
    /// Ticks apart, how much waits to happen.
    pub(crate) pending: usize,
}

struct Entry {
    at: u64,
    number: u64,
    what: Happening,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl Happening {
    /// Whether it comes again for ever.
    fn is_tick(&self) -> bool {
        matches!(self, Self::ServerTick { .. } | Self::ClientTick { .. })
    }
}

impl Happening {
    /// For the log of a run: frames are decoded.
    fn words(&self) -> String {
        let frame = |bytes: &[u8]| format!("{:?}", Frame::decode(bytes));
        match self {
            Self::Up { link, bytes } => format!("up {link}: {}", frame(bytes)),
            Self::Down { link, bytes } => format!("down {link}: {}", frame(bytes)),
            other => format!("{other:?}"),
        }
    }
}

impl Net {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            now: 0,
            // Another stream than the plan's.
            rng: ChaCha8Rng::seed_from_u64(seed ^ 0x6e65_7477_6f72_6b00),
            queue: BinaryHeap::new(),
            count: 0,
            links: BTreeMap::new(),
            last_link: 0,
            frames: 0,
            trace: 0xcbf2_9ce4_8422_2325,
            pending: 0,
        }
    }

    /// Lets something happen after a while.
    pub(crate) fn after(&mut self, ms: u64, what: Happening) {
        self.at(self.now + ms, what);
    }

    /// Lets something happen after a while that the dice choose.
    pub(crate) fn soon(&mut self, ms: std::ops::Range<u64>, what: Happening) {
        let ms = self.rng.random_range(ms);
        self.after(ms, what);
    }

    pub(crate) fn at(&mut self, at: u64, what: Happening) {
        self.count += 1;
        self.pending += usize::from(!what.is_tick());
        self.queue.push(Reverse(Entry { at: at.max(self.now), number: self.count, what }));
    }

    /// The next thing, and time moves there.
    pub(crate) fn next(&mut self) -> Option<Happening> {
        let Reverse(entry) = self.queue.pop()?;
        self.now = entry.at;
        self.pending -= usize::from(!entry.what.is_tick());
        self.note(entry.at);
        if !entry.what.is_tick() {
            tracing::debug!(at = entry.at, "{}", entry.what.words());
        }
        Some(entry.what)
    }

    /// Time of the next thing.
    pub(crate) fn next_at(&self) -> Option<u64> {
        self.queue.peek().map(|entry| entry.0.at)
    }

    /// Adds to the trace.
    pub(crate) fn note(&mut self, value: u64) {
        self.trace = (self.trace ^ value).wrapping_mul(0x100_0000_01b3).rotate_left(17);
    }

    // ---- links ----------------------------------------------------------------------------------

    /// A new link; the server learns of it when the first bytes could arrive.
    pub(crate) fn open(&mut self, client: usize) -> LinkId {
        self.last_link += 1;
        let link = self.last_link;
        let up_ms = self.now + self.rng.random_range(1..30);
        self.links.insert(link, Link { client, cut: false, up_ms, down_ms: self.now });
        self.at(up_ms, Happening::Arrived { link });
        link
    }

    fn latency(&mut self) -> u64 {
        // Mostly quick, now and then a hiccup that everything behind it waits for.
        if self.rng.random_bool(0.03) { self.rng.random_range(50..800) } else { self.rng.random_range(1..20) }
    }

    /// Sends a frame to the server.
    pub(crate) fn up(&mut self, link: LinkId, bytes: Bytes) {
        let latency = self.latency();
        let Some(state) = self.links.get_mut(&link).filter(|l| !l.cut) else { return };
        state.up_ms = state.up_ms.max(self.now + latency);
        let at = state.up_ms;
        self.frames += 1;
        self.note(bytes.len() as u64);
        self.at(at, Happening::Up { link, bytes });
    }

    /// Sends a frame to the client.
    pub(crate) fn down(&mut self, link: LinkId, bytes: Bytes) {
        let latency = self.latency();
        let Some(state) = self.links.get_mut(&link).filter(|l| !l.cut) else { return };
        state.down_ms = state.down_ms.max(self.now + latency);
        let at = state.down_ms;
        self.frames += 1;
        self.note(bytes.len() as u64);
        self.at(at, Happening::Down { link, bytes });
    }

    /// Whether bytes still arrive on a link.
    pub(crate) fn carries(&self, link: LinkId) -> bool {
        self.links.get(&link).is_some_and(|link| !link.cut)
    }

    /// Computer at the end of a link.
    pub(crate) fn client(&self, link: LinkId) -> Option<usize> {
        self.links.get(&link).map(|link| link.client)
    }

    /// Breaks a link: what is on its way is lost, and each side notices in its own time.
    pub(crate) fn cut(&mut self, link: LinkId, server_after: u64, client_after: u64) {
        let Some(state) = self.links.get_mut(&link).filter(|link| !link.cut) else { return };
        state.cut = true;
        self.after(server_after, Happening::ServerLost { link });
        self.after(client_after, Happening::ClientLost { link });
    }

    /// The server closes a link behind its last frames.
    pub(crate) fn hang_up(&mut self, link: LinkId) {
        let Some(state) = self.links.get_mut(&link).filter(|link| !link.cut) else { return };
        let at = state.down_ms + 1;
        self.at(at, Happening::ClientLost { link });
    }

    /// A side has noticed: nothing more arrives.
    pub(crate) fn close(&mut self, link: LinkId) {
        if let Some(state) = self.links.get_mut(&link) {
            state.cut = true;
        }
    }
}
