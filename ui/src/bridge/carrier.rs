//! What carries commands and messages, and which of them this page has.

use super::tauri;
use futures_util::future::LocalBoxFuture;
use inkhorn_protocol::window::Failure;
use std::rc::Rc;
use wasm_bindgen::JsValue;

/// Something that came through a channel.
pub(crate) enum Incoming {
    Message(JsValue),
    /// Messages were lost here.
    Gap,
}

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
    fn channel(&self, on_message: Box<dyn FnMut(Incoming)>) -> JsValue;
}

/// The bridge of this page. A page outside of the app has the mock, in builds that have it; else each command fails, and
/// the window says so.
pub(crate) fn here() -> Rc<dyn Bridge> {
    #[cfg(feature = "mock")]
    if !tauri::is_here() {
        return Rc::new(super::mock::Mock::start());
    }
    Rc::new(tauri::Tauri)
}
