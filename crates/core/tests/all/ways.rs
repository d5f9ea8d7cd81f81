//! The same suite of sync tests over each carrier, and through networks that mean harm: the tests of `sync` and `live`
//! in a process of their own, which reads from its environment how devices reach the server.

use crate::hostile::Hostile;
use crate::world::{Device, World, within};
use inkhorn_core::Code;
use inkhorn_events::Status;
use inkhorn_protocol::carrier::Carrier;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{NodeKind, SyncSummary};
use inkhorn_protocol::session::Role;
use inkhorn_protocol::{CourseId, NodeId};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Runs tests of this binary once more, with a variable set; at least so many have to pass, and none may fail.
fn again(variable: (&str, &str), tests: &[&str], least: usize) {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    // Two at a time: each has a server, devices and a disk of its own.
    command.args(tests).args(["--test-threads", "2"]).env(variable.0, variable.1);
    let output = command.output().expect("runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{variable:?}\n{text}\n{}", String::from_utf8_lossy(&output.stderr));
    let passed = text.lines().find_map(|line| line.strip_prefix("test result: ok. "));
    let passed = passed.and_then(|rest| rest.split(' ').next()?.parse::<usize>().ok());
    assert!(passed.is_some_and(|passed| passed >= least), "{text}");
}

const SUITE: &[&str] = &["sync::", "live::"];
const SUITE_LEAST: usize = 15;

#[test]
fn server_sent_events_pass_the_whole_sync_suite() {
    again(("INKHORN_CARRIER", "sse"), SUITE, SUITE_LEAST);
}

#[test]
fn polling_passes_the_whole_sync_suite() {
    again(("INKHORN_CARRIER", "poll"), SUITE, SUITE_LEAST);
}

/// Convergence, durability of acks, roles, reconnect and live editing.
const HARD: &[&str] = &[
    "sync::offline_edits_of_both_sides_converge_when_the_first_comes_back_first",
    "sync::a_server_that_goes_away_in_mid_sync_costs_nothing_but_time",
    "sync::an_edit_of_somebody_who_may_only_read",
    "live::",
];
const HARD_LEAST: usize = 6;

#[test]
fn the_suite_passes_where_the_network_answers_upgrades_with_403() {
    again(("INKHORN_TEST_NETWORK", "blocks"), HARD, HARD_LEAST);
}

#[test]
fn the_suite_passes_where_the_network_takes_upgrades_out() {
    again(("INKHORN_TEST_NETWORK", "strips"), HARD, HARD_LEAST);
}

#[test]
fn the_suite_passes_where_the_network_holds_answers_back() {
    again(("INKHORN_TEST_NETWORK", "buffers"), HARD, HARD_LEAST);
}

#[test]
fn the_suite_passes_where_the_network_cuts_what_is_silent() {
    again(("INKHORN_TEST_NETWORK", "drops"), HARD, HARD_LEAST);
}

/// The status of a device for which `pick` answers.
async fn status<T>(device: &Device, pick: impl Fn(&SyncSummary) -> Option<T>) -> T {
    let mut feed = device.core.subscribe("status");
    device.core.observe("status", &QueryKey::Sync);
    within(async {
        loop {
            let summary = device.core.sync_summary().await.expect("sums up");
            if let Some(found) = pick(&summary) {
                return found;
            }
            feed.next().await;
        }
    })
    .await
}

async fn carrier(device: &Device) -> Carrier {
    status(device, |summary| match summary.status {
        Status::Connected { carrier, .. } => Some(carrier),
        _ => None,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_status_says_by_which_way_each_network_was_passed() {
    let networks = [
        (Hostile::Blocks, Carrier::Sse),
        (Hostile::Strips, Carrier::Sse),
        (Hostile::Cuts, Carrier::Sse),
        (Hostile::Buffers, Carrier::Poll),
        (Hostile::Drops(Duration::from_secs(3)), Carrier::WebSocket),
    ];
    for (network, expected) in networks {
        let world = World::start_behind(network).await;
        let ada = world.live("ada@x.org").await;
        assert_eq!(carrier(&ada).await, expected, "{network:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_network_opens_the_better_way_takes_over_and_nothing_is_lost() {
    let blocked: &'static AtomicBool = Box::leak(Box::new(AtomicBool::new(true)));
    let world = World::start_behind(Hostile::BlocksWhile(blocked)).await;
    let (ada, ben) = (world.live("ada@x.org").await, world.live("ben@x.org").await);
    let (_course, lesson) = shared(&world, &ada, &ben).await;
    assert_eq!((carrier(&ada).await, carrier(&ben).await), (Carrier::Sse, Carrier::Sse));
    ada.append(&lesson, "By the slower way.").await;
    // Nothing better is there: the link stays.
    ada.core.retry_now();
    blocked.store(false, Ordering::SeqCst);
    // Asked for until the search for something better has come round.
    within(async {
        while carrier(&ada).await != Carrier::WebSocket {
            ada.core.network_changed();
            ada.append(&lesson, "Meanwhile.").await;
        }
    })
    .await;
    ada.append(&lesson, "By the better one.").await;
    ada.sync().await;
    ben.sync().await;
    assert_eq!(ben.markdown(&lesson).await, ada.markdown(&lesson).await);
    assert!(ben.markdown(&lesson).await.contains("By the better one."));
}

/// Ada shares a course with one lesson, Ben joins it.
async fn shared(world: &World, ada: &Device, ben: &Device) -> (CourseId, NodeId) {
    let course = ada.core.create_course("Quills").await.expect("creates");
    let chapter = ada.core.add(&course, NodeKind::Chapter, None, None, "Cutting").await.expect("adds");
    let lesson = ada.core.add(&course, NodeKind::Lesson, Some(chapter), None, "One").await.expect("adds");
    within(ada.core.share(&course)).await.expect("shares");
    world.role(&course, "ben@x.org", Role::Editor).await;
    within(ben.core.join(&course)).await.expect("joins");
    (course, lesson)
}

/// What ends a sign-in.
enum End {
    Withdrawn,
    Expired,
}

async fn signed_out(end: End) {
    let world = World::start().await;
    let (ada, ben) = (world.live("ada@x.org").await, world.device("ben@x.org").await);
    let (_course, lesson) = shared(&world, &ada, &ben).await;
    carrier(&ada).await;

    match end {
        End::Withdrawn => world.revoke("ada@x.org").await,
        End::Expired => {
            let brief = world.token_for("ada@x.org", Duration::from_secs(2)).await;
            ada.core.login(&world.url(), &brief, false).await.expect("signs in for a moment");
        }
    }
    let why = status(&ada, |summary| match &summary.status {
        Status::Offline { next_try_ms: None, why } => why.clone(),
        _ => None,
    })
    .await;
    assert!(why.contains("sign in again") && why.contains("safe"), "{why}");
    ada.append(&lesson, "Written while signed out.").await;
    let error = ada.core.sync(Duration::from_secs(20)).await.expect_err("refused");
    assert_eq!(error.code, Code::SignedOut, "{error}");
    assert!(ada.core.sync_summary().await.expect("sums up").count.waiting_edits > 0);

    let token = world.token("ada@x.org").await;
    ada.core.login(&world.url(), &token, false).await.expect("signs in again");
    carrier(&ada).await;
    ada.sync().await;
    ben.sync().await;
    assert!(ben.markdown(&lesson).await.contains("Written while signed out."));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_withdrawn_asks_to_sign_in_and_loses_nothing() {
    signed_out(End::Withdrawn).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_expires_while_connected_asks_to_sign_in_and_loses_nothing() {
    signed_out(End::Expired).await;
}
