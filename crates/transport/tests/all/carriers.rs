//! Each carrier against a real server: the same frames, the same promises.

use futures_util::{SinkExt, StreamExt};
use inkhorn_protocol::carrier::Carrier;
use inkhorn_protocol::frame::{Frame, MAX_FRAME_BYTES, Message};
use inkhorn_server::Server;
use inkhorn_transport::{ConnectError, Destination, Endpoint, Link, LinkError, Network, Transport};
use std::sync::Arc;
use std::time::Duration;

pub(crate) const ALL: [Carrier; 3] = [Carrier::WebSocket, Carrier::Sse, Carrier::Poll];

pub(crate) fn transport(network: &Network, carrier: Carrier) -> Arc<dyn Transport> {
    let network = Network { only: Some(carrier), ..network.clone() };
    network.transports().remove(0)
}

/// A limit against hanging for ever; nothing is measured by it.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("within half a minute")
}

pub(crate) struct World {
    server: Server,
    _data: tempfile::TempDir,
    token: String,
}

impl World {
    /// A server with a course `c` and a lesson `l` of Ann's.
    pub(crate) async fn start() -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = Server::start(address, data.path()).await.expect("starts");
        let account =
            server.store().put_user("ann@x.org", Some("Ann"), "a password").await.expect("an account");
        let token = server.store().add_token(&account).await.expect("a token");
        let world = Self { server, _data: data, token };
        let op = r#"{"op":"first","kind":"register","course":"c","title":"C","documents":["lesson:l"]}"#;
        let call =
            reqwest::Client::new().post(world.to().endpoint.api("operations")).bearer_auth(&world.token);
        let call = call.header("content-type", "application/json").body(op);
        assert!(call.send().await.expect("answers").status().is_success());
        world
    }
    pub(crate) fn address(&self) -> std::net::SocketAddr {
        self.server.address()
    }
    pub(crate) fn to(&self) -> Destination {
        let url = format!("http://{}", self.server.address());
        Destination { endpoint: Endpoint::parse(&url, false).expect("parses"), token: self.token.clone() }
    }
    async fn link(&self, carrier: Carrier) -> Peer {
        let transport = transport(&Network::default(), carrier);
        assert_eq!(transport.carrier(), carrier);
        Peer(within(transport.connect(&self.to())).await.expect("connects"))
    }
}

struct Peer(Link);

impl Peer {
    async fn send(&mut self, frame: Frame) {
        within(self.0.outgoing.send(frame.encode())).await.expect("sends");
    }
    async fn next(&mut self) -> Result<Frame, LinkError> {
        let bytes = within(self.0.incoming.next()).await.expect("no end without a reason")?;
        Ok(Frame::decode(&bytes).expect("a frame"))
    }
    async fn find(&mut self, fits: impl Fn(&Message) -> bool) -> Message {
        loop {
            if let Frame::Doc { message, .. } = self.next().await.expect("the link lives")
                && fits(&message)
            {
                return message;
            }
        }
    }
    async fn join(&mut self, token: &str) {
        for message in [Message::Token(token.to_owned()), Message::Step1(vec![0]), Message::Step2(vec![0, 0])]
        {
            self.send(Frame::doc("lesson:l", message)).await;
        }
        self.find(|message| *message == Message::SyncStatus(true)).await;
    }
}

/// `{clients: 1, client, clock, state}`.
fn awareness(client: u8, clock: u8, state: &str) -> Message {
    let mut bytes = vec![1, client, clock, state.len() as u8];
    bytes.extend(state.as_bytes());
    Message::Awareness(bytes)
}

#[tokio::test]
async fn many_frames_go_both_ways_in_order_by_each_carrier() {
    let world = World::start().await;
    for carrier in ALL {
        let mut peer = world.link(carrier).await;
        let before = peer.0.life.beats();
        let mut sent = 0;
        // As many at a time as the server's queue holds without cutting us off.
        for burst in [1, 2, 16, 30, 30, 30] {
            for _ in 0..burst {
                within(peer.0.outgoing.feed(Frame::Ping.encode())).await.expect("takes");
            }
            within(peer.0.outgoing.flush()).await.expect("sends");
            sent += burst;
            for _ in 0..burst {
                assert_eq!(peer.next().await, Ok(Frame::Pong), "{carrier:?} {sent}");
            }
        }
        assert!(peer.0.life.beats() > before, "{carrier:?}");
    }
}

#[tokio::test]
async fn awareness_reaches_the_others_by_each_carrier_and_ends_with_a_goodbye() {
    let world = World::start().await;
    let mut watcher = world.link(Carrier::WebSocket).await;
    watcher.join(&world.token).await;
    for (client, carrier) in (10u8..).zip(ALL) {
        let mut peer = world.link(carrier).await;
        peer.join(&world.token).await;
        peer.send(Frame::doc("lesson:l", awareness(client, 1, r#"{"x":1}"#))).await;
        watcher.find(|message| matches!(message, Message::Awareness(_))).await;
        watcher.send(Frame::doc("lesson:l", awareness(client + 100, 1, r#"{"y":1}"#))).await;
        peer.find(|message| matches!(message, Message::Awareness(bytes) if bytes.contains(&b'y'))).await;
        within(peer.0.outgoing.close()).await.expect("says goodbye");
        let gone = watcher.find(|message| matches!(message, Message::Awareness(_))).await;
        assert!(matches!(gone, Message::Awareness(bytes) if !bytes.contains(&b'x')), "{carrier:?}");
    }
}

#[tokio::test]
async fn a_large_frame_passes_by_each_carrier() {
    let world = World::start().await;
    for carrier in ALL {
        let mut peer = world.link(carrier).await;
        // Of a newer client: taken and passed over.
        let mut large = vec![1, b'a', 77];
        large.resize(MAX_FRAME_BYTES, 0);
        within(peer.0.outgoing.send(large)).await.expect("sends");
        peer.send(Frame::Ping).await;
        assert_eq!(peer.next().await, Ok(Frame::Pong), "{carrier:?}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_denied_where_it_is_shown_first() {
    let world = World::start().await;
    for carrier in [Carrier::Sse, Carrier::Poll] {
        let mut to = world.to();
        to.token = "wrong".to_owned();
        let refused = within(transport(&Network::default(), carrier).connect(&to)).await;
        let Err(ConnectError::Denied(why)) = refused else { panic!("{carrier:?}: let in") };
        assert!(why.contains("sign in again") && why.contains("safe"), "{why}");
        assert!(!format!("{to:?}").contains("wrong"), "a token in a log");
    }
}

#[tokio::test]
async fn a_token_that_is_withdrawn_ends_every_link_as_denied() {
    let world = World::start().await;
    let account = world.server.store().account("ann@x.org").await.expect("an account");
    for carrier in ALL {
        let token = world.server.store().add_token(&account).await.expect("a token");
        let to = Destination { token: token.clone(), ..world.to() };
        let mut peer =
            Peer(within(transport(&Network::default(), carrier).connect(&to)).await.expect("connects"));
        peer.join(&token).await;
        world.server.store().revoke_tokens(&account).await.expect("withdraws");
        let error = loop {
            if let Err(error) = peer.next().await {
                break error;
            }
        };
        // A stream says that it is over; who comes again is told why.
        let denied = match error {
            LinkError::Denied(_) => true,
            LinkError::Lost(_) => {
                let again = within(transport(&Network::default(), carrier).connect(&to)).await;
                matches!(again, Err(ConnectError::Denied(_)))
            }
        };
        assert!(denied, "{carrier:?}");
    }
}

#[tokio::test]
async fn a_server_that_stops_ends_every_link_in_words() {
    for carrier in ALL {
        let world = World::start().await;
        let mut peer = world.link(carrier).await;
        peer.join(&world.token).await;
        let stopping = tokio::spawn(world.server.stop());
        let error = loop {
            if let Err(error) = peer.next().await {
                break error;
            }
        };
        assert!(error.to_string().ends_with('.'), "{error}");
        drop(peer);
        within(stopping).await.expect("stops");
    }
}
