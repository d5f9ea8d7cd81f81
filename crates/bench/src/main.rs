//! Benchmarks against peers: each subcommand runs ours and theirs on the same input in the same call, and prints
//! medians and ratios.
//!
//! - [`updates`]: indexing, diffing and compacting updates, against yrs and yjs
//!
//! ```text
//! cd crates/bench && npm ci        # the peers that run under Node
//! cargo run --release -p inkhorn-bench -- updates
//! ```
// A benchmark's output is what it prints.
#![allow(clippy::print_stdout)]

mod updates;

fn main() -> anyhow::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("updates") => updates::run(),
        _ => anyhow::bail!("usage: inkhorn-bench updates"),
    }
}
