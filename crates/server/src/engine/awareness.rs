//! Awareness: who is where, right now. Not durable. Each client id is bound to the connection that used it first, and the
//! user's name is set here, so that nobody appears under another's name.

use super::event::{ConnId, User};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Live ids that one open document on one connection may show: itself, and a few for tools that keep several.
const MAX_LIVE: usize = 8;

/// Largest state, in bytes of JSON: a caret and a name take about 200.
const MAX_STATE_BYTES: usize = 16 * 1024;

/// Ids that are remembered after they left, so that a late echo by a peer does not bring them back.
const MAX_LEFT: usize = 256;

/// One client's state.
#[derive(Debug)]
struct Presence {
    clock: u64,
    /// None once it left.
    state: Option<String>,
    owner: (ConnId, String),
    user: Arc<str>,
}

/// All states of one document.
#[derive(Debug, Default)]
pub(super) struct Awareness {
    clients: HashMap<u64, Presence>,
    /// Ids that left, oldest first.
    left: std::collections::VecDeque<u64>,
}

impl Awareness {
    /// The account that a client id belongs to by its awareness.
    pub(super) fn account(&self, client: u64) -> Option<&Arc<str>> {
        self.clients.get(&client).map(|p| &p.user)
    }

    /// Takes a frame and returns what to relay; `None` when nothing of it was taken. `foreign` says whether an id
    /// belongs to another account by what it wrote.
    pub(super) fn apply(
        &mut self,
        bytes: &[u8],
        owner: &(ConnId, String),
        user: &User,
        foreign: impl Fn(u64) -> bool,
    ) -> Option<Vec<u8>> {
        let mut taken = Vec::new();
        for (client, clock, text) in decode(bytes)? {
            if foreign(client) || !self.may_set(client, clock, text == "null", owner, user) {
                continue;
            }
            let state = if text == "null" { None } else { Some(named(text, &user.name)?) };
            if state.is_none() {
                self.leave(client);
            }
            taken.push((client, clock, state.clone().unwrap_or_else(|| "null".to_owned())));
            let presence = Presence { clock, state, owner: owner.clone(), user: Arc::clone(&user.id) };
            self.clients.insert(client, presence);
        }
        (!taken.is_empty()).then(|| encode(&taken))
    }

    fn may_set(&self, client: u64, clock: u64, leaves: bool, owner: &(ConnId, String), user: &User) -> bool {
        let Some(known) = self.clients.get(&client) else {
            let live = self.clients.values().filter(|p| p.state.is_some() && p.owner == *owner).count();
            return !leaves && live < MAX_LIVE;
        };
        if known.user != user.id || clock < known.clock {
            return false;
        }
        // A peer repeats what it hears about others; only the id's own connection may end it.
        let newer = clock > known.clock || (leaves && known.state.is_some());
        newer && (known.owner == *owner || !leaves)
    }

    fn leave(&mut self, client: u64) {
        self.left.push_back(client);
        if self.left.len() > MAX_LEFT
            && let Some(oldest) = self.left.pop_front()
            && self.clients.get(&oldest).is_some_and(|p| p.state.is_none())
        {
            self.clients.remove(&oldest);
        }
    }

    /// Ends all states of an open document on a connection; returns what to relay.
    pub(super) fn close(&mut self, owner: &(ConnId, String)) -> Option<Vec<u8>> {
        let mut gone = Vec::new();
        for (&client, presence) in &mut self.clients {
            if presence.owner == *owner && presence.state.take().is_some() {
                presence.clock += 1;
                gone.push((client, presence.clock, "null".to_owned()));
            }
        }
        for (client, ..) in &gone {
            self.leave(*client);
        }
        (!gone.is_empty()).then(|| encode(&gone))
    }

    /// All live states, for somebody who just came.
    pub(super) fn all(&self) -> Option<Vec<u8>> {
        let live: Vec<_> = self
            .clients
            .iter()
            .filter_map(|(&client, p)| p.state.as_ref().map(|s| (client, p.clock, s.clone())))
            .collect();
        (!live.is_empty()).then(|| encode(&live))
    }
}

/// The state with the account's name in `user.name`; none when it is no JSON object.
fn named(text: &str, name: &str) -> Option<String> {
    let mut state: Value = serde_json::from_str(text).ok()?;
    let fields = state.as_object_mut()?;
    let user = fields.entry("user").or_insert_with(|| Value::Object(serde_json::Map::new()));
    if !user.is_object() {
        *user = Value::Object(serde_json::Map::new());
    }
    user.as_object_mut()?.insert("name".to_owned(), Value::String(name.to_owned()));
    Some(state.to_string())
}

fn encode(entries: &[(u64, u64, String)]) -> Vec<u8> {
    let mut out = Vec::new();
    put(&mut out, entries.len() as u64);
    for (client, clock, state) in entries {
        put(&mut out, *client);
        put(&mut out, *clock);
        put(&mut out, state.len() as u64);
        out.extend_from_slice(state.as_bytes());
    }
    out
}

fn put(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn decode(bytes: &[u8]) -> Option<Vec<(u64, u64, &str)>> {
    let mut rest = bytes;
    let count = take(&mut rest)?;
    let mut entries = Vec::new();
    for _ in 0..count {
        let (client, clock) = (take(&mut rest)?, take(&mut rest)?);
        let len = usize::try_from(take(&mut rest)?).ok()?;
        if len > rest.len() || len > MAX_STATE_BYTES || client >= 1 << 53 || clock >= 1 << 53 {
            return None;
        }
        let (text, tail) = rest.split_at(len);
        rest = tail;
        entries.push((client, clock, std::str::from_utf8(text).ok()?));
    }
    rest.is_empty().then_some(entries)
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..63).step_by(7) {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> User {
        User { id: id.into(), name: id.to_uppercase().into() }
    }
    fn set(
        a: &mut Awareness,
        conn: ConnId,
        who: &str,
        client: u64,
        clock: u64,
        state: &str,
    ) -> Option<String> {
        let frame = encode(&[(client, clock, state.to_owned())]);
        let out = a.apply(&frame, &(conn, "k".to_owned()), &user(who), |_| false)?;
        decode(&out).map(|e| e[0].2.to_owned())
    }

    #[test]
    fn the_server_sets_the_name() {
        let mut a = Awareness::default();
        let out = set(&mut a, 1, "maria", 7, 1, r#"{"user":{"name":"Somebody else","color":"red"}}"#);
        let state: Option<Value> = out.and_then(|text| serde_json::from_str(&text).ok());
        assert_eq!(state, Some(serde_json::json!({ "user": { "color": "red", "name": "MARIA" } })));
    }

    #[test]
    fn nobody_speaks_for_another_and_an_echo_does_not_bring_back_who_left() {
        let mut a = Awareness::default();
        assert!(set(&mut a, 1, "a", 7, 1, "{}").is_some());
        assert_eq!(set(&mut a, 2, "b", 7, 9, "{}"), None, "another account");
        assert_eq!(set(&mut a, 3, "a", 7, 1, "null"), None, "another connection of the same account echoes");
        assert!(a.close(&(1, "k".to_owned())).is_some());
        assert_eq!(set(&mut a, 3, "a", 7, 1, "{}"), None, "a late echo");
        assert!(set(&mut a, 3, "a", 7, 3, "{}").is_some(), "the id is alive again on a new connection");
        assert!(a.close(&(1, "k".to_owned())).is_none(), "and no longer ends with the old one");
    }

    #[test]
    fn broken_frames_are_dropped() {
        let mut a = Awareness::default();
        let good = encode(&[(7, 1, "{}".to_owned())]);
        for cut in 0..good.len() {
            assert!(a.apply(&good[..cut], &(1, "k".to_owned()), &user("a"), |_| false).is_none());
        }
        assert!(a.apply(&[0xff; 9], &(1, "k".to_owned()), &user("a"), |_| false).is_none());
        assert_eq!(set(&mut a, 1, "a", 8, 1, "[1]"), None);
    }
}
