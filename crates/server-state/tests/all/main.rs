//! Behaviour of the cache: the exhaustive model of its rule, and the running cache under virtual time.
#![allow(clippy::expect_used)]

mod bound;
mod cache;
mod kept;
mod model;
mod overlay;
mod policy;
mod writes;
