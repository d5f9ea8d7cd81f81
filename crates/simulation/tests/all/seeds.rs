//! The seeds of every build.

use inkhorn_simulation::plan::Plan;
use inkhorn_simulation::run;
use inkhorn_simulation::sabotage::Sabotage;
use std::ops::Range;

/// A part of the thousand seeds: four tests, so that all processors have something to do.
fn all_hold(seeds: Range<u64>) {
    for seed in seeds {
        if let Err(why) = run(&Plan::from_seed(seed), Sabotage::Nothing) {
            panic!("seed {seed}: {why}\ncargo xtask simulate --seeds 1 --seed {seed} --save <folder>");
        }
    }
}

#[test]
fn seeds_0_to_249_lose_nothing_and_come_to_rest() {
    all_hold(0..250);
}

#[test]
fn seeds_250_to_499_lose_nothing_and_come_to_rest() {
    all_hold(250..500);
}

#[test]
fn seeds_500_to_749_lose_nothing_and_come_to_rest() {
    all_hold(500..750);
}

#[test]
fn seeds_750_to_999_lose_nothing_and_come_to_rest() {
    all_hold(750..1_000);
}

#[test]
fn a_seed_gives_the_same_run_twice() {
    for seed in 0..4 {
        let plan = Plan::from_seed(seed);
        assert_eq!(run(&plan, Sabotage::Nothing), run(&plan, Sabotage::Nothing), "seed {seed}");
    }
}
