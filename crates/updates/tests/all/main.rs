//! Behaviour of the crate, seen from outside.
// A test's helpers may end it; clippy allows that of tests only.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod fingerprint;
mod hostile;
mod index;
mod memory;
mod mutation;
mod yjs;
mod yrs_oracle;

use inkhorn_updates::{Index, RootType, Schema};

/// The bytes that a hex string spells.
fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

/// An index of a document with one root of each type.
fn index() -> Index {
    Index::new(schema())
}

fn schema() -> Schema {
    Schema::new([
        ("body", RootType::Xml),
        ("text", RootType::Text),
        ("map", RootType::Map),
        ("list", RootType::Array),
    ])
}
