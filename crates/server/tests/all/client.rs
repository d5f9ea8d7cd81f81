//! A client of `/collab`, and a server in this process.

use futures_util::{SinkExt, StreamExt};
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::session::{DocNotice, ToApp};
use inkhorn_server::Server;
use inkhorn_server::store::Account;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// No test waits longer for what must come.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Client {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    token: String,
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) struct Ended(pub(crate) Option<u16>);

impl Client {
    pub(crate) async fn connect(address: SocketAddr, token: &str) -> Self {
        let (socket, _) = tokio_tungstenite::connect_async(format!("ws://{address}/collab")).await.unwrap();
        Self { socket, token: token.to_owned() }
    }

    /// A connection that said hello.
    pub(crate) async fn app(address: SocketAddr, token: &str, since: &[(&str, u64)]) -> (Self, ToApp) {
        let mut client = Self::connect(address, token).await;
        client.send("@session", Message::Token(token.to_owned())).await;
        let since: std::collections::BTreeMap<&str, u64> = since.iter().copied().collect();
        let hello = serde_json::json!({ "type": "hello", "protocol": 1, "since": since });
        client.send("@session", Message::Stateless(hello.to_string())).await;
        let answer = client.told(|t| matches!(t, ToApp::Changed { .. })).await;
        (client, answer)
    }

    pub(crate) async fn raw(&mut self, bytes: Vec<u8>) -> Result<(), tungstenite::Error> {
        self.socket.send(tungstenite::Message::Binary(bytes.into())).await
    }

    pub(crate) async fn send(&mut self, key: &str, message: Message) {
        self.raw(Frame::doc(key, message).encode()).await.unwrap();
    }

    /// Sends without waiting until it is out; `flush` follows.
    pub(crate) async fn feed(&mut self, key: &str, message: Message) {
        let bytes = Frame::doc(key, message).encode();
        self.socket.feed(tungstenite::Message::Binary(bytes.into())).await.unwrap();
    }

    pub(crate) async fn flush(&mut self) {
        self.socket.flush().await.unwrap();
    }

    pub(crate) async fn next(&mut self) -> Result<Frame, Ended> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.socket.next()).await.expect("something comes");
            match next {
                Some(Ok(tungstenite::Message::Binary(bytes))) => return Ok(Frame::decode(&bytes).unwrap()),
                Some(Ok(tungstenite::Message::Close(frame))) => {
                    return Err(Ended(frame.map(|f| f.code.into())));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(Ended(None)),
            }
        }
    }

    /// The next message that fits; others are passed over.
    pub(crate) async fn find(&mut self, mut fits: impl FnMut(&str, &Message) -> bool) -> Message {
        loop {
            match self.next().await {
                Ok(Frame::Doc { key, message }) if fits(&key, &message) => return message,
                Ok(_) => {}
                Err(ended) => panic!("the connection ended: {ended:?}"),
            }
        }
    }

    pub(crate) async fn told(&mut self, fits: impl Fn(&ToApp) -> bool) -> ToApp {
        loop {
            let message = self.find(|key, m| key == "@session" && matches!(m, Message::Stateless(_))).await;
            let Message::Stateless(text) = message else { continue };
            let told = serde_json::from_str(&text).unwrap();
            if fits(&told) {
                return told;
            }
        }
    }

    pub(crate) async fn notice(&mut self, fits: impl Fn(&DocNotice) -> bool) -> DocNotice {
        loop {
            let message = self.find(|key, m| key != "@session" && matches!(m, Message::Stateless(_))).await;
            let Message::Stateless(text) = message else { continue };
            let notice = serde_json::from_str(&text).unwrap();
            if fits(&notice) {
                return notice;
            }
        }
    }

    /// Opens a document and syncs it; gives what the server had.
    pub(crate) async fn open(&mut self, key: &str) -> Vec<u8> {
        let token = self.token.clone();
        self.send(key, Message::Token(token)).await;
        self.send(key, Message::Step1(vec![0])).await;
        self.send(key, Message::Step2(vec![0, 0])).await;
        let of_key = |k: &str| k == key;
        let step2 = self.find(|k, m| of_key(k) && matches!(m, Message::Step2(_))).await;
        self.find(|k, m| of_key(k) && matches!(m, Message::Step1(_))).await;
        match step2 {
            Message::Step2(bytes) => bytes,
            _ => Vec::new(),
        }
    }

    /// Waits for as many acks of a foreign client.
    pub(crate) async fn acks(&mut self, count: usize) {
        for _ in 0..count {
            self.find(|_, m| *m == Message::SyncStatus(true)).await;
        }
    }

    pub(crate) async fn end(&mut self) -> Ended {
        loop {
            if let Err(ended) = self.next().await {
                return ended;
            }
        }
    }
}

/// A server with `ann` (owner), `ben` (editor), `vic` (viewer) in course `c`, and `eve`, who is in none.
pub(crate) struct Running {
    pub(crate) server: Server,
    pub(crate) folder: tempfile::TempDir,
    pub(crate) people: Vec<(Account, String)>,
}

impl Running {
    pub(crate) async fn start(documents: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start("127.0.0.1:0".parse().unwrap(), folder.path()).await.unwrap();
        let mut people = Vec::new();
        for name in ["ann", "ben", "vic", "eve"] {
            let store = server.store();
            let account =
                store.put_user(&format!("{name}@example.org"), Some(name), "a password").await.unwrap();
            let token = store.add_token(&account).await.unwrap();
            people.push((account, token));
        }
        let running = Self { server, folder, people };
        let op = serde_json::json!({
            "op": "first", "kind": "register", "course": "c", "title": "A course", "documents": documents,
        });
        let (status, reply) = running.post("ann", "operations", &op).await;
        assert_eq!((status, &reply["rejected"]), (200, &serde_json::Value::Null));
        for (name, role) in [("ben", "editor"), ("vic", "viewer")] {
            running.set_role(name, Some(role)).await;
        }
        running
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.server.address()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}/api/v1/{path}", self.address())
    }

    fn person(&self, name: &str) -> &(Account, String) {
        self.people.iter().find(|(account, _)| account.name == name).unwrap()
    }

    pub(crate) fn token(&self, name: &str) -> &str {
        &self.person(name).1
    }

    pub(crate) async fn set_role(&self, name: &str, role: Option<&str>) {
        let course = "c".parse().unwrap();
        let account = &self.person(name).0;
        match role {
            Some(role) => {
                self.server.store().set_role(&course, account, role.parse().unwrap()).await.unwrap()
            }
            None => self.server.store().remove_member(&course, account).await.unwrap(),
        }
    }

    pub(crate) async fn post(
        &self,
        who: &str,
        path: &str,
        body: &serde_json::Value,
    ) -> (u16, serde_json::Value) {
        let request = reqwest::Client::new().post(self.url(path)).bearer_auth(self.token(who)).json(body);
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(crate) async fn get(&self, who: &str, path: &str) -> (u16, serde_json::Value) {
        let response =
            reqwest::Client::new().get(self.url(path)).bearer_auth(self.token(who)).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    pub(crate) async fn client(&self, who: &str) -> Client {
        Client::connect(self.address(), self.token(who)).await
    }
}
