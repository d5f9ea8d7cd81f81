//! Tests of the outbox.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, reason = "a test binary")]

mod model;
mod steps;
mod world;
