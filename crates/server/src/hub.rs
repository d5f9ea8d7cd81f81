//! Runs the engine: one task owns it, turns its actions into I/O, and feeds the answers back.

use crate::engine::Engine;
use crate::engine::event::{Action, ConnId, Event};
use crate::engine::log::Log;
use crate::store::{Store, hash_token, now_ms};
use bytes::Bytes;
use inkhorn_protocol::OpId;
use inkhorn_protocol::frame::Frame;
use inkhorn_protocol::session::Reason;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::sync::{Notify, OwnedSemaphorePermit, mpsc};
use tokio_util::sync::CancellationToken;

/// Bundles of frames that may wait for one consumer; one that lets more pile up is cut off and syncs anew.
pub(crate) const OUTGOING: usize = 64;

/// Frames, of all connections, that may wait for the engine.
const INCOMING: usize = 256;

/// While more bytes than these wait for the disk, no further frames are read from anybody.
const MAX_WAITING_BYTES: usize = 64 * 1024 * 1024;

/// How often the engine is told that time passes, and changes of other processes are looked for.
const TICK: Duration = Duration::from_millis(200);

/// Different tokens that one connection may show. Each is remembered, so that the connection ends when one is withdrawn.
const TOKENS: usize = 8;

/// Close code of one whose token is not valid any more, as Hocuspocus has it.
const UNAUTHORIZED: u16 = 4401;

/// Why and how a socket is to be closed.
#[derive(Debug, Default)]
pub(crate) struct Ending {
    /// Close code and reason.
    pub(crate) reason: OnceLock<(u16, &'static str)>,
    /// Do not wait for what is queued.
    pub(crate) at_once: CancellationToken,
}

/// What connections tell the hub.
pub(crate) enum Incoming {
    /// A socket is open.
    Opened { conn: ConnId, outgoing: mpsc::Sender<Vec<Bytes>>, ending: Arc<Ending> },
    /// A frame; the permit counts it as unprocessed until it is dropped.
    Frame { conn: ConnId, frame: Frame, _permit: OwnedSemaphorePermit },
    /// A socket is closed.
    Closed { conn: ConnId },
    /// An operation ended.
    Receipt { user: Arc<str>, op: OpId, rejected: Option<Reason> },
    /// The token with this hash was withdrawn.
    Revoked { hash: Vec<u8> },
}

/// The way to the hub.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    pub(crate) incoming: mpsc::Sender<Incoming>,
    /// Says that there are changes to be read; saves the wait for the next tick.
    pub(crate) changed: Arc<Notify>,
}

struct Peer {
    outgoing: mpsc::Sender<Vec<Bytes>>,
    ending: Arc<Ending>,
    /// Hashes of the tokens that it showed.
    tokens: Vec<Vec<u8>>,
}

struct Running {
    engine: Engine,
    store: Store,
    peers: HashMap<ConnId, Peer>,
    answers: mpsc::UnboundedSender<Event>,
    changed: Arc<Notify>,
}

/// Starts the hub. It ends once `stop` is cancelled and everything that was received is durable.
pub(crate) async fn start(
    store: Store,
    stop: CancellationToken,
) -> Result<(Hub, tokio::task::JoinHandle<()>), crate::store::StoreError> {
    let (incoming, inbox) = mpsc::channel(INCOMING);
    let changed = Arc::new(Notify::new());
    let hub = Hub { incoming, changed: Arc::clone(&changed) };
    // Answers are bounded by the questions, of which each frame asks at most one.
    let (answers, answered) = mpsc::unbounded_channel();
    let last = store.last_change().await?;
    let poller = tokio::spawn(poll(store.clone(), last, answers.clone(), Arc::clone(&changed)));
    // What was withdrawn before now has no connections.
    let revoked = store.revoked_since(0).await?.0;
    let revoker = tokio::spawn(watch_tokens(store.clone(), revoked, hub.incoming.downgrade()));
    let engine = Engine::new(store.epoch().to_owned());
    let running = Running { engine, store, peers: HashMap::new(), answers, changed };
    let task = tokio::spawn(async move {
        // Should the engine ever panic, the whole server ends, and whoever watches over it starts it anew: what was acked is on disk.
        let _stop = stop.clone().drop_guard();
        run(running, inbox, answered, stop).await;
        poller.abort();
        revoker.abort();
    });
    Ok((hub, task))
}

/// Reads what operations and other processes changed.
async fn poll(store: Store, mut last: i64, answers: mpsc::UnboundedSender<Event>, changed: Arc<Notify>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = changed.notified() => {}
        }
        match store.changes_since(last).await {
            Ok((head, changes)) => {
                last = head;
                for change in changes {
                    if answers.send(Event::Changed(change)).is_err() {
                        return;
                    }
                }
            }
            Err(error) => tracing::error!(%error, "changes could not be read"),
        }
    }
}

/// Ends tokens whose time is over, and reads which were withdrawn, by whatever process.
async fn watch_tokens(store: Store, mut last: i64, incoming: mpsc::WeakSender<Incoming>) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tick.tick().await;
        if let Err(error) = store.expire_tokens().await {
            tracing::error!(%error, "tokens whose time is over could not be withdrawn");
        }
        match store.revoked_since(last).await {
            Ok((head, hashes)) => {
                last = head;
                for hash in hashes {
                    let Some(incoming) = incoming.upgrade() else { return };
                    if incoming.send(Incoming::Revoked { hash }).await.is_err() {
                        return;
                    }
                }
            }
            Err(error) => tracing::error!(%error, "withdrawn tokens could not be read"),
        }
    }
}

async fn run(
    mut hub: Running,
    mut inbox: mpsc::Receiver<Incoming>,
    mut answered: mpsc::UnboundedReceiver<Event>,
    stop: CancellationToken,
) {
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let stopping = stop.is_cancelled();
        if stopping && hub.engine.is_quiet() {
            break;
        }
        let reading = !stopping && hub.engine.waiting_bytes() < MAX_WAITING_BYTES;
        tokio::select! {
            biased;
            Some(event) = answered.recv() => hub.step(event),
            () = stop.cancelled(), if !stopping => {}
            Some(incoming) = inbox.recv(), if reading => hub.receive(incoming),
            _ = tick.tick() => hub.step(Event::Tick),
        }
    }
    for peer in hub.peers.values() {
        // 1012: the service restarts; clients come again by themselves.
        let _ = peer.ending.reason.set((1012, "the server is stopping"));
    }
}

impl Running {
    fn receive(&mut self, incoming: Incoming) {
        match incoming {
            Incoming::Opened { conn, outgoing, ending } => {
                self.peers.insert(conn, Peer { outgoing, ending, tokens: Vec::new() });
                self.step(Event::Opened { conn });
            }
            Incoming::Frame { conn, frame, _permit } => self.step(Event::Frame { conn, frame }),
            Incoming::Closed { conn } => {
                if self.peers.remove(&conn).is_some() {
                    self.step(Event::Closed { conn });
                }
            }
            Incoming::Receipt { user, op, rejected } => self.step(Event::Receipt { user, op, rejected }),
            Incoming::Revoked { hash } => {
                let shown = |(_, peer): &(&ConnId, &Peer)| peer.tokens.contains(&hash);
                let conns: Vec<ConnId> = self.peers.iter().filter(shown).map(|(conn, _)| *conn).collect();
                for conn in conns {
                    self.sign_out(conn);
                }
            }
        }
    }

    fn sign_out(&mut self, conn: ConnId) {
        if let Some(peer) = self.peers.remove(&conn) {
            let _ = peer.ending.reason.set((UNAUTHORIZED, "this sign-in has ended"));
            self.step(Event::Closed { conn });
        }
    }

    /// Remembers the token of a connection; false for one that shows too many.
    fn remember(&mut self, conn: ConnId, token: &str) -> bool {
        let Some(peer) = self.peers.get_mut(&conn) else { return true };
        let hash = hash_token(token);
        if peer.tokens.contains(&hash) {
            return true;
        }
        peer.tokens.push(hash);
        peer.tokens.len() <= TOKENS
    }

    fn step(&mut self, event: Event) {
        let mut events = vec![event];
        while let Some(event) = events.pop() {
            for action in self.engine.step(event, now_ms()) {
                if let Some(follow_up) = self.perform(action) {
                    events.push(follow_up);
                }
            }
        }
    }

    fn perform(&mut self, action: Action) -> Option<Event> {
        let (store, answers) = (self.store.clone(), self.answers.clone());
        match action {
            Action::Send { conn, frames } => {
                let full = self.peers.get(&conn)?.outgoing.try_send(frames).is_err();
                if full && let Some(peer) = self.peers.remove(&conn) {
                    // 4205, "reset connection": the client connects again and syncs what it missed.
                    let _ = peer.ending.reason.set((4205, "too slow: connect again"));
                    peer.ending.at_once.cancel();
                    return Some(Event::Closed { conn });
                }
            }
            Action::Disconnect { conn, code, why } => {
                let peer = self.peers.remove(&conn)?;
                let _ = peer.ending.reason.set((code, why));
            }
            Action::Authorise { conn, key, ticket, token, doc } => {
                if !self.remember(conn, &token) {
                    let peer = self.peers.remove(&conn)?;
                    let _ = peer.ending.reason.set((UNAUTHORIZED, "too many tokens on one connection"));
                    return Some(Event::Closed { conn });
                }
                tokio::spawn(async move {
                    let result = store.authorise(&token, doc.as_ref()).await;
                    let _ = answers.send(Event::Authorised { conn, key, ticket, result });
                });
            }
            Action::Load { doc } => {
                tokio::spawn(async move {
                    let result = store.load(&doc).await.map(Box::new);
                    let _ = answers.send(Event::Loaded { doc, result });
                });
            }
            Action::Commit(batch) => {
                tokio::spawn(async move {
                    let result =
                        if batch.entries.is_empty() { Ok(Vec::new()) } else { store.commit(batch).await };
                    let _ = answers.send(Event::Committed { result });
                });
            }
            Action::Checkpoint { doc, doc_seq, bytes } => {
                tokio::spawn(async move {
                    if let Err(error) = store.checkpoint(&doc, doc_seq, bytes).await {
                        tracing::warn!(%doc, %error, "a checkpoint could not be saved; the log has everything");
                    }
                });
            }
            Action::Greet { conn, user, since } => {
                // Roles that changed a moment ago are read before the answer.
                self.changed.notify_one();
                tokio::spawn(async move {
                    let result = store
                        .greet(&user, since)
                        .await
                        .map_err(|e| crate::engine::LogError::RolledBack(e.to_string()));
                    let _ = answers.send(Event::Greeted { conn, result });
                });
            }
        }
        None
    }
}
