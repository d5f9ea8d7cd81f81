//! Presence on the link: gives the pure machine ([`super::presence`]) what the session hears and does, and performs what
//! it decides.

use super::presence::{Input, Output, Place};
use super::session::{Ask, Session};
use super::{Net, Shared};
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::projection::Peer;
use inkhorn_protocol::{CourseId, DocId};

impl Net {
    /// The others in a course now. Known for courses that a window of ours is in.
    pub(crate) fn peers(&self, course: &CourseId) -> Vec<Peer> {
        self.shared.presence().peers(course)
    }

    /// A window is there now, or nowhere.
    pub(crate) fn place(&self, window: &str, place: Option<Place>) {
        self.shared.ask(Ask::Place { window: window.to_owned(), place });
    }
}

impl Session {
    pub(super) fn placed(&mut self, window: &str, place: Option<Place>) {
        let name = self.shared.sign_in().map(|sign_in| sign_in.name).unwrap_or_default();
        let [a, b, c, d, e, f, g, h, ..] = crate::random16();
        let client = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        self.presence(Input::Placed { window, place, client, name: &name });
    }

    /// A frame of a document has come, and is for presence too.
    pub(super) fn presence_heard(&mut self, doc: &DocId, message: &Message) {
        let DocId::Course(course) = doc else { return };
        match message {
            Message::Authenticated { .. } => self.presence(Input::Granted(course)),
            Message::PermissionDenied(_) | Message::Close(_) => self.presence(Input::Closed(course)),
            Message::Awareness(bytes) => self.presence(Input::States(course, bytes)),
            _ => {}
        }
    }

    /// A frame of a document is going out.
    pub(super) fn presence_sent(&mut self, doc: &DocId, message: &Message) {
        let DocId::Course(course) = doc else { return };
        match message {
            Message::Token(_) => self.presence(Input::Opening(course)),
            Message::Close(_) => self.presence(Input::Closed(course)),
            _ => {}
        }
    }

    /// A link that is not the one of before knows nobody.
    pub(super) fn presence_link(&mut self) {
        let link = self.live.as_ref().map(|live| live.link.id());
        if self.heard_by != link {
            self.heard_by = link;
            self.presence(Input::LinkEnded);
        }
    }

    pub(super) fn presence(&mut self, input: Input<'_>) {
        let now_ms = u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let decided = self.shared.presence().step(input, now_ms);
        for output in decided {
            match output {
                Output::Open(course) => self.shared.ask(Ask::Open(DocId::Course(course))),
                Output::Close(course) => self.shared.ask(Ask::Close(DocId::Course(course))),
                Output::Send(course, bytes) => {
                    self.send(&DocId::Course(course).to_string(), Message::Awareness(bytes));
                }
                Output::Query(course) => {
                    self.send(&DocId::Course(course).to_string(), Message::QueryAwareness);
                }
                Output::Changed(course) => self.shared.connection.presence(course),
            }
        }
    }
}

impl Shared {
    fn presence(&self) -> std::sync::MutexGuard<'_, super::presence::Presence> {
        self.presence.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
