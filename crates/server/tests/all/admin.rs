//! Admin commands, also while the server runs.

use super::client::Client;
use super::program::{Program, admin, last_line, person, register};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::{EventKind, Role, ToApp};

#[tokio::test]
async fn commands_of_another_process_are_in_force_on_live_connections() {
    let data = tempfile::tempdir().unwrap();
    let ann = person(data.path(), "ann@example.org");
    let server = Program::serve(data.path());
    register(server.address, &ann, "c", &["lesson:l"]).await;
    // Made while the server runs.
    let ben = person(data.path(), "ben@example.org");
    let (mut app, _) = Client::app(server.address, &ben, &[("c", 0)]).await;
    let give = |role: &str| {
        let words = ["member", "add", "--course", "c", "--email", "ben@example.org", "--role", role];
        last_line(data.path(), &words)
    };
    give("viewer");
    let role = |role: Role| move |t: &ToApp| matches!(t, ToApp::Event { kind: EventKind::Members { role: Some(r) }, .. } if *r == role);
    app.told(role(Role::Viewer)).await;
    app.open("lesson:l").await;
    give("editor");
    app.find(|_, m| *m == Message::Authenticated { read_only: false }).await;
    last_line(data.path(), &["member", "remove", "--course", "c", "--email", "ben@example.org"]);
    app.find(|key, m| key == "lesson:l" && matches!(m, Message::Close(_))).await;
}

#[tokio::test]
async fn an_account_whose_tokens_are_withdrawn_is_cut_off_and_another_goes_on() {
    let data = tempfile::tempdir().unwrap();
    let ann = person(data.path(), "ann@example.org");
    let ben = person(data.path(), "ben@example.org");
    let server = Program::serve(data.path());
    register(server.address, &ann, "c", &["lesson:l"]).await;
    let mut idle = Client::connect(server.address, &ann).await;
    let (mut app, _) = Client::app(server.address, &ann, &[]).await;
    app.open("lesson:l").await;
    let (mut other, _) = Client::app(server.address, &ben, &[]).await;
    let said = last_line(data.path(), &["revoke", "--email", "ann@example.org"]);
    assert_eq!(said, "ann@example.org is signed out everywhere: 1 token withdrawn");
    assert_eq!(app.end().await.0, Some(4401));
    other.raw(vec![9]).await.unwrap();
    assert_eq!(other.next().await.unwrap(), inkhorn_protocol::frame::Frame::Pong);
    // One that showed no token learns it when it does.
    idle.send("lesson:l", Message::Token(ann.clone())).await;
    idle.find(|_, m| matches!(m, Message::PermissionDenied(_))).await;
    let fresh = last_line(data.path(), &["token", "--email", "ann@example.org"]);
    let (mut app, _) = Client::app(server.address, &fresh, &[]).await;
    app.open("lesson:l").await;
}

#[test]
fn mistakes_are_told_in_words_that_help() {
    let data = tempfile::tempdir().unwrap();
    let said = |words: &[&str]| {
        let output = admin(data.path(), words);
        assert!(!output.status.success(), "{words:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said(&["token", "--email", "ann@example.org"]).contains("no server data"));
    person(data.path(), "ann@example.org");
    assert!(said(&["token", "--email", "ben@example.org"]).contains("there is no account"));
    let said_of_days = said(&["token", "--email", "ann@example.org", "--days", "0"]);
    assert!(said_of_days.contains("1..=36500"), "{said_of_days}");
    let words = ["member", "add", "--course", "c", "--email", "ann@example.org", "--role", "owner"];
    assert!(said(&words).contains("there is no course 'c'"));
    let words = ["member", "add", "--course", "c", "--email", "ann@example.org", "--role", "king"];
    assert!(said(&words).contains("use owner, editor or viewer"));
    assert!(said(&["user", "add", "--email", "nobody", "--password-stdin"]).contains("is not an e-mail"));
}

#[test]
fn a_second_server_a_newer_schema_and_a_broken_file_are_refused_and_left_alone() {
    let data = tempfile::tempdir().unwrap();
    person(data.path(), "ann@example.org");
    let server = Program::serve(data.path());
    let serve = || {
        let output = admin(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(serve().contains("another inkhorn-server is running"));
    drop(server);
    let file = data.path().join("inkhorn.db");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        use sqlx::Connection;
        let url = format!("sqlite://{}", file.display());
        let mut db = sqlx::SqliteConnection::connect(&url).await.unwrap();
        sqlx::query("PRAGMA user_version = 99").execute(&mut db).await.unwrap();
        db.close().await.unwrap();
    });
    assert!(serve().contains("newer inkhorn-server (schema 99"));
    let junk = b"this is no database, and it is long enough to be looked at as one".repeat(100);
    std::fs::write(&file, &junk).unwrap();
    assert!(serve().contains("cannot be read as a database"), "{}", serve());
    assert_eq!(std::fs::read(&file).unwrap(), junk);
}
