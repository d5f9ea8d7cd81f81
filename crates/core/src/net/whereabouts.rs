//! Presence on the link: gives the pure machine ([`super::presence`]) what the session hears and does, and performs what
//! it decides. Twice: for outlines and for lessons.

use super::presence::{Input, Kind, Output, Place, Presence};
use super::session::{Ask, Session};
use super::{Net, Shared};
use inkhorn_protocol::awareness::{MAX_NUMBER, State, User, hue_of};
use inkhorn_protocol::caret::{Caret, Cursor, Said};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::projection::Peer;
use inkhorn_protocol::{CourseId, DocId, NodeId};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// Outlines: who is in the course, and at which lesson.
#[derive(Debug)]
pub(crate) struct Courses;

impl Kind for Courses {
    type Room = CourseId;
    type Said = State;
    type Heard = Peer;
    const RENEWALS: bool = false;

    fn write(said: &State) -> Option<String> {
        // Our own types have string keys only, so writing them cannot fail.
        serde_json::to_string(said).ok()
    }

    fn read(client: u64, json: &str) -> Option<Peer> {
        let State { user, lesson } = State::read(json)?;
        Some(Peer { client, name: user.name, hue: user.hue, lesson })
    }
}

/// Lessons: who has it open, and where the carets are.
#[derive(Debug)]
pub(crate) struct Lessons;

impl Kind for Lessons {
    type Room = NodeId;
    type Said = Said;
    type Heard = Caret;
    // A window that missed the word that somebody left forgets who is not renewed.
    const RENEWALS: bool = true;

    fn write(said: &Said) -> Option<String> {
        Some(said.write())
    }

    fn read(client: u64, json: &str) -> Option<Caret> {
        Caret::read(client, json)
    }
}

/// A kind of rooms that are documents on the link.
pub(super) trait OnLink: Kind + Sized {
    fn doc(room: &Self::Room) -> DocId;
    fn machine(shared: &Shared) -> &Mutex<Presence<Self>>;
    /// The others in a room changed.
    fn changed(shared: &Shared, room: Self::Room);
}

impl OnLink for Courses {
    fn doc(room: &CourseId) -> DocId {
        DocId::Course(room.clone())
    }
    fn machine(shared: &Shared) -> &Mutex<Presence<Self>> {
        &shared.presence
    }
    fn changed(shared: &Shared, room: CourseId) {
        shared.connection.presence(room);
    }
}

impl OnLink for Lessons {
    fn doc(room: &NodeId) -> DocId {
        DocId::Lesson(room.clone())
    }
    fn machine(shared: &Shared) -> &Mutex<Presence<Self>> {
        &shared.carets
    }
    fn changed(shared: &Shared, _: NodeId) {
        shared.carets_moved.send_replace(());
    }
}

fn lock<K: OnLink>(shared: &Shared) -> MutexGuard<'_, Presence<K>> {
    K::machine(shared).lock().unwrap_or_else(PoisonError::into_inner)
}

/// Where a window is, as [`Net::place`] takes it.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    pub(crate) course: CourseId,
    /// None when only the outline is open.
    pub(crate) lesson: Option<NodeId>,
}

impl Net {
    /// The others in a course now, by name. Known for courses that a window of ours is in.
    pub(crate) fn peers(&self, course: &CourseId) -> Vec<Peer> {
        let (_, mut peers) = lock::<Courses>(&self.shared).others(course);
        peers.sort_by(|a, b| (&a.name, a.client).cmp(&(&b.name, b.client)));
        peers
    }

    /// The others in a lesson now, with a number that is another one after each change.
    pub(crate) fn carets(&self, lesson: &NodeId) -> (u64, Vec<Caret>) {
        lock::<Lessons>(&self.shared).others(lesson)
    }

    /// Wakes whenever somebody moved in some lesson, came or went.
    pub(crate) fn carets_moved(&self) -> watch::Receiver<()> {
        self.shared.carets_moved.subscribe()
    }

    /// A window is there now, or nowhere.
    pub(crate) fn place(&self, window: &str, place: Option<Spot>) {
        self.shared.ask(Ask::Place { window: window.to_owned(), place });
    }

    /// A window has this lesson open, under that client id and with the caret there, or has it open no more.
    pub(crate) fn caret(&self, window: &str, lesson: &NodeId, at: Option<(u64, Option<Cursor>)>) {
        self.shared.ask(Ask::Caret { window: window.to_owned(), lesson: lesson.clone(), at });
    }

    /// A window has no lesson open.
    pub(crate) fn no_caret(&self, window: &str) {
        self.shared.ask(Ask::NoCaret { window: window.to_owned() });
    }
}

impl Session {
    /// Who we are to others.
    fn user(&self) -> User {
        let name = self.shared.sign_in().map(|sign_in| sign_in.name).unwrap_or_default();
        User { hue: hue_of(&name), name }
    }

    pub(super) fn placed(&mut self, window: &str, place: Option<Spot>) {
        let user = self.user();
        let client = *self.seats.entry(window.to_owned()).or_insert_with(|| {
            let [a, b, c, d, e, f, g, h, ..] = crate::random16();
            u64::from_le_bytes([a, b, c, d, e, f, g, h]) % MAX_NUMBER
        });
        let place =
            place.map(|Spot { course, lesson }| Place { room: course, client, said: State { user, lesson } });
        self.presence::<Courses>(Input::Placed { window, place });
    }

    pub(super) fn caret(&mut self, window: &str, lesson: &NodeId, at: Option<(u64, Option<Cursor>)>) {
        let Some((client, cursor)) = at else {
            return self.presence::<Lessons>(Input::Left { window, room: lesson });
        };
        let said = Said { user: self.user(), cursor: cursor.filter(Cursor::is_plausible) };
        let place = Some(Place { room: lesson.clone(), client: client % MAX_NUMBER, said });
        self.presence::<Lessons>(Input::Placed { window, place });
    }

    pub(super) fn no_caret(&mut self, window: &str) {
        self.presence::<Lessons>(Input::Placed { window, place: None });
    }

    /// A frame of a document has come, and is for presence too.
    pub(super) fn presence_heard(&mut self, doc: &DocId, message: &Message) {
        match doc {
            DocId::Course(course) => self.frame_of::<Courses>(course, message),
            DocId::Lesson(lesson) => self.frame_of::<Lessons>(lesson, message),
        }
    }

    fn frame_of<K: OnLink>(&mut self, room: &K::Room, message: &Message) {
        match message {
            Message::Authenticated { .. } => self.presence::<K>(Input::Granted(room)),
            Message::PermissionDenied(_) | Message::Close(_) => self.presence::<K>(Input::Closed(room)),
            Message::Awareness(bytes) => self.presence::<K>(Input::States(room, bytes)),
            _ => {}
        }
    }

    /// A frame of a document is going out.
    pub(super) fn presence_sent(&mut self, doc: &DocId, message: &Message) {
        match doc {
            DocId::Course(course) => self.sent_on::<Courses>(course, message),
            DocId::Lesson(lesson) => self.sent_on::<Lessons>(lesson, message),
        }
    }

    fn sent_on<K: OnLink>(&mut self, room: &K::Room, message: &Message) {
        match message {
            Message::Token(_) => self.presence::<K>(Input::Opening(room)),
            Message::Close(_) => self.presence::<K>(Input::Closed(room)),
            _ => {}
        }
    }

    /// A link that is not the one of before knows nobody.
    pub(super) fn presence_link(&mut self) {
        let link = self.live.as_ref().map(|live| live.link.id());
        if self.heard_by != link {
            self.heard_by = link;
            self.presence::<Courses>(Input::LinkEnded);
            self.presence::<Lessons>(Input::LinkEnded);
        }
    }

    /// States that are due are said again, and those that were not renewed end.
    pub(super) fn presence_tick(&mut self) {
        self.presence::<Courses>(Input::Tick);
        self.presence::<Lessons>(Input::Tick);
    }

    fn presence<K: OnLink>(&mut self, input: Input<'_, K>) {
        let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let decided = lock::<K>(&self.shared).step(input, now_ms);
        for output in decided {
            match output {
                Output::Open(room) => self.shared.ask(Ask::Open(K::doc(&room))),
                Output::Close(room) => self.shared.ask(Ask::Close(K::doc(&room))),
                Output::Send(room, bytes) => self.send(&K::doc(&room).to_string(), Message::Awareness(bytes)),
                Output::Query(room) => self.send(&K::doc(&room).to_string(), Message::QueryAwareness),
                Output::Changed(room) => K::changed(&self.shared, room),
            }
        }
    }
}
