//! One program at a time has a profile open. The lock is the system's, so it ends with the program, however that ends; the
//! text in the file only says who it is.

use crate::{Code, CoreError, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

const FILE: &str = "lock";

/// Dropping it lets others in.
#[derive(Debug)]
pub(crate) struct ProfileLock {
    file: File,
}

impl ProfileLock {
    pub(crate) fn take(profile: &Path, holder: &str) -> Result<Self> {
        let path = profile.join(FILE);
        let failed = |error: &std::io::Error| {
            let code =
                if error.kind() == std::io::ErrorKind::StorageFull { Code::DiskFull } else { Code::Other };
            CoreError::new(
                code,
                format!(
                    "The folder {} cannot be used: {error}. Choose another one with --profile.",
                    profile.display()
                ),
            )
        };
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = file.map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut who = String::new();
                // A system whose locks forbid reading (Windows) leaves it empty.
                let _ = Read::by_ref(&mut file).take(200).read_to_string(&mut who);
                return Err(in_use(who.trim()));
            }
            Err(TryLockError::Error(error)) => return Err(failed(&error)),
        }
        // Who holds it is a courtesy: a full disk must not keep the profile closed.
        let _ = file.set_len(0);
        let _ = file.rewind();
        let _ = writeln!(file, "{holder} (process {})", std::process::id());
        Ok(Self { file })
    }
}

impl Drop for ProfileLock {
    fn drop(&mut self) {
        // The name goes first, so that nobody reads the name of a program that has ended.
        let _ = self.file.set_len(0);
        let _ = self.file.unlock();
    }
}

fn in_use(who: &str) -> CoreError {
    let who = if who.is_empty() { "Another program".to_owned() } else { capital(who) };
    CoreError::new(
        Code::Locked,
        format!("{who} has this profile open. Close it, or choose another with --profile."),
    )
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
