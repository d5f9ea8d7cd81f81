//! Several computers and the server on a virtual network, simulated disks and clocks that may be set: everything follows
//! from a seed, and a run that fails can be kept, replayed and shrunk.
//!
//! - [`plan`]: what happens: edits, and what goes wrong; [`sabotage`]: rules that are broken on purpose
//! - `world`: virtual time, one thing after another; `net`: the queue of what is to happen, and links that keep their
//!   order until they die; `oracle`: what has to be true
//! - `client`: the real replica and sync engine, with the session's rules; `server`: the real engine; `disk`: what its
//!   log survives
//! - `author`, `window`: who edits; `ledger`: what has to be there in the end
//! - [`shrink`]: fewer steps that still fail
//!
//! A dev-dependency only. Unlike the testkit it imports both sides of the product, that is what it is for; no crate of the
//! product may import it, and it must never read a clock or the system's randomness.
//!
//! ```
//! use inkhorn_simulation::{plan::Plan, run, sabotage::Sabotage};
//! let report = run(&Plan::from_seed(1), Sabotage::Nothing).map_err(|why| format!("seed 1: {why}"))?;
//! assert!(report.frames > 0);
//! # Ok::<(), String>(())
//! ```

mod author;
mod client;
mod disk;
mod ledger;
mod net;
mod oracle;
pub mod plan;
pub mod sabotage;
mod server;
pub mod shrink;
mod window;
mod world;

use plan::Plan;
use sabotage::Sabotage;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

/// What a run that went well was like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Report {
    /// Edits made.
    pub edits: u64,
    /// Faults met.
    pub faults: u64,
    /// Frames sent.
    pub frames: u64,
    /// How long it took from the end of the last fault until all was synced, in virtual milliseconds.
    pub settled_after_ms: u64,
    /// What happened in which order, as a number: two runs of a plan give the same.
    pub trace: u64,
}

/// Runs a plan.
///
/// # Errors
/// What was not as it has to be; a panic of the product among it.
pub fn run(plan: &Plan, sabotage: Sabotage) -> Result<Report, String> {
    // Where there is memory to write to, syncing costs nothing.
    let memory = PathBuf::from("/dev/shm");
    let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    let folder = folder.map_err(|error| format!("no folder for the databases: {error}"))?;
    let plan = plan.clone();
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        let mut world = world::World::new(plan, sabotage, folder.path())?;
        world.run()
    }));
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
        Err(format!("panic: {}", text.unwrap_or("without words")))
    })
}

/// A wall clock: an epoch, virtual time, and how far the clock is off.
fn wall(now_ms: u64, off_ms: i64) -> u64 {
    // 2023-11-14: far enough from 0 for a clock that is set back by a year.
    (1_700_000_000_000 + now_ms).saturating_add_signed(off_ms)
}
