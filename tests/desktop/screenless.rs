//! The program where there is no screen.

use crate::support::app::PROGRAM;
use anyhow::ensure;
use std::process::Command;

#[test]
fn without_a_screen_the_program_says_so_and_leaves_the_profile_alone() -> anyhow::Result<()> {
    let folder = tempfile::TempDir::new()?;
    let profile = folder.path().join("profile");
    for (variable, value) in [("DISPLAY", None), ("DISPLAY", Some(":no-such-screen"))] {
        let mut start = Command::new(PROGRAM);
        start.arg("--profile").arg(&profile).env_remove(variable).env_remove("WAYLAND_DISPLAY");
        if let Some(value) = value {
            start.env(variable, value);
        }
        let said = start.output()?;
        let told = String::from_utf8_lossy(&said.stderr).into_owned();
        ensure!(said.status.code() == Some(1), "{:?}: {told}", said.status);
        ensure!(told.contains("no screen") && told.contains("inkhorn-cli"), "{told}");
        ensure!(!told.contains("panicked"), "{told}");
        ensure!(!profile.exists(), "the profile was touched");
    }
    Ok(())
}
