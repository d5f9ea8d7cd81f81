//! Who is in a course with us, and where we say that we are: a pure state machine over awareness frames.
//!
//! Each window has an awareness id of its own, drawn once a run, and says where it is on the outline document of its
//! course. The rules are those of y-protocols: a client's clock grows with each of its states, a state is renewed every
//! [`RENEW_MS`], and one that is not renewed for [`EXPIRE_MS`] is gone. Nothing here is durable: when the connection or
//! the document on it ends, the others vanish, and come back with the next one.
//!
//! What others say is theirs: it is bounded, and what does not read is left out.

use inkhorn_protocol::CourseId;
use inkhorn_protocol::NodeId;
use inkhorn_protocol::awareness::{Entry, MAX_NUMBER, State, User, decode, encode, hue_of};
use inkhorn_protocol::projection::Peer;
use std::collections::BTreeMap;

/// A state is renewed after this, in milliseconds: half of its life, as in y-protocols.
pub(crate) const RENEW_MS: u64 = 15_000;

/// A state that was not renewed for this long is gone, in milliseconds (`outdatedTimeout` of y-protocols).
pub(crate) const EXPIRE_MS: u64 = 30_000;

/// Others that are listed in one course. Each takes some hundred bytes; nobody reads a longer list.
pub(crate) const MAX_PEERS: usize = 256;

/// Where a window is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) course: CourseId,
    /// None when only the outline is open.
    pub(crate) lesson: Option<NodeId>,
}

/// What happened.
#[derive(Debug, Clone)]
pub(crate) enum Input<'a> {
    /// A window is there now, or nowhere. `client`: the id to take if it has none; `name`: the user's.
    Placed { window: &'a str, place: Option<Place>, client: u64, name: &'a str },
    /// The outline's token was sent: a new exchange begins, and what still comes of an earlier one is void.
    Opening(&'a CourseId),
    /// The server let us in.
    Granted(&'a CourseId),
    /// The outline was closed on the connection, by either side.
    Closed(&'a CourseId),
    /// Awareness states came for the outline.
    States(&'a CourseId, &'a [u8]),
    /// There is no link, or another one.
    LinkEnded,
    /// Time passed.
    Tick,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Output {
    /// Keep the outline open on the connection.
    Open(CourseId),
    /// It need not stay open for our sake.
    Close(CourseId),
    /// Send this awareness payload on the outline.
    Send(CourseId, Vec<u8>),
    /// Ask on the outline for the states of all others.
    Query(CourseId),
    /// [`Presence::peers`] of this course changed.
    Changed(CourseId),
}

/// Presence of one profile.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    windows: BTreeMap<String, Own>,
    rooms: BTreeMap<CourseId, Room>,
}

/// What one window says of itself.
#[derive(Debug)]
struct Own {
    client: u64,
    clock: u64,
    name: String,
    place: Option<Place>,
    /// When it is to be said again; none where it was not said.
    again_ms: Option<u64>,
}

/// An outline that is open on the connection, or that a window is in.
#[derive(Debug, Default)]
struct Room {
    line: Line,
    peers: BTreeMap<u64, Heard>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Line {
    #[default]
    Closed,
    Opening,
    Open,
}

/// What was last heard of somebody.
#[derive(Debug)]
struct Heard {
    clock: u64,
    peer: Peer,
    at_ms: u64,
}

impl Presence {
    /// The others in a course, by name.
    pub(crate) fn peers(&self, course: &CourseId) -> Vec<Peer> {
        let heard = self.rooms.get(course).into_iter().flat_map(|room| room.peers.values());
        let mut peers: Vec<Peer> = heard.map(|heard| heard.peer.clone()).collect();
        peers.sort_by(|a, b| (&a.name, a.client).cmp(&(&b.name, b.client)));
        peers
    }

    /// Takes something in and gives what to do, in order. `now_ms`: a clock that does not go back.
    pub(crate) fn step(&mut self, input: Input<'_>, now_ms: u64) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Placed { window, place, client, name } => {
                self.placed(window, place, (client, name), now_ms, &mut out);
            }
            Input::Opening(course) => {
                self.silence(course, &mut out);
                self.rooms.entry(course.clone()).or_default().line = Line::Opening;
            }
            Input::Granted(course) => {
                if let Some(room) = self.rooms.get_mut(course).filter(|room| room.line == Line::Opening) {
                    room.line = Line::Open;
                    self.say(course, |_| true, now_ms, &mut out);
                }
            }
            Input::Closed(course) => self.silence(course, &mut out),
            Input::States(course, bytes) => self.heard(course, bytes, now_ms, &mut out),
            Input::LinkEnded => {
                for course in self.rooms.keys().cloned().collect::<Vec<_>>() {
                    self.silence(&course, &mut out);
                }
            }
            Input::Tick => self.tick(now_ms, &mut out),
        }
        out
    }

    fn placed(
        &mut self,
        window: &str,
        place: Option<Place>,
        (client, name): (u64, &str),
        now_ms: u64,
        out: &mut Vec<Output>,
    ) {
        let own = self.windows.entry(window.to_owned()).or_insert_with(|| Own {
            client: client % MAX_NUMBER,
            clock: 0,
            name: String::new(),
            place: None,
            again_ms: None,
        });
        if own.place == place && own.name == name {
            return;
        }
        name.clone_into(&mut own.name);
        let now = place.as_ref().map(|place| place.course.clone());
        let was_empty = now.as_ref().is_some_and(|course| !self.is_in(course));
        let Some(own) = self.windows.get_mut(window) else { return };
        let before = std::mem::replace(&mut own.place, place).map(|place| place.course);
        if let Some(left) = before.filter(|left| now.as_ref() != Some(left)) {
            out.extend(self.leave(window, &left));
            if !self.is_in(&left) {
                out.push(Output::Close(left.clone()));
                self.forget(&left, out);
            }
        }
        let Some(course) = now else { return };
        let line = self.rooms.entry(course.clone()).or_default().line;
        if was_empty {
            out.push(Output::Open(course.clone()));
            if line == Line::Open {
                // It is open for another reason, and what was told when it was opened went by.
                out.push(Output::Query(course.clone()));
            }
        }
        self.say(&course, |own| own == window, now_ms, out);
    }

    /// A window's last word in a course.
    fn leave(&mut self, window: &str, course: &CourseId) -> Option<Output> {
        let own = self.windows.get_mut(window)?;
        own.again_ms.take()?;
        own.clock += 1;
        let entry = Entry { client: own.client, clock: own.clock, state: None };
        let is_open = self.rooms.get(course).is_some_and(|room| room.line == Line::Open);
        is_open.then(|| Output::Send(course.clone(), encode(&[entry])))
    }

    /// Whether a window is in a course.
    fn is_in(&self, course: &CourseId) -> bool {
        self.windows.values().any(|own| own.is_in(course))
    }

    /// Says where our windows are, those that are chosen.
    fn say(&mut self, course: &CourseId, chosen: impl Fn(&str) -> bool, now_ms: u64, out: &mut Vec<Output>) {
        if self.rooms.get(course).is_none_or(|room| room.line != Line::Open) {
            return;
        }
        for (window, own) in &mut self.windows {
            if !own.is_in(course) || !chosen(window) {
                continue;
            }
            let lesson = own.place.as_ref().and_then(|place| place.lesson.clone());
            let user = User { name: own.name.clone(), hue: hue_of(&own.name) };
            // Our own types have string keys only, so writing them cannot fail.
            let Ok(state) = serde_json::to_string(&State { user, lesson }) else { continue };
            // Two steps: when an exchange ended, the server counted one itself to say that we had left.
            own.clock = (own.clock + 2).min(MAX_NUMBER - 1);
            own.again_ms = Some(now_ms + RENEW_MS);
            let entry = Entry { client: own.client, clock: own.clock, state: Some(&state) };
            out.push(Output::Send(course.clone(), encode(&[entry])));
        }
    }

    fn heard(&mut self, course: &CourseId, bytes: &[u8], now_ms: u64, out: &mut Vec<Output>) {
        if !self.is_in(course) {
            return;
        }
        let Some(room) = self.rooms.get_mut(course).filter(|room| room.line == Line::Open) else { return };
        let entries = match decode(bytes) {
            Ok(entries) => entries,
            Err(error) => return tracing::debug!(%course, %error, "awareness states do not read"),
        };
        let mut changed = false;
        for Entry { client, clock, state } in entries {
            if let Some(own) = self.windows.values_mut().find(|own| own.client == client) {
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
                Some(json) => room.take(client, clock, json, now_ms),
            };
        }
        if changed {
            out.push(Output::Changed(course.clone()));
        }
    }

    /// The outline is not open any more: nobody is heard, and nobody hears us.
    fn silence(&mut self, course: &CourseId, out: &mut Vec<Output>) {
        for own in self.windows.values_mut().filter(|own| own.is_in(course)) {
            own.again_ms = None;
        }
        if let Some(room) = self.rooms.get_mut(course) {
            room.line = Line::Closed;
        }
        self.forget(course, out);
    }

    /// Forgets the others, and the room once it is of no use.
    fn forget(&mut self, course: &CourseId, out: &mut Vec<Output>) {
        let is_in = self.is_in(course);
        let Some(room) = self.rooms.get_mut(course) else { return };
        if !std::mem::take(&mut room.peers).is_empty() {
            out.push(Output::Changed(course.clone()));
        }
        if room.line == Line::Closed && !is_in {
            self.rooms.remove(course);
        }
    }

    fn tick(&mut self, now_ms: u64, out: &mut Vec<Output>) {
        for (course, room) in &mut self.rooms {
            let before = room.peers.len();
            room.peers.retain(|_, heard| now_ms < heard.at_ms.saturating_add(EXPIRE_MS));
            if room.peers.len() != before {
                out.push(Output::Changed(course.clone()));
            }
        }
        let due: Vec<(String, CourseId)> = self
            .windows
            .iter()
            .filter(|(_, own)| own.again_ms.is_some_and(|at| at <= now_ms))
            .filter_map(|(window, own)| Some((window.clone(), own.place.as_ref()?.course.clone())))
            .collect();
        for (window, course) in due {
            self.say(&course, |own| own == window, now_ms, out);
        }
    }
}

impl Own {
    fn is_in(&self, course: &CourseId) -> bool {
        self.place.as_ref().is_some_and(|place| place.course == *course)
    }
}

impl Room {
    /// Takes a state; true when the list looks different after it.
    fn take(&mut self, client: u64, clock: u64, json: &str, now_ms: u64) -> bool {
        let known = self.peers.get(&client);
        if known.is_some_and(|heard| clock <= heard.clock)
            || (known.is_none() && self.peers.len() >= MAX_PEERS)
        {
            return false;
        }
        let Some(State { user, lesson }) = State::read(json) else { return false };
        let peer = Peer { client, name: user.name, hue: user.hue, lesson };
        let differs = known.is_none_or(|heard| heard.peer != peer);
        self.peers.insert(client, Heard { clock, peer, at_ms: now_ms });
        differs
    }
}

#[cfg(test)]
mod tests;
