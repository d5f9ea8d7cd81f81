//! The original defect, and the same script on our wiring: how many events and fetches each makes of it.
//!
//! The views are the same in both: told of new data, they subscribe again. With the faulty wiring that never ends; here
//! it asks the cache, which has the answer. `cargo nextest run -p inkhorn-core defect --no-capture` prints the table that
//! `docs/why-the-socket-only-emits-events.md` shows, and fails when that page says something else.
#![allow(clippy::print_stdout, reason = "the table is for people")]

use super::*;
use crate::fetch::Projection;
use inkhorn_events::{CAPACITY, Event, Item, spine};
use inkhorn_protocol::{CourseId, DocId, NodeId};
use inkhorn_testkit::faulty::Faulty;
use inkhorn_testkit::hub::{Hub, Script, Tally};
use serde_json::json;

/// Nobody waits longer for something that grows without end.
const CAP: u64 = 100_000;

/// After the last change, so long nothing happens.
const QUIET_MS: u64 = 60_000;

const PAGE: &str = include_str!("../../../../docs/why-the-socket-only-emits-events.md");

fn course() -> CourseId {
    "course".parse().unwrap()
}

fn lesson(key: usize) -> NodeId {
    format!("lesson{key}").parse().unwrap()
}

fn key(n: usize) -> QueryKey {
    QueryKey::Lesson { course: course(), lesson: lesson(n) }
}

/// The product's spine, feed and cache over the hub: what the transport and the replica would publish is published, and a
/// fetch takes a round trip.
async fn ours(script: &Script, quiet_ms: u64) -> Tally {
    let hub = Arc::new(Mutex::new(Hub::default()));
    let (publisher, subscriber) = spine(CAPACITY);
    let mut counting = subscriber.subscribe();
    let reading = Arc::clone(&hub);
    let round_trip = Duration::from_millis(2 * script.latency_ms);
    let projections = Projections::reading(move |key| {
        let hub = Arc::clone(&reading);
        Box::pin(async move {
            let n = (0..).find(|n| super::defect::key(*n) == key).unwrap_or_default();
            let snapshot = lock(&hub).snapshot(n);
            tokio::time::sleep(round_trip).await;
            Projection::of(&json!({ "value": snapshot.value, "made": snapshot.made }))
        })
    });
    let (_progress, watch) = watch::channel(Progress::default());
    let windows = Windows::new(projections, &subscriber, watch);
    let renders = Arc::new(Mutex::new(0));
    let shown = Arc::new(Mutex::new(HashMap::new()));
    let mut views = Vec::new();
    for n in 0..script.observers {
        let (windows, name) = (windows.clone(), format!("view{n}"));
        let mut feed = windows.subscribe(name.clone());
        (0..script.keys).for_each(|n| windows.observe(&name, &key(n)));
        let (renders, shown) = (Arc::clone(&renders), Arc::clone(&shown));
        views.push(tokio::spawn(async move {
            loop {
                for key in feed.next().await.keys {
                    *lock(&renders) += 1;
                    // Its effect depends on the data, so it runs again: the same view as in the faulty wiring.
                    windows.observe(&name, &key);
                    let reply = windows.query(&key).await;
                    let value = reply.data.and_then(|data| data["value"].as_u64());
                    lock(&shown).insert((name.clone(), key), value);
                }
            }
        }));
    }
    let mut now_ms = 0;
    for (version, (at_ms, n)) in script.changes.iter().enumerate() {
        tokio::time::sleep(Duration::from_millis(at_ms - now_ms)).await;
        now_ms = *at_ms;
        lock(&hub).change(*n);
        let doc = DocId::Lesson(lesson(*n));
        publisher.publish(Event::DocumentChanged { course: course(), doc, version: version as u64 });
    }
    tokio::time::sleep(Duration::from_millis(quiet_ms)).await;
    for n in 0..script.keys {
        for view in 0..script.observers {
            let seen = lock(&shown).get(&(format!("view{view}"), key(n))).copied().flatten();
            assert_eq!(seen, Some(lock(&hub).value(n)), "view {view} shows the newest of lesson {n}");
        }
    }
    views.iter().for_each(JoinHandle::abort);
    windows.close();
    drop(publisher);
    let mut events = 0;
    while let Some(Item::Event(_)) = counting.recv().await {
        events += 1;
    }
    let (fetches, renders) = (lock(&hub).made(), *lock(&renders));
    Tally { events, fetches, renders }
}

/// A number as the page writes it.
fn number(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<_> = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy).collect();
    groups.join(",")
}

fn row(what: &str, tally: Tally) -> String {
    let Tally { events, fetches, renders } = tally;
    format!("| {what} | {} | {} | {} |", number(events), number(fetches), number(renders))
}

#[tokio::test(start_paused = true)]
async fn the_original_defect_loops_and_the_same_script_comes_to_rest_here() {
    let mut table =
        vec!["| Wiring | Events | Fetches | Renders |".to_owned(), "|---|--:|--:|--:|".to_owned()];
    let end = Script::lessons(1).changes.last().map_or(0, |(at_ms, _)| *at_ms);
    let observers = |script: &Script| (script.keys * script.observers) as u64;

    for views in [1, 3] {
        let script = Script::lessons(views);
        let each = if views == 1 { "1 view a lesson" } else { "3 views a lesson" };

        let mut faulty = Faulty::new(script.clone());
        let at_end = faulty.run(end + 100, CAP);
        table.push(row(&format!("faulty, {each}, {}", when(at_end, &faulty)), faulty.tally()));
        if at_end {
            let before = faulty.tally();
            faulty.run(end + QUIET_MS, CAP);
            table.push(row(&format!("faulty, {each}, after a minute of silence"), faulty.tally()));
            assert!(faulty.tally().events > 20 * before.events, "it goes on although nothing happens");
        } else {
            assert!(faulty.now_ms() < end, "it was stopped before the script had ended");
        }
        assert!(!faulty.is_quiet());

        let soon = ours(&script, 100).await;
        let late = ours(&script, QUIET_MS).await;
        table.push(row(&format!("ours, {each}, when the changes have ended"), soon));
        table.push(row(&format!("ours, {each}, after a minute of silence"), late));
        assert_eq!(late.events, script.changes.len() as u64, "none but the script's");
        assert!(late.fetches <= late.events + observers(&script), "events + errors + observers");
        assert_eq!(soon, late, "at rest");
    }

    table.iter().for_each(|line| println!("{line}"));
    let missing: Vec<_> = table.iter().filter(|line| !PAGE.contains(line.as_str())).collect();
    assert!(
        missing.is_empty(),
        "docs/why-the-socket-only-emits-events.md does not show what was measured: {missing:#?}"
    );
}

/// How far the faulty wiring came.
fn when(at_end: bool, faulty: &Faulty) -> String {
    match at_end {
        true => "when the changes have ended".to_owned(),
        false => format!("stopped after {} ms", number(faulty.now_ms())),
    }
}
