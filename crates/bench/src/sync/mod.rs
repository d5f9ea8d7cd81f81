//! Sync as people wait for it: reconnect, typing offline, and news on their way to a window.
//!
//! - `wire`: the link to a server, which counts its bytes and can be cut
//! - `device`: a core on a profile, over such a wire, with an editor in its lessons
//! - `reconnect`: many offline edits, and a course in which nothing changed
//! - `typing`: ten thousand keystrokes offline
//! - `news`: from a frame to the projection that a window gets
//! - `peer`: Hocuspocus doing the same
//!
//! The core runs in this process; servers are processes of their own, on this computer.

mod device;
mod news;
mod peer;
mod reconnect;
mod typing;
mod wire;

use crate::report::Report;
use anyhow::Result;
use std::time::Duration;

/// Runs all.
pub(crate) fn run() -> Result<Report> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let only = std::env::var("INKHORN_BENCH_ONLY").unwrap_or_default();
        let wanted = |part: &str| only.is_empty() || only == part;
        let mut report = Report::new("sync");
        if wanted("news") {
            news::run(&mut report).await?;
        }
        if wanted("edits") {
            reconnect::edits(&mut report).await?;
        }
        if wanted("clean") {
            reconnect::clean(&mut report).await?;
        }
        if wanted("typing") {
            typing::run(&mut report).await?;
        }
        report.note(
            "Hocuspocus acks what it has in memory; ours is on the server's disk when it counts as synced.",
        );
        Ok(report)
    })
}

/// The value in the middle; of an even number, the upper one.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// The value below which this part of all values lies.
pub(crate) fn percentile(values: &[f64], part: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (part * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(f64::NAN)
}

/// A limit against hanging for ever; nothing is measured by it.
const LIMIT: Duration = Duration::from_secs(180);

async fn within<T>(what: &str, future: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(LIMIT, future).await {
        Ok(outcome) => outcome,
        Err(_) => anyhow::bail!("waited {} s in vain for {what}", LIMIT.as_secs()),
    }
}
