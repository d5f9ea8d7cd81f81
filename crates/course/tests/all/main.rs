//! The course model from outside: what holds whoever edits what, in which order, and whatever arrives.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod hostile;
mod lesson;
mod merging;
mod outline;
mod peers;
mod prosemirror;
mod richtext;
mod undo;
mod yjs;
