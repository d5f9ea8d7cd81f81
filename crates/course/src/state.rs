//! What a state vector says about another.

use inkhorn_updates::StateVector;

/// True when a document at `state_vector` holds content that a reader at `seen` had not seen.
/// Both are Yjs v1 state vectors. A `seen` that cannot be read counts as "nothing seen": a lesson comes back
/// rather than being lost.
pub fn holds_more(state_vector: &[u8], seen: &[u8]) -> bool {
    let seen = StateVector::decode(seen).unwrap_or_default();
    StateVector::decode(state_vector).is_ok_and(|held| !seen.contains(&held))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_beyond_what_was_seen_is_found_for_any_client() {
        let (old, new, other) = ([1, 5, 3], [1, 5, 4], [2, 5, 3, 6, 1]);
        assert!(!holds_more(&old, &old));
        assert!(!holds_more(&old, &new));
        assert!(holds_more(&new, &old));
        assert!(holds_more(&other, &old));
        assert!(holds_more(&new, &other), "the trasher had somebody else's edits, but not this one");
        assert!(holds_more(&old, b"?"), "an unreadable memory of the trasher saves the lesson");
        assert!(!holds_more(&[0], b"?"), "a lesson without content has nothing to save");
    }
}
