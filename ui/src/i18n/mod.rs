//! Every text that people read, in one place. English only for now; another language replaces [`en`].

pub mod cache;
pub mod en;
pub mod find;
pub mod follow;
pub mod kept;
pub mod kept_words;
pub mod people;
pub mod settings;
pub mod structure;
pub mod sync;
pub mod transfers;
pub mod waiting;

pub use en as text;
