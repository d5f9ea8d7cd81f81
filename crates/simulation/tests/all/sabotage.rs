//! The simulation finds faults: each rule that is broken on purpose makes seeds fail, and by the words of the oracle that is
//! there for it. A run that finds nothing in these would find nothing at all.

use inkhorn_simulation::plan::Plan;
use inkhorn_simulation::run;
use inkhorn_simulation::sabotage::Sabotage;

/// The first words of a seed that fails; none of these seeds fails without the sabotage.
fn found(sabotage: Sabotage, seeds: impl IntoIterator<Item = u64>) -> String {
    let mut failed = seeds.into_iter().filter_map(|seed| run(&Plan::from_seed(seed), sabotage).err());
    let Some(why) = failed.next() else { panic!("no seed finds {sabotage:?}") };
    why
}

#[test]
fn an_ack_before_the_disk_has_it_is_found() {
    let why = found(Sabotage::AckBeforeSync, 0..4);
    assert!(why.contains("is called acked, and is not on the server"), "{why}");
}

#[test]
fn an_outline_that_overtakes_its_lessons_is_found() {
    let why = found(Sabotage::NoDetour, 0..40);
    assert!(why.contains("the outline on the server names"), "{why}");
}

#[test]
fn a_client_that_does_not_look_at_the_numbers_of_the_order_is_found() {
    let why = found(Sabotage::BlindToGaps, 40..100);
    assert!(
        why.contains("has other edits than the server") || why.contains("differs from the server's"),
        "{why}"
    );
}
