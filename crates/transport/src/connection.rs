//! The task that performs what the supervisor decides, and the handle to it.
//!
//! A [`LinkEvent`] stream tells its owner (the session) of links: opened, frames, closed. Frames go out through
//! the [`LinkHandle`] of the link that they belong to, so a frame meant for a dead link can never reach the
//! next one. Both directions are bounded, and reading and writing are tasks of their own: a peer that does not
//! read holds up writing only.

use crate::clock::{Clock, Now, SystemClock};
use crate::link::{ConnectError, Incoming, Link, LinkError, Outgoing, Received};
use crate::supervisor::{Action, Input, Supervisor};
use crate::{Endpoint, Transport};
use futures_util::{SinkExt, StreamExt, future::BoxFuture};
use inkhorn_events::{Event, Publisher, Status};
use inkhorn_protocol::frame::Frame;
use inkhorn_protocol::session::{EventKind, Reason};
use inkhorn_protocol::{CourseId, OpId};
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// Frames that may wait in each direction: enough to keep a socket busy, few enough that a stall is felt at
/// once. Tests use 1, which finds deadlocks.
pub const QUEUE: usize = 64;

/// A goodbye to the server is worth this much waiting.
const GOODBYE: Duration = Duration::from_millis(500);

/// A write may stall for this long, and for as long as its bytes take over the slowest line that we count as
/// one. Without it, two sides that each wait for the other to read would wait for ever.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
const SLOWEST_BYTES_PER_SECOND: usize = 16 * 1024;

/// What happens to links, in order. Between two `Opened` there is exactly one `Closed`.
#[derive(Debug)]
pub enum LinkEvent {
    /// A link is open; greet the server, then call [`Connection::ready`].
    Opened(LinkHandle),
    /// A frame came.
    Frame {
        /// The link that it came by.
        link: u64,
        /// The frame, not decoded.
        bytes: Vec<u8>,
    },
    /// The link ended.
    Closed {
        /// Which.
        link: u64,
    },
}

/// The way out of one link. Clones send by the same link.
#[derive(Debug, Clone)]
pub struct LinkHandle {
    link: u64,
    frames: mpsc::Sender<Vec<u8>>,
}

/// The link that a frame was meant for has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the link has ended")]
pub struct LinkGone;

impl LinkHandle {
    /// Number of the link; it grows with each one.
    pub fn id(&self) -> u64 {
        self.link
    }
    /// Sends an encoded frame if there is room now; gives it back when there is none.
    ///
    /// # Errors
    /// [`LinkGone`]: what is not acked is to be sent by the next link.
    pub fn try_send(&self, frame: Vec<u8>) -> Result<Option<Vec<u8>>, LinkGone> {
        match self.frames.try_send(frame) {
            Ok(()) => Ok(None),
            Err(mpsc::error::TrySendError::Full(frame)) => Ok(Some(frame)),
            Err(mpsc::error::TrySendError::Closed(_)) => Err(LinkGone),
        }
    }
    /// Waits until there is room for a frame.
    ///
    /// # Errors
    /// [`LinkGone`]
    pub async fn room(&self) -> Result<(), LinkGone> {
        self.frames.reserve().await.map(drop).map_err(|_| LinkGone)
    }
    /// Sends an encoded frame; waits while the queue is full. Who also reads frames must not wait here: a server
    /// that reads no more before its own frames are taken would wait for us.
    ///
    /// # Errors
    /// [`LinkGone`]: what is not acked is to be sent by the next link.
    pub async fn send(&self, frame: Vec<u8>) -> Result<(), LinkGone> {
        self.frames.send(frame).await.map_err(|_| LinkGone)
    }
}

#[derive(Debug)]
enum Command {
    Start(Endpoint),
    Stop(Option<String>),
    Forget,
    TryNow,
    Ready(u64),
    Denied(u64, String),
    Reset(u64, String),
    /// Answered when everything before it has been done.
    Barrier(oneshot::Sender<()>),
    Quit,
}

/// Handle to the connection of one profile. Dropping the last clone ends its task.
#[derive(Debug, Clone)]
pub struct Connection {
    commands: mpsc::UnboundedSender<Command>,
    status: watch::Receiver<Status>,
    publisher: Publisher,
    task: Arc<std::sync::Mutex<Option<JoinHandle<()>>>>,
}

impl Connection {
    /// Starts the task. Nothing is connected before [`Connection::start`].
    pub fn spawn(transport: Arc<dyn Transport>, publisher: Publisher) -> (Self, mpsc::Receiver<LinkEvent>) {
        Self::spawn_with(transport, publisher, Arc::new(SystemClock::default()), QUEUE)
    }

    /// As [`Connection::spawn`], with a clock and a queue length of the caller's.
    pub fn spawn_with(
        transport: Arc<dyn Transport>,
        publisher: Publisher,
        clock: Arc<dyn Clock>,
        queue: usize,
    ) -> (Self, mpsc::Receiver<LinkEvent>) {
        let (commands, inbox) = mpsc::unbounded_channel();
        let (events, outbox) = mpsc::channel(queue);
        let (shown, status) = watch::channel(Status::Local);
        let task = Task {
            transport,
            publisher: publisher.clone(),
            clock,
            queue,
            supervisor: Supervisor::default(),
            endpoint: None,
            attempt: None,
            live: None,
            links: 0,
            events,
            shown,
        };
        let task = tokio::spawn(task.run(inbox));
        let task = Arc::new(std::sync::Mutex::new(Some(task)));
        (Self { commands, status, publisher, task }, outbox)
    }

    /// Connects to a server, and keeps connected to it. An old link is dropped.
    pub fn start(&self, endpoint: Endpoint) {
        self.command(Command::Start(endpoint));
    }
    /// Stays offline; `why` is shown.
    pub fn stop(&self, why: Option<String>) {
        self.command(Command::Stop(why));
    }
    /// No server is set up any more.
    pub fn forget(&self) {
        self.command(Command::Forget);
    }
    /// Tries now instead of at the next try; on a live link, checks it.
    pub fn try_now(&self) {
        self.command(Command::TryNow);
    }
    /// The session of this link was greeted: the status becomes `Connected`.
    pub fn ready(&self, link: u64) {
        self.command(Command::Ready(link));
    }
    /// The server refused us on this link, and only the user can change that.
    pub fn denied(&self, link: u64, why: String) {
        self.command(Command::Denied(link, why));
    }
    /// Drops this link and connects again, with backoff.
    pub fn reset(&self, link: u64, why: String) {
        self.command(Command::Reset(link, why));
    }
    /// Waits until everything that was asked before has been taken in: the status then shows it.
    pub async fn taken_in(&self) {
        let (done, wait) = oneshot::channel();
        self.command(Command::Barrier(done));
        let _ = wait.await;
    }
    /// The status now.
    pub fn status(&self) -> Status {
        self.status.borrow().clone()
    }
    /// The status and its changes.
    pub fn watch(&self) -> watch::Receiver<Status> {
        self.status.clone()
    }

    /// Publishes that this connection's session has said what changed meanwhile.
    pub fn resynced(&self) {
        self.publisher.publish(Event::Resynced);
    }
    /// Publishes what the session says of a course.
    pub fn course(&self, course: CourseId, kind: EventKind) {
        self.publisher.publish(Event::Course { course, kind });
    }
    /// Publishes that who is in a course, or where, changed.
    pub fn presence(&self, course: CourseId) {
        self.publisher.publish(Event::PresenceChanged { course });
    }
    /// Publishes the end of an operation.
    pub fn operation(&self, op: OpId, rejected: Option<Reason>) {
        self.publisher.publish(Event::Operation { op, rejected });
    }

    /// Says goodbye to the server and ends the task; the status stays what it was.
    pub async fn close(&self) {
        self.command(Command::Quit);
        let task = self.task.lock().ok().and_then(|mut task| task.take());
        if let Some(mut task) = task
            && tokio::time::timeout(2 * GOODBYE, &mut task).await.is_err()
        {
            task.abort();
        }
    }

    fn command(&self, command: Command) {
        // An error means that the task has ended: the program is closing.
        let _ = self.commands.send(command);
    }
}

struct Task {
    transport: Arc<dyn Transport>,
    publisher: Publisher,
    clock: Arc<dyn Clock>,
    queue: usize,
    supervisor: Supervisor,
    endpoint: Option<Endpoint>,
    attempt: Option<BoxFuture<'static, Result<Link, ConnectError>>>,
    live: Option<Live>,
    links: u64,
    events: mpsc::Sender<LinkEvent>,
    shown: watch::Sender<Status>,
}

/// A live link as its task sees it. Dropping it hangs up.
struct Live {
    link: u64,
    frames: mpsc::Sender<Vec<u8>>,
    pulse: Arc<Pulse>,
    /// Why the link ended, from the reader or the writer.
    ended: mpsc::Receiver<String>,
    reader: JoinHandle<()>,
    /// Dropped to make the writer say goodbye and end.
    _hang_up: oneshot::Sender<()>,
}

impl Drop for Live {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

/// Signs of life, kept beside the frames: one step of the supervisor for each frame would be waste.
#[derive(Default)]
struct Pulse {
    heard: AtomicU64,
    /// The reader waits for our own side to take a frame: silence is then not the peer's.
    backlog: AtomicBool,
}

enum Woken {
    Command(Option<Command>),
    Attempt(Result<Link, ConnectError>),
    Ended(String),
    Timer,
}

impl Task {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Command>) {
        let mut heard = 0;
        loop {
            let woken = self.wait(&mut inbox).await;
            if let Some(live) = &self.live {
                let beats = live.pulse.heard.load(Ordering::Relaxed);
                if beats != heard || live.pulse.backlog.load(Ordering::Relaxed) {
                    heard = beats;
                    self.step(Input::Heard).await;
                }
            }
            match woken {
                Woken::Command(None | Some(Command::Quit)) => return self.hang_up().await,
                Woken::Command(Some(command)) => self.command(command).await,
                Woken::Attempt(Ok(link)) => {
                    self.attempt = None;
                    self.adopt(link).await;
                    self.step(Input::Opened).await;
                }
                Woken::Attempt(Err(error)) => {
                    self.attempt = None;
                    let input = match error {
                        ConnectError::Failed(why) => Input::Failed { why },
                        ConnectError::Denied(why) => Input::Denied { why },
                    };
                    self.step(input).await;
                }
                Woken::Ended(why) => self.step(Input::Failed { why }).await,
                Woken::Timer => self.step(Input::Tick).await,
            }
        }
    }

    async fn wait(&mut self, inbox: &mut mpsc::UnboundedReceiver<Command>) -> Woken {
        let wake = self.supervisor.wake_at().map(|at| self.clock.instant(at));
        let timer = async {
            match wake {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        };
        let attempt = async {
            match &mut self.attempt {
                Some(attempt) => attempt.await,
                None => std::future::pending().await,
            }
        };
        let ended = async {
            match &mut self.live {
                Some(live) => {
                    live.ended.recv().await.unwrap_or_else(|| "The connection broke off.".to_owned())
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            command = inbox.recv() => Woken::Command(command),
            result = attempt => Woken::Attempt(result),
            why = ended => Woken::Ended(why),
            () = timer => Woken::Timer,
        }
    }

    async fn command(&mut self, command: Command) {
        let current = self.live.as_ref().map(|live| live.link);
        let input = match command {
            Command::Start(endpoint) => {
                self.endpoint = Some(endpoint);
                Input::Start
            }
            Command::Stop(why) => Input::Stop { why },
            Command::Forget => Input::Forget,
            Command::Barrier(done) => {
                let _ = done.send(());
                return;
            }
            Command::TryNow => Input::TryNow,
            // Words about a link that is gone change nothing.
            Command::Ready(link) if Some(link) == current => Input::Ready,
            Command::Denied(link, why) if Some(link) == current => Input::Denied { why },
            Command::Reset(link, why) if Some(link) == current => Input::Failed { why },
            Command::Ready(_) | Command::Denied(..) | Command::Reset(..) | Command::Quit => return,
        };
        self.step(input).await;
    }

    async fn step(&mut self, input: Input) {
        let now: Now = self.clock.now();
        // Jitter wants unlike numbers in unlike processes, not secrets: the seed of a hasher serves.
        let random = RandomState::new().build_hasher().finish();
        for action in self.supervisor.step(input, now, random) {
            match action {
                Action::Connect => self.connect(),
                Action::HangUp => self.hang_up().await,
                Action::Ping => self.ping(),
                Action::Publish(status) => {
                    tracing::info!(?status, "connection");
                    self.shown.send_replace(status.clone());
                    self.publisher.publish(Event::Connection { status });
                }
            }
        }
    }

    fn connect(&mut self) {
        let Some(endpoint) = self.endpoint.clone() else { return };
        let transport = Arc::clone(&self.transport);
        self.attempt = Some(Box::pin(async move { transport.connect(&endpoint).await }));
    }

    async fn hang_up(&mut self) {
        self.attempt = None;
        if let Some(live) = self.live.take() {
            let link = live.link;
            drop(live);
            // Waits while the owner is busy with earlier frames; it hears of each link's end.
            let _ = self.events.send(LinkEvent::Closed { link }).await;
        }
    }

    fn ping(&self) {
        if let Some(live) = &self.live {
            // A full queue says that the link is not moving; the deadline then does its work.
            let _ = live.frames.try_send(Frame::Ping.encode());
        }
    }

    async fn adopt(&mut self, link: Link) {
        self.links += 1;
        let id = self.links;
        let (frames, queue) = mpsc::channel(self.queue);
        let (end, ended) = mpsc::channel(2);
        let (hang_up, hung_up) = oneshot::channel();
        let pulse = Arc::new(Pulse::default());
        let handle = LinkHandle { link: id, frames: frames.clone() };
        let _ = self.events.send(LinkEvent::Opened(handle)).await;
        let reader =
            tokio::spawn(read(link.incoming, id, self.events.clone(), Arc::clone(&pulse), end.clone()));
        tokio::spawn(write(link.outgoing, queue, hung_up, end));
        self.live = Some(Live { link: id, frames, pulse, ended, reader, _hang_up: hang_up });
    }
}

async fn read(
    mut incoming: Incoming,
    link: u64,
    events: mpsc::Sender<LinkEvent>,
    pulse: Arc<Pulse>,
    end: mpsc::Sender<String>,
) {
    while let Some(item) = incoming.next().await {
        match item {
            Ok(received) => {
                pulse.heard.fetch_add(1, Ordering::Relaxed);
                if let Received::Frame(bytes) = received {
                    pulse.backlog.store(true, Ordering::Relaxed);
                    let delivered = events.send(LinkEvent::Frame { link, bytes }).await;
                    pulse.backlog.store(false, Ordering::Relaxed);
                    if delivered.is_err() {
                        return;
                    }
                }
            }
            Err(error) => {
                let _ = end.send(error.0).await;
                return;
            }
        }
    }
    let _ = end.send("The server closed the connection.".to_owned()).await;
}

async fn write(
    mut outgoing: Outgoing,
    mut queue: mpsc::Receiver<Vec<u8>>,
    mut hung_up: oneshot::Receiver<()>,
    end: mpsc::Sender<String>,
) {
    loop {
        let sent = tokio::select! {
            biased;
            _ = &mut hung_up => break,
            sent = write_some(&mut outgoing, &mut queue) => sent,
        };
        match sent {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let _ = end.send(error.0).await;
                return;
            }
        }
    }
    let _ = tokio::time::timeout(GOODBYE, outgoing.close()).await;
}

/// Sends what waits, with one flush; false when nothing will come any more.
async fn write_some(outgoing: &mut Outgoing, queue: &mut mpsc::Receiver<Vec<u8>>) -> Result<bool, LinkError> {
    let Some(frame) = queue.recv().await else { return Ok(false) };
    let mut batch = vec![frame];
    while let Ok(frame) = queue.try_recv() {
        batch.push(frame);
    }
    let bytes: usize = batch.iter().map(Vec::len).sum();
    let all = async {
        for frame in batch {
            outgoing.feed(frame).await?;
        }
        outgoing.flush().await
    };
    let limit = WRITE_LIMIT + Duration::from_secs((bytes / SLOWEST_BYTES_PER_SECOND) as u64);
    match tokio::time::timeout(limit, all).await {
        Ok(sent) => sent.map(|()| true),
        Err(_) => Err(LinkError("The server has stopped reading.".to_owned())),
    }
}
