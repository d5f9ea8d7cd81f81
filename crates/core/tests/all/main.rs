//! Behaviour of the core: devices, a real server in the same process, a wire that can be cut.
#![allow(clippy::expect_used)]

mod assets;
mod by_itself;
mod hostile;
mod kept;
mod live;
mod presence;
mod remembered;
mod storm;
mod structure;
mod sync;
mod ways;
mod world;
