//! The seeds of every build.

use inkhorn_simulation::plan::Plan;
use inkhorn_simulation::run;
use inkhorn_simulation::sabotage::Sabotage;
use std::ops::Range;

/// A part of the seeds: four tests, so that all processors have something to do. The range ends before the first seed
/// whose failure is open (docs/simulation.md).
fn all_hold(seeds: Range<u64>) {
    for seed in seeds {
        if let Err(why) = run(&Plan::from_seed(seed), Sabotage::Nothing) {
            panic!("seed {seed}: {why}\ncargo xtask simulate --seeds 1 --seed {seed} --save <folder>");
        }
    }
}

#[test]
fn seeds_0_to_39_lose_nothing_and_come_to_rest() {
    all_hold(0..40);
}

#[test]
fn seeds_40_to_79_lose_nothing_and_come_to_rest() {
    all_hold(40..80);
}

#[test]
fn seeds_80_to_119_lose_nothing_and_come_to_rest() {
    all_hold(80..120);
}

#[test]
fn seeds_120_to_158_lose_nothing_and_come_to_rest() {
    all_hold(120..159);
}

#[test]
fn a_seed_gives_the_same_run_twice() {
    for seed in 0..4 {
        let plan = Plan::from_seed(seed);
        assert_eq!(run(&plan, Sabotage::Nothing), run(&plan, Sabotage::Nothing), "seed {seed}");
    }
}
