//! Clients that others wrote: `@hocuspocus/provider` and yjs under Node.

use super::client::Running;
use std::path::Path;
use std::process::{Command, Output};

/// Runs one scenario of `foreign/scenarios.mjs`, which fails with a message when something is not as it must be.
fn run(running: &Running, scenario: &str) -> Output {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign");
    let packages = folder.join("node_modules/@hocuspocus/provider");
    assert!(packages.exists(), "the packages of crates/server/foreign are missing: run `npm ci` there");
    let tokens = ["ann", "ben", "vic"].map(|who| running.token(who).to_owned());
    let mut command = Command::new("node");
    command.current_dir(&folder).arg("scenarios.mjs").arg(scenario);
    command.arg(format!("ws://{}/collab", running.address())).args(tokens);
    command.output().expect("node runs")
}

async fn succeeds(scenario: &'static str) {
    let running = Running::start(&["course:c", "lesson:l"]).await;
    let (running, output) = tokio::task::spawn_blocking(move || {
        let output = run(&running, scenario);
        (running, output)
    })
    .await
    .unwrap();
    let text = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{scenario}: {}", String::from_utf8_lossy(&text));
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
async fn who_leaves_disappears_and_nobody_appears_under_another_name() {
    succeeds("awareness").await;
}

#[tokio::test]
async fn a_viewers_provider_is_read_only_and_synced() {
    succeeds("viewer").await;
}

#[tokio::test]
async fn a_wrong_token_is_an_authentication_failure() {
    succeeds("denied").await;
}

#[tokio::test]
async fn two_documents_share_one_socket_also_with_session_keys() {
    succeeds("multiplexed").await;
}
