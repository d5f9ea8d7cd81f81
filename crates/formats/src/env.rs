//! What the parser asks its surroundings: where links lead, where images are, and where to report.

use inkhorn_protocol::{fidelity::Outcome, media::Kind};

/// The surroundings of a text that is parsed. Lines count from 1 in the text that was given to the parser.
pub(crate) trait Env {
    /// The `href` that a link with this destination gets.
    fn link(&mut self, href: &str, line: u32) -> String;
    /// The `src` that an image with this source gets.
    fn image(&mut self, src: &str, line: u32) -> String;
    /// The `src` that a video, a sound or a file with this source gets.
    fn media(&mut self, src: &str, kind: Kind, line: u32) -> String;
    /// The `href` of a `[[wikilink]]`; `None` leaves it as text.
    fn wiki(&mut self, target: &str, line: u32) -> Option<Wiki>;
    /// The text of a code block with what it includes.
    fn code(&mut self, text: &str, line: u32) -> String;
    /// Reports something that deserves a line of its own.
    fn note(&mut self, line: u32, what: &'static str, outcome: Outcome, detail: String);
    /// Counts something that was taken over.
    fn count(&mut self, what: &'static str, outcome: Outcome);
}

/// What a `[[wikilink]]` points to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wiki {
    /// A lesson: the `href`.
    Lesson(String),
    /// An image: the `src`.
    Image(String),
    /// A video or a sound: the node's type, its `src`, the name of its file.
    Media(&'static str, String, String),
}

/// A text that stands alone.
pub(crate) struct Plain;

impl Env for Plain {
    fn link(&mut self, href: &str, _: u32) -> String {
        href.to_owned()
    }
    fn image(&mut self, src: &str, _: u32) -> String {
        src.to_owned()
    }
    fn media(&mut self, src: &str, _: Kind, _: u32) -> String {
        src.to_owned()
    }
    fn wiki(&mut self, _: &str, _: u32) -> Option<Wiki> {
        None
    }
    fn code(&mut self, text: &str, _: u32) -> String {
        text.to_owned()
    }
    fn note(&mut self, _: u32, _: &'static str, _: Outcome, _: String) {}
    fn count(&mut self, _: &'static str, _: Outcome) {}
}
