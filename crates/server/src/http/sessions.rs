//! Sessions without a socket, for networks that let none through: what `fallback` reads from and writes to.
//!
//! A session is a connection of the engine like any other. Frames down wait here until the client has said that they
//! arrived, frames up are taken in the order of their numbers, each once.

use super::App;
use super::error::Refused;
use crate::engine::ConnId;
use crate::hub::{Ending, Incoming, OUTGOING};
use crate::store::Account;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use inkhorn_protocol::carrier::SESSION_HEADER;
use inkhorn_protocol::frame::Frame;
use inkhorn_protocol::session::Reason;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A session from which nothing came for so long is over. A poll waits 25 s, a stream is answered each 12 s.
pub(super) const IDLE: Duration = Duration::from_secs(60);

/// Sessions of one account at a time: some devices, some that ended without goodbye. The one that was idle longest
/// makes room.
const PER_USER: usize = 32;

/// Frames of one session that are read and not yet processed, as on a socket.
const UNPROCESSED: usize = 16;

/// No frame up is taken while the queue down has less room than this, as on a socket.
const ROOM: usize = OUTGOING / 2;

/// So long a post waits for that room; the client then sends the rest again.
const ROOM_WITHIN: Duration = Duration::from_secs(20);

/// Bytes that a stream keeps for a client whose connection is lost: more than what is under way on most lines. Beyond,
/// the session ends and the client syncs anew.
const KEPT_BYTES: usize = 1024 * 1024;

/// All sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    open: Mutex<HashMap<String, Arc<Session>>>,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Session {
    user: String,
    conn: ConnId,
    ending: Arc<Ending>,
    /// A std mutex: held within one poll, never across a wait, so that a reader on a dead line holds up nobody.
    down: Mutex<Down>,
    /// Number that comes next from the client.
    up: tokio::sync::Mutex<u64>,
    unprocessed: Arc<Semaphore>,
    room: mpsc::WeakSender<Vec<Bytes>>,
    taken: Notify,
    heard: Mutex<Instant>,
    over: CancellationToken,
}

#[derive(Debug)]
struct Down {
    queue: mpsc::Receiver<Vec<Bytes>>,
    /// Frames that the client has not confirmed, the last of them numbered `next - 1`.
    kept: VecDeque<Bytes>,
    bytes: usize,
    next: u64,
    turn: CancellationToken,
}

/// What a reader gets.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// A frame; its number is one more than that of the one before.
    Frame(Bytes),
    /// Another request reads this session now.
    Displaced,
    /// The session is over.
    Over,
}

/// Why frames up were not taken.
#[derive(Debug)]
pub(super) enum Untaken {
    /// Numbers between the last one and this are missing.
    Gap,
    /// The client has to read first.
    NoRoom,
    /// The session is over.
    Over,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn over(why: &str) -> Refused {
    Refused::new(Reason::Other).status(StatusCode::GONE).message(why)
}

impl Sessions {
    /// Opens a session and gives its secret name.
    pub(super) async fn open(app: &App, account: &Account) -> Result<String, Refused> {
        let mut secret = [0u8; 32];
        getrandom::fill(&mut secret).map_err(|_| Refused::new(Reason::Other))?;
        let name = URL_SAFE_NO_PAD.encode(secret);
        let conn = super::collab::next_conn();
        let (outgoing, queue) = mpsc::channel(OUTGOING);
        let ending = Arc::new(Ending::default());
        let room = outgoing.downgrade();
        let opened = Incoming::Opened { conn, outgoing, ending: Arc::clone(&ending) };
        app.hub.incoming.send(opened).await.map_err(|_| over("the server is stopping"))?;
        let down = Down { queue, kept: VecDeque::new(), bytes: 0, next: 1, turn: CancellationToken::new() };
        let session = Arc::new(Session {
            user: account.id.clone(),
            conn,
            ending,
            down: Mutex::new(down),
            up: tokio::sync::Mutex::new(1),
            unprocessed: Arc::new(Semaphore::new(UNPROCESSED)),
            room,
            taken: Notify::new(),
            heard: Mutex::new(Instant::now()),
            over: CancellationToken::new(),
        });
        app.sessions.insert(name.clone(), Arc::clone(&session));
        app.connections.clone().spawn(watch(app.clone(), name.clone(), session));
        Ok(name)
    }

    fn insert(&self, name: String, session: Arc<Session>) {
        let mut open = lock(&self.open);
        let own: Vec<&Arc<Session>> = open.values().filter(|other| other.user == session.user).collect();
        if own.len() >= PER_USER
            && let Some(oldest) = own.into_iter().min_by_key(|other| *lock(&other.heard))
        {
            oldest.over.cancel();
        }
        open.insert(name, session);
    }

    /// The session of a request. One of somebody else is as unknown as one that never was.
    pub(super) fn find(&self, headers: &HeaderMap, account: &Account) -> Result<Arc<Session>, Refused> {
        let name = headers.get(SESSION_HEADER).and_then(|name| name.to_str().ok());
        let name = name.ok_or_else(|| Refused::invalid(format!("the header {SESSION_HEADER} is missing")))?;
        let found = lock(&self.open).get(name).filter(|session| session.user == account.id).cloned();
        let found = found.filter(|session| !session.over.is_cancelled());
        let session = found.ok_or_else(|| over("there is no such session, or it is over"))?;
        session.heard();
        Ok(session)
    }
}

/// Ends a session that fell silent, that the hub let go of, or that said goodbye.
async fn watch(app: App, name: String, session: Arc<Session>) {
    loop {
        let until = *lock(&session.heard) + IDLE;
        tokio::select! {
            () = session.over.cancelled() => break,
            // The client is too slow.
            () = session.ending.at_once.cancelled() => break,
            // The server stops; readers are told by the queue.
            () = app.hub.incoming.closed() => break,
            () = tokio::time::sleep_until(until) => {
                if lock(&session.heard).elapsed() >= IDLE {
                    let _ = session.ending.reason.set((4408, "nothing was heard for a minute"));
                    break;
                }
            }
        }
    }
    session.over.cancel();
    lock(&app.sessions.open).remove(&name);
    let _ = app.hub.incoming.send(Incoming::Closed { conn: session.conn }).await;
}

impl Session {
    pub(super) fn heard(&self) {
        *lock(&self.heard) = Instant::now();
    }

    /// Goodbye.
    pub(super) fn end(&self) {
        self.over.cancel();
    }

    /// Bytes came that are of no client of ours.
    pub(super) fn nonsense(&self) {
        let _ = self.ending.reason.set((1007, "a frame does not read"));
        self.over.cancel();
    }

    /// Why it is over.
    pub(super) fn why(&self) -> &'static str {
        self.ending.reason.get().map_or("the session is over", |(_, why)| *why)
    }

    pub(super) fn gone(&self) -> Refused {
        over(self.why())
    }

    /// Begins to read behind the frame numbered `seen`, which with all before it has arrived. An earlier reader stops.
    pub(super) fn turn(&self, seen: u64) -> Result<CancellationToken, Refused> {
        let mut down = lock(&self.down);
        if seen >= down.next {
            return Err(Refused::invalid(format!("no frame {seen} was sent in this session")));
        }
        if seen + 1 < down.first() {
            drop(down);
            let _ = self.ending.reason.set((4205, "too much was missed: connect again"));
            self.over.cancel();
            return Err(self.gone());
        }
        down.turn.cancel();
        down.turn = CancellationToken::new();
        down.forget(seen);
        Ok(down.turn.clone())
    }

    /// Frames up to this one have arrived. Nonsense is no harm: it is forgotten no more than was sent.
    pub(super) fn seen(&self, number: u64) {
        let mut down = lock(&self.down);
        let number = number.min(down.next - 1);
        down.forget(number);
    }

    /// A stream went on to this frame: of what lies behind, only so much is kept.
    pub(super) fn passed(&self, number: u64) {
        let mut down = lock(&self.down);
        while down.bytes > KEPT_BYTES && down.first() < number {
            let first = down.first();
            down.forget(first);
        }
    }

    /// The frame behind `cursor`, for the reader whose turn it is.
    pub(super) async fn next(&self, cursor: u64, turn: &CancellationToken) -> Step {
        tokio::select! {
            biased;
            () = self.over.cancelled() => Step::Over,
            () = turn.cancelled() => Step::Displaced,
            step = std::future::poll_fn(|context| self.poll_next(cursor, turn, context)) => step,
        }
    }

    fn poll_next(&self, cursor: u64, turn: &CancellationToken, context: &mut Context<'_>) -> Poll<Step> {
        let mut down = lock(&self.down);
        loop {
            // Looked at under the lock: nothing is taken from the queue for one that lost its turn.
            if turn.is_cancelled() {
                return Poll::Ready(Step::Displaced);
            }
            let first = down.first();
            if cursor + 1 < first {
                return Poll::Ready(Step::Over);
            }
            if let Some(frame) = down.kept.get((cursor + 1 - first) as usize) {
                return Poll::Ready(Step::Frame(frame.clone()));
            }
            match down.queue.poll_recv(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(frames)) => {
                    for frame in frames {
                        down.bytes += frame.len();
                        down.next += 1;
                        down.kept.push_back(frame);
                    }
                    self.taken.notify_one();
                }
                // The hub let go, and all that it said is read.
                Poll::Ready(None) => {
                    self.over.cancel();
                    return Poll::Ready(Step::Over);
                }
            }
        }
    }

    /// Takes frames, the first of which has this number; gives the number that comes next. `None` stands for a frame of
    /// a newer client. Frames that came before are passed over.
    pub(super) async fn take(
        &self,
        app: &App,
        number: u64,
        frames: Vec<Option<Frame>>,
    ) -> Result<u64, Untaken> {
        let mut expected = self.up.lock().await;
        if number > *expected {
            return Err(Untaken::Gap);
        }
        let twice = usize::try_from(*expected - number).unwrap_or(usize::MAX);
        for frame in frames.into_iter().skip(twice) {
            let room = tokio::time::timeout(ROOM_WITHIN, self.room());
            let roomy = tokio::select! {
                () = self.over.cancelled() => return Err(Untaken::Over),
                roomy = room => roomy.map_err(|_| Untaken::NoRoom)?,
            };
            if !roomy {
                return Err(Untaken::Over);
            }
            if let Some(frame) = frame {
                let permit = Arc::clone(&self.unprocessed).acquire_owned().await;
                let _permit = permit.map_err(|_| Untaken::Over)?;
                let incoming = Incoming::Frame { conn: self.conn, frame, _permit };
                app.hub.incoming.send(incoming).await.map_err(|_| Untaken::Over)?;
            }
            // Right behind the hand-over, without a wait between: a request that breaks off counts what it gave.
            *expected += 1;
        }
        Ok(*expected)
    }

    /// Waits until the queue down has room; false when the hub let go.
    async fn room(&self) -> bool {
        loop {
            let waiting = self.taken.notified();
            match self.room.upgrade() {
                Some(outgoing) if outgoing.capacity() < ROOM => drop(outgoing),
                Some(_) => return true,
                None => return false,
            }
            waiting.await;
        }
    }
}

impl Down {
    fn first(&self) -> u64 {
        self.next - self.kept.len() as u64
    }

    fn forget(&mut self, seen: u64) {
        while self.first() <= seen
            && let Some(frame) = self.kept.pop_front()
        {
            self.bytes -= frame.len();
        }
    }
}
