//! Behaviour of the server, one file a subject:
//!
//! - `engine_*`: the engine alone, over a log in memory that fails on demand (`world`)
//! - `tokens`: the store alone
//! - `sync`, `durability`, `admin`, `assets`, `api`, `foreign`, `hostile`: the real server, in process or as a program
//!   (`client`, `program`)

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]

mod admin;
mod api;
mod assets;
mod client;
mod durability;
mod engine_access;
mod engine_commit;
mod engine_gaps;
mod engine_session;
mod fallback;
mod foreign;
mod hostile;
mod members;
mod program;
mod sync;
mod tokens;
mod updates;
mod world;
