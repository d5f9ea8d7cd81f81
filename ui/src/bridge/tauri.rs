//! The bridge over Tauri's IPC (the few functions that every Tauri page has; no npm package is needed for them).

use super::Bridge;
use futures_util::FutureExt as _;
use futures_util::future::LocalBoxFuture;
use inkhorn_protocol::window::Failure;
use js_sys::{Object, Reflect};
use std::collections::BTreeMap;
use wasm_bindgen::prelude::*;

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

    fn channel(&self, mut on_message: Box<dyn FnMut(JsValue)>) -> JsValue {
        // Messages can overtake each other (small ones are evaluated, large ones fetched); their index says the order.
        let mut next = 0u32;
        let mut early = BTreeMap::new();
        let callback = Closure::<dyn FnMut(JsValue)>::new(move |raw: JsValue| {
            let get = |name| Reflect::get(&raw, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
            let Some(index) = get("index").as_f64() else { return };
            early.insert(index as u32, get("message"));
            while let Some(message) = early.remove(&next) {
                next += 1;
                // An end mark has no message.
                if !message.is_undefined() {
                    on_message(message);
                }
            }
        });
        let id = transform_callback(&callback, false);
        // It lives as long as the page: dropping a closure that is still registered breaks delivery to others.
        callback.forget();
        JsValue::from_str(&format!("__CHANNEL__:{id}"))
    }
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
