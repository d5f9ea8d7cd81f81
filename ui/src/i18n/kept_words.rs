//! The words about words: those of an author that somebody took away without having seen them.
#![allow(missing_docs, reason = "each text says itself what it is")]

use super::en::titled;
use inkhorn_protocol::projection::KeptWords;

pub const TITLE: &str = "Kept words";
pub const HINT: &str = "Somebody deleted or moved these paragraphs before they had seen what you wrote in them. They are only here.";
pub const PUT_BACK: &str = "Put back";
pub const COPY: &str = "Copy";
pub const FORGET: &str = "Forget…";
pub const FORGET_NOW: &str = "Forget";
pub const SHOW: &str = "Show";
pub const COPIED: &str = "Copied.";
pub const NOT_COPIED: &str = "It could not be copied.";
pub const BACK: &str = "Your words are in the lesson again.";
pub const PILL: &str = "words kept";
pub const FORGET_TITLE: &str = "Forget these words?";

/// What is said at the moment it happens.
pub fn happened(paragraphs: usize) -> &'static str {
    match paragraphs {
        1 => "Somebody deleted a paragraph while you were writing in it. Your words are kept.",
        _ => "Somebody deleted paragraphs while you were writing in them. Your words are kept.",
    }
}

/// Where they were.
pub fn place(kept: &KeptWords) -> String {
    format!("{} · {}", titled(&kept.title), titled(&kept.course_title))
}

/// What forgetting means, before it is done.
pub fn forget(place: &str) -> String {
    format!(
        "They were taken out of {place}, and are only on this computer. Once you forget them they cannot be brought back."
    )
}

/// The actions, as a screen reader hears them: each names what it is about.
pub fn named(action: &str, place: &str) -> String {
    format!("{}: {place}", action.trim_end_matches('…'))
}
