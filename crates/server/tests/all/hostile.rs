//! Bytes that mean harm, or nothing: they close and refuse what they must, and nothing else.

use super::client::{Client, Running};
use super::updates::{EMPTY, set};
use super::world::{LESSON, World, saved};
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::session::{DocNotice, Reason};
use inkhorn_server::engine::Event;
use proptest::prelude::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap()).collect()
}

/// Each would hurt a replica that integrates it: by memory, by recursion, by a hang, by silence.
fn harmful() -> Vec<(&'static str, Vec<u8>)> {
    let deep = [hex("0101050008010161 01"), hex("7501").repeat(10_000), hex("7e00")].concat();
    vec![
        ("can never be saved", hex("0103071b0203440000000001031b787e0107010303070107024358595ac60700")),
        ("allocates 10 GB", hex("8084af5f")),
        ("declares more than it has", hex("ffffffff0f")),
        ("forged clock", hex("01012a0100c0843d00")),
        ("nests an Any too deep", deep),
        ("XmlHook", hex("01010500070101780502686b00")),
        ("lone surrogate", hex("01010500050101740e7b2276223a225c7564383364227d00")),
        ("ContentJSON", hex("0101050002010161020131013200")),
        ("a client twice", hex("02010500040101740161010501840500016200")),
        ("a client twice in the delete set", hex("00020501000105010201")),
        ("unsorted deletions", hex("0001050204010001")),
        ("info bit 4", hex("0101050014010174016100")),
        ("text in a map root", hex("010105000401046d65746104f09f988000")),
        ("not even a count", Vec::new()),
    ]
}

#[tokio::test]
async fn a_harmful_update_closes_its_document_on_its_connection_and_nothing_else() {
    let running = Running::start(&["lesson:l", "lesson:m"]).await;
    let mut ben = running.client("ben").await;
    ben.open("lesson:l").await;
    for (name, bytes) in harmful() {
        let (mut app, _) = Client::app(running.address(), running.token("ann"), &[]).await;
        app.open("lesson:l").await;
        app.open("lesson:m").await;
        app.send("lesson:l", Message::Update(bytes)).await;
        // A gap, as which a forged clock begins, is asked about first.
        let answer =
            app.find(|key, m| key == "lesson:l" && matches!(m, Message::Close(_) | Message::Step1(_))).await;
        if matches!(answer, Message::Step1(_)) {
            app.send("lesson:l", Message::Step2(EMPTY.to_vec())).await;
            app.find(|key, m| key == "lesson:l" && matches!(m, Message::Close(_))).await;
        }
        app.send("lesson:m", Message::QueryAwareness).await;
        app.send("lesson:m", Message::Step1(vec![0])).await;
        let other = app.find(|key, m| key == "lesson:m" && matches!(m, Message::Step2(_))).await;
        assert_eq!(other, Message::Step2(EMPTY.to_vec()), "{name}");
    }
    let mut ann = running.client("ann").await;
    assert_eq!(ann.open("lesson:l").await, EMPTY, "nothing of it was taken");
    ann.send("lesson:l", Message::Update(set(42, 0, "a"))).await;
    let got = ben.find(|_, m| !matches!(m, Message::SyncStatus(_))).await;
    assert_eq!(got, Message::Update(set(42, 0, "a")), "and its peers never saw any of it");
    running.server.stop().await;
}

#[tokio::test]
async fn bytes_that_are_no_frame_close_the_connection_and_a_frame_of_the_future_does_not() {
    let running = Running::start(&["lesson:l"]).await;
    for bytes in [vec![0xff; 40], vec![5, b'a'], vec![], vec![0]] {
        let mut client = running.client("ann").await;
        client.raw(bytes).await.unwrap();
        assert_eq!(client.end().await.0, Some(1007));
    }
    let mut client = running.client("ann").await;
    client.raw(vec![1, b'a', 77, 1, 2, 3]).await.unwrap();
    client.open("lesson:l").await;
    // Cut in all places.
    let whole = Frame::doc("lesson:l", Message::Update(set(7, 0, "a"))).encode();
    for cut in 2..whole.len() {
        let mut client = running.client("ann").await;
        let _ = client.raw(whole[..cut].to_vec()).await;
        assert!(client.end().await.0.is_some());
    }
    client.send("lesson:l", Message::Update(set(7, 0, "a"))).await;
    client.acks(1).await;
    running.server.stop().await;
}

#[test]
fn a_step_1_that_does_not_read_closes_the_document() {
    let mut w = World::new();
    w.join_app(1, "ann", LESSON);
    w.send(1, LESSON, Message::Step1(vec![0xff, 0xff]));
    let invalid = |n: &DocNotice| matches!(n, DocNotice::Rejected { reason: Reason::Invalid { .. }, .. });
    assert!(w.notices(1).iter().any(invalid));
}

fn any_message() -> impl Strategy<Value = Message> {
    let bytes = || {
        prop_oneof![
            3 => (1u64..4, 0u32..4).prop_map(|(client, clock)| set(client, clock, "k")),
            1 => proptest::collection::vec(any::<u8>(), 0..40),
            1 => proptest::sample::select(harmful()).prop_map(|(_, bytes)| bytes),
            1 => (1u64..4, 0u32..4, 0usize..20, any::<u8>()).prop_map(|(client, clock, at, byte)| {
                let mut bytes = set(client, clock, "k");
                let at = at % bytes.len();
                bytes[at] ^= byte;
                bytes
            }),
        ]
    };
    prop_oneof![
        bytes().prop_map(Message::Update),
        bytes().prop_map(Message::Step2),
        bytes().prop_map(Message::Step1),
        Just(Message::Step1(vec![0])),
        bytes().prop_map(Message::Awareness),
        proptest::sample::select(vec!["ann", "ben", "vic", "eve", "x"])
            .prop_map(|t| Message::Token(t.to_owned())),
        Just(Message::QueryAwareness),
        Just(Message::Close(String::new())),
        ".{0,20}".prop_map(Message::Stateless),
        Just(Message::Stateless(r#"{"type":"hello","protocol":1,"epoch":"e","since":{"c":4}}"#.to_owned())),
        Just(Message::SyncStatus(true)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever three connections send, in whatever order commits land or fail: no panic, the log replays, the orders
    /// have no holes, and a fourth client reads and writes as if they were not there.
    #[test]
    fn no_sequence_of_frames_breaks_the_engine(
        frames in proptest::collection::vec(
            (1u64..4, proptest::sample::select(vec![LESSON, "lesson:m", "lesson:l\0tab", "@session", "x"]), any_message(), 0u8..12),
            0..60,
        )
    ) {
        let mut w = World::new();
        w.join(9, "ann", LESSON);
        for conn in 1..4 {
            w.event(Event::Opened { conn });
        }
        for (conn, key, message, then) in frames {
            w.send(conn, key, message);
            match then {
                0 => w.hold = true,
                1 | 2 if w.held.is_some() => w.land(),
                3 if w.held.is_some() => {
                    *w.log.fail.lock().unwrap() = Some(inkhorn_server::engine::LogError::RolledBack(String::new()));
                    w.land();
                }
                4 => { w.event(Event::Closed { conn }); w.event(Event::Opened { conn }); }
                5 => w.pass(300),
                _ => {}
            }
        }
        w.hold = false;
        while w.held.is_some() {
            w.land();
        }
        prop_assert!(w.engine.is_quiet());
        w.take(9);
        w.update(9, LESSON, set(1_000, 0, "honest"));
        prop_assert_eq!(saved(&w.take(9)), 1);
        let entries = w.log.entries.lock().unwrap();
        for doc in w.docs.keys() {
            let order: Vec<u64> = entries.iter().filter(|e| e.doc == *doc).map(|e| e.doc_seq).collect();
            let whole: Vec<u64> = (1..=order.len() as u64).collect();
            prop_assert_eq!(order, whole);
            let mut content = inkhorn_server::engine::Content::new(doc);
            for entry in entries.iter().filter(|e| e.doc == *doc) {
                prop_assert!(content.replay(&entry.bytes).is_ok());
            }
        }
    }
}
