//! The task of a connection: performs what the supervisor decides.

use crate::clock::{Clock, Now};
use crate::connection::{Command, LinkEvent, LinkHandle};
use crate::link::{ConnectError, Destination, Life, Link, LinkError, Transport};
use crate::pump::{Pulse, read, write};
use crate::supervisor::{Action, Input, Supervisor};
use futures_util::{SinkExt, StreamExt, future::BoxFuture};
use inkhorn_events::{Event, Publisher, Status};
use inkhorn_protocol::carrier::Carrier;
use inkhorn_protocol::frame::Frame;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;

type Attempt = BoxFuture<'static, Result<Link, ConnectError>>;

pub(crate) struct Task {
    transports: Vec<Arc<dyn Transport>>,
    publisher: Publisher,
    clock: Arc<dyn Clock>,
    queue: usize,
    supervisor: Supervisor,
    to: Option<Destination>,
    attempt: Option<Attempt>,
    probe: Option<Attempt>,
    /// What a probe opened, for the one step in which the supervisor takes it or not.
    candidate: Option<Link>,
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
    life: Life,
    /// Beats and frames that the supervisor was told of.
    told: (u64, u64),
    /// Why the link ended, from the reader or the writer.
    ended: mpsc::Receiver<LinkError>,
    reader: JoinHandle<()>,
    /// Dropped to make the writer say goodbye and end.
    _hang_up: oneshot::Sender<()>,
}

impl Live {
    /// Whether something came since this was asked last; and whether a frame ever did.
    fn heard(&mut self) -> Option<Input> {
        let frames = self.pulse.frames.load(Ordering::Relaxed);
        let now = (self.life.beats(), frames);
        let changed = std::mem::replace(&mut self.told, now) != now;
        (changed || self.pulse.backlog.load(Ordering::Relaxed)).then_some(Input::Heard { frame: frames > 0 })
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.reader.abort();
    }
}

enum Woken {
    Command(Option<Command>),
    Attempt(Result<Link, ConnectError>),
    Probe(Result<Link, ConnectError>),
    Ended(LinkError),
    Sent(u64),
    Timer,
}

async fn outcome(attempt: &mut Option<Attempt>) -> Result<Link, ConnectError> {
    match attempt {
        Some(attempt) => attempt.await,
        None => std::future::pending().await,
    }
}

/// A link that has carried a frame each way: many networks open what they do not carry.
async fn proven(transport: Arc<dyn Transport>, to: Destination) -> Result<Link, ConnectError> {
    let mut link = transport.connect(&to).await?;
    let mute = |error: LinkError| ConnectError::Blocked(error.to_string());
    link.outgoing.send(Frame::Ping.encode()).await.map_err(mute)?;
    match link.incoming.next().await {
        Some(Ok(_)) => Ok(link),
        Some(Err(error)) => Err(mute(error)),
        None => Err(ConnectError::Blocked("The connection ended at once.".to_owned())),
    }
}

impl Task {
    pub(crate) fn new(
        transports: Vec<Arc<dyn Transport>>,
        publisher: Publisher,
        clock: Arc<dyn Clock>,
        queue: usize,
        events: mpsc::Sender<LinkEvent>,
        shown: watch::Sender<Status>,
    ) -> Self {
        let carriers = transports.iter().map(|transport| transport.carrier()).collect();
        Self {
            transports,
            publisher,
            clock,
            queue,
            supervisor: Supervisor::new(carriers),
            to: None,
            attempt: None,
            probe: None,
            candidate: None,
            live: None,
            links: 0,
            events,
            shown,
        }
    }

    pub(crate) async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Command>) {
        loop {
            let woken = self.wait(&mut inbox).await;
            if let Some(heard) = self.live.as_mut().and_then(Live::heard) {
                self.step(heard).await;
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
                    self.step(match error {
                        ConnectError::Failed(why) => Input::Failed { why, blocked: false },
                        ConnectError::Blocked(why) => Input::Failed { why, blocked: true },
                        ConnectError::Denied(why) => Input::Denied { why },
                    })
                    .await;
                }
                Woken::Probe(Ok(link)) => {
                    (self.probe, self.candidate) = (None, Some(link));
                    self.step(Input::Probed).await;
                    self.candidate = None;
                }
                Woken::Probe(Err(error)) => {
                    self.probe = None;
                    tracing::debug!(%error, "no better way");
                    self.step(Input::ProbeFailed).await;
                }
                Woken::Ended(LinkError::Lost(why)) => self.step(Input::Failed { why, blocked: false }).await,
                Woken::Ended(LinkError::Denied(why)) => self.step(Input::Denied { why }).await,
                Woken::Sent(bytes) => self.step(Input::Sent { bytes }).await,
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
        let pulse = self.live.as_ref().map(|live| Arc::clone(&live.pulse));
        let sent = async {
            match pulse {
                Some(pulse) => pulse.sent().await,
                None => std::future::pending().await,
            }
        };
        let ended = async {
            match &mut self.live {
                Some(live) => {
                    let broke = || LinkError::Lost("The connection broke off.".to_owned());
                    live.ended.recv().await.unwrap_or_else(broke)
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            command = inbox.recv() => Woken::Command(command),
            result = outcome(&mut self.attempt) => Woken::Attempt(result),
            result = outcome(&mut self.probe) => Woken::Probe(result),
            error = ended => Woken::Ended(error),
            bytes = sent => Woken::Sent(bytes),
            () = timer => Woken::Timer,
        }
    }

    async fn command(&mut self, command: Command) {
        let current = self.live.as_ref().map(|live| live.link);
        let input = match command {
            Command::Start(to) => {
                if self.to.as_ref().is_some_and(|old| old.endpoint != to.endpoint) {
                    self.step(Input::Elsewhere).await;
                }
                self.to = Some(to);
                Input::Start
            }
            Command::Stop(why) => Input::Stop { why },
            Command::Forget => Input::Forget,
            Command::Barrier(done) => {
                let _ = done.send(());
                return;
            }
            Command::TryNow => Input::TryNow,
            Command::NetworkChanged => Input::NetworkChanged,
            // Words about a link that is gone change nothing.
            Command::Ready(link) if Some(link) == current => Input::Ready,
            Command::Denied(link, why) if Some(link) == current => Input::Denied { why },
            Command::Reset(link, why) if Some(link) == current => Input::Failed { why, blocked: false },
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
                Action::Connect(carrier) => {
                    let way = self.way(carrier);
                    self.attempt = way.map(|(transport, to)| -> Attempt {
                        Box::pin(async move { transport.connect(&to).await })
                    });
                }
                Action::HangUp => self.hang_up().await,
                Action::Probe(carrier) => {
                    let way = self.way(carrier);
                    self.probe = way.map(|(transport, to)| -> Attempt { Box::pin(proven(transport, to)) });
                }
                Action::StopProbe => self.probe = None,
                Action::Adopt => {
                    if let Some(link) = self.candidate.take() {
                        self.adopt(link).await;
                    }
                }
                Action::Ping => self.ping(),
                Action::Publish(status) => {
                    tracing::info!(?status, "connection");
                    self.shown.send_replace(status.clone());
                    self.publisher.publish(Event::Connection { status });
                }
            }
        }
    }

    fn way(&self, carrier: Carrier) -> Option<(Arc<dyn Transport>, Destination)> {
        let transport = self.transports.iter().find(|transport| transport.carrier() == carrier)?;
        Some((Arc::clone(transport), self.to.clone()?))
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
        tokio::spawn(write(link.outgoing, queue, hung_up, Arc::clone(&pulse), end));
        let told = (link.life.beats(), 0);
        self.live =
            Some(Live { link: id, frames, pulse, life: link.life, told, ended, reader, _hang_up: hang_up });
    }
}
