//! Every text that people read, in one place. English only for now; another language replaces [`en`].

pub mod cache;
pub mod en;
pub mod follow;
pub mod kept;
pub mod structure;
pub mod sync;

pub use en as text;
