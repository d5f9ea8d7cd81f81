//! Frames over plain HTTP: long polls and server-sent events down, numbered posts up.

use super::client::{PATIENCE, Running};
use super::updates::{EMPTY, awareness, set};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use inkhorn_protocol::carrier::{
    MAX_BATCH_BYTES, NUMBER_HEADER, Opened, SEEN_HEADER, SESSION_HEADER, Taken, pack, unpack,
};
use inkhorn_protocol::frame::{Frame, Message};
use reqwest::{Method, RequestBuilder, Response};
use std::collections::VecDeque;
use std::time::Duration;

/// A client that polls.
struct Poller {
    http: reqwest::Client,
    url: String,
    token: String,
    session: String,
    sent: u64,
    seen: u64,
    ready: VecDeque<Frame>,
}

impl Poller {
    async fn open(running: &Running, who: &str) -> Self {
        let (http, token) = (reqwest::Client::new(), running.token(who).to_owned());
        let answer = http.post(running.url("frames")).bearer_auth(&token).send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 201);
        let Opened { session } = answer.json().await.unwrap();
        assert!(session.len() >= 43, "256 bits: {session}");
        Self { http, url: running.url(""), token, session, sent: 0, seen: 0, ready: VecDeque::new() }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.url));
        request.bearer_auth(&self.token).header(SESSION_HEADER, &self.session)
    }

    /// Posts frames under numbers of the test's choice.
    async fn post(&self, number: u64, frames: &[Frame]) -> Response {
        let frames: Vec<Vec<u8>> = frames.iter().map(Frame::encode).collect();
        let request = self.request(Method::POST, "frames").header(NUMBER_HEADER, number);
        request.body(pack(&frames)).send().await.unwrap()
    }

    async fn send(&mut self, frames: &[Frame]) {
        let answer = self.post(self.sent + 1, frames).await;
        assert_eq!(answer.status().as_u16(), 200);
        self.sent += frames.len() as u64;
        assert_eq!(answer.json::<Taken>().await.unwrap().next, self.sent + 1);
    }

    fn get(&self, wait: u64) -> RequestBuilder {
        self.request(Method::GET, &format!("frames?wait={wait}")).header(SEEN_HEADER, self.seen)
    }

    /// One poll; its frames wait in `ready`.
    async fn poll(&mut self, wait: u64) -> u16 {
        let answer = self.get(wait).send().await.unwrap();
        let status = answer.status().as_u16();
        if status == 200 {
            assert_eq!(answer.headers()[NUMBER_HEADER].to_str().unwrap(), (self.seen + 1).to_string());
            let body = answer.bytes().await.unwrap();
            for bytes in unpack(&body).unwrap() {
                self.seen += 1;
                self.ready.push_back(Frame::decode(bytes).unwrap());
            }
        }
        status
    }

    async fn find(&mut self, fits: impl Fn(&Message) -> bool) -> Message {
        let found = async {
            loop {
                while let Some(frame) = self.ready.pop_front() {
                    match frame {
                        Frame::Doc { message, .. } if fits(&message) => return message,
                        _ => {}
                    }
                }
                assert!(matches!(self.poll(10).await, 200 | 204));
            }
        };
        tokio::time::timeout(PATIENCE, found).await.expect("it comes")
    }

    async fn join(&mut self, key: &str) -> Vec<u8> {
        let token = Message::Token(self.token.clone());
        let frames = [token, Message::Step1(vec![0]), Message::Step2(EMPTY.to_vec())];
        self.send(&frames.map(|message| Frame::doc(key, message))).await;
        match self.find(|m| matches!(m, Message::Step2(_))).await {
            Message::Step2(bytes) => bytes,
            _ => unreachable!(),
        }
    }

    async fn acks(&mut self, count: usize) {
        for _ in 0..count {
            self.find(|m| *m == Message::SyncStatus(true)).await;
        }
    }
}

fn update(clock: u32, text: &str) -> Frame {
    Frame::doc("lesson:l", Message::Update(set(7, clock, text)))
}

#[tokio::test]
async fn one_who_polls_and_one_on_a_socket_edit_the_same_lesson() {
    let running = Running::start(&["lesson:l"]).await;
    let mut ann = Poller::open(&running, "ann").await;
    ann.join("lesson:l").await;
    let mut ben = running.client("ben").await;
    ben.open("lesson:l").await;
    ann.send(&[update(0, "a"), update(1, "b")]).await;
    // Two, and one for the first step 2.
    ann.acks(3).await;
    for text in ["a", "b"] {
        let clock = u32::from(text == "b");
        let got = ben.find(|_, m| matches!(m, Message::Update(_))).await;
        assert_eq!(got, Message::Update(set(7, clock, text)));
    }
    ben.send("lesson:l", Message::Update(set(8, 0, "c"))).await;
    assert_eq!(ann.find(|m| matches!(m, Message::Update(_))).await, Message::Update(set(8, 0, "c")));
    assert_eq!(ann.poll(0).await, 204, "nothing more");
    running.server.stop().await;
}

#[tokio::test]
async fn frames_up_are_taken_in_order_and_once_whatever_comes_twice_or_too_early() {
    let running = Running::start(&["lesson:l"]).await;
    let mut ann = Poller::open(&running, "ann").await;
    ann.join("lesson:l").await;
    ann.acks(1).await;
    let next = ann.sent + 1;
    assert_eq!(ann.post(next + 1, &[update(1, "b")]).await.status().as_u16(), 409, "a gap");
    for _ in 0..3 {
        // The reply was lost, and the client sends again, with more behind.
        let answer = ann.post(next, &[update(0, "a"), update(1, "b")]).await;
        assert_eq!(answer.json::<Taken>().await.unwrap().next, next + 2);
    }
    let answer = ann.post(next + 1, &[update(1, "b"), update(2, "c")]).await;
    assert_eq!(answer.json::<Taken>().await.unwrap().next, next + 3);
    ann.sent = next + 2;
    ann.acks(3).await;
    ann.send(&[Frame::Ping]).await;
    let mut acks = 0;
    while !ann.ready.contains(&Frame::Pong) {
        ann.poll(10).await;
    }
    acks +=
        ann.ready.iter().filter(|f| matches!(f, Frame::Doc { message: Message::SyncStatus(_), .. })).count();
    assert_eq!(acks, 0, "each frame was acked once");
    running.server.stop().await;
}

#[tokio::test]
async fn a_reply_that_was_lost_is_given_again_until_it_is_confirmed() {
    let running = Running::start(&["lesson:l"]).await;
    let mut ann = Poller::open(&running, "ann").await;
    ann.send(&[Frame::Ping]).await;
    let first = ann.get(10).send().await.unwrap().bytes().await.unwrap();
    let again = ann.get(10).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(first, again);
    ann.seen = 1;
    assert_eq!(ann.poll(0).await, 204);
    ann.seen = 0;
    assert_eq!(ann.get(0).send().await.unwrap().status().as_u16(), 410, "what was confirmed is forgotten");
    running.server.stop().await;
}

/// Reads a stream until `count` numbered events have come; gives their numbers and frames.
async fn numbered(answer: &mut Response, count: usize) -> Vec<(u64, Frame)> {
    let (mut text, mut found) = (String::new(), Vec::new());
    while found.len() < count {
        let chunk = tokio::time::timeout(PATIENCE, answer.chunk()).await.expect("it comes").unwrap();
        text += std::str::from_utf8(&chunk.expect("the stream goes on")).unwrap();
        while let Some((event, rest)) = text.split_once("\n\n") {
            let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
            if let (Some(id), Some(data)) = (field("id:"), field("data:")) {
                let frame = Frame::decode(&STANDARD.decode(data).unwrap()).unwrap();
                found.push((id.parse().unwrap(), frame));
            }
            text = rest.to_owned();
        }
    }
    found
}

#[tokio::test]
async fn a_stream_that_broke_off_goes_on_behind_the_last_event_that_arrived() {
    let running = Running::start(&["lesson:l"]).await;
    let mut ann = Poller::open(&running, "ann").await;
    let mut stream = ann.request(Method::GET, "stream").send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    assert_eq!(stream.headers()["x-accel-buffering"], "no");
    ann.send(&[Frame::Ping, Frame::Ping, Frame::Ping]).await;
    let got = numbered(&mut stream, 3).await;
    assert_eq!(got, [(1, Frame::Pong), (2, Frame::Pong), (3, Frame::Pong)]);
    drop(stream);
    ann.send(&[Frame::Ping]).await;
    // Only the first is known to have arrived.
    let mut stream = ann.request(Method::GET, "stream").header("last-event-id", "1").send().await.unwrap();
    assert_eq!(numbered(&mut stream, 3).await.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [2, 3, 4]);
    // A second reader takes the place of the first.
    let mut second = ann.request(Method::GET, "stream").header("last-event-id", "4").send().await.unwrap();
    while stream.chunk().await.unwrap().is_some() {}
    ann.send(&[Frame::Ping]).await;
    assert_eq!(numbered(&mut second, 1).await, [(5, Frame::Pong)]);
    running.server.stop().await;
}

#[tokio::test]
async fn a_session_is_of_its_account_only_and_ends_by_goodbye() {
    let running = Running::start(&["lesson:l"]).await;
    let mut ann = Poller::open(&running, "ann").await;
    let ask = async |token: &str, session: &str| {
        let request = ann.http.get(format!("{}frames?wait=0", ann.url)).header(SESSION_HEADER, session);
        request.bearer_auth(token).send().await.unwrap().status().as_u16()
    };
    assert_eq!(ask(running.token("ann"), &ann.session).await, 204);
    assert_eq!(ask(running.token("ben"), &ann.session).await, 410, "somebody else's");
    assert_eq!(ask("wrong", &ann.session).await, 401);
    assert_eq!(ask(running.token("ann"), "guessed").await, 410);
    for path in ["frames", "stream"] {
        let answer = ann.http.get(format!("{}{path}", ann.url)).bearer_auth("wrong").send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 401);
    }
    let mut ben = running.client("ben").await;
    ben.open("lesson:l").await;
    ann.join("lesson:l").await;
    ann.send(&[Frame::doc("lesson:l", Message::Awareness(awareness(7, 1, r#"{"x":1}"#)))]).await;
    ben.find(|_, m| matches!(m, Message::Awareness(_))).await;
    assert_eq!(ann.request(Method::DELETE, "frames").send().await.unwrap().status().as_u16(), 204);
    // Others see at once that she is gone.
    ben.find(|_, m| matches!(m, Message::Awareness(_))).await;
    assert_eq!(ann.poll(0).await, 410);
    running.server.stop().await;
}

#[tokio::test]
async fn hostile_numbers_headers_and_bodies_are_refused_and_harm_only_their_session() {
    let running = Running::start(&["lesson:l"]).await;
    let mut ann = Poller::open(&running, "ann").await;
    let status = async |request: RequestBuilder| request.send().await.unwrap().status().as_u16();
    for number in ["0", "-1", "x", "99999999999999999999", "18446744073709551615", ""] {
        let post = ann.request(Method::POST, "frames").header(NUMBER_HEADER, number).body(vec![]);
        assert_eq!(status(post).await, 400, "{number:?}");
        if number != "0" {
            let get = ann.request(Method::GET, "frames").header(SEEN_HEADER, number);
            assert_eq!(status(get).await, 400, "{number:?}");
            let stream = ann.request(Method::GET, "stream").header("last-event-id", number);
            assert_eq!(status(stream).await, 400, "{number:?}");
        }
    }
    assert_eq!(status(ann.request(Method::GET, "frames").header(SEEN_HEADER, "5")).await, 400, "never sent");
    assert_eq!(status(ann.request(Method::GET, "frames?wait=never")).await, 400);
    assert_eq!(status(ann.request(Method::POST, "frames").body(vec![])).await, 400, "no number");
    let huge =
        ann.request(Method::POST, "frames").header(NUMBER_HEADER, "1").body(vec![0; MAX_BATCH_BYTES + 1]);
    assert_eq!(status(huge).await, 413);
    assert_eq!(ann.poll(0).await, 204, "the session lives");
    for bytes in [vec![0xff; 9], vec![0, 0, 0, 9, 1], pack(&[vec![0xffu8; 40]])] {
        let bad = Poller::open(&running, "ann").await;
        let post = bad.request(Method::POST, "frames").header(NUMBER_HEADER, "1").body(bytes);
        assert_eq!(status(post).await, 400);
        assert_eq!(status(bad.get(0)).await, 410, "it is over");
    }
    // A frame of a newer client is passed over, and counted.
    let answer = ann.request(Method::POST, "frames").header(NUMBER_HEADER, "1");
    let answer = answer.body(pack(&[vec![1, b'a', 77, 1, 2], Frame::Ping.encode()])).send().await.unwrap();
    assert_eq!(answer.json::<Taken>().await.unwrap().next, 3);
    ann.poll(10).await;
    assert_eq!(ann.ready.pop_front(), Some(Frame::Pong));
    running.server.stop().await;
}

#[tokio::test]
async fn one_who_does_not_read_is_cut_off_and_the_others_go_on() {
    let running = Running::start(&["lesson:l"]).await;
    let mut ben = Poller::open(&running, "ben").await;
    ben.join("lesson:l").await;
    let mut ann = running.client("ann").await;
    ann.open("lesson:l").await;
    ann.acks(1).await;
    for clock in 1..300 {
        ann.send("lesson:l", Message::Awareness(awareness(7, clock, r#"{"x":1}"#))).await;
    }
    ann.send("lesson:l", Message::Update(set(7, 0, "a"))).await;
    ann.acks(1).await;
    assert_eq!(ben.poll(0).await, 410);
    let mut ben = Poller::open(&running, "ben").await;
    assert_eq!(ben.join("lesson:l").await, set(7, 0, "a"), "and comes again");
    running.server.stop().await;
}

#[tokio::test]
async fn a_session_from_which_nothing_is_heard_for_a_minute_is_over() {
    let running = Running::start(&["lesson:l"]).await;
    let (mut ann, mut ben) = (Poller::open(&running, "ann").await, Poller::open(&running, "ben").await);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(40)).await;
    tokio::time::resume();
    assert_eq!(ben.poll(0).await, 204);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(30)).await;
    tokio::time::resume();
    assert_eq!(ben.poll(0).await, 204, "heard half a minute ago");
    assert_eq!(ann.poll(0).await, 410);
    running.server.stop().await;
}

#[tokio::test]
async fn an_account_that_opens_session_after_session_loses_the_oldest() {
    let running = Running::start(&["lesson:l"]).await;
    let mut first = Poller::open(&running, "ann").await;
    let mut other = Poller::open(&running, "ben").await;
    for _ in 0..32 {
        Poller::open(&running, "ann").await;
    }
    assert_eq!(first.poll(0).await, 410);
    assert_eq!(other.poll(0).await, 204, "another account's");
    running.server.stop().await;
}
