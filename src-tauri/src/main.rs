//! The desktop app's program.

// No console window beside the app on Windows.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

fn main() -> anyhow::Result<()> {
    inkhorn::run(inkhorn::Options::from_command_line())
}
