//! State vectors as bytes, read without yrs: its decoder trusts the declared count.

use std::collections::BTreeMap;

/// True when a document at `state_vector` holds content that a reader at `seen` had not seen.
/// Both are Yjs v1 state vectors. A `seen` that cannot be read counts as "nothing seen": a lesson comes back
/// rather than being lost.
pub fn holds_more(state_vector: &[u8], seen: &[u8]) -> bool {
    let seen = decode(seen).unwrap_or_default();
    let Some(held) = decode(state_vector) else { return false };
    held.iter().any(|(client, clock)| *clock > seen.get(client).copied().unwrap_or(0))
}

/// Client id → next clock.
pub(crate) fn decode(bytes: &[u8]) -> Option<BTreeMap<u64, u32>> {
    let mut rest = bytes;
    let count = varint(&mut rest)?;
    let mut vector = BTreeMap::new();
    for _ in 0..count {
        // Ends at the first missing byte, whatever the count says.
        let client = varint(&mut rest)?;
        let clock = u32::try_from(varint(&mut rest)?).ok()?;
        vector.insert(client, clock);
    }
    rest.is_empty().then_some(vector)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    // 8 groups of 7 bits hold the 53 bits of a client id.
    for group in 0..8 {
        let (byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << (7 * group);
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declared_count_allocates_nothing() {
        assert_eq!(decode(&[0xff, 0xff, 0xff, 0xff, 0x0f]), None);
        assert_eq!(decode(&[]), None);
        assert_eq!(decode(&[0]), Some(BTreeMap::new()));
        assert_eq!(decode(&[1, 5, 3]), Some(BTreeMap::from([(5, 3)])));
        assert_eq!(decode(&[1, 5, 3, 0]), None, "trailing bytes");
    }

    #[test]
    fn content_beyond_what_was_seen_is_found_for_any_client() {
        let (old, new, other) = ([1, 5, 3], [1, 5, 4], [2, 5, 3, 6, 1]);
        assert!(!holds_more(&old, &old));
        assert!(!holds_more(&old, &new));
        assert!(holds_more(&new, &old));
        assert!(holds_more(&other, &old));
        assert!(holds_more(&old, b"?"), "an unreadable memory of the trasher saves the lesson");
    }
}
