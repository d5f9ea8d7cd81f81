//! The desktop app's program.

// No console window beside the app on Windows.
#![cfg_attr(all(windows, not(debug_assertions)), windows_subsystem = "windows")]

/// After a storm glibc's allocator keeps what each of its arenas took; this one gives it back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<()> {
    inkhorn::run(inkhorn::Options::from_command_line()?)
}
