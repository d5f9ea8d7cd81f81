//! The network half of the core: the sign-in, the calls over HTTP, the session that drives the document-sync
//! engine, and the transfer of assets.
//!
//! - [`account`]: who is signed in where
//! - [`rest`]: the calls over HTTP
//! - [`outbox`]: operations: where they are kept, how they are sent, when they may be
//! - [`register`]: what asks for one: documents, titles; share and join
//! - [`greeting`]: what is said on `@session`; [`line`]: frames out, without waiting; [`session`]: one task that owns the link, the engine and every answer of the replica
//! - [`news`]: events of courses on their way into the replica, joined while a commit runs
//! - [`assets`]: one task that uploads and downloads
//! - [`presence`]: who is in a course or lesson with us, pure; [`whereabouts`]: the same on the link
//! - [`sync`]: "until nothing waits in either direction", and the words for why not
//! - [`synced_at`]: when nothing waited the last time
//! - [`api`]: these as functions of [`crate::Core`]

pub(crate) mod account;
mod api;
mod assets;
mod differed;
mod greeting;
mod line;
mod news;
pub(crate) mod outbox;
pub(crate) mod presence;
mod register;
pub(crate) mod rest;
mod session;
mod sync;
mod synced_at;
pub(crate) mod whereabouts;

use crate::error::{Code, CoreError, Result};
use account::{AccountFile, SignIn};
use assets::Way;
use inkhorn_events::{Publisher, Status, Subscriber};
use inkhorn_outbox::Operations;
use inkhorn_protocol::projection::{Account, DifferedDoc, SyncSummary, WaitsFor};
use inkhorn_protocol::{AssetHash, CourseId, DocId, OpId};
use inkhorn_replica::Replica;
use inkhorn_transport::{Connection, Destination, Network};
use rest::{Http, Rest};
use std::collections::{HashMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use synced_at::{SYNCED_AT, SyncedAt};
use tokio::sync::{Notify, mpsc, watch};
use tokio::task::JoinHandle;

/// The network half; clones are the same.
#[derive(Clone)]
pub(crate) struct Net {
    shared: Arc<Shared>,
    tasks: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

/// What the tasks and the calls share.
pub(crate) struct Shared {
    replica: Replica,
    connection: Connection,
    http: Http,
    file: AccountFile,
    /// A std mutex: held for a copy, never across a wait.
    account: Arc<Mutex<Option<SignIn>>>,
    /// Operations of the user, kept until they are done.
    operations: Operations,
    /// Calls that wait for operations: these are sent then, whatever the connection says.
    waited_for: watch::Sender<usize>,
    asks: mpsc::UnboundedSender<session::Ask>,
    progress: watch::Sender<Progress>,
    /// A std mutex: held for one step or one copy, never across a wait.
    presence: Mutex<presence::Presence<whereabouts::Courses>>,
    /// The same in lessons.
    carets: Mutex<presence::Presence<whereabouts::Lessons>>,
    /// Somebody moved in a lesson.
    carets_moved: watch::Sender<()>,
    /// There may be assets to move.
    assets: Notify,
    /// Assets that are on their way, with the bytes that are there. A std mutex, held for one step.
    moving: Mutex<HashMap<Way, u64>>,
    /// Why the last try to move an asset failed, for those that were not moved since. A std mutex, held for one step.
    not_moved: Mutex<HashMap<Way, String>>,
    synced_at: SyncedAt,
    /// Documents that differed from the server's, newest first. A std mutex, held for one step or one copy.
    differed: Mutex<VecDeque<DifferedDoc>>,
    /// Stays connected by itself (the app), or only while `sync` runs (the command line).
    always: bool,
}

/// How far the session is; `sync` waits on it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Answers to hello so far.
    pub(crate) greetings: u64,
    /// Value of `greetings` at which the engine last said that nothing is under way.
    pub(crate) settled_at: u64,
    /// Why something cannot be synced on this connection.
    pub(crate) trouble: Option<CoreError>,
    /// Why assets are not moving.
    pub(crate) asset_trouble: Option<CoreError>,
    /// Grows when an asset that is on its way has come further.
    pub(crate) moved: u64,
}

impl Net {
    /// Opens the network half of a profile. With `connect` it connects now and stays connected.
    pub(crate) async fn open(
        profile: &Path,
        replica: Replica,
        spine: (Publisher, &Subscriber),
        connect: bool,
        network: &Network,
    ) -> Result<Self> {
        let (publisher, subscriber) = spine;
        let http = Http::new(network)?;
        let file = AccountFile::new(profile);
        let account = Arc::new(Mutex::new(file.read()?));
        let operations = outbox::open(&replica, &http, &account, subscriber.subscribe()).await?;
        let (connection, links) = Connection::spawn(network.transports(), publisher);
        let (asks, inbox) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            replica,
            connection,
            http,
            file,
            account,
            operations,
            waited_for: watch::Sender::new(0),
            asks,
            progress: watch::Sender::new(Progress::default()),
            presence: Mutex::default(),
            carets: Mutex::default(),
            carets_moved: watch::Sender::new(()),
            assets: Notify::new(),
            moving: Mutex::default(),
            not_moved: Mutex::default(),
            synced_at: SyncedAt::default(),
            differed: Mutex::default(),
            always: connect,
        });
        let tasks = vec![
            tokio::spawn(session::run(Arc::clone(&shared), links, inbox)),
            tokio::spawn(assets::run(Arc::clone(&shared))),
            tokio::spawn(outbox::watch_gate(Arc::clone(&shared))),
        ];
        if connect {
            shared.connect();
        }
        Ok(Self { shared, tasks: Arc::new(Mutex::new(tasks)) })
    }

    /// Says goodbye and ends the tasks. What was not sent is sent next time.
    pub(crate) async fn close(&self) {
        self.shared.connection.close().await;
        if let Some(last) = self.shared.synced_at.unstored() {
            let _ = self.shared.replica.set_fact(SYNCED_AT, &last.to_string()).await;
        }
        let tasks = std::mem::take(&mut *self.tasks.lock().unwrap_or_else(PoisonError::into_inner));
        for task in tasks {
            task.abort();
            let _ = task.await;
        }
        self.shared.operations.close().await;
    }

    // ---- account --------------------------------------------------------------------------------

    pub(crate) fn account(&self) -> Option<Account> {
        self.shared.sign_in().map(|s| Account { server: s.server, email: s.email, name: s.name })
    }

    /// Signs in with a token; the server says whose it is.
    pub(crate) async fn login(&self, server: &str, token: &str, plain_http: bool) -> Result<Account> {
        let endpoint = account::endpoint(server, plain_http)?;
        let token = token.trim();
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(CoreError::new(
                Code::Invalid,
                "This is not a token: it is one word, made by the server.",
            ));
        }
        let me = self.shared.http.at(endpoint.clone(), token.to_owned())?.me().await?;
        let sign_in = SignIn {
            server: endpoint.to_string(),
            plain_http,
            token: token.to_owned(),
            email: me.email,
            name: me.name,
        };
        self.shared.file.write(&sign_in)?;
        *self.shared.lock() = Some(sign_in.clone());
        self.shared.connection.stop(None);
        if self.shared.always {
            self.shared.connect();
        }
        Ok(Account { server: sign_in.server, email: sign_in.email, name: sign_in.name })
    }

    /// Signs in with a password, which is traded for a token and not kept.
    pub(crate) async fn login_password(
        &self,
        server: &str,
        email: &str,
        password: &str,
        plain_http: bool,
    ) -> Result<Account> {
        let endpoint = account::endpoint(server, plain_http)?;
        let token = self.shared.http.login(&endpoint, email.trim(), password).await?;
        self.login(server, &token, plain_http).await
    }

    /// Signs out. Courses and waiting edits stay on this computer.
    pub(crate) fn logout(&self) -> Result<()> {
        self.shared.file.remove()?;
        *self.shared.lock() = None;
        self.shared.connection.forget();
        Ok(())
    }

    /// How far the session is, and every change of that.
    pub(crate) fn progress(&self) -> watch::Receiver<Progress> {
        self.shared.progress.subscribe()
    }

    // ---- connection -----------------------------------------------------------------------------

    /// Tries to connect now rather than at the next try.
    pub(crate) fn retry_now(&self) {
        if self.shared.connection.status() == Status::Local {
            self.shared.connect();
        } else {
            self.shared.connection.try_now();
        }
        self.shared.assets.notify_one();
    }

    /// The way to the server may be another one now.
    pub(crate) fn network_changed(&self) {
        self.shared.connection.network_changed();
        self.shared.assets.notify_one();
    }

    /// Whether there is a connection.
    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.shared.status(), Status::Connected { .. })
    }

    /// Bytes that have been moved of an asset of a course that is on its way now.
    pub(crate) fn moved(&self, course: &CourseId, hash: &AssetHash) -> Option<u64> {
        let moving = self.shared.moving.lock().unwrap_or_else(PoisonError::into_inner);
        moving.get(&(course.clone(), hash.clone())).copied()
    }

    /// Why an asset of a course was not moved at the last try, in plain words.
    pub(crate) fn not_moved(&self, course: &CourseId, hash: &AssetHash) -> Option<String> {
        let not_moved = self.shared.not_moved.lock().unwrap_or_else(PoisonError::into_inner);
        not_moved.get(&(course.clone(), hash.clone())).cloned()
    }

    /// Keeps a document subscribed while a window shows it.
    pub(crate) fn open_doc(&self, doc: &DocId) -> OpenDoc {
        self.shared.ask(session::Ask::Open(doc.clone()));
        OpenDoc { asks: self.shared.asks.clone(), doc: doc.clone() }
    }

    /// What keeps everything from being sent, if anything does.
    pub(crate) fn waits_for(&self) -> Option<WaitsFor> {
        match self.shared.status() {
            Status::Local => Some(WaitsFor::SignIn),
            Status::Offline { next_try_ms: None, why: Some(why) } => Some(WaitsFor::Trouble { why }),
            Status::Offline { .. } | Status::Connecting { .. } => Some(WaitsFor::Connection),
            Status::Connected { .. } => None,
        }
    }

    /// Why something cannot be synced on this connection, in plain words.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.shared.progress.borrow().trouble.as_ref().map(|error| error.message.clone())
    }

    /// Why assets do not move, in plain words.
    pub(crate) fn asset_trouble(&self) -> Option<String> {
        self.shared.progress.borrow().asset_trouble.as_ref().map(|error| error.message.clone())
    }

    /// What the sync pill shows.
    pub(crate) async fn sync_summary(&self) -> Result<SyncSummary> {
        let replica = &self.shared.replica;
        let synced_at_ms = match self.shared.synced_at.last() {
            // To the second: while others write it moves all the time, and each value is an answer that windows ask for.
            Some(last) => Some(last - last % 1_000),
            None => replica.fact(SYNCED_AT).await?.and_then(|text| text.parse().ok()),
        };
        Ok(SyncSummary {
            status: self.shared.status(),
            count: replica.sync_count(None).await?,
            synced_at_ms,
            rejected: replica.rejected().await?,
            differed: self
                .shared
                .differed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .iter()
                .cloned()
                .collect(),
        })
    }
}

impl std::fmt::Debug for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Net").field("status", &self.shared.connection.status()).finish_non_exhaustive()
    }
}

/// A window has a document open; dropping it closes it.
#[derive(Debug)]
#[must_use = "dropping it closes the document"]
pub(crate) struct OpenDoc {
    asks: mpsc::UnboundedSender<session::Ask>,
    doc: DocId,
}

impl Drop for OpenDoc {
    fn drop(&mut self) {
        let _ = self.asks.send(session::Ask::Close(self.doc.clone()));
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Option<SignIn>> {
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sign_in(&self) -> Option<SignIn> {
        self.lock().clone()
    }

    /// The calls of the signed-in user.
    fn rest(&self) -> Result<Rest> {
        signed_in_calls(&self.http, self.sign_in())
    }

    /// Connects to the server of the sign-in, if there is one.
    fn connect(&self) {
        let Some(sign_in) = self.sign_in() else { return };
        match sign_in.endpoint() {
            Ok(endpoint) => self.connection.start(Destination { endpoint, token: sign_in.token }),
            Err(error) => self.connection.stop(Some(error.message)),
        }
    }

    /// The status as people see it: with a server set up one is offline, not local.
    fn status(&self) -> Status {
        match self.connection.status() {
            Status::Local if self.lock().is_some() => Status::Offline { next_try_ms: None, why: None },
            status => status,
        }
    }

    fn ask(&self, ask: session::Ask) {
        // Fails only when the session has ended: the program is closing.
        let _ = self.asks.send(ask);
    }
}

/// The calls of a sign-in.
fn signed_in_calls(http: &Http, sign_in: Option<SignIn>) -> Result<Rest> {
    let Some(sign_in) = sign_in else {
        return Err(CoreError::new(
            Code::SignedOut,
            "No server is set up: sign in to one first. Everything stays on this computer until then.",
        ));
    };
    http.at(sign_in.endpoint()?, sign_in.token)
}

/// A fresh operation id.
fn new_op() -> OpId {
    OpId::from_random(crate::random16())
}
