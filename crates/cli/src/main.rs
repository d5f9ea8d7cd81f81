//! `inkhorn-cli`: the core without a window.
//!
//! - [`arguments`]: what can be asked
//! - [`commands`]: asks the core, one function a command
//! - [`print`]: answers on standard output, as text or as JSON
//! - [`words`]: sync and import in sentences
//!
//! Ids that a script needs stand on the last line. Errors are sentences on standard error; the exit code is 0 when it
//! was done, 1 when it was not, 2 when the call itself was wrong. Must never import anything but the core and the
//! protocol.
#![allow(clippy::print_stderr, reason = "a command-line tool speaks on its streams")]

mod arguments;
mod commands;
mod print;
mod words;

use arguments::Arguments;
use clap::Parser as _;
use std::process::ExitCode;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Silent unless asked: what a person has to know is said by the commands themselves.
    let filter = EnvFilter::try_from_env("INKHORN_LOG").unwrap_or_else(|_| EnvFilter::new("off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("Inkhorn cannot start its workers: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(commands::run(arguments)) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of our output has gone (`| head`): nobody is left to tell.
        Err(error) if print::is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}
