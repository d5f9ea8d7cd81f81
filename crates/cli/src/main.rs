//! inkhorn-cli: the core without a window.
//!
//! - `args`: what is typed, as data
//! - `run`: from a command to calls of the core; `network`: the commands that need a server; `kept`: what waits
//!   for it, and what it refused
//! - `show`: what is printed; data goes to standard output, everything else to standard error
//!
//! Exit codes: 0 done, 1 not done (a sentence on standard error says why), 2 typed wrongly. Must never do anything to a
//! course by itself: the core does.

mod args;
mod kept;
mod network;
mod run;
mod show;

use clap::Parser;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let cli = args::Cli::parse();
    // Silent unless asked: what the user must know is an error or a notice, not a line of a log.
    let filter = EnvFilter::try_from_env("INKHORN_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let mut out = show::Output::new(cli.json);
    let outcome = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime.block_on(Box::pin(run::run(cli, &mut out))),
        Err(error) => Err(error.into()),
    };
    out.end(outcome)
}
