//! `inkhorn-simulate`: runs seeds or a kept plan, and keeps what fails. `cargo xtask simulate` builds and runs it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command-line tool speaks on its streams")]

use anyhow::{Context, bail};
use clap::{Parser, ValueEnum};
use inkhorn_simulation::plan::Plan;
use inkhorn_simulation::sabotage::Sabotage;
use inkhorn_simulation::{run, shrink};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

#[derive(Parser)]
#[command(name = "inkhorn-simulate", about = "Run the simulation from seeds, or replay a plan")]
struct Arguments {
    /// How many seeds.
    #[arg(long, default_value_t = 100)]
    seeds: u64,
    /// The first one.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Keep the plans of failing seeds in this folder, as they are and shrunk.
    #[arg(long)]
    save: Option<PathBuf>,
    /// Replay this plan instead.
    #[arg(long, conflicts_with_all = ["seeds", "seed"])]
    plan: Option<PathBuf>,
    /// Write down all that happens in the replayed plan, to the standard error.
    #[arg(long, requires = "plan")]
    trace: bool,
    /// Break a rule on purpose.
    #[arg(long, value_enum, hide = true, default_value = "nothing")]
    sabotage: Break,
    /// Seeds at the same time; as many as there are processors when not said.
    #[arg(long)]
    jobs: Option<usize>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Break {
    Nothing,
    AckBeforeSync,
    NoDetour,
    BlindToGaps,
}

impl From<Break> for Sabotage {
    fn from(broken: Break) -> Self {
        match broken {
            Break::Nothing => Self::Nothing,
            Break::AckBeforeSync => Self::AckBeforeSync,
            Break::NoDetour => Self::NoDetour,
            Break::BlindToGaps => Self::BlindToGaps,
        }
    }
}

/// Plans that are tried to find a smaller one.
const SHRINK_RUNS: u32 = 400;

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let sabotage = Sabotage::from(arguments.sabotage);
    if arguments.trace {
        tracing_subscriber::fmt()
            .with_env_filter("inkhorn_simulation=debug")
            .with_writer(std::io::stderr)
            .without_time()
            .with_target(false)
            .with_ansi(false)
            .init();
    }
    if let Some(path) = &arguments.plan {
        let text = std::fs::read_to_string(path).with_context(|| path.display().to_string())?;
        let plan: Plan = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
        return match run(&plan, sabotage) {
            Ok(report) => {
                println!("seed {}: {report:?}", plan.seed);
                Ok(())
            }
            Err(why) => bail!("seed {}: {why}", plan.seed),
        };
    }
    // A panic is a finding like any other; its words are in the outcome.
    std::panic::set_hook(Box::new(|_| {}));
    let begun = Instant::now();
    let (next, end) = (AtomicU64::new(arguments.seed), arguments.seed + arguments.seeds);
    let failed = Mutex::new(Vec::new());
    let sums = Mutex::new((0u64, 0u64, 0u64));
    let jobs = arguments.jobs.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    std::thread::scope(|scope| {
        for _ in 0..jobs {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    match run(&Plan::from_seed(seed), sabotage) {
                        Ok(report) => {
                            if let Ok(mut sums) = sums.lock() {
                                sums.0 += report.edits;
                                sums.1 += report.faults;
                                sums.2 += report.frames;
                            }
                        }
                        Err(why) => {
                            eprintln!("seed {seed}: {why}");
                            if let Ok(mut failed) = failed.lock() {
                                failed.push(seed);
                            }
                        }
                    }
                }
            });
        }
    });
    let mut failed = failed.into_inner().unwrap_or_default();
    failed.sort_unstable();
    let (edits, faults, frames) = sums.into_inner().unwrap_or_default();
    println!(
        "{} seeds in {:.1} s: {edits} edits, {faults} faults, {frames} frames; {} failed {failed:?}",
        arguments.seeds,
        begun.elapsed().as_secs_f64(),
        failed.len()
    );
    if let Some(folder) = &arguments.save {
        for seed in &failed {
            keep(folder, *seed, sabotage)?;
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("replay one with --seeds 1 --seed {}", failed[0]) }
}

fn keep(folder: &Path, seed: u64, sabotage: Sabotage) -> anyhow::Result<()> {
    std::fs::create_dir_all(folder)?;
    let plan = Plan::from_seed(seed);
    std::fs::write(folder.join(format!("{seed}.json")), serde_json::to_vec_pretty(&plan)?)?;
    let small = shrink::shrink(&plan, SHRINK_RUNS, |plan| run(plan, sabotage).is_err());
    let path = folder.join(format!("{seed}-small.json"));
    std::fs::write(&path, serde_json::to_vec_pretty(&small)?)?;
    println!("{}: {} of {} steps", path.display(), small.steps.len(), plan.steps.len());
    Ok(())
}
