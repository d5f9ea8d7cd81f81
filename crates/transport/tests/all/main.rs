//! Behaviour of the transport: the supervisor as a model, the connection against a scripted server.
//!
//! (`expect` in helpers: a test may end by it.)
#![allow(clippy::expect_used)]

mod carriers;
mod connection;
mod script;
mod secure;
mod supervisor;
