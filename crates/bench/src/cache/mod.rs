//! The server-state cache against `@tanstack/query-core` 5 under Node: the same scripted workload on both.
//!
//! Keys have three levels (`course`, one of so many courses, one of a hundred lessons each) and are made beforehand on
//! both sides; data is a small record with a title. 1,000 observers observe a key each. What is compared:
//!
//! - *cached read*: `data(key)` against `getQueryData(key)`, over all keys in a scattered order
//! - *set + notify*: new data for an observed key, until its observer has been told and has read it
//! - *prefix invalidation*: everything below `course` is marked stale, without fetching; beside it what it costs to
//!   ask every entry whether it is stale (ours marks the prefix alone and pays when an entry is asked), and the
//!   same with the fetches of what is observed
//! - *notifications*: one key that all observers observe is set, until each has been told and has read it
//! - *memory*: live heap, keys and data included: a counting allocator here, `heapUsed` after a forced collection there
//!
//! The peer runs without timers for forgetting and without staleness by age, its cheapest way; ours with its defaults.

mod ours;
mod plot;

use crate::report::{Goal, Report, Row, Unit};
use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};
use std::path::Path;
use std::process::Command;

/// Entries of the table.
const ENTRIES: usize = 10_000;
/// Observers.
const OBSERVERS: usize = 1_000;
/// Sizes of the plot.
const SIZES: [usize; 4] = [1_000, 10_000, 100_000, 1_000_000];

/// Medians of one side; times in seconds. Each measurement is a process of its own, on both sides, and prints them as
/// JSON: one that follows another in a process pays for what that one left behind (its reads were five times slower).
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Figures {
    entries: usize,
    /// Reads a second.
    read: f64,
    /// Sets of observed keys a second.
    set: f64,
    /// One invalidation of everything.
    invalidate: f64,
    /// Asking every entry whether it is stale.
    asked: f64,
    /// One invalidation of everything until the observed ones are fetched.
    fetched: f64,
    /// Notifications a second.
    notify: f64,
    /// Bytes an entry.
    bytes: f64,
}

/// Runs both and compares. With `plot` also every size, and `docs/images/cache-growth.svg` is drawn anew.
pub(crate) fn run(plot: bool) -> Result<Report> {
    let (ours, theirs) = (own(ENTRIES)?, peer(ENTRIES)?);
    let name = "query-core 5";
    let row =
        |what: &str, unit, of: fn(&Figures) -> f64| Row::new(what, unit, of(&ours)).peer(name, of(&theirs));
    let mut report = Report::new("cache");
    report.row(row("cached read", Unit::PerSecond, |f| f.read).goal(Goal::Times(50.0)));
    report.row(row("set + notify", Unit::PerSecond, |f| f.set).goal(Goal::Times(20.0)));
    let all = format!("prefix invalidation of {ENTRIES} entries");
    report.row(row(&all, Unit::Seconds, |f| f.invalidate).goal(Goal::Times(20.0)));
    report.row(row("  and asking each entry whether it is stale", Unit::Seconds, |f| f.invalidate + f.asked));
    let fetched = format!("  and fetching the {OBSERVERS} observed ones");
    report.row(row(&fetched, Unit::Seconds, |f| f.fetched));
    let crowd = format!("notifications, {OBSERVERS} observers on one key");
    report.row(row(&crowd, Unit::PerSecond, |f| f.notify).goal(Goal::Times(20.0)));
    report.row(row("memory an entry", Unit::Bytes, |f| f.bytes).goal(Goal::Times(2.0)));
    report.note(
        "Medians. Keys are made beforehand on both sides; told means that the observer has the new data.",
    );
    report.note("The peer has no timers for forgetting (gcTime: Infinity); ours forgets after its default.");
    if plot {
        let mut lines = Vec::new();
        for entries in SIZES {
            lines.push((own(entries)?, peer(entries)?));
        }
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/images/cache-growth.svg");
        std::fs::write(&file, plot::draw(&lines))
            .with_context(|| format!("cannot write {}", file.display()))?;
        report.note(format!(
            "The growth from {} to {} entries: docs/images/cache-growth.svg",
            SIZES[0], SIZES[3]
        ));
    }
    Ok(report)
}

/// Measures our side in this process, and prints it.
pub(crate) fn measure(entries: &str) -> Result<()> {
    let entries = entries.parse()?;
    println!("{}", serde_json::to_string(&ours::measure(entries, OBSERVERS.min(entries))?)?);
    Ok(())
}

fn own(entries: usize) -> Result<Figures> {
    let mut program = Command::new(std::env::current_exe()?);
    figures(program.arg("cache-ours").arg(entries.to_string()))
}

/// The same under Node.
fn peer(entries: usize) -> Result<Figures> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    ensure!(
        folder.join("node_modules/@tanstack/query-core").is_dir(),
        "@tanstack/query-core is missing: run `npm ci` in {}",
        folder.display()
    );
    figures(
        Command::new("node")
            // A million entries take more than Node's own limit.
            .args(["--expose-gc", "--max-old-space-size=8192", "peers/cache.mjs"])
            .args([entries.to_string(), OBSERVERS.min(entries).to_string()])
            .current_dir(folder),
    )
}

fn figures(program: &mut Command) -> Result<Figures> {
    let output = program.output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).context("a measurement printed something else than its figures")
}
