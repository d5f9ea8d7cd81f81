//! The outbox on tokio: one task owns it, performs its actions, and feeds the answers back.

use crate::entry::{Entry, News};
use crate::event::{Action, Event, Now};
use crate::port::{Dispatch, Persist};
use crate::queue::Outbox;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use inkhorn_events::{Event as Domain, Item, Subscription};
use inkhorn_protocol::OpId;
use inkhorn_protocol::projection::OperationInfo;
use inkhorn_protocol::rest::Operation;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Where the adapter's time and randomness come from.
pub struct Source {
    /// Now, in milliseconds since the Unix epoch.
    pub wall_ms: Box<dyn Fn() -> u64 + Send>,
    /// A random number.
    pub random: Box<dyn FnMut() -> u64 + Send>,
}

impl std::fmt::Debug for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}

/// What is known of the operations, as windows see it and as an overlay needs it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// Operations that have not ended well, oldest first.
    pub list: Vec<OperationInfo>,
    /// The same with what they do, without rows that do not read.
    pub entries: Vec<Entry>,
}

enum Ask {
    Event(Event),
    Submit { op: OpId, operation: Operation, news: mpsc::UnboundedSender<News> },
    Retry { op: OpId, fresh: OpId, done: oneshot::Sender<bool> },
    LetGo { op: OpId, done: oneshot::Sender<bool> },
}

/// The handle of the outbox; clones are the same.
#[derive(Debug, Clone)]
pub struct Operations {
    asks: mpsc::UnboundedSender<Ask>,
    shown: watch::Receiver<Arc<Shown>>,
    task: Arc<Mutex<Option<JoinHandle<()>>>>,
}

impl std::fmt::Debug for Ask {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Ask")
    }
}

/// News of one operation. Dropping it changes nothing about the operation.
#[derive(Debug)]
pub struct Ticket {
    op: OpId,
    news: mpsc::UnboundedReceiver<News>,
}

impl Ticket {
    /// The operation.
    pub fn op(&self) -> &OpId {
        &self.op
    }

    /// The next news; `None` when the outbox was closed, or after [`News::Ended`]. Cancel safe.
    pub async fn next(&mut self) -> Option<News> {
        self.news.recv().await
    }
}

impl Operations {
    /// Reads the store and starts the task on the current tokio runtime. Nothing is sent until [`Operations::gate`]
    /// says so. `events`: completion events are taken from here.
    ///
    /// # Errors
    /// Why the store could not be read.
    pub async fn open(
        persist: Arc<dyn Persist>,
        dispatch: Arc<dyn Dispatch>,
        events: Subscription,
        source: Source,
    ) -> Result<Self, String> {
        let stored = persist.load().await?;
        let (asks, inbox) = mpsc::unbounded_channel();
        let (show, shown) = watch::channel(Arc::default());
        let mut running = Running {
            outbox: Outbox::default(),
            persist,
            dispatch,
            source,
            begun: Instant::now(),
            waiting: HashMap::new(),
            under_way: FuturesUnordered::new(),
            show,
        };
        for row in &stored.unreadable {
            tracing::warn!(op = %row.op, why = row.why, "an operation does not read; it is kept as it is");
        }
        // Before this returns, so that whoever asks next sees what is kept.
        running.feed(Event::Restored { entries: stored.entries, unreadable: stored.unreadable });
        let task = tokio::spawn(running.run(inbox, events));
        Ok(Self { asks, shown, task: Arc::new(Mutex::new(Some(task))) })
    }

    /// Does an operation: it is on the disk before it is sent, and goes on after a crash. `op` is a fresh id.
    pub fn submit(&self, op: OpId, operation: Operation) -> Ticket {
        let (news, receiver) = mpsc::unbounded_channel();
        self.ask(Ask::Submit { op: op.clone(), operation, news });
        Ticket { op, news: receiver }
    }

    /// Whether anything may be sent (signed in, online), and whether completion events can arrive.
    pub fn gate(&self, open: bool, listening: bool) {
        self.ask(Ask::Event(Event::Gate { open, listening }));
    }

    /// Tries this one now, whatever the gate says, once.
    pub fn try_now(&self, op: &OpId) {
        self.ask(Ask::Event(Event::TryNow(op.clone())));
    }

    /// Tries a refused or expired operation again, by word of the user; `fresh` is a fresh id. Gives `false` when
    /// there is no such operation.
    pub async fn retry(&self, op: &OpId, fresh: OpId) -> bool {
        let (done, answer) = oneshot::channel();
        self.ask(Ask::Retry { op: op.clone(), fresh, done });
        answer.await.unwrap_or(false)
    }

    /// Lets an operation go, by word of the user. Gives `false` when there is no such operation, or it is under way.
    pub async fn let_go(&self, op: &OpId) -> bool {
        let (done, answer) = oneshot::channel();
        self.ask(Ask::LetGo { op: op.clone(), done });
        answer.await.unwrap_or(false)
    }

    /// What is known of the operations now.
    pub fn shown(&self) -> Arc<Shown> {
        Arc::clone(&self.shown.borrow())
    }

    /// The same with every change of it.
    pub fn watch(&self) -> watch::Receiver<Arc<Shown>> {
        self.shown.clone()
    }

    /// Ends the task. What was under way is asked for again in the next run.
    pub async fn close(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(task) = task {
            task.abort();
            let _ = task.await;
        }
    }

    fn ask(&self, ask: Ask) {
        // Fails only when the task has ended: the program is closing.
        let _ = self.asks.send(ask);
    }
}

struct Running {
    outbox: Outbox,
    persist: Arc<dyn Persist>,
    dispatch: Arc<dyn Dispatch>,
    source: Source,
    begun: Instant,
    /// Who waits for which operation.
    waiting: HashMap<OpId, mpsc::UnboundedSender<News>>,
    under_way: FuturesUnordered<BoxFuture<'static, Event>>,
    show: watch::Sender<Arc<Shown>>,
}

impl Running {
    async fn run(mut self, mut inbox: mpsc::UnboundedReceiver<Ask>, mut events: Subscription) {
        let mut listens = true;
        loop {
            let wake = self.outbox.wake_at().map(|at| self.begun + Duration::from_millis(at));
            tokio::select! {
                ask = inbox.recv() => match ask {
                    Some(ask) => self.asked(ask),
                    None => return,
                },
                item = events.recv(), if listens => match item {
                    Some(Item::Event(Domain::Operation { op, rejected })) => {
                        self.feed(Event::Completed { op, rejected });
                    }
                    // After a connection that was lost, and after events that this task was too slow for.
                    Some(Item::Event(Domain::Resynced) | Item::Resync { .. }) => self.feed(Event::Resync),
                    Some(Item::Event(_)) => {}
                    None => listens = false,
                },
                Some(event) = self.under_way.next(), if !self.under_way.is_empty() => self.feed(event),
                () = until(wake) => self.feed(Event::Tick),
            }
        }
    }

    fn now(&self) -> Now {
        let mono_ms = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        Now { wall_ms: (self.source.wall_ms)(), mono_ms }
    }

    fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Event(event) => self.feed(event),
            Ask::Submit { op, operation, news } => {
                self.waiting.insert(op.clone(), news);
                self.feed(Event::Submit { op, operation });
            }
            Ask::Retry { op, fresh, done } => {
                let may = self.outbox.may_retry(&op);
                if may {
                    self.feed(Event::Retry { op, fresh });
                }
                let _ = done.send(may);
            }
            Ask::LetGo { op, done } => {
                let may = self.outbox.may_let_go(&op);
                if may {
                    self.feed(Event::LetGo(op));
                }
                let _ = done.send(may);
            }
        }
    }

    fn feed(&mut self, event: Event) {
        let now = self.now();
        let jitter = (self.source.random)();
        let actions = self.outbox.step(event, now, jitter);
        // Shown first: who is told of an end looks at the list next.
        if actions.contains(&Action::Changed) {
            self.show(now);
        }
        for action in actions {
            match action {
                Action::Save(entry) => {
                    let (op, saved) = (entry.op.clone(), self.persist.save(&entry));
                    self.under_way.push(Box::pin(async move { Event::Saved { op, outcome: saved.await } }));
                }
                Action::Finish(entry) => {
                    let (op, finished) = (entry.op.clone(), self.persist.finish(&entry));
                    self.under_way
                        .push(Box::pin(async move { Event::Finished { op, outcome: finished.await } }));
                }
                Action::Remove(op) => {
                    let removed = self.persist.remove(&op);
                    self.under_way
                        .push(Box::pin(async move { Event::Removed { op, outcome: removed.await } }));
                }
                Action::Send { op, operation, attempt } => {
                    let reply = self.dispatch.send(op.clone(), operation);
                    self.under_way
                        .push(Box::pin(async move { Event::Replied { op, attempt, reply: reply.await } }));
                }
                Action::Tell(op, news) => self.tell(op, news),
                Action::Changed => {}
            }
        }
    }

    fn show(&self, now: Now) {
        let shown = Shown { list: self.outbox.list(now), entries: self.outbox.entries().cloned().collect() };
        self.show.send_if_modified(|old| {
            let differs = **old != shown;
            *old = Arc::new(shown);
            differs
        });
    }

    fn tell(&mut self, op: OpId, news: News) {
        if matches!(news, News::Ended(_)) {
            if let Some(waiting) = self.waiting.remove(&op) {
                let _ = waiting.send(news);
            }
        } else if let Some(waiting) = self.waiting.get(&op) {
            // Who waited may have gone away; the operation goes on.
            let _ = waiting.send(news);
        }
    }
}

async fn until(wake: Option<Instant>) {
    match wake {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
