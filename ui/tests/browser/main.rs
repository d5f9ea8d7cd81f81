//! The whole interface in a plain browser, on its mock bridge: no app, no server. One file a behaviour.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, reason = "a test binary has no readers of its documentation")]
#![allow(clippy::print_stderr, reason = "a failed test says where its picture is")]

mod cache;
mod connection;
mod find;
mod follow;
mod forms;
mod kept;
mod kept_words;
mod keyboard;
mod opening;
mod outline;
mod people;
mod pictures;
mod presence;
mod settings;
mod storm;
mod structure;
mod support;
mod tools;
mod transfers;
mod waiting;
