//! What the core and the island send by themselves: two channels that live for ever, fanned out here.

use super::{Bridge, Incoming};
use futures_channel::mpsc::{UnboundedReceiver, UnboundedSender};
use inkhorn_protocol::window::{LessonHead, ToWindow};
use wasm_bindgen::{JsCast as _, JsValue};

/// Something that arrived.
#[derive(Debug, Clone)]
pub(crate) enum Message {
    /// From the core.
    Core(ToWindow),
    /// An update of a lesson that was made elsewhere.
    Lesson(LessonHead, Vec<u8>),
    /// Such updates were lost.
    LessonsMissed,
    /// From the editor island.
    Island(crate::island::Event),
}

/// Receiving end; read by one task of the app. Callbacks of the page only push into it, so that
/// no signal is written outside of the renderer.
pub(crate) type Inbox = UnboundedReceiver<Message>;

/// The two arguments of `subscribe`.
pub(super) fn channels(bridge: &dyn Bridge, out: &UnboundedSender<Message>) -> (JsValue, JsValue) {
    let to_window = out.clone();
    let feed = bridge.channel(Box::new(move |incoming| {
        let message = match incoming {
            Incoming::Gap => Some(ToWindow::Resync),
            Incoming::Message(message) => {
                let text = js_sys::JSON::stringify(&message).ok().and_then(|text| text.as_string());
                text.and_then(|text| serde_json::from_str(&text).ok())
            }
        };
        if let Some(message) = message {
            let _ = to_window.unbounded_send(Message::Core(message));
        }
    }));
    let to_lessons = out.clone();
    let lessons = bridge.channel(Box::new(move |incoming| {
        let message = match incoming {
            Incoming::Gap => Some(Message::LessonsMissed),
            Incoming::Message(message) => bytes(&message).and_then(|all| {
                let (head, bytes) = LessonHead::split(&all)?;
                Some(Message::Lesson(head, bytes.to_vec()))
            }),
        };
        if let Some(message) = message {
            let _ = to_lessons.unbounded_send(message);
        }
    }));
    (feed, lessons)
}

/// Bytes of an answer or message: an `ArrayBuffer`, a typed array, or (small raw messages) a plain array of numbers.
pub(crate) fn bytes(value: &JsValue) -> Option<Vec<u8>> {
    if value.is_instance_of::<js_sys::ArrayBuffer>()
        || value.is_instance_of::<js_sys::Uint8Array>()
        || js_sys::Array::is_array(value)
    {
        return Some(js_sys::Uint8Array::new(value).to_vec());
    }
    None
}
