//! Awareness, as y-protocols 1 puts it on the wire: who is where, right now. A pure codec, and the state that the app
//! says of its own user.
//!
//! The payload of [`Message::Awareness`](crate::frame::Message::Awareness) is a list of client id, clock and state.
//! A state is JSON and belongs to whoever sent it, so nothing of it is relied upon: [`State::read`] takes what it
//! understands and leaves the rest. The state `null` says that the client left.

use crate::NodeId;
use crate::frame::{FrameError, Reader, put_bytes, put_varint};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Client ids and clocks are integers of JavaScript, which are exact below this.
pub const MAX_NUMBER: u64 = 1 << 53;

/// Largest state, in bytes of JSON: a caret and a name take about 200.
pub const MAX_STATE_BYTES: usize = 16 * 1024;

/// Most clients that one payload may speak of: more people than ever were in one document.
pub const MAX_ENTRIES: usize = 4096;

/// Hues that people are told apart by.
pub const HUES: u8 = 8;

/// Longest name that is taken over, in characters; it has to fit beside a dot.
const MAX_NAME_CHARS: usize = 80;

/// The state of a client that left.
const LEFT: &str = "null";

/// What is said of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Client id.
    pub client: u64,
    /// Grows with each state of the client.
    pub clock: u64,
    /// Its state as JSON; none when it left.
    pub state: Option<&'a str>,
}

/// The payload that says this.
pub fn encode(entries: &[Entry<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    put_varint(&mut out, entries.len() as u64);
    for entry in entries {
        put_varint(&mut out, entry.client);
        put_varint(&mut out, entry.clock);
        put_bytes(&mut out, entry.state.unwrap_or(LEFT).as_bytes());
    }
    out
}

/// Reads a payload.
///
/// # Errors
/// [`FrameError`]: truncated, beyond one of the limits above, or with bytes behind the last entry. Nothing is allocated
/// for what is only announced.
pub fn decode(bytes: &[u8]) -> Result<Vec<Entry<'_>>, FrameError> {
    let mut rest = Reader(bytes);
    let count = rest.varint()?;
    if count > MAX_ENTRIES as u64 {
        return Err(FrameError::Malformed("too many awareness states"));
    }
    let mut entries = Vec::new();
    for _ in 0..count {
        let (client, clock) = (rest.varint()?, rest.varint()?);
        if client >= MAX_NUMBER || clock >= MAX_NUMBER {
            return Err(FrameError::Malformed("awareness number too large"));
        }
        let state = rest.text()?;
        if state.len() > MAX_STATE_BYTES {
            return Err(FrameError::Malformed("awareness state too large"));
        }
        entries.push(Entry { client, clock, state: (state != LEFT).then_some(state) });
    }
    match rest.0.is_empty() {
        true => Ok(entries),
        false => Err(FrameError::Malformed("bytes behind the awareness states")),
    }
}

/// What the app says of its user in a course, and understands of others: `{"user": {"name", "hue"}, "lesson"}`. Others may
/// say more (a cursor, a colour), and later versions of the app will. In a lesson: [`Said`](crate::caret::Said).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Who.
    pub user: User,
    /// Lesson that is open; none when only the outline is.
    pub lesson: Option<NodeId>,
}

/// Who somebody is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Name. The server puts the account's name here, whatever was sent.
    pub name: String,
    /// Colour, below [`HUES`].
    pub hue: u8,
}

impl State {
    /// What is understood of a state; none when it does not name anybody. A hue that is absent or unknown follows from
    /// the name.
    pub fn read(json: &str) -> Option<Self> {
        let state: Value = serde_json::from_str(json).ok()?;
        let user = User::of(&state)?;
        let lesson = state.get("lesson").and_then(Value::as_str).and_then(|id| id.parse().ok());
        Some(Self { user, lesson })
    }
}

impl User {
    /// Who says this state; none when it does not name anybody.
    pub(crate) fn of(state: &Value) -> Option<Self> {
        let user = state.get("user")?;
        let name = user.get("name")?.as_str()?;
        let name: String = name.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
        if name.trim().is_empty() {
            return None;
        }
        let hue = user.get("hue").and_then(Value::as_u64).and_then(|hue| u8::try_from(hue).ok());
        let hue = hue.filter(|hue| *hue < HUES).unwrap_or_else(|| hue_of(&name));
        Some(Self { name, hue })
    }
}

/// The hue of a name: the same on every computer (FNV-1a, which needs no table and no dependency).
pub fn hue_of(name: &str) -> u8 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    // FNV mixes its last byte badly into the high bits, hence one more multiplication (Fibonacci hashing).
    let mixed = (hash ^ (hash >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((mixed >> 56) % u64::from(HUES)) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOME: &[Entry<'static>] = &[
        Entry { client: 7, clock: 1, state: Some(r#"{"user":{"name":"Ada"}}"#) },
        Entry { client: MAX_NUMBER - 1, clock: 300, state: None },
    ];

    #[test]
    fn states_survive_the_wire_and_null_is_a_leave() {
        assert_eq!(decode(&encode(SOME)).as_deref(), Ok(SOME));
        // As y-protocols 1.0.7 writes it: count, client, clock, length, JSON.
        assert_eq!(
            encode(&[Entry { client: 300, clock: 2, state: Some("{}") }]),
            [1, 0xac, 2, 2, 2, b'{', b'}']
        );
        assert_eq!(encode(&[Entry { client: 1, clock: 1, state: None }]), *b"\x01\x01\x01\x04null");
    }

    #[test]
    fn every_cut_and_every_flipped_bit_is_an_error_or_states_and_never_a_panic() {
        let good = encode(SOME);
        for cut in 0..good.len() {
            assert!(decode(&good[..cut]).is_err(), "cut at {cut}");
        }
        for at in 0..good.len() {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[at] ^= 1 << bit;
                let _ = decode(&bad);
            }
        }
        assert!(decode(&[&good[..], &[0]].concat()).is_err(), "bytes behind the end");
        assert!(decode(&[0xff; 9]).is_err());
    }

    #[test]
    fn what_is_beyond_a_limit_is_refused_whole() {
        let mut count = Vec::new();
        put_varint(&mut count, MAX_ENTRIES as u64 + 1);
        assert_eq!(decode(&count), Err(FrameError::Malformed("too many awareness states")));
        let large = "x".repeat(MAX_STATE_BYTES + 1);
        assert!(decode(&encode(&[Entry { client: 1, clock: 1, state: Some(&large) }])).is_err());
        assert!(decode(&encode(&[Entry { client: MAX_NUMBER, clock: 1, state: None }])).is_err());
        assert!(decode(&encode(&[Entry { client: 1, clock: MAX_NUMBER, state: None }])).is_err());
    }

    #[test]
    fn of_a_foreign_state_only_what_is_understood_is_taken() {
        let ada = |lesson: Option<&str>| State {
            user: User { name: "Ada".into(), hue: hue_of("Ada") },
            lesson: lesson.map(|id| id.parse().unwrap()),
        };
        let read = State::read;
        assert_eq!(read(r#"{"user":{"name":"Ada","color":"red"},"cursor":{"x":1}}"#), Some(ada(None)));
        assert_eq!(read(r#"{"user":{"name":"A\u0000da","hue":99},"lesson":"l1"}"#), Some(ada(Some("l1"))));
        assert_eq!(read(r#"{"user":{"name":"Ada"},"lesson":"../x"}"#), Some(ada(None)));
        assert_eq!(read(r#"{"user":{"name":"Ada","hue":3}}"#).map(|state| state.user.hue), Some(3));
        for nobody in ["", "null", "[]", "{}", r#"{"user":7}"#, r#"{"user":{"name":" "}}"#] {
            assert_eq!(read(nobody), None, "{nobody}");
        }
        let deep = format!("{}{}", "[".repeat(8_000), "]".repeat(8_000));
        assert_eq!(read(&deep), None, "no overflow of the stack");
        assert_eq!(read(&serde_json::to_string(&ada(Some("l"))).unwrap()), Some(ada(Some("l"))));
    }

    #[test]
    fn names_spread_over_all_hues() {
        let seen: std::collections::BTreeSet<u8> = (0..64).map(|n| hue_of(&format!("person {n}"))).collect();
        assert_eq!(seen.len(), usize::from(HUES));
    }
}
