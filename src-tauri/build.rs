//! Generates Tauri's context and the permissions of our commands.
fn main() {}
