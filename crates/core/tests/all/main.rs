//! Behaviour of the core: devices, a real server in the same process, a wire that can be cut.
#![allow(clippy::expect_used)]

mod assets;
mod by_itself;
mod find;
mod hostile;
mod kept;
mod kept_words;
mod live;
mod members;
mod presence;
mod remembered;
mod settings;
mod storm;
mod structure;
mod sync;
mod ways;
mod world;
