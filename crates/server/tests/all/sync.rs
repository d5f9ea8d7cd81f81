//! The whole server, by socket.

use super::client::{Client, Running};
use super::updates::{EMPTY, awareness, set};
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::session::{CourseChanged, DocNotice, EventKind, Reason, Role, ToApp};

#[tokio::test]
async fn two_clients_see_each_others_edits_and_a_third_finds_them_later() {
    let running = Running::start(&["course:c", "lesson:l"]).await;
    let (mut ann, mut ben) = (running.client("ann").await, running.client("ben").await);
    ann.open("lesson:l").await;
    ben.open("lesson:l").await;
    ann.send("lesson:l", Message::Update(set(7, 0, "a"))).await;
    assert_eq!(ben.find(|_, m| matches!(m, Message::Update(_))).await, Message::Update(set(7, 0, "a")));
    ben.send("lesson:l", Message::Update(set(8, 0, "b"))).await;
    assert_eq!(ann.find(|_, m| matches!(m, Message::Update(_))).await, Message::Update(set(8, 0, "b")));
    let mut vic = running.client("vic").await;
    assert_eq!(vic.open("lesson:l").await.len(), 2 * set(7, 0, "a").len() - 2, "both, in one update");
    running.server.stop().await;
}

#[tokio::test]
async fn a_server_that_stops_and_starts_again_has_everything() {
    let running = Running::start(&["lesson:l"]).await;
    let mut ann = running.client("ann").await;
    ann.open("lesson:l").await;
    for clock in 0..20 {
        ann.send("lesson:l", Message::Update(set(7, clock, "k"))).await;
    }
    ann.acks(21).await;
    let Running { server, folder, people } = running;
    server.stop().await;
    assert_eq!(ann.end().await.0, Some(1012), "clients come again by themselves");
    let server = inkhorn_server::Server::start("127.0.0.1:0".parse().unwrap(), folder.path()).await.unwrap();
    let running = Running { server, folder, people };
    let mut ann = running.client("ann").await;
    let (step2, all) = (ann.open("lesson:l").await, set(7, 19, "k"));
    assert!(step2.len() > 15 * all.len() / 2, "{step2:?}");
    ann.send("lesson:l", Message::Update(set(7, 20, "k"))).await;
    ann.acks(1).await;
    running.server.stop().await;
}

#[tokio::test]
async fn hello_names_the_documents_that_changed_and_events_follow() {
    let running = Running::start(&["course:c", "lesson:l", "lesson:m"]).await;
    let mut ann = running.client("ann").await;
    ann.open("lesson:l").await;
    let (mut ben, answer) =
        Client::app(running.address(), running.token("ben"), &[("c", 0), ("unknown", 3)]).await;
    let ToApp::Changed { courses, .. } = answer else { panic!("{answer:?}") };
    let head = courses[0].course_seq;
    assert_eq!(courses[0].docs.len(), 3);
    assert_eq!((courses[0].role, courses[0].title.as_str()), (Some(Role::Editor), "A course"));
    let unknown = "unknown".parse().unwrap();
    let gone =
        CourseChanged { course: unknown, course_seq: 0, role: None, title: String::new(), docs: Vec::new() };
    assert_eq!(courses[1], gone);
    ann.send("lesson:l", Message::Update(set(7, 0, "a"))).await;
    let event = ben.told(|t| matches!(t, ToApp::Event { .. })).await;
    let lesson = "lesson:l".parse().unwrap();
    let kind = EventKind::Documents { docs: vec![lesson] };
    assert_eq!(
        event,
        ToApp::Event { course: "c".parse().unwrap(), prev_seq: head, course_seq: head + 1, kind }
    );
    let (_, answer) = Client::app(running.address(), running.token("ben"), &[("c", head)]).await;
    let ToApp::Changed { courses, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(courses[0].docs, ["lesson:l".parse().unwrap()], "clean documents cost nothing");
    let (_, answer) = Client::app(running.address(), running.token("ben"), &[("c", 99)]).await;
    let ToApp::Changed { courses, .. } = answer else { panic!("{answer:?}") };
    assert_eq!(courses[0].docs.len(), 3, "beyond the head is another epoch: everything is told");
    running.server.stop().await;
}

#[tokio::test]
async fn an_app_may_open_a_thousand_documents_at_once() {
    let names: Vec<String> = (0..1_000).map(|n| format!("lesson:l{n}")).collect();
    let running = Running::start(&names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let (mut app, _) = Client::app(running.address(), running.token("ann"), &[]).await;
    let token = running.token("ann").to_owned();
    for name in &names {
        app.feed(name, Message::Token(token.clone())).await;
        app.feed(name, Message::Step1(vec![0])).await;
        app.feed(name, Message::Step2(EMPTY.to_vec())).await;
        app.feed(name, Message::Update(set(7, 0, "a"))).await;
    }
    app.flush().await;
    for _ in &names {
        app.notice(|n| matches!(n, DocNotice::Stored { n: 2, doc_seq: 1, .. })).await;
    }
    running.server.stop().await;
}

#[tokio::test]
async fn a_consumer_that_does_not_read_is_cut_off_and_the_others_go_on() {
    let running = Running::start(&["lesson:l"]).await;
    let (mut ann, mut ben) = (running.client("ann").await, running.client("ben").await);
    ann.open("lesson:l").await;
    ben.open("lesson:l").await;
    ann.acks(1).await;
    let state = format!(r#"{{"x":"{}"}}"#, "k".repeat(15_000));
    // More than socket buffers and the queue together take.
    for clock in 1..3_000 {
        ann.send("lesson:l", Message::Awareness(awareness(7, clock, &state))).await;
    }
    ann.send("lesson:l", Message::Update(set(7, 0, "a"))).await;
    ann.acks(1).await;
    let mut relayed = 0;
    while let Ok(frame) = ben.next().await {
        relayed += usize::from(matches!(frame, Frame::Doc { message: Message::Awareness(_), .. }));
    }
    assert!(relayed < 2_999, "{relayed}");
    let mut ben = running.client("ben").await;
    assert_eq!(ben.open("lesson:l").await, set(7, 0, "a"), "and it comes again");
    running.server.stop().await;
}

#[tokio::test]
async fn a_document_that_no_newcomer_could_load_does_not_come_to_be() {
    let running = Running::start(&["lesson:l"]).await;
    let (mut ann, _) = Client::app(running.address(), running.token("ann"), &[]).await;
    ann.open("lesson:l").await;
    let key = "k".repeat(7_000_000);
    for clock in 0..2 {
        ann.send("lesson:l", Message::Update(set(7, clock, &key))).await;
    }
    // Both durable, so that a newcomer gets both.
    ann.notice(|n| matches!(n, DocNotice::Stored { n: 3, .. })).await;
    ann.send("lesson:l", Message::Update(set(7, 2, &key))).await;
    let refused =
        |n: &DocNotice| matches!(n, DocNotice::Rejected { n: 4, reason: Reason::TooLarge { .. }, .. });
    ann.notice(refused).await;
    assert!(ann.open("lesson:l").await.len() > 14_000_000);
    ann.send("lesson:l", Message::Update(set(7, 2, "small"))).await;
    ann.notice(|n| matches!(n, DocNotice::Stored { doc_seq: 3, .. })).await;
    running.server.stop().await;
}

#[tokio::test]
async fn a_role_given_by_the_store_reaches_live_connections() {
    let running = Running::start(&["lesson:l"]).await;
    let (mut ben, _) = Client::app(running.address(), running.token("ben"), &[("c", 0)]).await;
    ben.open("lesson:l").await;
    running.set_role("ben", Some("viewer")).await;
    let event = ben.told(|t| matches!(t, ToApp::Event { .. })).await;
    assert!(matches!(event, ToApp::Event { kind: EventKind::Members { role: Some(Role::Viewer) }, .. }));
    ben.send("lesson:l", Message::Update(set(7, 0, "a"))).await;
    let reason = Reason::RoleTooLow { role: Role::Viewer };
    ben.notice(|n| matches!(n, DocNotice::Rejected { reason: r, .. } if *r == reason)).await;
    running.set_role("ben", None).await;
    ben.told(|t| matches!(t, ToApp::Event { kind: EventKind::Members { role: None }, .. })).await;
    running.server.stop().await;
}

#[tokio::test]
async fn a_ping_is_answered_with_one_byte() {
    let running = Running::start(&["lesson:l"]).await;
    let mut client = running.client("ann").await;
    client.raw(vec![9]).await.unwrap();
    assert_eq!(client.next().await.unwrap(), Frame::Pong);
    running.server.stop().await;
}
