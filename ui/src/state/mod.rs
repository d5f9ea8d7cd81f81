//! UI state: what is selected, open, wide, dark. Never server state, never what is being typed.

pub mod cache;
pub mod follow;
pub mod history;
pub mod latest;
pub mod prefs;
pub mod presence;
pub mod retry;
pub mod rights;
pub mod selection;
pub mod targets;
pub mod tree;
#[cfg(target_arch = "wasm32")]
pub(crate) mod ui;
pub mod virtual_rows;
