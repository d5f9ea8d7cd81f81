//! A screen per app: the keyboard goes to the one window that is there, whatever runs beside it.

use super::process::Ending;
use anyhow::{Context, ensure};
use std::io::{BufReader, Read as _};
use std::process::{Command, Stdio};

/// A virtual screen; ends with the value.
pub(crate) struct Screen {
    _server: Ending,
    /// As in the variable `DISPLAY`.
    pub(crate) display: String,
}

impl Screen {
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x900x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start Xvfb (cargo xtask setup installs it)")?;
        let out = server.stdout.take();
        let server = Ending(server);
        let mut number = String::new();
        // The number ends with a line feed; Xvfb keeps the pipe open afterwards.
        for byte in BufReader::new(out.context("Xvfb has no output")?).bytes() {
            match byte? {
                b'\n' => break,
                digit => number.push(char::from(digit)),
            }
        }
        ensure!(!number.is_empty(), "Xvfb did not start");
        Ok(Self { _server: server, display: format!(":{number}") })
    }
}
