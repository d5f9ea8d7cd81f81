//! The way to the shell. Everything above talks to `Api`; only the bridge that was chosen at the start knows what carries it.
//!
//! - `tauri`: the desktop app; `mock`: a plain browser, for tests and for work on the interface
//! - [`order`]: the messages of a channel in their order, and what is lost of them; pure

pub mod order;

#[cfg(target_arch = "wasm32")]
mod api;
#[cfg(target_arch = "wasm32")]
mod carrier;
#[cfg(target_arch = "wasm32")]
mod feed;
#[cfg(all(target_arch = "wasm32", feature = "mock"))]
mod mock;
#[cfg(target_arch = "wasm32")]
mod tauri;

#[cfg(target_arch = "wasm32")]
pub(crate) use {
    api::Api,
    carrier::{Bridge, Incoming, here},
    feed::{Inbox, Message},
};
