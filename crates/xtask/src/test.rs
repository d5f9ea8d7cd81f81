//! `cargo xtask test`: every test there is, in the order in which a failure is cheapest to find.

use crate::command::{cargo, program, root, run};
use crate::{setup, ui};
use std::process::Command;

/// Options of `test`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Leave out the tests that drive the real window; those in a plain browser stay.
    #[arg(long)]
    no_desktop: bool,
}

/// Everything that is compiled for this machine, in one graph: one set of features, one build of each dependency.
const NATIVE: [&str; 3] = ["--workspace", "--exclude", "inkhorn-ui"];

/// Runs every test.
pub(crate) fn test(options: &Options) -> anyhow::Result<()> {
    setup::ensure(setup::Needs { desktop: true, tests: true })?;

    eprintln!("== TypeScript");
    run(Command::new("npm").args(["test", "--silent"]).current_dir(root().join("ui/editor")))?;

    eprintln!("== Interface (wasm, its logic natively, the whole of it in a plain browser)");
    ui::build_mock()?;
    // The app embeds this one: built last, so that what cargo put out is what is shipped.
    ui::build(false)?;
    let ui = ["--package", "inkhorn-ui", "--lib", "--tests"];
    if setup::has_nextest() {
        run(cargo().args(["nextest", "run", "--no-fail-fast"]).args(ui))?;
    } else {
        // One browser at a time.
        run(cargo().args(["test", "--no-fail-fast"]).args(ui).args(["--", "--test-threads=1"]))?;
    }

    eprintln!("== Rust, system and desktop");
    // The system tests start these two as processes.
    run(cargo().arg("build").args(NATIVE).args(["--bins", "--tests"]))?;
    let mut tests = if setup::has_nextest() {
        let mut nextest = cargo();
        nextest.args(["nextest", "run", "--no-fail-fast"]).args(NATIVE);
        if options.no_desktop {
            nextest.args(["-E", "not binary(desktop)"]);
        }
        nextest
    } else {
        eprintln!("cargo-nextest is not here: plain cargo test instead, one test at a time");
        let mut plain = cargo();
        plain.args(["test", "--no-fail-fast", "--lib", "--bins", "--tests"]).args(NATIVE);
        plain.args(["--", "--test-threads=1"]);
        if options.no_desktop {
            plain.args(["--skip", "desktop"]);
        }
        plain
    };
    tests.env("INKHORN_CLI", program("inkhorn-cli")).env("INKHORN_SERVER_BIN", program("inkhorn-server"));
    run(&mut tests)?;

    eprintln!("== Examples in the documentation");
    run(cargo().args(["test", "--doc"]).args(NATIVE))
}
