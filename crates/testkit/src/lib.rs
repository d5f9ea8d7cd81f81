//! What whole-system tests share: the sync server and the command line as real processes, and courses to work on.
//!
//! - [`server`]: a server process that can be killed and started again on the same port
//! - [`profile`]: a data folder and the `inkhorn-cli` that works on it
//! - [`hub`] and [`faulty`]: a scripted server, and on it the wiring that loops, so that it can be shown
//! - [`corpus`]: real courses where they are at hand, a written one everywhere
//! - [`scripted`]: a server in this process that says what it is told to say, at any rate
//!
//! A dev-dependency only. Of the product it knows the wire (`protocol`, `updates`) and nothing else: a process is driven
//! by what it prints.
//!
//! ```no_run
//! use inkhorn_testkit::{profile::Profile, server::Server};
//! let server = Server::start()?;
//! let ada = Profile::new()?;
//! ada.login(&server, "ada@example.org")?;
//! # anyhow::Ok(())
//! ```

#![allow(clippy::print_stderr, reason = "tests say what they skip")]

pub mod corpus;
pub mod faulty;
pub mod hub;
pub mod profile;
pub mod scripted;
pub mod server;
pub mod typist;

use std::path::PathBuf;

/// A built program of ours: where the variable says, else beside the test that runs.
///
/// # Errors
/// When it has not been built.
pub fn program(name: &str, variable: &str) -> anyhow::Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Ok(PathBuf::from(path));
    }
    // target/debug/deps/system-1234 → target/debug/<name>
    let test = std::env::current_exe()?;
    let built = test.ancestors().nth(2).map(|folder| folder.join(name)).filter(|file| file.is_file());
    built.ok_or_else(|| {
        anyhow::anyhow!(
            "{name} is not built: run `cargo build -p inkhorn-server -p inkhorn-cli`, or `cargo xtask test`"
        )
    })
}
