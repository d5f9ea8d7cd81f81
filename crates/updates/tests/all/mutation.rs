//! Broken copies of honest updates: the validator and the index never panic, and what the index takes, yrs
//! integrates and reads without a panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

use inkhorn_updates::{Index, StateVector, is_noop, rekey, validate};
use yrs::updates::decoder::Decode;
use yrs::{Transact, Update};

use crate::index;
use crate::yrs_oracle::{Step, apply, doc, history, meaning};

/// Mutations in an ordinary run; `INKHORN_MUTATIONS` for more.
const MUTATIONS: u32 = 30_000;

/// A small seeded generator (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }
}

fn mutate(random: &mut Random, update: &[u8]) -> Vec<u8> {
    let mut bytes = update.to_vec();
    for _ in 0..1 + random.below(3) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] = random.next() as u8,
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes.insert(at, random.next() as u8),
            3 if bytes.len() > 1 => {
                bytes.remove(at);
            }
            // Small numbers are counts, clocks and kinds.
            4 => bytes[at] = random.below(12) as u8,
            _ => {
                let from = random.below(bytes.len());
                let piece: Vec<u8> = bytes[from..(from + random.below(12)).min(bytes.len())].to_vec();
                bytes.splice(at..at, piece);
            }
        }
    }
    bytes
}

#[test]
fn what_the_index_takes_of_broken_updates_yrs_integrates_and_reads() {
    let mutations = std::env::var("INKHORN_MUTATIONS").ok().and_then(|n| n.parse().ok()).unwrap_or(MUTATIONS);
    let mut random = Random(0x1d4c_045e);
    let mut taken = 0;
    for round in 0..mutations / 100 {
        let steps: Vec<Step> = (0..60)
            .map(|_| {
                (random.below(5) as u8, random.below(28) as u8, random.next() as u16, random.next() as u16)
            })
            .collect();
        let log = history(&steps);
        if log.is_empty() {
            continue;
        }
        let cut = random.below(log.len());
        let mut known = index();
        log[..cut].iter().for_each(|update| drop(known.add(update).expect("honest")));
        let state = known.encode();
        for _ in 0..100 {
            let broken = mutate(&mut random, &log[cut]);
            let _ = (validate(&broken), is_noop(&broken), StateVector::decode(&broken));
            if let Ok(moved) = rekey(&broken, 1_000_004, 9, random.below(4) as u32) {
                validate(&moved).expect("what rekeying writes is valid");
            }
            let before = known.clone();
            let Ok(added) = known.add(&broken) else {
                assert_eq!(known.encode(), before.encode(), "round {round}: a refusal leaves nothing behind");
                continue;
            };
            taken += usize::from(!added.is_noop);
            readable(&state, &added.part.unwrap_or(broken));
            for bytes in [known.encode(), known.compact()] {
                again(&known, &bytes);
                readable(&state, &bytes);
            }
            known = before;
        }
    }
    assert!(taken as u32 > mutations / 50, "only {taken} mutations were taken");
}

/// What an index writes, another takes as the same.
fn again(index: &Index, bytes: &[u8]) {
    let mut other = self::index();
    other.add(bytes).unwrap_or_else(|refused| panic!("own bytes refused: {refused}: {bytes:02x?}"));
    assert_eq!(other.state_vector(), index.state_vector());
    assert_eq!(other.delete_set(), index.delete_set());
}

fn readable(state: &[u8], update: &[u8]) {
    let done = catch_unwind(AssertUnwindSafe(|| {
        let doc = doc(1 << 40, false);
        apply(&doc, state);
        let decoded = Update::decode_v1(update).expect("what the validator takes, yrs decodes");
        doc.transact_mut().apply_update(decoded).expect("what the index takes, yrs applies");
        meaning(&doc)
    }));
    assert!(done.is_ok(), "yrs panics: state {state:02x?}, update {update:02x?}");
}
