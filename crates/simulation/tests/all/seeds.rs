//! The seeds of every build: a thousand.

use inkhorn_simulation::plan::Plan;
use inkhorn_simulation::run;
use inkhorn_simulation::sabotage::Sabotage;
use std::ops::Range;

/// A part of the seeds. They are several tests, so that all processors have something to do.
fn all_hold(seeds: Range<u64>) {
    for seed in seeds {
        if let Err(why) = run(&Plan::from_seed(seed), Sabotage::Nothing) {
            panic!("seed {seed}: {why}\ncargo xtask simulate --seeds 1 --seed {seed} --save <folder>");
        }
    }
}

macro_rules! seeds {
    ($($name:ident: $range:expr),* $(,)?) => {$(
        #[test]
        fn $name() {
            all_hold($range);
        }
    )*};
}

seeds! {
    seeds_0_to_124_lose_nothing_and_come_to_rest: 0..125,
    seeds_125_to_249_lose_nothing_and_come_to_rest: 125..250,
    seeds_250_to_374_lose_nothing_and_come_to_rest: 250..375,
    seeds_375_to_499_lose_nothing_and_come_to_rest: 375..500,
    seeds_500_to_624_lose_nothing_and_come_to_rest: 500..625,
    seeds_625_to_749_lose_nothing_and_come_to_rest: 625..750,
    seeds_750_to_874_lose_nothing_and_come_to_rest: 750..875,
    seeds_875_to_999_lose_nothing_and_come_to_rest: 875..1_000,
}

#[test]
fn a_seed_gives_the_same_run_twice_also_from_a_plan_that_was_saved() {
    for seed in 0..4 {
        let plan = Plan::from_seed(seed);
        let first = run(&plan, Sabotage::Nothing);
        let saved = serde_json::to_string(&plan).expect("writes");
        let plan: Plan = serde_json::from_str(&saved).expect("reads");
        assert_eq!(first, run(&plan, Sabotage::Nothing), "seed {seed}");
    }
}
