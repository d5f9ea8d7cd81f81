//! A clock that is wrong: the window, its page and its core read the time through libfaketime, and the test moves it while
//! they run. What measures durations (the monotonic clock) stays as it is, as on a computer whose clock is set.

use anyhow::Context;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The library for programs with threads.
const LIBRARY: &str = "libfaketimeMT.so.1";

/// A clock; right until it is moved.
pub(crate) struct Clock {
    folder: TempDir,
}

impl Clock {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let clock = Self { folder: TempDir::new()? };
        clock.moved("+0")?;
        Ok(clock)
    }

    /// Sets the clock so far from the right time, as in `+24h`, from now on.
    pub(crate) fn moved(&self, by: &str) -> anyhow::Result<()> {
        // In one step: the programs read the file whenever they ask for the time.
        let next = self.folder.path().join("next");
        fs::write(&next, format!("{by}\n"))?;
        fs::rename(next, self.file())?;
        Ok(())
    }

    /// What makes a program read the time here.
    pub(crate) fn environment(&self) -> anyhow::Result<[(&'static str, String); 5]> {
        Ok([
            ("LD_PRELOAD", library()?.to_string_lossy().into_owned()),
            ("FAKETIME_TIMESTAMP_FILE", self.file().to_string_lossy().into_owned()),
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            // Named so by newer versions, and so by older ones.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("DONT_FAKE_MONOTONIC", "1".to_owned()),
        ])
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("clock")
    }
}

fn library() -> anyhow::Result<PathBuf> {
    let multiarch = fs::read_dir("/usr/lib").into_iter().flatten().flatten().map(|entry| entry.path());
    [PathBuf::from("/usr/lib"), PathBuf::from("/usr/lib64")]
        .into_iter()
        .chain(multiarch)
        .map(|folder| folder.join("faketime").join(LIBRARY))
        .find(|file| Path::is_file(file))
        .context("no libfaketime (cargo xtask setup installs it)")
}
