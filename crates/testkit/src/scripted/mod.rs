//! A small sync server in this process that follows a script: it says what it is told to say, at the rate it is told.
//!
//! It speaks enough of the protocol that a real app or core signs in, shares a course to it and stays connected:
//! token, hello and `changed`, registration, titles, both sync steps, updates, `stored` and `at`. What it has got it
//! keeps in memory only, so its acks mean nothing: it is for load and for order, not for durability. Then
//! [`Scripted::play`] lets another writer work in lessons: each event of a script is one update of one lesson, told as
//! the real server tells it (update and `at` to who has the lesson open, a `documents` event on `@session`), but never
//! joined with the next one, which the real server would do.
//!
//! - [`Scripted`], [`Script`]: the handle and what to play
//! - `world`: what the server knows; `serve`: its sockets and calls; `writer`: the other writer
//!
//! It is bounded (a script has an end, and waits while the link is full) and ends with the value.
//!
//! ```no_run
//! # async fn example(lesson: inkhorn_protocol::NodeId) -> anyhow::Result<()> {
//! use inkhorn_testkit::scripted::{Script, Scripted};
//! let server = Scripted::start().await?;
//! println!("sign in to {} with the token {}, and share a course", server.url(), Scripted::TOKEN);
//! server.stored(2).await; // the course's outline and its lesson have come
//! let script = Script { lessons: vec![lesson], events: 100_000, per_second: 10_000 };
//! let told = server.play(&script).await?;
//! println!("the last event left at {:?}: its paragraph reads {}", told.last(), script.last_words(0));
//! # Ok(()) }
//! ```

mod serve;
mod world;
mod writer;

use anyhow::{Context, bail, ensure};
use inkhorn_protocol::{DocId, NodeId};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use world::World;
use writer::Writer;

/// Frames that wait for the socket before a script waits for them: far more than a socket buffer holds, so the link
/// never runs dry, and few enough that what is late is seen as late.
const WAITING: usize = 4_096;

/// How often a script looks whether events are due: finer than a frame of the screen.
const BEAT: Duration = Duration::from_millis(1);

/// How long the app may take no frame before a script gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// What to play: `events` updates, over the lessons in turn, at this rate.
#[derive(Debug, Clone)]
pub struct Script {
    /// Lessons that the other writer works in, in turn.
    pub lessons: Vec<NodeId>,
    /// How many events, over all lessons.
    pub events: usize,
    /// Events a second.
    pub per_second: u32,
}

impl Script {
    /// What the paragraph of the other writer says in a lesson (by its place in the list) after the last event.
    pub fn last_words(&self, lesson: usize) -> String {
        let lessons = self.lessons.len().max(1);
        let said = self.events / lessons + usize::from(lesson < self.events % lessons);
        words(said)
    }
}

/// What the other writer's paragraph says after so many events: short, so that what is shown stays the same size.
fn words(said: usize) -> String {
    format!("Tick {said:06}")
}

/// What all parts of the server share.
struct Shared {
    /// A std mutex: held for one frame, never across a wait.
    world: Mutex<World>,
    /// Something was stored, or a frame has left.
    moved: Notify,
}

impl Shared {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The server; it ends with the value.
pub struct Scripted {
    shared: Arc<Shared>,
    address: SocketAddr,
    serving: JoinHandle<()>,
}

impl Drop for Scripted {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl Scripted {
    /// The token of its only account.
    pub const TOKEN: &str = "scripted";

    /// Starts on a free port of this computer.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared { world: Mutex::default(), moved: Notify::new() });
        let serving = tokio::spawn(serve::serve(listener, Arc::clone(&shared)));
        Ok(Self { shared, address, serving })
    }

    /// Base address, as a sign-in takes it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Waits until so many documents have content here.
    pub async fn stored(&self, documents: usize) {
        loop {
            let moved = self.shared.moved.notified();
            if self.shared.world().stored() >= documents {
                return;
            }
            moved.await;
        }
    }

    /// Waits until the app has this lesson open on its link.
    pub async fn opened(&self, lesson: &NodeId) {
        let doc = DocId::Lesson(lesson.clone());
        loop {
            let moved = self.shared.moved.notified();
            if self.shared.world().is_open(&doc) {
                return;
            }
            moved.await;
        }
    }

    /// Plays a script to the end. Gives the time of each event: when its first frame was handed to the socket.
    ///
    /// # Errors
    /// When a lesson has not come, nobody is connected, or the app takes nothing any more.
    pub async fn play(&self, script: &Script) -> anyhow::Result<Vec<SystemTime>> {
        ensure!(!script.lessons.is_empty() && script.per_second > 0, "a script needs lessons and a rate");
        // Written beforehand: the rate is the script's, not the writer's.
        let updates = self.write(script)?;
        let docs: Vec<DocId> = script.lessons.iter().cloned().map(DocId::Lesson).collect();
        self.shared.world().told.clear();
        let started = tokio::time::Instant::now();
        let mut beat = tokio::time::interval(BEAT);
        let mut next = 0;
        while next < updates.len() {
            beat.tick().await;
            self.room().await?;
            let due = (started.elapsed().as_secs_f64() * f64::from(script.per_second)) as usize + 1;
            let mut world = self.shared.world();
            for update in updates.iter().take(due).skip(next) {
                world.change(&docs[next % docs.len()], update)?;
                next += 1;
            }
        }
        self.drained().await?;
        let told = std::mem::take(&mut self.shared.world().told);
        ensure!(told.len() == updates.len(), "{} of {} events were told", told.len(), updates.len());
        Ok(told)
    }

    fn write(&self, script: &Script) -> anyhow::Result<Vec<Vec<u8>>> {
        let mut writers = Vec::new();
        for lesson in &script.lessons {
            let state = self.shared.world().state(&DocId::Lesson(lesson.clone()))?;
            writers.push(Writer::new(&state)?);
        }
        let lessons = writers.len();
        (0..script.events).map(|event| writers[event % lessons].say(&words(event / lessons + 1))).collect()
    }

    async fn room(&self) -> anyhow::Result<()> {
        self.waits_for(|world| world.waiting() < WAITING).await
    }

    async fn drained(&self) -> anyhow::Result<()> {
        self.waits_for(|world| world.waiting() == 0).await
    }

    async fn waits_for(&self, is_so: impl Fn(&World) -> bool) -> anyhow::Result<()> {
        let waiting = async {
            loop {
                let moved = self.shared.moved.notified();
                {
                    let world = self.shared.world();
                    if !world.is_connected() {
                        bail!("nobody is connected");
                    }
                    if is_so(&world) {
                        return Ok(());
                    }
                }
                moved.await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.context("the app takes no frames")?
    }
}
