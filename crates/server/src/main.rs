//! Placeholder main, replaced at once.
fn main() {}
