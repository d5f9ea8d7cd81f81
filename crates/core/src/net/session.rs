//! The session: one task that owns the link, the document-sync engine and every answer of the replica, so that
//! what the server says is taken in, in order, by one hand.
//!
//! It greets (`token`, `hello`), takes in `changed` and `event`, gives frames to the engine and performs what the
//! engine decides. Nothing is decided here that a test of the engine could not see.

use super::line::Line;
use super::news::{Item, News};
use super::rest::sentence;
use super::whereabouts::Spot;
use super::{SYNCED_AT, Shared};
use crate::error::{Code, CoreError};
use crate::now_ms;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use inkhorn_protocol::caret::Cursor;
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::{DocId, NodeId, SESSION_DOC};
use inkhorn_replica::sync::{Action, Engine, Event, Turns};
use inkhorn_replica::{Change, DocWork, ReplicaError};
use inkhorn_transport::LinkEvent;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc;

/// The engine's ticks, and the rate at which new documents are noticed.
const TICK: Duration = Duration::from_millis(500);

/// What others ask of the session.
#[derive(Debug)]
pub(super) enum Ask {
    /// Say hello again: courses were shared or joined, or somebody wants to know that all is synced.
    Hello,
    /// What waits changed (an asset was uploaded).
    Work,
    /// A window opened a document.
    Open(DocId),
    /// A window closed it.
    Close(DocId),
    /// A window is there now, or nowhere.
    Place { window: String, place: Option<Spot> },
    /// A window has a lesson open, under a client id and with the caret somewhere, or has it open no more.
    Caret { window: String, lesson: NodeId, at: Option<(u64, Option<Cursor>)> },
    /// A window has no lesson open.
    NoCaret { window: String },
}

/// Something that was under way has ended.
pub(super) enum Done {
    Engine(Event),
    Work(Result<Vec<DocWork>, ReplicaError>),
    Registered {
        course: inkhorn_protocol::CourseId,
        outcome: Result<(), CoreError>,
    },
    Stored(DocId, Result<(), ReplicaError>),
    /// Titles are on the server; with the number of greetings at the time when it was begun.
    Titles {
        greetings: u64,
        outcome: Result<(), CoreError>,
    },
    Owners(Result<(), CoreError>),
    /// Courses that the server had lost were asked about; whether one came back.
    Lost(Result<bool, CoreError>),
    /// Events of courses were taken in, or not: `false` when something before one of them was missed.
    News(Vec<(Item, Result<bool, ReplicaError>)>),
}

pub(super) struct Session {
    pub(super) shared: Arc<Shared>,
    pub(super) live: Option<Live>,
    /// What is under way, with the link that it was started for.
    pub(super) under_way: FuturesUnordered<BoxFuture<'static, (u64, Done)>>,
    /// Documents that windows have open, and how many windows.
    pub(super) open: HashMap<DocId, usize>,
    /// Awareness ids of windows in outlines, drawn once a run.
    pub(super) seats: HashMap<String, u64>,
    /// The link on which presence was last heard.
    pub(super) heard_by: Option<u64>,
    /// Beginning of this session's own clock, which does not go back.
    pub(super) started: tokio::time::Instant,
}

/// A link that is open.
pub(super) struct Live {
    pub(super) link: Line,
    pub(super) news: News,
    engine: Engine,
    pub(super) turns: Turns,
    titles_out: bool,
    pub(super) lost_out: bool,
    /// It settled again while titles were on their way.
    titles_again: bool,
}

/// Runs until the connection's task ends.
pub(super) async fn run(
    shared: Arc<Shared>,
    mut links: mpsc::Receiver<LinkEvent>,
    mut asks: mpsc::UnboundedReceiver<Ask>,
) {
    let mut changes = shared.replica.changes();
    let mut session = Session {
        shared,
        live: None,
        under_way: FuturesUnordered::new(),
        open: HashMap::new(),
        seats: HashMap::new(),
        heard_by: None,
        started: tokio::time::Instant::now(),
    };
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = links.recv() => match event {
                Some(event) => session.link(event).await,
                None => return,
            },
            change = changes.recv() => match change {
                Ok(change) => session.changed(&change).await,
                Err(RecvError::Lagged(_)) => session.missed(),
                Err(RecvError::Closed) => return,
            },
            Some((link, done)) = session.under_way.next(), if !session.under_way.is_empty() => {
                session.done(link, done).await;
            }
            ask = asks.recv() => match ask {
                Some(ask) => session.asked(ask).await,
                None => return,
            },
            () = room(session.live.as_ref()) => session.flush(),
            _ = tick.tick() => {
                session.presence_tick();
                session.feed(Event::Tick).await;
            }
        }
        session.presence_link();
        session.look_for_work();
    }
}

/// Waits until frames that wait can go out.
async fn room(live: Option<&Live>) {
    match live {
        Some(live) => live.link.room().await,
        None => std::future::pending().await,
    }
}

impl Session {
    async fn link(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Opened(link) => {
                self.live = Some(Live {
                    link: Line::new(link),
                    news: News::default(),
                    engine: Engine::new(self.token()),
                    turns: Turns::default(),
                    titles_out: false,
                    lost_out: false,
                    titles_again: false,
                });
                self.shared.progress.send_modify(|progress| progress.trouble = None);
                self.greet().await;
            }
            LinkEvent::Frame { link, bytes } => {
                if self.live.as_ref().is_some_and(|live| live.link.id() == link) {
                    self.frame(&bytes).await;
                }
            }
            LinkEvent::Closed { link } => {
                if self.live.as_ref().is_some_and(|live| live.link.id() == link) {
                    self.live = None;
                }
            }
        }
    }

    /// Ends the link; the supervisor opens the next one.
    pub(super) fn reset(&mut self, why: &str) {
        if let Some(live) = self.live.take() {
            self.shared.connection.reset(live.link.id(), why.to_owned());
        }
    }

    /// Ends the link for good: only the user can change what is wrong.
    pub(super) fn deny(&mut self, error: CoreError) {
        if let Some(live) = self.live.take() {
            self.shared.connection.denied(live.link.id(), error.message.clone());
        }
        self.shared.progress.send_modify(|progress| progress.trouble = Some(error));
    }

    fn flush(&mut self) {
        if let Some(live) = &mut self.live {
            live.link.flush();
        }
    }

    pub(super) fn send(&mut self, key: &str, message: Message) {
        if let Some(live) = &mut self.live {
            live.link.send(key, message);
        }
    }

    async fn frame(&mut self, bytes: &[u8]) {
        match Frame::decode(bytes) {
            Ok(Frame::Ping) => {
                if let Some(live) = &mut self.live {
                    live.link.pong();
                }
            }
            Ok(Frame::Pong) => {}
            Ok(Frame::Doc { key, message }) => {
                let name = key.split('\0').next().unwrap_or(&key);
                if name == SESSION_DOC {
                    self.session_message(message).await;
                } else if let Ok(doc) = name.parse::<DocId>() {
                    self.doc_message(doc, message).await;
                }
            }
            // A newer server may say what this build does not know; nonsense is not worth the connection either.
            Err(error) => tracing::warn!(%error, "a frame of the server does not read"),
        }
    }

    async fn doc_message(&mut self, doc: DocId, message: Message) {
        self.presence_heard(&doc, &message);
        let event = match message {
            Message::Stateless(text) => match serde_json::from_str(&text) {
                Ok(notice) => Event::Notice(notice),
                Err(_) => return,
            },
            message => Event::Frame { doc, message },
        };
        self.feed(event).await;
    }

    /// A change was committed here; what came from the server is known to the engine already.
    async fn changed(&mut self, change: &Change) {
        if let Some(event) = self.live.as_mut().and_then(|live| live.turns.changed(change)) {
            self.feed(event).await;
        }
    }

    async fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Hello => self.hello().await,
            Ask::Work => self.work_due(),
            Ask::Place { window, place } => self.placed(&window, place),
            Ask::Caret { window, lesson, at } => self.caret(&window, &lesson, at),
            Ask::NoCaret { window } => self.no_caret(&window),
            Ask::Open(doc) => {
                let windows = self.open.entry(doc.clone()).or_default();
                *windows += 1;
                if *windows == 1 {
                    self.work_due();
                    self.feed(Event::Opened(doc)).await;
                }
            }
            Ask::Close(doc) => {
                if let Some(windows) = self.open.get_mut(&doc) {
                    *windows -= 1;
                    if *windows == 0 {
                        self.open.remove(&doc);
                        self.feed(Event::Closed(doc)).await;
                    }
                }
            }
        }
    }

    /// More was committed at once than the stream holds.
    fn missed(&mut self) {
        if let Some(live) = &mut self.live {
            live.turns.missed();
        }
    }

    pub(super) fn work_due(&mut self) {
        if let Some(live) = &mut self.live {
            live.turns.work_due();
        }
    }

    /// Asks the replica what there is to do, one question at a time.
    fn look_for_work(&mut self) {
        let Some(live) = &mut self.live else { return };
        if !live.turns.ask() {
            return;
        }
        let link = live.link.id();
        let answer = self.shared.replica.work(self.open.keys().cloned().collect());
        self.under_way.push(Box::pin(async move { (link, Done::Work(answer.await)) }));
    }

    async fn done(&mut self, link: u64, done: Done) {
        let Some(live) = self.live.as_mut().filter(|live| live.link.id() == link) else { return };
        match done {
            Done::Engine(event) => self.feed(event).await,
            Done::Work(Ok(work)) => {
                live.turns.answered(&work);
                self.feed(Event::Work(work)).await;
                // Also when there was nothing to do: somebody may wait for that word.
                if self.live.as_ref().is_some_and(|live| !live.turns.is_asking() && live.engine.is_settled())
                {
                    self.settled();
                }
                self.shared.assets.notify_one();
            }
            Done::Work(Err(error)) => self.reset(&error.to_string()),
            Done::Registered { course, outcome } => {
                let done = outcome.is_ok();
                if let Err(error) = outcome {
                    tracing::warn!(%error, %course, "documents could not be registered");
                    self.shared.progress.send_modify(|progress| progress.trouble = Some(error));
                }
                self.feed(Event::Registered { course, done }).await;
                self.work_due();
            }
            Done::Stored(_, Ok(())) => {}
            Done::Stored(doc, Err(error)) => {
                tracing::warn!(%error, %doc, "sync state could not be stored");
                if error.is_transient() {
                    self.feed(Event::Unwritten(doc)).await;
                }
            }
            Done::Titles { greetings, outcome } => {
                live.titles_out = false;
                if let Err(error) = outcome {
                    tracing::warn!(%error, "titles could not be brought up to date");
                }
                if std::mem::take(&mut live.titles_again) {
                    self.settled();
                } else {
                    self.shared.progress.send_modify(|progress| progress.settled_at = greetings);
                }
            }
            Done::Lost(outcome) => {
                live.lost_out = false;
                match outcome {
                    Ok(true) => self.hello().await,
                    Ok(false) => {}
                    Err(error) => tracing::warn!(%error, "a lost course could not be registered again yet"),
                }
            }
            Done::News(items) => self.news(items).await,
            Done::Owners(outcome) => {
                if let Err(error) = outcome {
                    tracing::warn!(%error, "owners could not be brought up to date");
                }
            }
        }
    }

    /// Steps the engine and performs what it decides, in order.
    pub(super) async fn feed(&mut self, event: Event) {
        let Some(live) = self.live.as_mut().filter(|live| live.turns.is_greeted()) else { return };
        for action in live.engine.step(event, now_ms()) {
            self.perform(action).await;
        }
    }

    async fn perform(&mut self, action: Action) {
        let Some(live) = &self.live else { return };
        let link = live.link.id();
        let replica = &self.shared.replica;
        let under_way = &self.under_way;
        let engine = |future: BoxFuture<'static, Event>| {
            under_way.push(Box::pin(async move { (link, Done::Engine(future.await)) }));
        };
        let stored = |doc: DocId, future: BoxFuture<'static, Result<(), ReplicaError>>| {
            under_way.push(Box::pin(async move { (link, Done::Stored(doc, future.await)) }));
        };
        match action {
            Action::Send { doc, message } => {
                self.presence_sent(&doc, &message);
                self.send(&doc.to_string(), message);
            }
            Action::Read { doc, ticket, since } => {
                let answer: BoxFuture<'static, _> = match since {
                    None => Box::pin(replica.state_vector(&doc)),
                    Some(state_vector) => Box::pin(replica.diff(&doc, state_vector)),
                };
                engine(Box::pin(async move { Event::Read { doc, ticket, read: answer.await } }));
            }
            Action::Apply { doc, ticket, update, caught_up } => {
                let answer = replica.apply_remote(&doc, update, caught_up);
                engine(Box::pin(async move { Event::Applied { doc, ticket, outcome: answer.await } }));
            }
            Action::Rebuild { doc, ticket, update, why, caught_up } => {
                let answer = replica.rebuild(&doc, update, why, caught_up, now_ms());
                engine(Box::pin(async move { Event::Applied { doc, ticket, outcome: answer.await } }));
            }
            Action::Verify { doc, ticket } => {
                let answer = replica.fingerprint(&doc);
                engine(Box::pin(async move { Event::Verified { doc, ticket, print: answer.await } }));
            }
            Action::Differed { doc, repaired } => self.differed(doc, repaired),
            Action::Acked { doc, version, doc_seq } => {
                let answer = replica.acked(&doc, version, doc_seq);
                stored(doc, Box::pin(answer));
            }
            Action::Subscribed { doc, on } => {
                let answer = replica.subscribed(&doc, on);
                stored(doc, Box::pin(answer));
            }
            Action::Missed { doc } => {
                let answer = replica.missed(&doc);
                stored(doc, Box::pin(answer));
                self.work_due();
            }
            Action::Reject { doc, reason } => {
                let answer = replica.reject(&doc, reason, now_ms());
                stored(doc, Box::pin(answer));
            }
            Action::Register { course, docs } => {
                let shared = Arc::clone(&self.shared);
                self.under_way.push(Box::pin(async move {
                    let outcome = shared.register(&course, docs, false).await;
                    (link, Done::Registered { course, outcome })
                }));
            }
            Action::SignIn => self.deny(super::rest::signed_out()),
            Action::GaveUp { doc, why } => {
                tracing::warn!(%doc, why, "a document is not synced on this connection");
                let words = format!(
                    "{} This is tried again with the next connection; nothing is lost.",
                    sentence(&why)
                );
                let error = CoreError::new(Code::Other, words);
                self.shared.progress.send_modify(|progress| progress.trouble = Some(error));
            }
            // While the replica is asked what there is to do, the engine does not know it all: the answer settles it.
            Action::Settled if live.turns.is_asking() => {}
            Action::Settled => self.settled(),
        }
    }

    /// Nothing is under way: the time for titles, and to remember when that was.
    fn settled(&mut self) {
        let shared = Arc::clone(&self.shared);
        let Some(live) = &mut self.live else { return };
        if live.titles_out {
            live.titles_again = true;
            return;
        }
        live.titles_out = true;
        let (link, greetings) = (live.link.id(), shared.progress.borrow().greetings);
        self.under_way.push(Box::pin(async move {
            let outcome = shared.register_titles().await;
            let count = shared.replica.sync_count(None).await;
            let now = now_ms();
            if count.is_ok_and(|count| count.is_settled() && count.rejected == 0)
                && shared.synced_at.is_now(now)
            {
                let _ = shared.replica.set_fact(SYNCED_AT, &now.to_string()).await;
            }
            (link, Done::Titles { greetings, outcome })
        }));
    }
}
