//! A server, a wire that can be cut, and devices.

use super::hostile::Hostile;
use inkhorn_core::{Config, Core};
use inkhorn_protocol::rest::{Operation, OperationRequest};
use inkhorn_protocol::session::Role;
use inkhorn_protocol::{CourseId, NodeId, OpId};
use inkhorn_server::Server;
use inkhorn_server::store::Store;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// A limit against hanging for ever; nothing is measured by it.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(LIMIT, future).await.expect("within a minute")
}

/// A server that can be stopped and started again on its port.
pub(crate) struct World {
    data: TempDir,
    server: Option<Server>,
    address: SocketAddr,
    /// Where devices find it: there, or behind a network that means harm.
    found_at: SocketAddr,
}

impl World {
    pub(crate) async fn start() -> Self {
        let data = TempDir::new().expect("a folder");
        let server =
            Server::start("127.0.0.1:0".parse().expect("an address"), data.path()).await.expect("starts");
        Self::behind(Hostile::from_env(), data, server).await
    }
    /// A server that devices reach through this network.
    pub(crate) async fn start_behind(network: Hostile) -> Self {
        let data = TempDir::new().expect("a folder");
        let server =
            Server::start("127.0.0.1:0".parse().expect("an address"), data.path()).await.expect("starts");
        Self::behind(Some(network), data, server).await
    }
    async fn behind(network: Option<Hostile>, data: TempDir, server: Server) -> Self {
        let address = server.address();
        let found_at = match network {
            Some(network) => network.before(address).await,
            None => address,
        };
        Self { data, address, found_at, server: Some(server) }
    }
    pub(crate) async fn stop(&mut self) {
        self.server.take().expect("running").stop().await;
    }
    /// A copy of the stopped server's data, as a backup is.
    pub(crate) fn backup(&self) -> TempDir {
        let copy = TempDir::new().expect("a folder");
        copy_folder(self.data.path(), copy.path());
        copy
    }
    /// Puts a backup in the place of the stopped server's data, and says so to the server or not.
    pub(crate) async fn restore(&mut self, backup: TempDir, told: bool) {
        self.data = backup;
        if told {
            let store = Store::open(self.data.path()).await.expect("opens");
            store.begin_epoch().await.expect("a new epoch");
            store.close().await;
        }
    }
    /// Gives a role while the server is stopped, so that nobody hears of it before the next connection.
    pub(crate) async fn role_unheard(&self, course: &CourseId, email: &str, role: Role) {
        let store = Store::open(self.data.path()).await.expect("opens");
        let account = store.account(email).await.expect("an account");
        store.set_role(course, &account, role).await.expect("a role");
        store.close().await;
    }
    pub(crate) async fn restart(&mut self) {
        self.server = Some(Server::start(self.address, self.data.path()).await.expect("starts again"));
    }
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.found_at)
    }
    #[expect(clippy::misnamed_getters, reason = "a way through a proxy stands for the server's own address")]
    pub(crate) fn address(&self) -> SocketAddr {
        self.found_at
    }
    fn server(&self) -> &Server {
        self.server.as_ref().expect("running")
    }
    pub(crate) async fn token(&self, email: &str) -> String {
        let store = self.server().store();
        let account = store.put_user(email, Some(email), "a long pass phrase").await.expect("an account");
        store.add_token(&account).await.expect("a token")
    }
    /// A token that ends when it is not used for so long.
    pub(crate) async fn token_for(&self, email: &str, life: Duration) -> String {
        let store = self.server().store();
        let account = store.account(email).await.expect("an account");
        store.add_token_for(&account, life).await.expect("a token")
    }
    /// Withdraws all tokens of an account, as the admin command does.
    pub(crate) async fn revoke(&self, email: &str) {
        let store = self.server().store();
        let account = store.account(email).await.expect("an account");
        assert!(store.revoke_tokens(&account).await.expect("withdraws") > 0);
    }
    pub(crate) async fn role(&self, course: &CourseId, email: &str, role: Role) {
        let store = self.server().store();
        let account = store.account(email).await.expect("an account");
        store.set_role(course, &account, role).await.expect("a role");
    }
    pub(crate) async fn remove(&self, course: &CourseId, email: &str) {
        let store = self.server().store();
        let account = store.account(email).await.expect("an account");
        store.remove_member(course, &account).await.expect("removed");
    }
    /// Does an operation as this user, without the app.
    pub(crate) async fn operate(&self, email: &str, operation: Operation) {
        let store = self.server().store();
        let account = store.account(email).await.expect("an account");
        let op = OpId::from_random(*b"by another hand!");
        let reply = store.operate(&account.id, &OperationRequest { op, operation }).await.expect("done");
        assert_eq!(reply.rejected, None);
    }
    /// A device with an account of this e-mail.
    pub(crate) async fn device(&self, email: &str) -> Device {
        let device = Device::new(false).await;
        let token = self.token(email).await;
        device.core.login(&self.url(), &token, false).await.expect("signs in");
        device
    }
    /// A device that stays connected.
    pub(crate) async fn live(&self, email: &str) -> Device {
        let device = Device::new(true).await;
        let token = self.token(email).await;
        device.core.login(&self.url(), &token, false).await.expect("signs in");
        device
    }
}

fn copy_folder(from: &std::path::Path, to: &std::path::Path) {
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&to).expect("makes a folder");
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("copies");
        }
    }
}

/// One profile and the core on it.
pub(crate) struct Device {
    folder: TempDir,
    connect: bool,
    pub(crate) core: Core,
}

impl Device {
    pub(crate) async fn new(connect: bool) -> Self {
        let folder = TempDir::new().expect("a folder");
        let core = open(folder.path(), connect).await;
        Self { folder, connect, core }
    }
    /// Ends the program and starts it again.
    pub(crate) async fn restart(&mut self) {
        self.core.close().await;
        self.start().await;
    }
    /// The next start connects by itself, as the app does.
    pub(crate) fn connect_from_now_on(&mut self) {
        self.connect = true;
    }
    /// Starts the program, which has ended.
    pub(crate) async fn start(&mut self) {
        self.core = open(self.folder.path(), self.connect).await;
    }
    pub(crate) fn path(&self) -> &std::path::Path {
        self.folder.path()
    }
    pub(crate) async fn sync(&self) {
        let summary = self.core.sync(LIMIT).await.expect("syncs");
        assert!(summary.count.is_settled(), "{summary:?}");
    }
    pub(crate) async fn markdown(&self, lesson: &NodeId) -> String {
        self.core.lesson_markdown(lesson).await.expect("a lesson")
    }
    pub(crate) async fn append(&self, lesson: &NodeId, text: &str) {
        self.core.append_markdown(lesson, text).await.expect("appends");
    }
}

async fn open(path: &std::path::Path, connect: bool) -> Core {
    let config = if connect { Config::online(path, "a test") } else { Config::offline(path, "a test") };
    Core::open(config).await.expect("opens")
}

/// A wire to the server that can be cut at any byte.
pub(crate) struct Wire {
    address: SocketAddr,
    state: Arc<WireState>,
}

struct WireState {
    /// Bytes that may still pass; below zero the wire is cut.
    budget: AtomicI64,
    open: AtomicBool,
    cut: std::sync::Mutex<CancellationToken>,
}

impl Wire {
    pub(crate) async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(WireState {
            budget: AtomicI64::new(i64::MAX),
            open: AtomicBool::new(true),
            cut: std::sync::Mutex::default(),
        });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                if !shared.open.load(Ordering::SeqCst) {
                    continue;
                }
                if let Ok(far) = TcpStream::connect(server).await {
                    tokio::spawn(carry(near, far, Arc::clone(&shared)));
                }
            }
        });
        Self { address, state }
    }
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
    /// Cuts everything after so many more bytes.
    pub(crate) fn cut_after(&self, bytes: i64) {
        self.state.budget.store(bytes, Ordering::SeqCst);
    }
    pub(crate) fn is_cut(&self) -> bool {
        !self.state.open.load(Ordering::SeqCst)
    }
    pub(crate) fn heal(&self) {
        self.state.budget.store(i64::MAX, Ordering::SeqCst);
        *self.state.cut.lock().expect("no panic under the lock") = CancellationToken::new();
        self.state.open.store(true, Ordering::SeqCst);
    }
}

impl WireState {
    fn sever(&self) {
        self.open.store(false, Ordering::SeqCst);
        self.cut.lock().expect("no panic under the lock").cancel();
    }
}

async fn carry(near: TcpStream, far: TcpStream, state: Arc<WireState>) {
    let cut = state.cut.lock().expect("no panic under the lock").clone();
    let (mut near_in, mut near_out) = near.into_split();
    let (mut far_in, mut far_out) = far.into_split();
    tokio::select! {
        () = cut.cancelled() => {}
        () = pump(&mut near_in, &mut far_out, &state) => {}
        () = pump(&mut far_in, &mut near_out, &state) => {}
    }
}

async fn pump(
    from: &mut (impl AsyncReadExt + Unpin),
    to: &mut (impl AsyncWriteExt + Unpin),
    state: &WireState,
) {
    let mut buffer = vec![0; 16 * 1024];
    loop {
        let read = match from.read(&mut buffer).await {
            Ok(read) if read > 0 => read,
            _ => return,
        };
        let left = state.budget.fetch_sub(read as i64, Ordering::SeqCst);
        let passes = left.clamp(0, read as i64) as usize;
        if to.write_all(&buffer[..passes]).await.is_err() {
            return;
        }
        if passes < read {
            return state.sever();
        }
    }
}
