//! Awareness: who is where, right now. Not durable. Each client id is bound to the connection that used it first, and the
//! user's name is set here, so that nobody appears under another's name.

use super::event::{ConnId, User};
use inkhorn_protocol::awareness::{Entry, MAX_ENTRIES, MAX_NUMBER, MAX_STATE_BYTES, decode, encode};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// Live ids that one open document on one connection may show: itself, and a few for tools that keep several.
const MAX_LIVE: usize = 8;

/// Ids that are remembered after they left, so that a late echo by a peer does not bring them back.
const MAX_LEFT: usize = 256;

/// Bytes of states that somebody who just came is told at once: thousands of people, and far below a frame's limit.
const MAX_TOLD_BYTES: usize = 1024 * 1024;

/// Largest clock that is taken. What others are told grows from there, and must not leave the numbers that they read.
const MAX_CLOCK: u64 = MAX_NUMBER / 2;

/// One client's state.
#[derive(Debug)]
struct Presence {
    /// Of the last state that was taken.
    clock: u64,
    /// Under which others were told of it last. A client that comes back after its connection broke off says its state
    /// again under the clock of before, while others have heard under a later one that it left.
    told: u64,
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
        for Entry { client, clock, state } in decode(bytes).ok()? {
            if foreign(client) || !self.may_set(client, clock, state.is_none(), owner, user) {
                continue;
            }
            let state = match state.map(|text| named(text, &user.name)) {
                Some(None) => continue,
                named => named.flatten(),
            };
            if state.is_none() {
                self.leave(client);
            }
            let told = self.clients.get(&client).map_or(clock, |known| clock.max(known.told + 1));
            taken.push((client, told, state.clone()));
            let presence = Presence { clock, told, state, owner: owner.clone(), user: Arc::clone(&user.id) };
            self.clients.insert(client, presence);
        }
        payload(&taken)
    }

    fn may_set(&self, client: u64, clock: u64, leaves: bool, owner: &(ConnId, String), user: &User) -> bool {
        if clock > MAX_CLOCK {
            return false;
        }
        let Some(known) = self.clients.get(&client) else {
            let live = self.clients.values().filter(|p| p.state.is_some() && p.owner == *owner).count();
            return !leaves && live < MAX_LIVE;
        };
        if known.user != user.id {
            return false;
        }
        if known.owner == *owner {
            return clock > known.clock || (leaves && clock == known.clock && known.state.is_some());
        }
        // It is back on a connection that was opened later. (On an older one it is a late echo.)
        if known.state.is_none() && !leaves && owner.0 > known.owner.0 {
            return clock >= known.clock;
        }
        // A peer repeats what it hears about others, under the clock that it was told; only the id's own connection may
        // end it.
        !leaves && clock > known.told
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
                presence.told += 1;
                gone.push((client, presence.told, None));
            }
        }
        for (client, ..) in &gone {
            self.leave(*client);
        }
        payload(&gone)
    }

    /// All live states, for somebody who just came.
    pub(super) fn all(&self) -> Option<Vec<u8>> {
        let mut bytes = 0;
        let live: Vec<_> = self
            .clients
            .iter()
            .filter_map(|(&client, p)| p.state.as_ref().map(|state| (client, p.told, Some(state.clone()))))
            // A longer list would be read by nobody; who is left out is told with the next renewal.
            .take(MAX_ENTRIES)
            .take_while(|(.., state)| {
                bytes += state.as_ref().map_or(0, String::len);
                bytes <= MAX_TOLD_BYTES
            })
            .collect();
        payload(&live)
    }
}

/// What is relayed; none when there is nothing to say.
fn payload(said: &[(u64, u64, Option<String>)]) -> Option<Vec<u8>> {
    let entries: Vec<_> = said
        .iter()
        .map(|(client, clock, state)| Entry { client: *client, clock: *clock, state: state.as_deref() })
        .collect();
    (!entries.is_empty()).then(|| encode(&entries))
}

/// The state with the account's name in `user.name`; none when it is no JSON object, or too large for others to read.
fn named(text: &str, name: &str) -> Option<String> {
    let mut state: Value = serde_json::from_str(text).ok()?;
    let fields = state.as_object_mut()?;
    let user = fields.entry("user").or_insert_with(|| Value::Object(serde_json::Map::new()));
    if !user.is_object() {
        *user = Value::Object(serde_json::Map::new());
    }
    user.as_object_mut()?.insert("name".to_owned(), Value::String(name.to_owned()));
    let text = state.to_string();
    (text.len() <= MAX_STATE_BYTES).then_some(text)
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
        let state = (state != "null").then_some(state);
        let frame = encode(&[Entry { client, clock, state }]);
        let out = a.apply(&frame, &(conn, "k".to_owned()), &user(who), |_| false)?;
        decode(&out).ok().map(|e| e[0].state.unwrap_or("null").to_owned())
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
        assert!(set(&mut a, 2, "a", 7, 1, "{}").is_some());
        assert_eq!(set(&mut a, 3, "b", 7, 9, "{}"), None, "another account");
        assert_eq!(set(&mut a, 3, "a", 7, 1, "null"), None, "another connection of the same account echoes");
        assert!(a.close(&(2, "k".to_owned())).is_some());
        assert_eq!(set(&mut a, 1, "a", 7, 1, "{}"), None, "a late echo");
        assert!(set(&mut a, 1, "a", 7, 3, "{}").is_some(), "the id is alive again, whoever says so");
        assert!(a.close(&(2, "k".to_owned())).is_none(), "and no longer ends with the old one");
    }

    #[test]
    fn who_comes_back_under_the_clock_of_before_is_told_to_others_under_a_later_one_than_its_leave() {
        let mut a = Awareness::default();
        let mut last = 0;
        for conn in 1..5 {
            let frame = encode(&[Entry { client: 7, clock: 3, state: Some("{}") }]);
            let relayed = a.apply(&frame, &(conn, "k".to_owned()), &user("a"), |_| false).unwrap();
            let gone = a.close(&(conn, "k".to_owned())).unwrap();
            for said in [relayed, gone] {
                let clock = decode(&said).unwrap()[0].clock;
                assert!(clock > last, "{clock} after {last}");
                last = clock;
            }
        }
        // A peer of the same account that repeats the later clock does not take the id over.
        assert!(set(&mut a, 5, "a", 7, 3, "{}").is_some());
        assert_eq!(set(&mut a, 6, "a", 7, last + 1, "{}"), None, "an echo");
        assert!(set(&mut a, 5, "a", 7, 4, "{}").is_some(), "the client itself is still heard");
    }

    #[test]
    fn broken_frames_are_dropped() {
        let mut a = Awareness::default();
        let good = encode(&[Entry { client: 7, clock: 1, state: Some("{}") }]);
        for cut in 0..good.len() {
            assert!(a.apply(&good[..cut], &(1, "k".to_owned()), &user("a"), |_| false).is_none());
        }
        assert!(a.apply(&[0xff; 9], &(1, "k".to_owned()), &user("a"), |_| false).is_none());
        assert_eq!(set(&mut a, 1, "a", 8, 1, "[1]"), None);
    }

    #[test]
    fn a_state_that_the_name_makes_too_large_is_left_out_and_the_others_of_its_frame_are_taken() {
        let mut a = Awareness::default();
        let large = format!(r#"{{"x":"{}"}}"#, "y".repeat(MAX_STATE_BYTES - 8));
        let entry = |client, state| Entry { client, clock: 1, state: Some(state) };
        let frame = encode(&[entry(1, "{}"), entry(2, &large), entry(3, "{}")]);
        let out = a.apply(&frame, &(1, "k".to_owned()), &user("a"), |_| false).unwrap();
        assert_eq!(decode(&out).unwrap().iter().map(|e| e.client).collect::<Vec<_>>(), [1, 3]);
        assert!(decode(&a.all().unwrap()).is_ok(), "and a newcomer can read what it is told");
    }
}
