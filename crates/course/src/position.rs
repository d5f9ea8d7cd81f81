//! Jittered fractional indices: the order of siblings as strings between which there is always room.
//!
//! A position is a fraction in base 62, digits in ASCII order, without trailing zeros, so that comparing bytes compares
//! numbers. New ones are random within their gap, so that two people who insert at the same place while
//! apart rarely draw the same one; ties are broken by id.

use crate::random::Random;
use inkhorn_protocol::NodeId;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// Digits that are drawn at a time: 62^10 fits into 64 bits.
const WINDOW: usize = 10;
const SPAN: u64 = 62u64.pow(WINDOW as u32);
/// Distance of appended siblings, and the range of their jitter (30 bits): room for 2 × 10^8 appends.
const STEP: u64 = 62u64.pow(5);
/// The smallest gap that is split rather than extended by more digits: leaves 23 bits of jitter.
const SPLIT: u64 = 62u64.pow(4);
/// Longest position that is read, in bytes: one place takes some 20,000 insertions to get there.
const MAX_BYTES: usize = 4096;

/// True for what this module could have made.
pub(crate) fn readable(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() <= MAX_BYTES
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && bytes.last().is_some_and(|last| *last != b'0')
}

/// A position strictly between two readable ones (`None`: no neighbour on that side); `None` when `low >= high`.
pub(crate) fn between(low: Option<&str>, high: Option<&str>, random: &mut dyn Random) -> Option<String> {
    if let (Some(low), Some(high)) = (low, high)
        && low >= high
    {
        return None;
    }
    let random = random.bytes16();
    let draw = random.iter().take(8).fold(0u64, |value, byte| value << 8 | u64::from(*byte));
    let low = low.unwrap_or("").as_bytes();
    let mut high = high.map(str::as_bytes);

    let first = window(low, 0);
    match high {
        None if low.is_empty() => return Some(digits("", SPAN / 2 + draw % STEP)),
        None if SPAN - first > 4 * STEP => return Some(digits("", first + STEP + draw % STEP)),
        Some(high) if low.is_empty() && window(high, 0) > 4 * STEP => {
            return Some(digits("", window(high, 0) - STEP - draw % STEP));
        }
        _ => {}
    }
    let mut prefix = String::new();
    for index in 0.. {
        let from = window(low, index);
        let to = high.map_or(SPAN, |high| window(high, index));
        let gap = to.saturating_sub(from);
        if gap >= SPLIT {
            return Some(digits(&prefix, from + gap / 4 + draw % (gap / 2)));
        }
        if gap > 0 {
            // What follows `low`'s digits here is below `high` whatever comes next.
            high = None;
        }
        prefix.push_str(&digits_padded(from));
    }
    None
}

/// Room before `before` (at the end without it) among `siblings`, which are in order; second, siblings that must
/// take new positions because they share one. `None` when `before` is not among them.
pub(crate) fn make_room(
    siblings: &[(NodeId, String)],
    before: Option<&NodeId>,
    random: &mut dyn Random,
) -> Option<(String, Vec<(NodeId, String)>)> {
    let at = match before {
        None => siblings.len(),
        Some(before) => siblings.iter().position(|(id, _)| id == before)?,
    };
    let low = at.checked_sub(1).and_then(|index| siblings.get(index)).map(|(_, position)| position.as_str());
    let after = siblings.get(at..).unwrap_or_default();
    let tied =
        after.iter().take_while(|(_, position)| low.is_some_and(|low| position.as_str() <= low)).count();
    let high = after.get(tied).map(|(_, position)| position.as_str());

    let position = between(low, high, random)?;
    let mut moved = Vec::with_capacity(tied);
    let mut last = position.clone();
    for (id, _) in after.iter().take(tied) {
        last = between(Some(&last), high, random)?;
        moved.push((id.clone(), last.clone()));
    }
    Some((position, moved))
}

/// So many positions in order strictly between two, spread so that none is longer than it must be.
pub(crate) fn spread(
    low: Option<&str>,
    high: Option<&str>,
    count: usize,
    random: &mut dyn Random,
) -> Option<Vec<String>> {
    if count == 0 {
        return Some(Vec::new());
    }
    if high.is_none() {
        let mut all: Vec<String> = Vec::with_capacity(count);
        for _ in 0..count {
            all.push(between(all.last().map(String::as_str).or(low), None, random)?);
        }
        return Some(all);
    }
    let middle = between(low, high, random)?;
    let mut all = spread(low, Some(&middle), (count - 1) / 2, random)?;
    let after = spread(Some(&middle), high, count - 1 - all.len(), random)?;
    all.push(middle);
    all.extend(after);
    Some(all)
}

/// The `index`th window of digits as a number; digits that are not there are zeros.
fn window(text: &[u8], index: usize) -> u64 {
    (index * WINDOW..(index + 1) * WINDOW).fold(0, |value, at| {
        let digit = text.get(at).map_or(0, |byte| match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => 0,
        });
        value * 62 + u64::from(digit)
    })
}

fn digits(prefix: &str, value: u64) -> String {
    // No trailing zero, or two texts would name one number. Gaps are wide enough for the extra one.
    let value = if value.is_multiple_of(62) { value + 1 } else { value };
    prefix.to_owned() + &digits_padded(value)
}

fn digits_padded(mut value: u64) -> String {
    let mut text = [b'0'; WINDOW];
    for slot in text.iter_mut().rev() {
        *slot = DIGITS.get((value % 62) as usize).copied().unwrap_or(b'0');
        value /= 62;
    }
    text.iter().map(|byte| char::from(*byte)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn seeded(seed: u64) -> impl FnMut() -> [u8; 16] {
        let mut state = seed;
        move || {
            // SplitMix64
            let mut bytes = [0; 16];
            for half in bytes.chunks_mut(8) {
                state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
                let mut z = state;
                z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                half.copy_from_slice(&(z ^ (z >> 31)).to_le_bytes());
            }
            bytes
        }
    }

    proptest! {
        #[test]
        fn there_is_always_room_between_two_positions(
            a in "[0-9A-Za-z]{0,25}[1-9A-Za-z]", b in "[0-9A-Za-z]{0,25}[1-9A-Za-z]", seed: u64,
        ) {
            let random = &mut seeded(seed);
            let (low, high) = if a < b { (&a, &b) } else { (&b, &a) };
            for (low, high) in [(Some(low), Some(high)), (None, Some(low)), (Some(high), None)] {
                let between = between(low.map(String::as_str), high.map(String::as_str), random);
                match (low, high, between) {
                    (low, high, Some(position)) => {
                        prop_assert!(readable(&position), "{position}");
                        prop_assert!(low.is_none_or(|low| *low < position), "{low:?} < {position}");
                        prop_assert!(high.is_none_or(|high| position < *high), "{position} < {high:?}");
                    }
                    (Some(low), Some(high), None) => prop_assert_eq!(low, high),
                    (low, high, None) => prop_assert!(false, "no room between {low:?} and {high:?}"),
                }
            }
        }
    }

    #[test]
    fn a_thousand_appends_keep_one_length_and_a_thousand_insertions_at_one_place_stay_short() {
        let random = &mut seeded(1);
        let mut last: Option<String> = None;
        for _ in 0..1000 {
            let next = between(last.as_deref(), None, random).unwrap();
            assert_eq!(next.len(), WINDOW);
            assert!(last.is_none_or(|last| last < next));
            last = Some(next);
        }
        let low = between(None, None, random).unwrap();
        let mut high = between(Some(&low), None, random).unwrap();
        for _ in 0..1000 {
            high = between(Some(&low), Some(&high), random).unwrap();
        }
        assert!(high.len() < 400, "{}", high.len());
    }

    #[test]
    fn siblings_that_share_a_position_are_told_apart_when_room_is_needed_between_them() {
        let id = |text: &str| text.parse::<NodeId>().unwrap();
        let siblings =
            [(id("a"), "V"), (id("b"), "V"), (id("c"), "V"), (id("d"), "W")].map(|(i, p)| (i, p.to_owned()));
        let (position, moved) = make_room(&siblings, Some(&id("b")), &mut seeded(2)).unwrap();
        assert!("V" < position.as_str());
        let [(b, at_b), (c, at_c)] = moved.as_slice() else { panic!("{moved:?}") };
        assert_eq!((b.as_str(), c.as_str()), ("b", "c"));
        assert!(position < *at_b && at_b < at_c && at_c.as_str() < "W");
        assert_eq!(make_room(&siblings, Some(&id("z")), &mut seeded(3)), None);
    }
}
