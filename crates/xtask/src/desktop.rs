//! A screen where there is none: Xvfb for as long as the value lives, and pictures of it.

use crate::command::output;
use anyhow::{Context, bail};
use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A virtual screen; ends with the value.
pub(crate) struct Screen {
    server: Child,
    /// As in the variable DISPLAY.
    pub(crate) display: String,
}

/// Whether this session can show windows by itself.
pub(crate) fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"].iter().any(|name| std::env::var_os(name).is_some_and(|v| !v.is_empty()))
}

impl Screen {
    /// Starts Xvfb on a free display number.
    pub(crate) fn start() -> anyhow::Result<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x860x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start Xvfb")?;
        let mut number = String::new();
        if let Some(mut out) = server.stdout.take() {
            // The number ends with a line feed; Xvfb keeps the pipe open afterwards.
            let mut byte = [0u8; 1];
            while out.read(&mut byte)? == 1 && byte[0] != b'\n' {
                number.push(char::from(byte[0]));
            }
        }
        if number.is_empty() {
            let _ = server.kill();
            bail!("Xvfb did not start");
        }
        Ok(Self { server, display: format!(":{number}") })
    }

    /// Waits until the window has been drawn (several colours, and two equal pictures in a row), then writes a PNG.
    pub(crate) fn photograph(&self, file: &Path, limit: Duration) -> anyhow::Result<()> {
        let started = Instant::now();
        let mut last = String::new();
        loop {
            std::thread::sleep(Duration::from_millis(700));
            let mut import = Command::new("import");
            import.env("DISPLAY", &self.display).args(["-window", "root"]).arg(file);
            let taken = output(&mut import).is_some();
            let facts =
                output(Command::new("identify").args(["-format", "%k %#"]).arg(file)).unwrap_or_default();
            let colours = facts.split(' ').next().and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
            // An empty screen has one colour, a skeleton a handful; text with smooth edges has many.
            if taken && colours > 100 && facts == last {
                return Ok(());
            }
            if started.elapsed() > limit {
                bail!(
                    "the window was not drawn within {} s; the last picture is {}",
                    limit.as_secs(),
                    file.display()
                );
            }
            last = facts;
        }
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}
