//! Fewer steps that still fail.

use crate::plan::Plan;

/// Drops steps, large parts first, as long as `fails` says that the rest still fails. Runs at most `budget` plans.
pub fn shrink(plan: &Plan, mut budget: u32, mut fails: impl FnMut(&Plan) -> bool) -> Plan {
    let mut best = plan.clone();
    let mut part = best.steps.len().div_ceil(2).max(1);
    loop {
        let mut at = 0;
        let before = best.steps.len();
        while at < best.steps.len() {
            if budget == 0 {
                return best;
            }
            budget -= 1;
            let mut fewer = best.clone();
            let end = (at + part).min(fewer.steps.len());
            fewer.steps.drain(at..end);
            if fails(&fewer) {
                best = fewer;
            } else {
                at = end;
            }
        }
        if part == 1 && best.steps.len() == before {
            return best;
        }
        part = (part / 2).max(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_needed_stays_and_nothing_else() {
        let plan = Plan::from_seed(7);
        let needed: Vec<_> = plan.steps.iter().step_by(9).cloned().collect();
        let shrunk = shrink(&plan, 10_000, |plan| needed.iter().all(|step| plan.steps.contains(step)));
        assert_eq!(shrunk.steps.len(), needed.len());
    }
}
