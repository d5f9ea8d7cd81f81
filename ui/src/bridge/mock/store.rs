//! The documents of the mock: real Yjs documents, in a bundle of their own (`editor/mock/store.ts`).

use inkhorn_protocol::window::Failure;
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;

#[wasm_bindgen(raw_module = "./mock.js")]
extern "C" {
    #[wasm_bindgen(js_name = seed)]
    pub(super) fn seed(lesson: &str, blocks: &str);
    #[wasm_bindgen(js_name = diff)]
    fn diff_js(lesson: &str, state_vector: &Uint8Array) -> Uint8Array;
    #[wasm_bindgen(js_name = apply)]
    fn apply_js(lesson: &str, update: &Uint8Array);
    #[wasm_bindgen(js_name = write)]
    fn write_js(lesson: &str, text: &str) -> Uint8Array;
    #[wasm_bindgen(js_name = text)]
    pub(super) fn text(lesson: &str) -> String;
    #[wasm_bindgen(js_name = putImage, catch)]
    async fn put_image_js(bytes: &Uint8Array) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(js_name = imageUrl)]
    pub(super) fn image_url(hash: &str) -> Option<String>;
}

pub(super) fn diff(lesson: &str, state_vector: &[u8]) -> Vec<u8> {
    diff_js(lesson, &Uint8Array::from(state_vector)).to_vec()
}

pub(super) fn apply(lesson: &str, update: &[u8]) {
    apply_js(lesson, &Uint8Array::from(update));
}

pub(super) fn write(lesson: &str, text: &str) -> Vec<u8> {
    write_js(lesson, text).to_vec()
}

pub(super) async fn put_image(bytes: &[u8]) -> Result<JsValue, Failure> {
    let kept = put_image_js(&Uint8Array::from(bytes)).await;
    kept.map_err(|_| Failure::other("This browser cannot hash the image."))
}
