//! What was acked is there, whatever happens to the process.

use super::client::Client;
use super::program::{Program, SERVER, person, register};
use super::updates::set;
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::{DocNotice, Reason};
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

const EDITS: u32 = 150;

/// A server with one lesson, and the token of its owner.
async fn begin(data: &Path) -> (Program, String) {
    let token = person(data, "ann@example.org");
    let server = Program::serve(data);
    register(server.address, &token, "c", &["lesson:l"]).await;
    (server, token)
}

/// How many clocks of client 7 a server gives to somebody new.
async fn there(server: &Program, token: &str) -> usize {
    let mut client = Client::connect(server.address, token).await;
    let step2 = client.open("lesson:l").await;
    // Every edit has a key of its own.
    (0..EDITS).filter(|n| step2.windows(6).any(|w| w == format!("[{n:04}]").as_bytes())).count()
}

fn edit(clock: u32) -> Message {
    Message::Update(set(7, clock, &format!("[{clock:04}]")))
}

#[tokio::test]
async fn after_kill_9_everything_that_was_acked_is_there() {
    let seed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().subsec_nanos();
    eprintln!("seed {seed}");
    let mut random = u64::from(seed) | 1;
    for round in 0..10 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // The first round acks all of them.
        let k = if round == 0 { EDITS } else { 1 + (random % u64::from(EDITS)) as u32 };
        let data = tempfile::tempdir().unwrap();
        let (server, token) = begin(data.path()).await;
        let mut client = Client::connect(server.address, &token).await;
        client.open("lesson:l").await;
        client.acks(1).await;
        for clock in 0..EDITS {
            client.feed("lesson:l", edit(clock)).await;
        }
        client.flush().await;
        client.acks(k as usize).await;
        server.kill();
        let server = Program::serve(data.path());
        let found = there(&server, &token).await;
        assert!(found >= k as usize, "round {round}: {k} acked, {found} there");
    }
}

#[tokio::test]
async fn on_sigterm_what_was_received_is_saved_and_clients_are_told() {
    let data = tempfile::tempdir().unwrap();
    let (mut server, token) = begin(data.path()).await;
    let mut client = Client::connect(server.address, &token).await;
    client.open("lesson:l").await;
    client.acks(1).await;
    for clock in 0..EDITS {
        client.send("lesson:l", edit(clock)).await;
    }
    client.acks(1).await;
    server.signal("-TERM");
    let mut acked = 1;
    let code = loop {
        match client.next().await {
            Ok(frame) => acked += usize::from(frame.encode() == ack()),
            Err(ended) => break ended.0,
        }
    };
    assert_eq!(code, Some(1012));
    assert!(server.child.wait().unwrap().success());
    let server = Program::serve(data.path());
    assert!(there(&server, &token).await >= acked);
}

fn ack() -> Vec<u8> {
    inkhorn_protocol::frame::Frame::doc("lesson:l", Message::SyncStatus(true)).encode()
}

/// A disk that is full, made of a limit on the size of files: SQLite's write fails in the middle.
#[tokio::test]
async fn a_disk_that_is_full_refuses_edits_and_the_server_stays_up() {
    let data = tempfile::tempdir().unwrap();
    let (server, token) = begin(data.path()).await;
    server.signal("-TERM");
    let mut server = server;
    server.child.wait().unwrap();
    let mut command = Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 2048; exec \"$0\" serve --listen 127.0.0.1:0 --data \"$1\"";
    command.args(["-c", script, SERVER]).arg(data.path());
    let server = Program::start(command);
    let (mut app, _) = Client::app(server.address, &token, &[]).await;
    app.open("lesson:l").await;
    app.send("lesson:l", edit(0)).await;
    app.notice(|n| matches!(n, DocNotice::Stored { n: 2, .. })).await;
    let large = Message::Update(set(7, 1, &"x".repeat(4 * 1024 * 1024)));
    app.send("lesson:l", large).await;
    let refused =
        |n: &DocNotice| matches!(n, DocNotice::Rejected { reason: Reason::StorageFailed, n: 3, .. });
    app.notice(refused).await;
    // The same document on the same connection, with an edit that fits.
    app.open("lesson:l").await;
    app.send("lesson:l", edit(1)).await;
    app.notice(|n| matches!(n, DocNotice::Stored { n: 2, .. })).await;
    drop(app);
    server.kill();
    let server = Program::serve(data.path());
    assert_eq!(there(&server, &token).await, 2);
}

/// One line of strace's output that matters here.
#[derive(Debug, PartialEq)]
enum Call {
    /// A sync returned.
    Synced,
    /// An ack was handed to the kernel.
    Acked,
}

#[tokio::test]
async fn no_ack_leaves_before_the_fdatasync_of_its_commit() {
    if Command::new("strace").arg("-V").output().is_err() {
        eprintln!("strace is not installed: this was not looked at");
        return;
    }
    let data = tempfile::tempdir().unwrap();
    let (mut server, token) = begin(data.path()).await;
    server.signal("-TERM");
    server.child.wait().unwrap();
    let trace = data.path().join("trace");
    let mut command = Command::new("strace");
    // -D: the tracer runs beside the server, whose process is the child that is killed in the end.
    command.args([
        "-D",
        "-f",
        "-qq",
        "-x",
        "-s",
        "4096",
        "-e",
        "trace=fdatasync,fsync,sendto,sendmsg,write,writev",
        "-o",
    ]);
    command.arg(&trace).args([SERVER, "serve", "--listen", "127.0.0.1:0", "--data"]).arg(data.path());
    let server = Program::start(command);
    let mut client = Client::connect(server.address, &token).await;
    client.open("lesson:l").await;
    client.acks(1).await;
    let before = calls(&trace).len();
    // One at a time: each ack has a commit of its own.
    for clock in 0..20 {
        client.send("lesson:l", edit(clock)).await;
        client.acks(1).await;
    }
    let calls = calls(&trace);
    let mut synced = 0;
    let mut acked = 0;
    for call in &calls[before..] {
        match call {
            Call::Synced => synced += 1,
            Call::Acked => {
                acked += 1;
                assert!(synced > 0, "ack {acked} left without a sync before it");
                synced = 0;
            }
        }
    }
    assert_eq!(acked, 20, "{calls:?}");
    drop(server);
}

fn calls(trace: &Path) -> Vec<Call> {
    let text = String::from_utf8_lossy(&std::fs::read(trace).unwrap()).into_owned();
    // The last two bytes of the frame: message type 8, true.
    let ack: String = ack().iter().map(|b| format!("\\x{b:02x}")).collect();
    let call = |line: &str| {
        let sync = line.contains("fdatasync") || line.contains("fsync");
        if sync && line.contains(" = 0") {
            return Some(Call::Synced);
        }
        line.contains(&ack).then_some(Call::Acked)
    };
    text.lines().filter_map(call).collect()
}
