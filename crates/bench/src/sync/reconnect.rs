//! Reconnect: after many offline edits, and to a course in which nothing changed.

use super::device::{self, Device, Editor};
use super::peer::{self, Work};
use super::{median, within};
use crate::report::{Goal, Report, Row, Unit};
use anyhow::{Context, Result, ensure};
use std::time::Instant;
use tokio::task::JoinSet;

const DOCUMENTS: usize = 200;
const EDITS: usize = 50;
/// Lessons that are edited at the same time: enough to share commits, so that the preparation does not take minutes.
const AT_ONCE: usize = 25;
const CLEAN: usize = 1_000;
const ROUNDS: usize = 3;
const CLEAN_ROUNDS: usize = 9;

/// 200 documents with 50 offline edits each, until all are durable on the server.
pub(crate) async fn edits(report: &mut Report) -> Result<()> {
    let (server, address, token) = device::server()?;
    let (device, course, lessons) = Device::with_course(address, &token, DOCUMENTS).await?;
    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        device.go_offline().await?;
        for some in lessons.chunks(AT_ONCE) {
            let mut editors = JoinSet::new();
            for (number, lesson) in some.iter().enumerate() {
                let (core, lesson) = (device.core.clone(), lesson.clone());
                let client = (round * 1_000 + number + 1) as u64 * 1_000_003;
                editors.spawn(async move {
                    let editor = Editor::open(&core, &lesson, client).await?;
                    for _ in 0..EDITS {
                        editor.insert(editor.len(), "word ").await?;
                    }
                    Ok::<_, anyhow::Error>(())
                });
            }
            while let Some(done) = editors.join_next().await {
                done??;
            }
        }
        let waiting = device.core.sync_summary().await?.count.waiting_edits;
        ensure!(waiting == (DOCUMENTS * EDITS) as u64, "{waiting} edits wait");
        device.wire.mend();
        let started = Instant::now();
        device.core.retry_now();
        device.synced().await?;
        times.push(started.elapsed().as_secs_f64());
        bytes.push(device.wire.quiet().await.up as f64);
    }

    // What counts as synced is there: somebody else gets all of it.
    server.token("ben@example.org")?;
    server.member(course.as_str(), "ben@example.org", "editor")?;
    let ben = Device::new(address, &server.token("ben@example.org")?).await?;
    ben.core.join(&course).await?;
    within("the course of somebody else", async { Ok(ben.core.sync(super::LIMIT).await.map(drop)?) }).await?;
    for lesson in lessons.iter().step_by(40) {
        let (ours, theirs) =
            (device.core.lesson_markdown(lesson).await?, ben.core.lesson_markdown(lesson).await?);
        ensure!(
            ours == theirs && ours.matches("word ").count() >= ROUNDS * EDITS - 1,
            "a lesson differs: {theirs}"
        );
    }
    ben.close().await;
    device.close().await;

    let peer = peer::run(Work { documents: DOCUMENTS, edits: EDITS, kind: "append" }).await?;
    let name = format!("reconnect, {DOCUMENTS} documents × {EDITS} offline edits, durable");
    let row = Row::new(name, Unit::Seconds, median(times)).goal(Goal::AtMost(2.0));
    report.row(row.peer("Hocuspocus, in memory", peer.seconds));
    let row = Row::new("  bytes sent", Unit::Bytes, median(bytes));
    report.row(row.peer("Hocuspocus", peer.traffic.up as f64));
    Ok(())
}

/// A course of 1,000 lessons in which nothing changed.
pub(crate) async fn clean(report: &mut Report) -> Result<()> {
    let (_server, address, token) = device::server()?;
    let (device, _, lessons) = Device::with_course(address, &token, CLEAN).await?;
    ensure!(lessons.len() == CLEAN, "{} lessons", lessons.len());
    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    for _ in 0..CLEAN_ROUNDS {
        device.wire.quiet().await;
        device.go_offline().await?;
        device.wire.mend();
        let started = Instant::now();
        device.core.retry_now();
        device.synced().await?;
        times.push(started.elapsed().as_secs_f64());
        let traffic = device.wire.quiet().await;
        bytes.push((traffic.up + traffic.down) as f64);
    }
    device.close().await;

    let worst = times.iter().copied().max_by(f64::total_cmp).context("no round")?;
    let peer = peer::run(Work { documents: CLEAN, edits: 0, kind: "append" }).await?;
    let row = Row::new(format!("reconnect, {CLEAN} clean lessons"), Unit::Seconds, median(times));
    report.row(row.goal(Goal::AtMost(0.05)).peer("Hocuspocus", peer.seconds));
    let row = Row::new("  traffic, both ways, calls included", Unit::Bytes, median(bytes));
    let traffic = peer.traffic.up + peer.traffic.down;
    report.row(row.goal(Goal::AtMost(10.0 * 1024.0)).peer("Hocuspocus", traffic as f64));
    report.note(format!("reconnect, clean: the slowest of {CLEAN_ROUNDS} took {:.0} ms", worst * 1e3));
    Ok(())
}
