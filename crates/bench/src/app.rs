//! How quick the window is: the table of what `tests/desktop/pace.rs` measured there (`cargo xtask bench app` runs it
//! first). Each figure is the median of ten rounds.

use crate::report::{Goal, Report, Row, Unit};
use crate::storm::{numbers, read};
use crate::sync::{median, percentile};
use anyhow::{Context, Result};
use serde_json::Value;
use std::path::Path;

const MB: f64 = 1e6;

/// Rounds of a measurement of which one figure is made.
const ROUNDS: usize = 10;

/// Reads the figures in a folder.
pub(crate) fn run(folder: &Path) -> Result<Report> {
    let mut report = Report::new("app");
    let keys = read(folder, "app-keys")?;
    for (of, what, limit) in [("alone", "alone", 0.034), ("together", "three others typing", 0.05)] {
        let rounds = keys[of].as_array().context("rounds")?;
        let name = |until: &str| format!("key in a lesson of 20 pages, {what} → {until}, p95");
        let laid = p95_of_rounds(rounds, |round| numbers(&round["laid"]))?;
        let mut row = Row::new(name("laid out"), Unit::Seconds, laid / 1e3);
        if of == "alone" {
            row = row.goal(Goal::AtMost(0.008));
            let peer = keys["peer"].as_array().filter(|rounds| !rounds.is_empty());
            if let Some(peer) = peer {
                let peer = p95_of_rounds(peer, |round| numbers(&round["laid"]))?;
                row = row.peer("Tiptap alone", peer / 1e3);
            }
        }
        report.row(row);
        let framed = p95_of_rounds(rounds, |round| numbers(&round["framed"]))?;
        report.row(
            Row::new(name("next frame's callback"), Unit::Seconds, framed / 1e3).goal(Goal::AtMost(limit)),
        );
    }
    let remote = numbers(&keys["remote"])?;
    let each: Vec<f64> =
        remote.chunks((remote.len() / ROUNDS).max(1)).map(|round| percentile(round, 0.95)).collect();
    report.row(
        Row::new("key of another author → frame that shows it, p95", Unit::Seconds, median(each) / 1e3)
            .goal(Goal::AtMost(0.1)),
    );

    let outline = read(folder, "app-outline")?;
    let pairs = outline["opened"].as_array().context("openings")?;
    let opened = pairs.iter().map(numbers).collect::<Result<Vec<_>>>()?;
    let opening = |at: usize| opened.iter().filter_map(|pair| pair.get(at).copied()).collect::<Vec<f64>>();
    report.row(
        Row::new("outline of 1,000 lessons → rows laid out", Unit::Seconds, median(opening(0)) / 1e3)
            .goal(Goal::AtMost(0.1)),
    );
    report.note(format!("opening: slowest of {} {:.0} ms", opened.len(), percentile(&opening(0), 1.0)));
    let drags = outline["drags"].as_array().context("drags")?;
    let longest =
        drags.iter().map(|frames| Ok(percentile(&numbers(frames)?, 1.0))).collect::<Result<Vec<_>>>()?;
    report.row(
        Row::new("drag in it, longest frame interval", Unit::Seconds, median(longest.clone()) / 1e3)
            .goal(Goal::AtMost(0.05)),
    );
    report.note(format!("drags: longest interval of all {:.0} ms", percentile(&longest, 1.0)));
    let searches = outline["searches"].as_array().context("searches")?;
    let part = |name: &str| {
        searches.iter().map(|one| one[name].as_f64().context("a time")).collect::<Result<Vec<f64>>>()
    };
    let (found, replaced) = (part("found")?, part("replaced")?);
    let both: Vec<f64> = found.iter().zip(&replaced).map(|(found, replaced)| found + replaced).collect();
    report.row(
        Row::new("search and replace, 2,000 places in 1,000 lessons", Unit::Seconds, median(both) / 1e3)
            .goal(Goal::AtMost(1.0)),
    );
    report.note(format!(
        "search: {:.0} ms with the 150 ms that the keyboard has to rest; replace: {:.0} ms, durable",
        median(found),
        median(replaced)
    ));
    let pss = |when: &str| outline["pss"][when].as_f64().context("memory");
    report.row(
        Row::new("memory of all processes (PSS), that course open", Unit::Bytes, pss("open")?)
            .goal(Goal::AtMost(350.0 * MB)),
    );
    report.row(Row::new(
        "… after nine more openings, ten drags, ten replacements",
        Unit::Bytes,
        pss("used")?,
    ));
    Ok(report)
}

/// The median of what each round has at 95 of 100.
fn p95_of_rounds(rounds: &[Value], of: impl Fn(&Value) -> Result<Vec<f64>>) -> Result<f64> {
    let each = rounds.iter().map(|round| Ok(percentile(&of(round)?, 0.95))).collect::<Result<Vec<_>>>()?;
    Ok(median(each))
}
