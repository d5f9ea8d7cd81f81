//! Seeds.

use inkhorn_simulation::plan::Plan;
use inkhorn_simulation::run;
use inkhorn_simulation::sabotage::Sabotage;

#[test]
fn a_seed_gives_the_same_run_twice() {
    for seed in [3, 4] {
        let plan = Plan::from_seed(seed);
        assert_eq!(run(&plan, Sabotage::Nothing), run(&plan, Sabotage::Nothing), "seed {seed}");
    }
}
