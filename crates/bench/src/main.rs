//! Benchmarks against peers: each subcommand runs ours and theirs on the same input in the same call, and prints
//! medians and ratios.
//!
//! - [`cache`]: the server-state cache, against `@tanstack/query-core`; with `--plot` its growth, into `docs/images`
//! - [`heap`]: bytes allocated now
//! - [`report`]: the table, its JSON, and whether every goal is met
//! - [`app`]: how quick the window is
//! - [`storm`]: a storm of events in the real window
//! - [`sync`]: reconnect, typing offline, news on their way to a window, against Hocuspocus
//! - [`updates`]: indexing, diffing and compacting updates, against yrs and yjs
//!
//! ```text
//! cargo xtask bench updates            # installs the peers, builds in release, runs
//! cargo xtask bench updates --check    # the same, and exits 1 where a goal is missed
//! ```
// A benchmark's output is what it prints.
#![allow(clippy::print_stdout)]

mod app;
mod cache;
mod heap;
mod report;
mod storm;
mod sync;
mod updates;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (options, names): (Vec<&str>, Vec<&str>) =
        arguments.iter().map(String::as_str).partition(|word| word.starts_with("--"));
    // Beside what cargo builds, wherever this was started from.
    let folder = std::env::var_os("INKHORN_BENCH_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/bench"), PathBuf::from);
    let report = match names.as_slice() {
        // One measurement of it, in a process of its own.
        ["cache-ours", entries] => return cache::measure(entries).map(|()| ExitCode::SUCCESS),
        ["cache"] => cache::run(options.contains(&"--plot"))?,
        ["app"] => app::run(&folder)?,
        ["storm"] => storm::run(&folder)?,
        ["sync"] => sync::run()?,
        ["updates"] => updates::run()?,
        _ => anyhow::bail!("usage: inkhorn-bench app|cache|storm|sync|updates [--check] [--plot]"),
    };
    let met = report.publish(&folder)?;
    Ok(if met || !options.contains(&"--check") { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
