//! Who is somewhere with us, and where we say that we are: a pure state machine over awareness frames, for outlines
//! (who is in the course, at which lesson) and for lessons (who has it open, with the caret).
//!
//! A window is in at most one room of a kind, under an awareness id of its own. The rules are those of y-protocols: a
//! client's clock grows with each of its states, a state is renewed every [`RENEW_MS`], and one that is not renewed for
//! [`EXPIRE_MS`] is gone. Nothing here is durable: when the connection or the document on it ends, the others vanish, and
//! come back with the next one.
//!
//! What others say is theirs: it is bounded, and what does not read is left out.

use inkhorn_protocol::awareness::{Entry, MAX_NUMBER, decode, encode};
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};

/// A state is renewed after this, in milliseconds: half of its life, as in y-protocols.
pub(crate) const RENEW_MS: u64 = 15_000;

/// A state that was not renewed for this long is gone, in milliseconds (`outdatedTimeout` of y-protocols).
pub(crate) const EXPIRE_MS: u64 = 30_000;

/// Others that are listed in one room. Each takes some hundred bytes; nobody reads a longer list.
pub(crate) const MAX_PEERS: usize = 256;

/// What kind of rooms these are, and what is said in them.
pub(crate) trait Kind {
    /// Names a room.
    type Room: Ord + Clone + Debug + Display;
    /// What a window says of itself.
    type Said: PartialEq + Debug;
    /// What is understood of others.
    type Heard: Clone + PartialEq + Debug;
    /// Whether a renewal counts as a change: whoever shows the others forgets them by itself, too.
    const RENEWALS: bool;
    /// As JSON.
    fn write(said: &Self::Said) -> Option<String>;
    /// None when it is not understood.
    fn read(client: u64, json: &str) -> Option<Self::Heard>;
}

/// Where a window is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place<R, S> {
    pub(crate) room: R,
    /// Awareness id of the window there.
    pub(crate) client: u64,
    pub(crate) said: S,
}

type PlaceOf<K> = Place<<K as Kind>::Room, <K as Kind>::Said>;

/// What happened.
pub(crate) enum Input<'a, K: Kind> {
    /// A window is there now, or nowhere.
    Placed { window: &'a str, place: Option<PlaceOf<K>> },
    /// A window is not in this room any more, if it was.
    Left { window: &'a str, room: &'a K::Room },
    /// The document's token was sent: a new exchange begins, and what still comes of an earlier one is void.
    Opening(&'a K::Room),
    /// The server let us in.
    Granted(&'a K::Room),
    /// The document was closed on the connection, by either side.
    Closed(&'a K::Room),
    /// Awareness states came for the document.
    States(&'a K::Room, &'a [u8]),
    /// There is no link, or another one.
    LinkEnded,
    /// Time passed.
    Tick,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output<R> {
    /// Keep the document open on the connection.
    Open(R),
    /// It need not stay open for our sake.
    Close(R),
    /// Send this awareness payload on the document.
    Send(R, Vec<u8>),
    /// Ask on the document for the states of all others.
    Query(R),
    /// [`Presence::others`] of this room changed.
    Changed(R),
}

/// Presence of one profile, in rooms of one kind.
#[derive(Debug)]
pub(crate) struct Presence<K: Kind> {
    windows: BTreeMap<String, Own<K>>,
    rooms: BTreeMap<K::Room, Room<K::Heard>>,
    /// Grows with each change of any room.
    changes: u64,
}

impl<K: Kind> Default for Presence<K> {
    fn default() -> Self {
        Self { windows: BTreeMap::new(), rooms: BTreeMap::new(), changes: 0 }
    }
}

/// What one window says of itself.
#[derive(Debug)]
struct Own<K: Kind> {
    /// Grows over all ids that the window ever had.
    clock: u64,
    place: Option<PlaceOf<K>>,
    /// When it is to be said again; none where it was not said.
    again_ms: Option<u64>,
}

/// A document that is open on the connection, or that a window is in.
#[derive(Debug)]
struct Room<H> {
    line: Line,
    peers: BTreeMap<u64, Heard<H>>,
    /// [`Presence::changes`] at its last change.
    changed: u64,
}

impl<H> Default for Room<H> {
    fn default() -> Self {
        Self { line: Line::Closed, peers: BTreeMap::new(), changed: 0 }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Closed,
    Opening,
    Open,
}

/// What was last heard of somebody.
#[derive(Debug)]
struct Heard<H> {
    clock: u64,
    what: H,
    at_ms: u64,
}

impl<K: Kind> Presence<K> {
    /// The others in a room, by id, with a number that is another one after each change.
    pub(crate) fn others(&self, room: &K::Room) -> (u64, Vec<K::Heard>) {
        self.rooms.get(room).map_or((0, Vec::new()), |room| {
            (room.changed, room.peers.values().map(|heard| heard.what.clone()).collect())
        })
    }

    /// Takes something in and gives what to do, in order. `now_ms`: a clock that does not go back.
    pub(crate) fn step(&mut self, input: Input<'_, K>, now_ms: u64) -> Vec<Output<K::Room>> {
        let mut out = Vec::new();
        match input {
            Input::Placed { window, place } => self.placed(window, place, now_ms, &mut out),
            Input::Left { window, room } => {
                if self.windows.get(window).is_some_and(|own| own.is_in(room)) {
                    self.placed(window, None, now_ms, &mut out);
                }
            }
            Input::Opening(room) => {
                self.silence(room, &mut out);
                self.rooms.entry(room.clone()).or_default().line = Line::Opening;
            }
            Input::Granted(id) => {
                if let Some(room) = self.rooms.get_mut(id).filter(|room| room.line == Line::Opening) {
                    room.line = Line::Open;
                    self.say(id, |_| true, now_ms, &mut out);
                }
            }
            Input::Closed(room) => self.silence(room, &mut out),
            Input::States(room, bytes) => self.heard(room, bytes, now_ms, &mut out),
            Input::LinkEnded => {
                for room in self.rooms.keys().cloned().collect::<Vec<_>>() {
                    self.silence(&room, &mut out);
                }
            }
            Input::Tick => self.tick(now_ms, &mut out),
        }
        for changed in &out {
            if let Output::Changed(room) = changed {
                self.changes += 1;
                if let Some(room) = self.rooms.get_mut(room) {
                    room.changed = self.changes;
                }
            }
        }
        out
    }

    fn placed(
        &mut self,
        window: &str,
        place: Option<PlaceOf<K>>,
        now_ms: u64,
        out: &mut Vec<Output<K::Room>>,
    ) {
        let own = self.windows.entry(window.to_owned()).or_insert_with(|| Own {
            clock: 0,
            place: None,
            again_ms: None,
        });
        if own.place == place {
            return;
        }
        let now = place.as_ref().map(|place| place.room.clone());
        let before = own.place.as_ref().map(|place| (place.room.clone(), place.client));
        let was_empty = now.as_ref().is_some_and(|room| !self.is_in(room));
        if let Some((left, client)) = &before {
            let stays = place.as_ref().is_some_and(|place| place.room == *left && place.client == *client);
            if !stays {
                out.extend(self.leave(window));
            }
        }
        let Some(own) = self.windows.get_mut(window) else { return };
        own.place = place;
        if let Some((left, _)) = before.filter(|(left, _)| now.as_ref() != Some(left))
            && !self.is_in(&left)
        {
            out.push(Output::Close(left.clone()));
            self.forget(&left, out);
        }
        let Some(room) = now else { return };
        let line = self.rooms.entry(room.clone()).or_default().line;
        if was_empty {
            out.push(Output::Open(room.clone()));
            if line == Line::Open {
                // It is open for another reason, and what was told when it was opened went by.
                out.push(Output::Query(room.clone()));
            }
        }
        self.say(&room, |own| own == window, now_ms, out);
    }

    /// A window's last word where it is.
    fn leave(&mut self, window: &str) -> Option<Output<K::Room>> {
        let own = self.windows.get_mut(window)?;
        own.again_ms.take()?;
        own.clock += 1;
        let Place { room, client, .. } = own.place.as_ref()?;
        let entry = Entry { client: *client, clock: own.clock, state: None };
        let is_open = self.rooms.get(room).is_some_and(|room| room.line == Line::Open);
        is_open.then(|| Output::Send(room.clone(), encode(&[entry])))
    }

    /// Whether a window is in a room.
    fn is_in(&self, room: &K::Room) -> bool {
        self.windows.values().any(|own| own.is_in(room))
    }

    /// Says where our windows are, those that are chosen.
    fn say(
        &mut self,
        room: &K::Room,
        chosen: impl Fn(&str) -> bool,
        now_ms: u64,
        out: &mut Vec<Output<K::Room>>,
    ) {
        if self.rooms.get(room).is_none_or(|room| room.line != Line::Open) {
            return;
        }
        for (window, own) in &mut self.windows {
            if !own.is_in(room) || !chosen(window) {
                continue;
            }
            let Some(Place { client, said, .. }) = &own.place else { continue };
            let Some(state) = K::write(said) else { continue };
            // Two steps: when an exchange ended, the server counted one itself to say that we had left.
            own.clock = (own.clock + 2).min(MAX_NUMBER - 1);
            own.again_ms = Some(now_ms + RENEW_MS);
            let entry = Entry { client: *client, clock: own.clock, state: Some(&state) };
            out.push(Output::Send(room.clone(), encode(&[entry])));
        }
    }

    fn heard(&mut self, id: &K::Room, bytes: &[u8], now_ms: u64, out: &mut Vec<Output<K::Room>>) {
        if !self.is_in(id) {
            return;
        }
        let Some(room) = self.rooms.get_mut(id).filter(|room| room.line == Line::Open) else { return };
        let entries = match decode(bytes) {
            Ok(entries) => entries,
            Err(error) => return tracing::debug!(room = %id, %error, "awareness states do not read"),
        };
        let mut changed = false;
        for Entry { client, clock, state } in entries {
            let ours = self.windows.values_mut().find(|own| own.is_in(id) && own.is(client));
            if let Some(own) = ours {
                // Somebody says that we left: said again with the next tick, and not at once, so that two sides that
                // contradict each other do not do so as fast as they can.
                if state.is_none() && clock >= own.clock && own.again_ms.is_some() {
                    (own.clock, own.again_ms) = (clock, Some(now_ms));
                }
                continue;
            }
            changed |= match state {
                None => {
                    let ends = room.peers.get(&client).is_some_and(|heard| clock >= heard.clock);
                    ends && room.peers.remove(&client).is_some()
                }
                Some(json) => room.take::<K>(client, clock, json, now_ms),
            };
        }
        if changed {
            out.push(Output::Changed(id.clone()));
        }
    }

    /// The document is not open any more: nobody is heard, and nobody hears us.
    fn silence(&mut self, id: &K::Room, out: &mut Vec<Output<K::Room>>) {
        for own in self.windows.values_mut().filter(|own| own.is_in(id)) {
            own.again_ms = None;
        }
        if let Some(room) = self.rooms.get_mut(id) {
            room.line = Line::Closed;
        }
        self.forget(id, out);
    }

    /// Forgets the others, and the room once it is of no use.
    fn forget(&mut self, id: &K::Room, out: &mut Vec<Output<K::Room>>) {
        let is_in = self.is_in(id);
        let Some(room) = self.rooms.get_mut(id) else { return };
        if !std::mem::take(&mut room.peers).is_empty() {
            out.push(Output::Changed(id.clone()));
        }
        if room.line == Line::Closed && !is_in {
            self.rooms.remove(id);
        }
    }

    fn tick(&mut self, now_ms: u64, out: &mut Vec<Output<K::Room>>) {
        for (id, room) in &mut self.rooms {
            let before = room.peers.len();
            room.peers.retain(|_, heard| now_ms < heard.at_ms.saturating_add(EXPIRE_MS));
            if room.peers.len() != before {
                out.push(Output::Changed(id.clone()));
            }
        }
        let due: Vec<(String, K::Room)> = self
            .windows
            .iter()
            .filter(|(_, own)| own.again_ms.is_some_and(|at| at <= now_ms))
            .filter_map(|(window, own)| Some((window.clone(), own.place.as_ref()?.room.clone())))
            .collect();
        for (window, room) in due {
            self.say(&room, |own| own == window, now_ms, out);
        }
    }
}

impl<K: Kind> Own<K> {
    fn is_in(&self, room: &K::Room) -> bool {
        self.place.as_ref().is_some_and(|place| place.room == *room)
    }

    fn is(&self, client: u64) -> bool {
        self.place.as_ref().is_some_and(|place| place.client == client)
    }
}

impl<H: PartialEq> Room<H> {
    /// Takes a state; true when others look different after it, or are to be told of renewals.
    fn take<K: Kind<Heard = H>>(&mut self, client: u64, clock: u64, json: &str, now_ms: u64) -> bool {
        let known = self.peers.get(&client);
        if known.is_some_and(|heard| clock <= heard.clock)
            || (known.is_none() && self.peers.len() >= MAX_PEERS)
        {
            return false;
        }
        let Some(what) = K::read(client, json) else { return false };
        let differs = K::RENEWALS || known.is_none_or(|heard| heard.what != what);
        self.peers.insert(client, Heard { clock, what, at_ms: now_ms });
        differs
    }
}

#[cfg(test)]
mod tests;
