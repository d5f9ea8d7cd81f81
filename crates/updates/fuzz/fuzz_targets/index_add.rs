//! A sequence of any updates into one index, in any rhythm: a refusal leaves nothing behind, what was taken comes
//! back as the same, and both levels stay apart.
#![no_main]

use inkhorn_updates::{Index, RootType, Schema, StateVector};
use libfuzzer_sys::fuzz_target;

fn schema() -> Schema {
    Schema::new([("text", RootType::Text), ("map", RootType::Map), ("list", RootType::Array), ("body", RootType::Xml)])
}

/// The input as updates, each behind its length in two bytes (little endian): `node oracle.mjs corpus` writes such
/// files from real histories.
fn updates(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut updates = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (update, rest) = rest.split_at(rest.len().min(usize::from(u16::from_le_bytes(*length))));
        updates.push(update);
        bytes = rest;
    }
    updates
}

fuzz_target!(|bytes: &[u8]| {
    let mut index = Index::new(schema());
    for update in updates(bytes) {
        let rhythm = update.last().map_or(0, |last| last / 4 % 5);
        let before = (index.encode(), index.staged_state_vector());
        if index.stage(update).is_err() {
            assert_eq!(before, (index.encode(), index.staged_state_vector()));
        } else {
            assert!(index.check(update).is_ok_and(|again| again.is_noop || again.gap.is_some()));
            assert_eq!(before.0, index.encode());
        }
        match rhythm {
            4 => index.rollback(),
            1 => {}
            n => index.commit(usize::from(n.max(1))),
        }
    }
    index.rollback();
    for bytes in [index.encode(), index.compact()] {
        let mut copy = Index::new(schema());
        copy.add(&bytes).expect("own bytes are taken");
        assert_eq!(copy.state_vector(), index.state_vector());
        assert_eq!(copy.delete_set(), index.delete_set());
    }
    let half: StateVector = index.state_vector().iter().map(|(client, clock)| (client, clock / 2)).collect();
    inkhorn_updates::validate(&index.diff(&half)).expect("a diff is valid");
});
