//! The course model from outside: what holds whoever edits what, in which order, and whatever arrives.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod find;
mod hostile;
mod lesson;
mod lost;
mod merging;
mod outline;
mod peers;
mod prosemirror;
mod richtext;
mod settings;
mod undo;
mod yjs;
