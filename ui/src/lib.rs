//! The interface: a Dioxus app for wasm32 that shows what the core knows and sends back what the user commands.
//!
//! - [`i18n`]: every text that people read, and the words of sync
//! - [`state`]: UI state (selection, panels, theme); [`state::tree`] is the outline's logic
//! - [`forms`]: form state (what is being typed)
//! - [`bridge`]: the way to the shell; [`hooks`]: server state as read-only handles
//! - `island`: the rich-text editor, which is TypeScript (`editor/CONTRACT.md`)
//! - `components`, `views`: what is on screen
//!
//! What is pure also compiles natively, so that its tests need no browser. Must never import a native crate of ours.
//!
//! ```
//! use inkhorn_ui::forms::rename::commit;
//! assert_eq!(commit("Soil", " Soil  moisture "), Some("Soil moisture".to_owned()));
//! assert_eq!(commit("Soil", ""), None);
//! ```

pub mod bridge;
pub mod forms;
pub mod hooks;
pub mod i18n;
pub mod state;

#[cfg(target_arch = "wasm32")]
mod components;
#[cfg(target_arch = "wasm32")]
mod island;
#[cfg(target_arch = "wasm32")]
mod page;
#[cfg(target_arch = "wasm32")]
mod views;

/// Shows the interface in the page's `main` element.
#[cfg(target_arch = "wasm32")]
pub fn start() {
    dioxus::launch(views::app::App);
}
