//! The course model from outside: what holds whoever edits what, in which order, and whatever arrives.

mod hostile;
mod lesson;
mod merging;
mod outline;
mod peers;
mod prosemirror;
mod richtext;
mod yjs;
