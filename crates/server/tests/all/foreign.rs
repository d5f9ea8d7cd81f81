//! Clients that others wrote: `@hocuspocus/provider` and yjs under Node.

use super::client::Running;
use inkhorn_server::Server;
use std::path::Path;
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// One scenario of `foreign/scenarios.mjs` as it runs; it fails with a message when something is not as it must be.
struct Scenario {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

fn run(running: &Running, scenario: &str) -> Scenario {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign");
    let packages = folder.join("node_modules/@hocuspocus/provider");
    assert!(packages.exists(), "the packages of crates/server/foreign are missing: run `npm ci` there");
    let mut command = Command::new("node");
    command.current_dir(&folder).arg("scenarios.mjs").arg(scenario);
    command.arg(format!("ws://{}/collab", running.address()));
    command.args(["ann", "ben", "vic", "eve"].map(|who| running.token(who).to_owned()));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().expect("node runs");
    let said = BufReader::new(child.stdout.take().unwrap()).lines();
    Scenario { child, said }
}

impl Scenario {
    /// Waits until it says this; a scenario that fails says nothing more, and why on standard error.
    async fn says(&mut self, expected: &str) {
        while let Some(line) = self.said.next_line().await.unwrap() {
            if line == expected {
                return;
            }
        }
        panic!("the scenario ended before it said '{expected}'");
    }
    async fn tell(&mut self, line: &str) {
        self.child.stdin.as_mut().unwrap().write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }
    async fn succeeds(mut self) {
        let status = self.child.wait().await.unwrap();
        assert!(status.success(), "the scenario failed: see standard error");
    }
}

async fn succeeds(scenario: &str) {
    let running = Running::start(&["course:c", "lesson:l"]).await;
    run(&running, scenario).succeeds().await;
    running.server.stop().await;
}

#[tokio::test]
async fn two_providers_see_each_others_edits_and_everything_is_acked() {
    succeeds("edits").await;
}

#[tokio::test]
async fn many_quick_edits_leave_nothing_unsynced() {
    succeeds("quick").await;
}

#[tokio::test]
async fn edits_made_offline_arrive_after_the_reconnect() {
    succeeds("offline").await;
}

#[tokio::test]
async fn a_line_that_breaks_comes_back_by_itself_with_every_edit_once_and_the_presence_too() {
    succeeds("dropped").await;
}

#[tokio::test]
async fn a_server_that_restarts_finds_what_was_written_meanwhile() {
    let running = Running::start(&["course:c", "lesson:l"]).await;
    let mut scenario = run(&running, "restart");
    scenario.says("synced").await;
    let address = running.address();
    let Running { server, folder, .. } = running;
    server.stop().await;
    scenario.tell("down").await;
    scenario.says("written").await;
    let server = Server::start(address, folder.path()).await.unwrap();
    scenario.tell("up").await;
    scenario.succeeds().await;
    server.stop().await;
}

#[tokio::test]
async fn who_becomes_a_viewer_while_connected_is_read_only_from_then_on() {
    let running = Running::start(&["course:c", "lesson:l"]).await;
    let mut scenario = run(&running, "demoted");
    scenario.says("an editor").await;
    running.set_role("ben", Some("viewer")).await;
    scenario.succeeds().await;
    running.server.stop().await;
}

#[tokio::test]
async fn who_leaves_disappears_and_nobody_appears_under_another_name() {
    succeeds("awareness").await;
}

#[tokio::test]
async fn a_viewers_provider_is_read_only_and_synced() {
    succeeds("viewer").await;
}

#[tokio::test]
async fn a_wrong_token_an_unknown_document_and_a_stranger_are_authentication_failures() {
    succeeds("denied").await;
}

#[tokio::test]
async fn two_documents_share_one_socket_also_with_session_keys() {
    succeeds("multiplexed").await;
}
