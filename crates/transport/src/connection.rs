//! The handle to a connection, whose `task` performs what the supervisor decides.
//!
//! A [`LinkEvent`] stream tells its owner (the session) of links: opened, frames, closed. Frames go out through
//! the [`LinkHandle`] of the link that they belong to, so a frame meant for a dead link can never reach the
//! next one. Both directions are bounded, and reading and writing are tasks of their own: a peer that does not
//! read holds up writing only.

use crate::Transport;
use crate::clock::{Clock, SystemClock};
use crate::link::Destination;
use crate::pump::GOODBYE;
use crate::task::Task;
use inkhorn_events::{Event, Publisher, Status};
use inkhorn_protocol::session::{EventKind, Reason};
use inkhorn_protocol::{CourseId, OpId};
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

/// Frames that may wait in each direction: enough to keep a socket busy, few enough that a stall is felt at
/// once. Tests use 1, which finds deadlocks.
pub const QUEUE: usize = 64;

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
    pub(crate) link: u64,
    pub(crate) frames: mpsc::Sender<Vec<u8>>,
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
pub(crate) enum Command {
    Start(Destination),
    Stop(Option<String>),
    Forget,
    TryNow,
    NetworkChanged,
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
    /// `transports` are the ways to try, best first.
    pub fn spawn(
        transports: Vec<Arc<dyn Transport>>,
        publisher: Publisher,
    ) -> (Self, mpsc::Receiver<LinkEvent>) {
        Self::spawn_with(transports, publisher, Arc::new(SystemClock::default()), QUEUE)
    }

    /// As [`Connection::spawn`], with a clock and a queue length of the caller's.
    pub fn spawn_with(
        transports: Vec<Arc<dyn Transport>>,
        publisher: Publisher,
        clock: Arc<dyn Clock>,
        queue: usize,
    ) -> (Self, mpsc::Receiver<LinkEvent>) {
        let (commands, inbox) = mpsc::unbounded_channel();
        let (events, outbox) = mpsc::channel(queue);
        let (shown, status) = watch::channel(Status::Local);
        let task = Task::new(transports, publisher.clone(), clock, queue, events, shown);
        let task = tokio::spawn(task.run(inbox));
        let task = Arc::new(std::sync::Mutex::new(Some(task)));
        (Self { commands, status, publisher, task }, outbox)
    }

    /// Connects to a server, and keeps connected to it. An old link is dropped.
    pub fn start(&self, to: Destination) {
        self.command(Command::Start(to));
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
    /// This computer got another network, or lost one: checks a link, and tries at once where there is none.
    pub fn network_changed(&self) {
        self.command(Command::NetworkChanged);
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
