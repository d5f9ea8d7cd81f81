//! Behaviour of the replica: what is durable, what happens to damaged files, how documents and sync behave.

mod common;
mod documents;
mod durability;
mod store;
mod sync;
