//! The way to the shell. Everything above talks to [`Api`]; only [`tauri`] knows what carries it.

mod api;
mod feed;
mod tauri;

pub(crate) use api::Api;
pub(crate) use feed::{Inbox, Message};

use futures_util::future::LocalBoxFuture;
use inkhorn_protocol::window::Failure;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// Carries commands to the core and messages back.
pub(crate) trait Bridge {
    /// Runs a command. `args`: a plain object, or a `Uint8Array` for raw bytes; `headers` go with raw bytes.
    /// The answer is what the command returned: plain data, or an `ArrayBuffer`.
    fn call(
        &self,
        command: &'static str,
        args: JsValue,
        headers: &[(&str, &str)],
    ) -> LocalBoxFuture<'static, Result<JsValue, Failure>>;

    /// A value that, passed as an argument of a command, lets the core send messages to `on_message`, in order.
    fn channel(&self, on_message: Box<dyn FnMut(JsValue)>) -> JsValue;
}

/// The bridge of the desktop app.
pub(crate) fn desktop() -> Rc<dyn Bridge> {
    Rc::new(tauri::Tauri)
}
