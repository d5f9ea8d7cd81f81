//! The real window, driven through WebDriver on a screen of its own. One file a behaviour.
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]
#![allow(clippy::print_stderr, reason = "a failed test says where its picture is")]

mod clocks;
mod collaboration;
mod composition;
mod crash;
mod hostile;
mod kept;
mod keyboard;
mod locked;
mod media;
mod pace;
mod pains;
mod pill;
mod reading;
mod roles;
mod saved;
mod screenless;
mod storm;
mod support;
mod together;
mod undo;
mod untouched;
mod writing;
