//! What the window costs: the processor time of the page's main thread, frame by frame, and memory.

use super::app::PROGRAM;
use super::process;
use anyhow::Context;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A frame of a usual screen.
const FRAME: Duration = Duration::from_micros(16_667);

/// Bytes of memory of the app and of the processes of its page.
pub(crate) struct Memory {
    app: u64,
    page: u64,
}

impl Memory {
    /// All of it, in bytes.
    pub(crate) fn sum(&self) -> u64 {
        self.app + self.page
    }

    /// Growth since then, in bytes.
    pub(crate) fn grown(&self, now: &Memory) -> Value {
        let more = |now: u64, before: u64| now as i64 - before as i64;
        json!({ "app": more(now.app, self.app), "page": more(now.page, self.page) })
    }
}

/// Memory now.
pub(crate) fn memory(profile: &Path) -> anyhow::Result<Memory> {
    let app = process::find(PROGRAM, profile).context("the app is not running")?;
    let page = descendants(app).into_iter().map(resident).sum();
    Ok(Memory { app: resident(app), page })
}

/// Watches until its end.
pub(crate) struct Load {
    before: Memory,
    ending: Arc<AtomicBool>,
    watching: JoinHandle<Vec<f64>>,
}

/// What was watched.
pub(crate) struct Measured {
    before: Memory,
    /// Milliseconds of work of the page's main thread in each frame.
    pub(crate) work_ms: Vec<f64>,
}

impl Measured {
    /// Growth since the beginning, in bytes.
    pub(crate) fn grown(&self, now: &Memory) -> Value {
        self.before.grown(now)
    }
}

impl Load {
    pub(crate) fn begin(profile: &Path) -> anyhow::Result<Self> {
        let app = process::find(PROGRAM, profile).context("the app is not running")?;
        let page =
            descendants(app).into_iter().find(|pid| is_page(*pid)).context("the page has no process")?;
        let ending = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ending);
        let watching = std::thread::spawn(move || {
            let mut work = Vec::new();
            let (mut at, mut used) = (Instant::now(), on_cpu(page));
            while !end.load(Ordering::Relaxed) {
                std::thread::sleep(FRAME.saturating_sub(at.elapsed()));
                let (now, then) = (Instant::now(), on_cpu(page));
                // A look that came late covers more than a frame: its work is counted for one.
                let frames = (now - at).as_secs_f64() / FRAME.as_secs_f64();
                work.push(then.saturating_sub(used) as f64 / 1e6 / frames.max(1.0));
                (at, used) = (now, then);
            }
            work
        });
        Ok(Self { before: memory(profile)?, ending, watching })
    }

    pub(crate) fn end(self) -> Measured {
        self.ending.store(true, Ordering::Relaxed);
        Measured { before: self.before, work_ms: self.watching.join().unwrap_or_default() }
    }
}

/// Nanoseconds that a process's main thread has run.
fn on_cpu(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/schedstat")).unwrap_or_default();
    text.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0)
}

fn resident(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: u64 = line.and_then(|line| line.trim().split(' ').next()?.parse().ok()).unwrap_or(0);
    kib * 1024
}

/// Proportional set size of the app and all of its processes, in bytes: what they share is counted once.
pub(crate) fn proportional(profile: &Path) -> anyhow::Result<u64> {
    let app = process::find(PROGRAM, profile).context("the app is not running")?;
    let of = |pid: u32| {
        let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
        let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
        line.and_then(|line| line.trim().split(' ').next()?.parse::<u64>().ok()).unwrap_or(0) * 1024
    };
    Ok(of(app) + descendants(app).into_iter().map(of).sum::<u64>())
}

fn is_page(pid: u32) -> bool {
    let name = fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    name.starts_with("WebKitWebProces")
}

/// Every process below one.
fn descendants(of: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
            Some((pid, parent))
        })
        .collect();
    let mut found = vec![of];
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        found.extend(parents.iter().filter(|(_, its)| *its == parent).map(|(pid, _)| *pid));
        at += 1;
    }
    found.split_off(1)
}
