//! `cargo xtask bench`: builds the benchmarks in release, with what they start, and runs one of them.

use crate::command::{cargo, root, run, target_dir};
use crate::{setup, ui};
use anyhow::Context;
use std::path::Path;
use std::process::Command;

/// Options of `bench`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// What to measure.
    name: Name,
    /// Exit with 1 where a goal is missed.
    #[arg(long)]
    check: bool,
    /// With `cache`: every size from 1,000 to 1,000,000 entries, and docs/images/cache-growth.svg is drawn anew.
    #[arg(long)]
    plot: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Name {
    /// How quick the window is: keys, the outline, replacing.
    App,
    /// The server-state cache against @tanstack/query-core.
    Cache,
    /// A storm of events in the real window.
    Storm,
    /// Reconnect, typing and news, against @hocuspocus where it makes sense.
    Sync,
    /// Updates as bytes against yrs and yjs.
    Updates,
}

impl Name {
    fn word(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Cache => "cache",
            Self::Storm => "storm",
            Self::Sync => "sync",
            Self::Updates => "updates",
        }
    }
}

/// Runs one benchmark: ours and its peers in the same call.
pub(crate) fn bench(options: &Options) -> anyhow::Result<()> {
    let figures = target_dir().join("bench");
    match options.name {
        Name::Storm => in_window("storm::", &[("INKHORN_STORM_DIR", &figures)])?,
        Name::App => {
            setup::ensure(setup::Needs { desktop: true, tests: true })?;
            // An editor of the same kind, for the same window.
            let peer = figures.join("peer.js");
            run(Command::new("node")
                .arg("bench/build.mjs")
                .arg(&peer)
                .current_dir(root().join("ui/editor")))?;
            in_window("pace::", &[("INKHORN_APP_DIR", &figures), ("INKHORN_PEER", &peer)])?;
        }
        _ => setup::bench_peers()?,
    }
    let mut build = cargo();
    // Always the same set: another one would build dependencies with other features, and anew.
    build.args(["build", "--release", "--package", "inkhorn-bench", "--bin", "inkhorn-bench"]);
    build.args(["--package", "inkhorn-server", "--bin", "inkhorn-server"]);
    run(&mut build)?;
    settle();
    let built = target_dir().join("release");
    let mut bench = Command::new(built.join("inkhorn-bench"));
    bench
        .arg(options.name.word())
        .args(options.check.then_some("--check"))
        .args(options.plot.then_some("--plot"))
        .current_dir(root())
        .env("INKHORN_BENCH_DIR", &figures)
        .env("INKHORN_SERVER_BIN", built.join("inkhorn-server"));
    run(&mut bench).with_context(|| format!("bench {}", options.name.word()))
}

/// Waits until what was built is on the disk: half a minute after a build the kernel writes it out, and a commit that is
/// measured meanwhile waits for that (450 ms were seen).
fn settle() {
    if cfg!(unix) && !Command::new("sync").status().is_ok_and(|status| status.success()) {
        println!("The disk may still be busy with what was built.");
    }
}

/// Runs measurements in the window, as it is shipped: the desktop tests know how to open and drive it.
fn in_window(tests: &str, variables: &[(&str, &Path)]) -> anyhow::Result<()> {
    setup::ensure(setup::Needs { desktop: true, tests: true })?;
    ui::build(true)?;
    let test = ["test", "--release", "--package", "inkhorn", "--test", "desktop"];
    run(cargo().args(test).arg("--no-run"))?;
    // The measurements start a server and write courses with the command line.
    let programs =
        ["build", "--release", "--package", "inkhorn-server", "--package", "inkhorn-cli", "--bins"];
    run(cargo().args(programs))?;
    settle();
    let built = target_dir().join("release");
    run(cargo()
        .args(test)
        .args(["--", tests, "--test-threads=1"])
        .envs(variables.iter().copied())
        .env("INKHORN_SERVER_BIN", built.join("inkhorn-server"))
        .env("INKHORN_CLI", built.join("inkhorn-cli")))
}
