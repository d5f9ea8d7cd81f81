//! Any bytes: readers say yes or no, agree with each other, and never panic or run away.
#![no_main]

use inkhorn_updates::{Index, Refused, StateVector, is_noop, rekey, validate};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let summary = validate(bytes);
    assert_eq!(is_noop(bytes).is_ok(), summary.is_ok());
    assert_eq!(matches!(Index::default().add(bytes), Err(Refused::Invalid(_))), summary.is_err());
    if let Ok(vector) = StateVector::decode(bytes) {
        assert_eq!(StateVector::decode(&vector.encode()), Ok(vector));
    }
    if let Ok(moved) = rekey(bytes, 1, 2, 1) {
        assert!(validate(&moved).is_ok());
    }
});
