//! The fingerprint of a state: the same for whoever holds the same, another one for whoever does not.

use inkhorn_updates::{Fingerprint, Index, StateVector};
use proptest::prelude::*;
use yrs::{ReadTxn, Transact};

use crate::yrs_oracle::{apply, doc, history, steps};
use crate::{hex, index};

fn of<'a>(updates: impl IntoIterator<Item = &'a [u8]>) -> Fingerprint {
    let mut index: Index = index();
    for update in updates {
        index.add(update).expect("an honest update is taken");
    }
    index.fingerprint()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn it_does_not_depend_on_how_the_state_came_or_is_written(steps in steps(), at in any::<prop::sample::Index>()) {
        let log = history(&steps);
        let mut index = index();
        log.iter().for_each(|update| drop(index.add(update).expect("taken")));
        let expected = index.fingerprint();
        prop_assert_eq!(of([index.encode().as_slice()]), expected);
        prop_assert_eq!(of([index.compact().as_slice()]), expected);
        // A part that was known before, and the rest in the smallest form.
        let known = &log[..at.index(log.len() + 1)];
        let mut part = crate::index();
        known.iter().for_each(|update| drop(part.add(update).expect("taken")));
        part.add(&index.diff_compact(&part.state_vector())).expect("taken");
        prop_assert_eq!(part.fingerprint(), expected);
        // As yrs writes it, which merges and splits structs and drops deleted content. It also deletes the value of a map
        // that loses against another one; no update says that until somebody sends it on.
        for skip_gc in [false, true] {
            let theirs = doc(1 << 40, skip_gc);
            log.iter().for_each(|update| apply(&theirs, update));
            let bytes = theirs.transact().encode_state_as_update_v1(&yrs::StateVector::default());
            let both = log.iter().map(Vec::as_slice).chain([bytes.as_slice()]);
            prop_assert_eq!(of([bytes.as_slice()]), of(both));
        }
    }

    #[test]
    fn whoever_lacks_an_edit_has_another_one(steps in steps(), at in any::<prop::sample::Index>()) {
        let log = history(&steps);
        let known = at.index(log.len() + 1);
        let (mut some, mut all) = (index(), index());
        log[..known].iter().for_each(|update| drop(some.add(update).expect("taken")));
        log.iter().for_each(|update| drop(all.add(update).expect("taken")));
        let same = some.state_vector() == all.state_vector()
            && some.diff(&StateVector::default()) == all.diff(&StateVector::default());
        prop_assert_eq!(some.fingerprint() == all.fingerprint(), same);
    }
}

/// `text` holds a word of four letters by client 7; the letters are the last bytes before the empty delete set.
const WORD: &str = "010107000401047465787404";

fn word(letters: &str) -> Vec<u8> {
    let mut bytes = hex(WORD);
    bytes.extend_from_slice(letters.as_bytes());
    bytes.push(0);
    bytes
}

#[test]
fn one_other_letter_is_another_state() {
    assert_ne!(of([word("horn").as_slice()]), of([word("born").as_slice()]));
    assert_eq!(of([word("horn").as_slice()]), of([word("horn").as_slice()]));
}

#[test]
fn its_numbers_stay_as_they_are() {
    // Replicas of other builds compare with these. Where a change here is meant, the version in front changes too.
    assert_eq!(of([]).to_string(), "1:0000000000000000");
    assert_eq!(of([word("horn").as_slice()]).to_string(), "1:1c4eaef096790538");
    // A map with numbers, text, and a nested value: {a: [1, "x", {"b": 0.5}]}.
    let map = hex("01010700280103 6d6170 0161 01 7503 7d01 770178 7601 0162 7c3f000000 00"
        .replace(' ', "")
        .as_str());
    assert_eq!(of([map.as_slice()]).to_string(), "1:41ce74f61e2cef37");
}
