//! Behaviour of the replica: what is durable, what happens to damaged files, how documents and sync behave.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test says what it expected"
)]

mod client;
mod common;
mod differ;
mod documents;
mod durability;
mod engine;
mod kept;
mod operations;
mod server;
mod store;
mod sync;
mod waiting;
