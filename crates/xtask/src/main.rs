//! `cargo xtask`: everything that a developer does with this repository, set-up included.
//!
//! - [`setup`] finds out what is missing and installs it, saying so
//! - [`ui`] builds the interface (wasm, island, styles) into `target/ui-dist`, for a plain browser into `target/ui-mock`
//! - [`run`] opens the app, [`desktop`] gives it a screen where there is none
//! - [`bench`] measures, against peers
//! - [`bundle`] makes packages
//! - [`simulate`] runs seeds of the simulation
//! - [`test`] runs every test, [`tidy`] every check that is not a test
//!
//! Must never import a crate of the product: it has to build on a machine that has nothing but Rust and a C linker.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks on its streams")]

mod bench;
mod bundle;
mod command;
mod desktop;
mod run;
mod setup;
mod simulate;
mod test;
mod tidy;
mod ui;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Build, run and check Inkhorn")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Open the desktop app. Needs no server and no account.
    Run(run::Options),
    /// Run every test: Rust, wasm, TypeScript, system, desktop.
    Test(test::Options),
    /// Measure ours and peers side by side; prints a table and writes target/bench/NAME.json.
    Bench(bench::Options),
    /// Make .deb and .rpm of the app and the server under target/release/bundle.
    Bundle(bundle::Options),
    /// Clients and the server on a virtual network, from seeds: --seeds N --seed S [--save DIR] [--plan FILE].
    Simulate(simulate::Options),
    /// Formatting, lints, licences, layer bans, file sizes.
    Tidy,
    /// Build the interface into target/ui-dist, and nothing else.
    Ui {
        /// Small and slow to build, as it is shipped.
        #[arg(long)]
        release: bool,
        /// With the mock bridge, for a plain browser, into target/ui-mock.
        #[arg(long, conflicts_with = "release")]
        mock: bool,
    },
    /// Install what the other tasks need, and nothing else.
    Setup,
}

fn main() -> anyhow::Result<()> {
    std::env::set_current_dir(command::root())?;
    match Arguments::parse().task {
        Task::Run(options) => run::run(&options),
        Task::Test(options) => test::test(&options),
        Task::Bench(options) => bench::bench(&options),
        Task::Bundle(options) => bundle::bundle(&options),
        Task::Simulate(options) => simulate::simulate(&options),
        Task::Tidy => tidy::tidy(),
        Task::Ui { release, mock } => {
            setup::ensure(setup::Needs { desktop: false, tests: false })?;
            if mock { ui::build_mock() } else { ui::build(release) }
        }
        Task::Setup => setup::ensure(setup::Needs { desktop: true, tests: true }),
    }
}
