//! The simulation finds faults: each rule that is broken on purpose makes seeds fail, and by the words of the oracle that is
//! there for it. A run that finds nothing in these would find nothing at all.

use inkhorn_simulation::plan::{Edit, Plan, Step, What};
use inkhorn_simulation::run;
use inkhorn_simulation::sabotage::Sabotage;

/// The first words of a seed that fails; none of these seeds fails without the sabotage.
fn found(sabotage: Sabotage, seeds: impl IntoIterator<Item = u64>) -> String {
    found_by(sabotage, seeds.into_iter().map(Plan::from_seed))
}

/// The first words of a plan that fails.
fn found_by(sabotage: Sabotage, plans: impl IntoIterator<Item = Plan>) -> String {
    let mut failed = plans.into_iter().filter_map(|plan| run(&plan, sabotage).err());
    let Some(why) = failed.next() else { panic!("nothing finds {sabotage:?}") };
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

/// Somebody writes, and that computer's disk is full so much later, for three seconds.
fn full_behind_an_edit(later_ms: u64) -> Plan {
    let (client, at_ms) = (1, 10_000);
    let edit = What::Edit { client, edit: Edit::Append, pick: 0 };
    let full = What::ClientDisk { client, for_ms: 3_000 };
    let steps = vec![Step { at_ms, what: edit }, Step { at_ms: at_ms + later_ms, what: full }];
    Plan { seed: 4618, clients: 2, steps }
}

#[test]
fn a_client_that_does_not_write_again_what_its_full_disk_did_not_take_is_found() {
    // At one of these moments the ack is on its way.
    let plans = || (1..200).step_by(2).map(full_behind_an_edit);
    let why = found_by(Sabotage::WritesOnce, plans());
    assert!(why.contains("waiting_edits: 1"), "{why}");
    let mended = plans().filter_map(|plan| run(&plan, Sabotage::Nothing).err()).next();
    assert_eq!(mended, None);
}
