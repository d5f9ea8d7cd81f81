//! The connection over a real WebSocket, against a server that behaves and one that does not.

use crate::script::Server;
use inkhorn_events::{Event, Item, Status, Subscription, spine};
use inkhorn_protocol::carrier::Carrier;
use inkhorn_protocol::frame::{Frame, MAX_FRAME_BYTES};
use inkhorn_transport::clock::{Clock, Now, SystemClock};
use inkhorn_transport::connection::LinkHandle;
use inkhorn_transport::{Connection, Destination, Endpoint, LinkEvent, Network};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::mpsc::Receiver;
use tokio::time::Instant;

/// The system's clocks, moved forward as the test says: on the wall only (a sleep), or both.
#[derive(Default)]
struct Moved {
    system: SystemClock,
    wall: AtomicU64,
    both: AtomicU64,
}

impl Clock for Moved {
    fn now(&self) -> Now {
        let now = self.system.now();
        let both = self.both.load(Ordering::Relaxed);
        Now { mono_ms: now.mono_ms + both, wall_ms: now.wall_ms + both + self.wall.load(Ordering::Relaxed) }
    }
    fn instant(&self, mono_ms: u64) -> Instant {
        self.system.instant(mono_ms.saturating_sub(self.both.load(Ordering::Relaxed)))
    }
}

fn socket_only() -> Vec<Arc<dyn inkhorn_transport::Transport>> {
    Network { only: Some(Carrier::WebSocket), ..Network::default() }.transports()
}

struct App {
    connection: Connection,
    links: Receiver<LinkEvent>,
    events: Subscription,
    clock: Arc<Moved>,
}

impl App {
    fn new(queue: usize) -> Self {
        let (publisher, subscriber) = spine(64);
        let events = subscriber.subscribe();
        let clock = Arc::new(Moved::default());
        let (connection, links) =
            Connection::spawn_with(socket_only(), publisher, Arc::clone(&clock) as _, queue);
        Self { connection, links, events, clock }
    }
    fn start(&self, endpoint: Endpoint) {
        self.connection.start(Destination { endpoint, token: "token".to_owned() });
    }
    async fn link(&mut self) -> LinkEvent {
        within(self.links.recv()).await.expect("the connection lives")
    }
    async fn opened(&mut self) -> LinkHandle {
        match self.link().await {
            LinkEvent::Opened(handle) => handle,
            other => panic!("{other:?}"),
        }
    }
    async fn frame(&mut self) -> Vec<u8> {
        match self.link().await {
            LinkEvent::Frame { bytes, .. } => bytes,
            other => panic!("{other:?}"),
        }
    }
    /// The next status for which `pick` answers.
    async fn status<T>(&mut self, pick: impl Fn(&Status) -> Option<T>) -> T {
        loop {
            match within(self.events.recv()).await {
                Some(Item::Event(Event::Connection { status })) => {
                    if let Some(found) = pick(&status) {
                        return found;
                    }
                }
                Some(_) => {}
                None => panic!("the spine ended"),
            }
        }
    }
    /// Why the next failure happened, and whether it tries again by itself.
    async fn failure(&mut self) -> (String, bool) {
        self.status(|status| match status {
            Status::Offline { why: Some(why), next_try_ms } => Some((why.clone(), next_try_ms.is_some())),
            _ => None,
        })
        .await
    }
    async fn connected(&mut self) {
        self.status(|status| matches!(status, Status::Connected { .. }).then_some(())).await;
    }
}

/// A limit against hanging for ever; nothing is measured by it.
async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(30), future).await.expect("within half a minute")
}

#[tokio::test]
async fn frames_go_both_ways_in_order_at_queues_of_one() {
    let (server, endpoint) = Server::start().await;
    let mut app = App::new(1);
    app.start(endpoint);
    let mut peer = server.accept().await;
    let link = app.opened().await;
    app.connection.ready(link.id());
    app.connected().await;
    let echo = tokio::spawn(async move {
        while let Some(bytes) = peer.recv().await {
            peer.send(&bytes).await;
        }
    });
    let sender = link.clone();
    let sending = tokio::spawn(async move {
        for n in 0u32..500 {
            sender.send(n.to_be_bytes().to_vec()).await.expect("alive");
        }
    });
    for n in 0u32..500 {
        assert_eq!(app.frame().await, n.to_be_bytes());
    }
    sending.await.expect("sent all");
    app.connection.close().await;
    within(echo).await.expect("the server saw a goodbye");
}

#[tokio::test]
async fn a_dropped_link_is_opened_again_and_frames_for_the_old_one_go_nowhere() {
    let (server, endpoint) = Server::start().await;
    let mut app = App::new(4);
    app.start(endpoint);
    let peer = server.accept().await;
    let old = app.opened().await;
    app.connection.ready(old.id());
    app.connected().await;
    drop(peer);
    let (why, again) = app.failure().await;
    assert!(again, "{why}");
    assert!(matches!(app.link().await, LinkEvent::Closed { link } if link == old.id()));
    let mut peer = server.accept().await;
    let new = app.opened().await;
    assert!(new.id() > old.id());
    assert!(within(old.send(vec![1])).await.is_err());
    new.send(vec![2]).await.expect("alive");
    assert_eq!(peer.recv().await, Some(vec![2]));
    // Words about the old link do not touch the new one.
    app.connection.ready(old.id());
    app.connection.denied(old.id(), "old".into());
    app.connection.ready(new.id());
    app.connected().await;
}

#[tokio::test]
async fn refusals_of_the_upgrade_are_told_in_plain_words() {
    let cases = [
        ("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n", "sign in again", false),
        ("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n", "blocks it", true),
        ("HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n", "not an Inkhorn server", true),
        ("HTTP/1.1 503 Unavailable\r\ncontent-length: 0\r\n\r\n", "problem of its own (503)", true),
        ("HTTP/1.1 302 Found\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n", "another address", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "not an Inkhorn server", true),
        ("SSH-2.0-OpenSSH_9.2\r\n\r\n", "not an Inkhorn server", true),
        ("", "broke off", true),
    ];
    for (answer, words, tries_again) in cases {
        let (server, endpoint) = Server::start().await;
        let mut app = App::new(4);
        app.start(endpoint);
        within(server.answer(answer)).await;
        let (why, again) = app.failure().await;
        assert!(why.contains(words), "{answer:?}: {why}");
        assert_eq!(again, tries_again, "{answer:?}");
    }
}

#[tokio::test]
async fn an_address_where_nothing_answers_is_told_so() {
    let (server, endpoint) = Server::start().await;
    drop(server);
    let mut app = App::new(4);
    app.start(endpoint);
    let (why, again) = app.failure().await;
    assert!(why.contains("Nothing answers") && again, "{why}");
}

#[tokio::test]
async fn tls_to_a_server_without_it_fails_in_words_and_without_a_panic() {
    let (server, endpoint) = Server::start().await;
    let secure = Endpoint::parse(&endpoint.to_string().replace("http:", "https:"), false).expect("parses");
    let mut app = App::new(4);
    app.start(secure);
    within(server.answer("HTTP/1.1 400 Bad Request\r\n\r\n")).await;
    let (why, again) = app.failure().await;
    assert!(why.contains("TLS") || why.contains("certificates"), "{why}");
    assert!(again);
}

#[tokio::test]
async fn a_server_that_accepts_and_then_stalls_is_given_up() {
    let (server, endpoint) = Server::start().await;
    let mut app = App::new(4);
    app.start(endpoint);
    let _stalled = server.raw().await;
    app.clock.both.fetch_add(60_000, Ordering::Relaxed);
    let (why, again) = app.failure().await;
    assert!(why.contains("did not answer in time") && again, "{why}");
}

#[tokio::test]
async fn a_link_that_falls_silent_is_pinged_kept_while_it_answers_and_dropped_when_it_does_not() {
    let (server, endpoint) = Server::start().await;
    let mut app = App::new(4);
    app.start(endpoint);
    let mut peer = server.accept().await;
    let link = app.opened().await;
    app.connection.ready(link.id());
    app.connected().await;
    // The computer slept: the link is checked as soon as the machine steps again.
    app.clock.wall.fetch_add(3_600_000, Ordering::Relaxed);
    app.connection.ready(link.id());
    assert_eq!(within(peer.recv()).await.as_deref(), Some(Frame::Ping.encode().as_slice()));
    peer.send(&Frame::Pong.encode()).await;
    assert_eq!(app.frame().await, Frame::Pong.encode());
    app.clock.wall.fetch_add(3_600_000, Ordering::Relaxed);
    app.connection.ready(link.id());
    assert_eq!(within(peer.recv()).await.as_deref(), Some(Frame::Ping.encode().as_slice()), "it was kept");
    app.clock.both.fetch_add(20_000, Ordering::Relaxed);
    app.connection.ready(link.id());
    let (why, again) = app.failure().await;
    assert!(why.contains("silent") && again, "{why}");
}

#[tokio::test]
async fn garbage_and_monsters_end_the_link_and_not_the_program() {
    use futures_util::SinkExt;
    use tokio_tungstenite::tungstenite::Message;
    let (server, endpoint) = Server::start().await;
    let mut app = App::new(4);
    app.start(endpoint);
    let mut peer = server.accept().await;
    let link = app.opened().await;
    app.connection.ready(link.id());
    app.connected().await;
    peer.0.send(Message::text("hello")).await.expect("sends");
    assert!(app.failure().await.0.contains("not an Inkhorn server"));
    assert!(matches!(app.link().await, LinkEvent::Closed { .. }));

    let mut peer = server.accept().await;
    let link = app.opened().await;
    app.connection.ready(link.id());
    app.connected().await;
    // The header of a frame one byte over the limit; its body is never read.
    let mut header = vec![0x82, 127];
    header.extend((MAX_FRAME_BYTES as u64 + 1).to_be_bytes());
    use tokio::io::AsyncWriteExt;
    peer.0.get_mut().write_all(&header).await.expect("writes");
    assert!(app.failure().await.0.contains("too large"));
}

#[tokio::test]
async fn the_largest_frame_passes_over_a_link_that_is_read_slowly() {
    let (server, endpoint) = Server::start().await;
    let mut app = App::new(1);
    app.start(endpoint);
    let mut peer = server.accept().await;
    let link = app.opened().await;
    let frame = vec![7; MAX_FRAME_BYTES];
    for _ in 0..3 {
        let (sent, received) = tokio::join!(link.send(frame.clone()), peer.recv());
        sent.expect("alive");
        assert_eq!(received.map(|bytes| bytes.len()), Some(MAX_FRAME_BYTES));
        peer.send(&frame).await;
        assert_eq!(app.frame().await.len(), MAX_FRAME_BYTES);
    }
}

#[tokio::test]
async fn try_now_does_not_wait_for_the_next_try() {
    let (server, endpoint) = Server::start().await;
    let mut app = App::new(4);
    app.start(endpoint);
    within(server.answer("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n")).await;
    let (_, again) = app.failure().await;
    assert!(!again, "it would wait for ever");
    app.connection.try_now();
    let _peer = within(server.accept()).await;
    app.opened().await;
}
