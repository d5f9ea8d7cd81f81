//! Processes that the tests started: finding the app among them, ending them.

use anyhow::{Context, bail};
use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// A child that is killed and reaped with the value.
pub(crate) struct Ending(pub(crate) Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The process that runs `program` with this profile in its environment.
pub(crate) fn find(program: &str, profile: &Path) -> Option<u32> {
    let wanted = format!("INKHORN_PROFILE={}", profile.display());
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let runs = fs::read_link(entry.path().join("exe")).ok()?;
        // While it runs, its file may have been replaced by a newer build.
        let same = runs.to_str()?.trim_end_matches(" (deleted)") == program;
        let environment = fs::read(entry.path().join("environ")).ok()?;
        (same && environment.split(|byte| *byte == 0).any(|one| one == wanted.as_bytes())).then_some(pid)
    })
}

fn is_alive(pid: u32) -> bool {
    // A zombie waits for its parent only; it holds no file any more.
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z')
}

/// Sends a signal by its name.
pub(crate) fn signal(pid: u32, name: &str) -> anyhow::Result<()> {
    let status =
        Command::new("kill").args(["-s", name, &pid.to_string()]).status().context("cannot run kill")?;
    if !status.success() && is_alive(pid) {
        bail!("process {pid} did not take {name}");
    }
    Ok(())
}

/// Waits until a process has ended.
pub(crate) fn gone(pid: u32, limit: Duration) -> bool {
    let started = Instant::now();
    while is_alive(pid) {
        if started.elapsed() > limit {
            return false;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    true
}
