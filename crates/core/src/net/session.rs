//! The session: one task that owns the link, the document-sync engine and every answer of the replica, so that
//! what the server says is taken in, in order, by one hand.
//!
//! It greets (`token`, `hello`), takes in `changed` and `event`, gives frames to the engine and performs what the
//! engine decides. Nothing is decided here that a test of the engine could not see.

use super::rest::sentence;
use super::{SYNCED_AT, Shared};
use crate::error::{Code, CoreError};
use crate::now_ms;
use futures_util::StreamExt;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::session::{EventKind, PROTOCOL, ToApp, ToServer};
use inkhorn_protocol::{DocId, SESSION_DOC};
use inkhorn_replica::sync::{Action, Engine, Event};
use inkhorn_replica::{Change, ChangeKind, DocWork, ReplicaError};
use inkhorn_transport::LinkEvent;
use inkhorn_transport::connection::{LinkGone, LinkHandle};
use std::collections::{HashMap, HashSet};
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
}

/// Something that was under way has ended.
enum Done {
    Engine(Event),
    Work(Result<Vec<DocWork>, ReplicaError>),
    Registered { course: inkhorn_protocol::CourseId, outcome: Result<(), CoreError> },
    Stored(Result<(), ReplicaError>),
    Housekeeping(Result<(), CoreError>),
}

struct Session {
    shared: Arc<Shared>,
    live: Option<Live>,
    /// What is under way, with the link that it was started for.
    under_way: FuturesUnordered<BoxFuture<'static, (u64, Done)>>,
    /// Documents that windows have open, and how many windows.
    open: HashMap<DocId, usize>,
}

/// A link that is open.
struct Live {
    link: LinkHandle,
    engine: Engine,
    greeted: bool,
    /// Hello is out and not answered: one at a time.
    hello_out: bool,
    hello_again: bool,
    /// The replica is to be asked what there is to do.
    work_due: bool,
    work_out: bool,
    housekeeping_out: bool,
    /// Documents that the engine was told of.
    known: HashSet<DocId>,
    /// Documents whose edits wait for the replica's word on them (see [`takes_detour`]), and those whose turn the
    /// question under way is.
    detour: HashSet<DocId>,
    detour_asked: HashSet<DocId>,
}

/// The root under which a lesson names its assets, as its bytes name it.
const ASSETS_ROOT: &[u8] = b"assets";

/// Whether an edit may have to wait for something else: an outline follows the lessons that it names, a lesson the
/// assets that it names. Only the replica knows whether there is anything to wait for, so the engine gets it by way
/// of `Work`. A lesson whose text has the word in it takes the detour too, which costs a few milliseconds.
fn takes_detour(doc: &DocId, update: &[u8]) -> bool {
    match doc {
        DocId::Course(_) => true,
        DocId::Lesson(_) => update.windows(ASSETS_ROOT.len()).any(|part| part == ASSETS_ROOT),
    }
}

/// Runs until the connection's task ends.
pub(super) async fn run(
    shared: Arc<Shared>,
    mut links: mpsc::Receiver<LinkEvent>,
    mut asks: mpsc::UnboundedReceiver<Ask>,
) {
    let mut changes = shared.replica.changes();
    let mut session =
        Session { shared, live: None, under_way: FuturesUnordered::new(), open: HashMap::new() };
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
                Err(RecvError::Lagged(_)) => session.work_due(),
                Err(RecvError::Closed) => return,
            },
            Some((link, done)) = session.under_way.next(), if !session.under_way.is_empty() => {
                session.done(link, done).await;
            }
            ask = asks.recv() => match ask {
                Some(ask) => session.asked(ask).await,
                None => return,
            },
            _ = tick.tick() => session.feed(Event::Tick).await,
        }
        session.look_for_work();
    }
}

impl Session {
    async fn link(&mut self, event: LinkEvent) {
        match event {
            LinkEvent::Opened(link) => {
                self.live = Some(Live {
                    link,
                    engine: Engine::new(self.token()),
                    greeted: false,
                    hello_out: false,
                    hello_again: false,
                    work_due: false,
                    work_out: false,
                    housekeeping_out: false,
                    known: HashSet::new(),
                    detour: HashSet::new(),
                    detour_asked: HashSet::new(),
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

    fn token(&self) -> String {
        self.shared.sign_in().map(|sign_in| sign_in.token).unwrap_or_default()
    }

    /// The token, and behind it hello.
    async fn greet(&mut self) {
        self.send(SESSION_DOC, Message::Token(self.token())).await;
        self.hello().await;
    }

    async fn hello(&mut self) {
        let Some(live) = &mut self.live else { return };
        if live.hello_out {
            live.hello_again = true;
            return;
        }
        live.hello_out = true;
        live.hello_again = false;
        match self.shared.replica.hello().await {
            Ok((epoch, since)) => {
                let hello = ToServer::Hello { protocol: PROTOCOL, epoch, since: since.into_iter().collect() };
                match serde_json::to_string(&hello) {
                    Ok(text) => self.send(SESSION_DOC, Message::Stateless(text)).await,
                    Err(error) => self.reset(&error.to_string()),
                }
            }
            Err(error) => self.reset(&error.to_string()),
        }
    }

    /// Ends the link; the supervisor opens the next one.
    fn reset(&mut self, why: &str) {
        if let Some(live) = self.live.take() {
            self.shared.connection.reset(live.link.id(), why.to_owned());
        }
    }

    /// Ends the link for good: only the user can change what is wrong.
    fn deny(&mut self, error: CoreError) {
        if let Some(live) = self.live.take() {
            self.shared.connection.denied(live.link.id(), error.message.clone());
        }
        self.shared.progress.send_modify(|progress| progress.trouble = Some(error));
    }

    async fn send(&mut self, key: &str, message: Message) {
        let Some(live) = &self.live else { return };
        let sent = live.link.send(Frame::doc(key, message).encode()).await;
        if sent == Err(LinkGone) {
            self.live = None;
        }
    }

    async fn frame(&mut self, bytes: &[u8]) {
        match Frame::decode(bytes) {
            Ok(Frame::Ping) => {
                if let Some(live) = &self.live {
                    // Not worth waiting for: the next ping comes.
                    let _ = live.link.send(Frame::Pong.encode()).await;
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
        let event = match message {
            Message::Stateless(text) => match serde_json::from_str(&text) {
                Ok(notice) => Event::Notice(notice),
                Err(_) => return,
            },
            message => Event::Frame { doc, message },
        };
        self.feed(event).await;
    }

    async fn session_message(&mut self, message: Message) {
        match message {
            Message::PermissionDenied(reason) => {
                tracing::warn!(reason, "the server refused the token");
                self.deny(super::rest::signed_out());
            }
            Message::Stateless(text) => match serde_json::from_str::<ToApp>(&text) {
                Ok(message) => self.told(message).await,
                Err(error) => tracing::warn!(%error, "a session message does not read"),
            },
            Message::Close(why) => self.reset(&format!("The server ended the session: {why}.")),
            _ => {}
        }
    }

    async fn told(&mut self, message: ToApp) {
        match message {
            ToApp::Changed { epoch, courses } => {
                if let Err(error) = self.shared.replica.hello_answered(epoch, courses).await {
                    return self.reset(&error.to_string());
                }
                let Some(live) = &mut self.live else { return };
                live.hello_out = false;
                live.work_due = true;
                let (first, again) = (!std::mem::replace(&mut live.greeted, true), live.hello_again);
                let id = live.link.id();
                self.shared.progress.send_modify(|progress| progress.greetings += 1);
                if first {
                    self.shared.connection.ready(id);
                    self.shared.connection.resynced();
                    for doc in self.open.keys().cloned().collect::<Vec<_>>() {
                        self.feed(Event::Opened(doc)).await;
                    }
                    self.refresh_owners();
                }
                if again {
                    self.hello().await;
                }
            }
            ToApp::Event { course, prev_seq, course_seq, kind } => {
                let taken =
                    self.shared.replica.course_event(&course, prev_seq, course_seq, kind.clone()).await;
                match taken {
                    Ok(true) => {}
                    Ok(false) => self.hello().await,
                    Err(error) => return self.reset(&error.to_string()),
                }
                if matches!(kind, EventKind::Members { .. } | EventKind::Unknown) {
                    self.refresh_owners();
                }
                self.work_due();
                self.shared.connection.course(course, kind);
            }
            ToApp::Receipt { op, rejected } => self.shared.connection.operation(op, rejected),
            ToApp::Unsupported { min, .. } => {
                let who = if min > PROTOCOL {
                    "This Inkhorn is too old for the server"
                } else {
                    "The server is too old for this Inkhorn"
                };
                let words =
                    format!("{who}: update it. You can go on working offline; everything is safe here.");
                self.deny(CoreError::new(Code::Other, words));
            }
        }
    }

    /// A change was committed here; what came from the server is known to the engine already.
    async fn changed(&mut self, change: &Change) {
        if !change.origin.is_local() {
            // It may have brought documents or assets that nobody knew of.
            return self.work_due();
        }
        let Some(live) = &mut self.live else { return };
        let ChangeKind::Update(update) = &change.kind else { return self.work_due() };
        let doc = &change.doc;
        if !live.known.contains(doc) {
            return self.work_due();
        }
        // What follows an edit on the detour must not overtake it.
        let behind = live.detour.contains(doc) || live.detour_asked.contains(doc);
        if behind || takes_detour(doc, update) {
            live.detour.insert(doc.clone());
            live.work_due = true;
            return;
        }
        let (doc, version, update) = (doc.clone(), change.version, Arc::clone(update));
        self.feed(Event::Committed { doc, version, update }).await;
    }

    async fn asked(&mut self, ask: Ask) {
        match ask {
            Ask::Hello => self.hello().await,
            Ask::Work => self.work_due(),
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

    fn work_due(&mut self) {
        if let Some(live) = &mut self.live {
            live.work_due = true;
        }
    }

    /// Asks the replica what there is to do, one question at a time.
    fn look_for_work(&mut self) {
        let Some(live) = &mut self.live else { return };
        if !live.greeted || !live.work_due || live.work_out {
            return;
        }
        (live.work_due, live.work_out) = (false, true);
        live.detour_asked = std::mem::take(&mut live.detour);
        let link = live.link.id();
        let answer = self.shared.replica.work(self.open.keys().cloned().collect());
        self.under_way.push(Box::pin(async move { (link, Done::Work(answer.await)) }));
    }

    async fn done(&mut self, link: u64, done: Done) {
        let Some(live) = self.live.as_mut().filter(|live| live.link.id() == link) else { return };
        match done {
            Done::Engine(event) => self.feed(event).await,
            Done::Work(Ok(work)) => {
                live.work_out = false;
                live.detour_asked.clear();
                live.known.extend(work.iter().map(|item| item.doc.clone()));
                self.feed(Event::Work(work)).await;
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
            Done::Stored(Ok(())) => {}
            Done::Stored(Err(error)) => tracing::warn!(%error, "sync state could not be stored"),
            Done::Housekeeping(outcome) => {
                live.housekeeping_out = false;
                if let Err(error) = outcome {
                    tracing::warn!(%error, "titles or owners could not be brought up to date");
                }
            }
        }
    }

    /// Steps the engine and performs what it decides, in order.
    async fn feed(&mut self, event: Event) {
        let Some(live) = self.live.as_mut().filter(|live| live.greeted) else { return };
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
        let stored = |future: BoxFuture<'static, Result<(), ReplicaError>>| {
            under_way.push(Box::pin(async move { (link, Done::Stored(future.await)) }));
        };
        match action {
            Action::Send { doc, message } => self.send(&doc.to_string(), message).await,
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
            Action::Rebuild { doc, ticket, update, client, from_clock, caught_up } => {
                let answer = replica.rebuild(&doc, update, client, from_clock, caught_up);
                engine(Box::pin(async move { Event::Applied { doc, ticket, outcome: answer.await } }));
            }
            Action::Acked { doc, version, doc_seq } => {
                stored(Box::pin(replica.acked(&doc, version, doc_seq)))
            }
            Action::Subscribed { doc, on } => stored(Box::pin(replica.subscribed(&doc, on))),
            Action::Reject { doc, reason } => stored(Box::pin(replica.reject(&doc, reason, now_ms()))),
            Action::Register { course, docs } => {
                let shared = Arc::clone(&self.shared);
                self.under_way.push(Box::pin(async move {
                    let outcome = shared.register(&course, docs).await;
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
            Action::Settled => self.settled(),
        }
    }

    /// Nothing is under way: the time for titles, and to remember when that was.
    fn settled(&mut self) {
        let shared = Arc::clone(&self.shared);
        shared.progress.send_modify(|progress| progress.settled_at = progress.greetings);
        let Some(live) = &mut self.live else { return };
        if std::mem::replace(&mut live.housekeeping_out, true) {
            return;
        }
        let link = live.link.id();
        self.under_way.push(Box::pin(async move {
            let outcome = shared.register_titles().await;
            if shared
                .replica
                .sync_count(None)
                .await
                .is_ok_and(|count| count.is_settled() && count.rejected == 0)
            {
                let _ = shared.replica.set_fact(SYNCED_AT, &now_ms().to_string()).await;
            }
            (link, Done::Housekeeping(outcome))
        }));
    }

    /// Asks the server who owns what, for "ask Maria (owner)".
    fn refresh_owners(&mut self) {
        let Some(live) = &self.live else { return };
        let (link, shared) = (live.link.id(), Arc::clone(&self.shared));
        self.under_way
            .push(Box::pin(async move { (link, Done::Housekeeping(shared.refresh_owners().await)) }));
    }
}

impl Shared {
    async fn refresh_owners(&self) -> Result<(), CoreError> {
        let here = self.replica.courses().await?;
        for course in self.rest()?.courses().await? {
            if here.iter().any(|row| row.shared && row.id == course.id && row.owners != course.owners) {
                self.replica.set_owners(&course.id, course.owners).await?;
            }
        }
        Ok(())
    }
}
