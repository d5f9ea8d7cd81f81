//! The bridge over Tauri's IPC (the few functions that every Tauri page has; no npm package is needed for them).

use super::order::{Next, Order};
use super::{Bridge, Incoming};
use crate::page;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use inkhorn_protocol::window::Failure;
use js_sys::{Object, Reflect};
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

/// How long a message may be overtaken before it counts as lost, in milliseconds: large ones are fetched, which takes
/// some 10 ms; asking again for what is on screen costs little, so this need not be longer.
const GIVE_UP_MS: i32 = 1_000;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["window", "__TAURI_INTERNALS__"], js_name = invoke, catch)]
    async fn invoke(command: &str, args: JsValue, options: JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["window", "__TAURI_INTERNALS__"], js_name = transformCallback)]
    fn transform_callback(callback: &Closure<dyn FnMut(JsValue)>, once: bool) -> u32;
}

/// Tauri's IPC.
pub(super) struct Tauri;

impl Bridge for Tauri {
    fn call(
        &self,
        command: &'static str,
        args: JsValue,
        headers: &[(&str, &str)],
    ) -> LocalBoxFuture<'static, Result<JsValue, Failure>> {
        let options = if headers.is_empty() { JsValue::UNDEFINED } else { options(headers) };
        async move { invoke(command, args, options).await.map_err(|error| failure(&error)) }.boxed_local()
    }

    fn channel(&self, on_message: Box<dyn FnMut(Incoming)>) -> JsValue {
        let channel = Rc::new(Channel {
            order: RefCell::default(),
            on_message: RefCell::new(on_message),
            waits: Cell::new(false),
        });
        let callback = Closure::<dyn FnMut(JsValue)>::new(move |raw: JsValue| {
            let get = |name| Reflect::get(&raw, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
            let Some(index) = get("index").as_f64() else { return };
            let ready = channel.order.borrow_mut().take(index as u32, get("message"));
            channel.deliver(ready);
            channel.watch();
        });
        let id = transform_callback(&callback, false);
        // It lives as long as the page: dropping a closure that is still registered breaks delivery to others.
        callback.forget();
        JsValue::from_str(&format!("__CHANNEL__:{id}"))
    }
}

struct Channel {
    order: RefCell<Order<JsValue>>,
    on_message: RefCell<Box<dyn FnMut(Incoming)>>,
    /// A timer runs for a message that was overtaken.
    waits: Cell<bool>,
}

impl Channel {
    fn deliver(&self, ready: Vec<Next<JsValue>>) {
        let mut on_message = self.on_message.borrow_mut();
        for next in ready {
            match next {
                Next::Gap => on_message(Incoming::Gap),
                // An end mark has no message.
                Next::Message(message) if message.is_undefined() => {}
                Next::Message(message) => on_message(Incoming::Message(message)),
            }
        }
    }

    /// A message that never comes must not hold up the others for ever.
    fn watch(self: &Rc<Self>) {
        let Some(number) = self.order.borrow().waits_for() else { return };
        if self.waits.replace(true) {
            return;
        }
        let channel = self.clone();
        spawn_local(async move {
            page::sleep(GIVE_UP_MS).await;
            channel.waits.set(false);
            let ready = channel.order.borrow_mut().give_up(number);
            channel.deliver(ready);
            channel.watch();
        });
    }
}

/// Whether this page is in a Tauri window.
#[cfg(feature = "mock")]
pub(super) fn is_here() -> bool {
    web_sys::window()
        .is_some_and(|window| Reflect::has(&window, &"__TAURI_INTERNALS__".into()).unwrap_or(false))
}

fn options(headers: &[(&str, &str)]) -> JsValue {
    let all = Object::new();
    for (name, value) in headers {
        // Setting a plain property of a fresh object cannot fail.
        let _ = Reflect::set(&all, &JsValue::from_str(name), &JsValue::from_str(value));
    }
    let options = Object::new();
    let _ = Reflect::set(&options, &JsValue::from_str("headers"), &all);
    options.into()
}

fn failure(error: &JsValue) -> Failure {
    let text = js_sys::JSON::stringify(error).ok().and_then(|text| text.as_string());
    if let Some(failure) = text.and_then(|text| serde_json::from_str(&text).ok()) {
        return failure;
    }
    let message = error
        .as_string()
        .or_else(|| Reflect::get(error, &JsValue::from_str("message")).ok()?.as_string())
        .unwrap_or_else(|| "The window could not reach the core.".to_owned());
    Failure::other(message)
}
