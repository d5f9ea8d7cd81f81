//! The storm in the real window: the table of what `tests/desktop/storm.rs` measured there (`cargo xtask bench storm` runs
//! it first).

use crate::report::{Goal, Report, Row, Unit};
use crate::sync::{median, percentile};
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;

const MIB: f64 = 1_048_576.0;

/// Reads the figures in a folder.
pub(crate) fn run(folder: &Path) -> Result<Report> {
    let mut report = Report::new("storm");
    for (name, of) in [("one", "one lesson"), ("many", "1,000 lessons")] {
        storm(&mut report, of, &read(folder, &format!("storm-{name}"))?)?;
    }
    let news = read(folder, "storm-news")?;
    let (told, news) = (numbers(&news["told_ms"])?, numbers(&news["took_ms"])?);
    let row = |what: &str, part: f64| {
        let name = format!("frame received → projection in the page, 20 events/s, 20 keys, {what}");
        Row::new(name, Unit::Seconds, percentile(&news, part) / 1e3)
    };
    report.row(row("p50", 0.5).goal(Goal::AtMost(0.008)));
    report.row(row("p99", 0.99).goal(Goal::AtMost(0.03)));
    report
        .note("work per frame: processor time of the page's main thread in each 16.7 ms, from the scheduler");
    report.note(format!(
        "news: the page is told after {:.1} ms (p50), {:.1} ms (p99)",
        percentile(&told, 0.5),
        percentile(&told, 0.99)
    ));
    report.note("news: from the frame's way to the socket to the reply of the page's query, both ways of the IPC included");
    Ok(report)
}

fn storm(report: &mut Report, of: &str, figures: &Value) -> Result<()> {
    let number = |value: &Value| value.as_f64().context("a number is missing");
    let (probe, load) = (&figures["probe"], &figures["load"]);
    let (told, lasted) = (number(&figures["told_seconds"])?, number(&figures["lasted_seconds"])?);
    let frames = numbers(&probe["frames"])?;
    let work = numbers(&load["work_ms"])?;
    let seen = number(&probe["seen"])? - number(&figures["last_told_ms"])?;
    let name = |what: &str| format!("storm, {of}: {what}");
    report.row(Row::new(name("events taken"), Unit::PerSecond, number(&figures["events"])? / told));
    report.row(
        Row::new(name("IPC batches a second"), Unit::Count, number(&probe["batches"])? / lasted)
            .goal(Goal::AtMost(60.0)),
    );
    report.row(
        Row::new(name("messages with bytes a second"), Unit::Count, number(&probe["bytes"])? / lasted)
            .goal(Goal::AtMost(60.0)),
    );
    report.row(
        Row::new(name("questions in flight for a key, most"), Unit::Count, number(&probe["most"])?)
            .goal(Goal::AtMost(1.0)),
    );
    report.row(
        Row::new(name("main-thread work per frame, p95"), Unit::Seconds, percentile(&work, 0.95) / 1e3)
            .goal(Goal::AtMost(0.008)),
    );
    report.row(
        Row::new(name("frame interval, longest"), Unit::Seconds, percentile(&frames, 1.0) / 1e3)
            .goal(Goal::AtMost(0.05)),
    );
    report.row(
        Row::new(name("last state shown after the last event"), Unit::Seconds, seen / 1e3)
            .goal(Goal::AtMost(0.1)),
    );
    let (app, page) = (number(&load["grown"]["app"])?, number(&load["grown"]["page"])?);
    report.row(
        Row::new(name("memory grown, app and page"), Unit::Bytes, app + page).goal(Goal::AtMost(20.0 * MIB)),
    );
    let again = (number(&load["grown_again"]["app"])?, number(&load["grown_again"]["page"])?);
    report.note(format!(
        "storm, {of}: told in {told:.1} s; median frame {:.1} ms, p99 {:.1} ms, {} frames; grown: app {:.1} MiB, page {:.1} MiB; \
         by a second storm of the same size: app {:.1} MiB, page {:.1} MiB",
        median(frames.clone()),
        percentile(&frames, 0.99),
        frames.len(),
        app / MIB,
        page / MIB,
        again.0 / MIB,
        again.1 / MIB
    ));
    Ok(())
}

pub(crate) fn read(folder: &Path, name: &str) -> Result<Value> {
    let file = folder.join(format!("{name}.json"));
    let text = std::fs::read(&file)
        .with_context(|| format!("{} is not there: `cargo xtask bench` makes it", file.display()))?;
    Ok(serde_json::from_slice(&text)?)
}

pub(crate) fn numbers(values: &Value) -> Result<Vec<f64>> {
    values
        .as_array()
        .context("a list is missing")?
        .iter()
        .map(|value| value.as_f64().context("a number"))
        .collect()
}
