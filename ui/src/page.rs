//! The few things that are asked of the browser itself: time, local storage, focus, theme.

use dioxus::prelude::{FormEvent, KeyboardEvent};
use dioxus::web::WebEventExt as _;
use js_sys::{Array, Date, Function, Object, Promise, Reflect};
use wasm_bindgen::prelude::Closure;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

/// Key of the preferences in the local storage.
const PREFS: &str = "inkhorn.prefs";

/// Milliseconds since the Unix epoch.
pub(crate) fn now_ms() -> u64 {
    Date::now() as u64
}

/// A time of day as "14:02"; with the day in front when it was not today.
pub(crate) fn clock(at_ms: u64) -> String {
    let at = Date::new(&JsValue::from_f64(at_ms as f64));
    let time = format!("{:02}:{:02}", at.get_hours(), at.get_minutes());
    let today = Date::new_0();
    if at.to_date_string() == today.to_date_string() {
        return time;
    }
    format!("{}-{:02}-{:02} {time}", at.get_full_year(), at.get_month() + 1, at.get_date())
}

/// Resolves after so many milliseconds.
pub(crate) async fn sleep(ms: i32) {
    let promise = Promise::new(&mut |resolve, _| {
        if let Some(window) = web_sys::window() {
            let _ = window.set_timeout_with_callback_and_timeout_and_arguments_0(&resolve, ms);
        }
    });
    let _ = JsFuture::from(promise).await;
}

/// The file that was chosen in a field for files; the field can then choose the same one again.
pub(crate) fn chosen_file(event: &FormEvent) -> Option<web_sys::File> {
    let target = event.try_as_web_event()?.target()?;
    let field: web_sys::HtmlInputElement = target.dyn_into().ok()?;
    let file = field.files()?.get(0)?;
    field.set_value("");
    Some(file)
}

/// Bytes of a file; none when it cannot be read.
pub(crate) async fn read_file(file: &web_sys::File) -> Option<Vec<u8>> {
    let buffer = JsFuture::from(file.array_buffer()).await.ok()?;
    Some(js_sys::Uint8Array::new(&buffer).to_vec())
}

/// Sixteen random bytes of the browser, for a fresh id.
pub(crate) fn random16() -> [u8; 16] {
    let mut bytes = [0; 16];
    if let Some(crypto) = web_sys::window().and_then(|window| window.crypto().ok()) {
        let _ = crypto.get_random_values_with_u8_array(&mut bytes);
    }
    bytes
}

pub(crate) fn document() -> Option<web_sys::Document> {
    web_sys::window()?.document()
}

pub(crate) fn element(id: &str) -> Option<web_sys::HtmlElement> {
    document()?.get_element_by_id(id)?.dyn_into().ok()
}

/// Focuses an element after the next render.
pub(crate) fn focus_soon(id: String) {
    wasm_bindgen_futures::spawn_local(async move {
        sleep(0).await;
        focus(&id);
    });
}

pub(crate) fn focus(id: &str) {
    if let Some(element) = element(id) {
        let _ = element.focus();
    }
}

/// Scrolls an element into view after the next render, if it is not seen.
pub(crate) fn reveal_soon(id: String) {
    wasm_bindgen_futures::spawn_local(async move {
        sleep(0).await;
        let Some(element) = element(&id) else { return };
        let options = web_sys::ScrollIntoViewOptions::new();
        options.set_block(web_sys::ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    });
}

/// Focuses an element that a key led to, with the ring that shows where one is: without asking for it WebKit shows none
/// where the pointer was used before. Older engines do not know the option and decide by themselves.
pub(crate) fn focus_by_key(id: &str) {
    let Some(element) = element(id) else { return };
    let options = Object::new();
    let _ = Reflect::set(&options, &"focusVisible".into(), &JsValue::TRUE);
    let _ = element.focus_with_options(options.unchecked_ref());
}

pub(crate) fn load_prefs() -> Option<String> {
    web_sys::window()?.local_storage().ok()??.get_item(PREFS).ok()?
}

/// A full or forbidden storage only means that the window forgets.
pub(crate) fn save_prefs(text: &str) {
    if let Some(storage) = web_sys::window().and_then(|window| window.local_storage().ok().flatten()) {
        let _ = storage.set_item(PREFS, text);
    }
}

/// Sets or removes an attribute of the page's root element.
pub(crate) fn set_root(name: &str, value: Option<&str>) {
    let Some(root) = document().and_then(|document| document.document_element()) else { return };
    let _ = match value {
        Some(value) => root.set_attribute(name, value),
        None => root.remove_attribute(name),
    };
}

/// Whether the window is narrower than the frame with a fixed sidebar (LOOK: frame).
pub(crate) fn is_narrow() -> bool {
    let width = web_sys::window().and_then(|window| window.inner_width().ok()?.as_f64());
    width.is_some_and(|width| width < 900.0)
}

/// Whether a key belongs to an input method that composes a word. The key that ends a composition comes after the end
/// in WebKit, with the code of an input method and no flag.
pub(crate) fn is_composing(event: &KeyboardEvent) -> bool {
    /// <https://w3c.github.io/uievents/#determine-keydown-keyup-keyCode>: a key that an input method processes.
    const BY_INPUT_METHOD: u32 = 229;
    event.is_composing() || event.try_as_web_event().is_some_and(|event| event.key_code() == BY_INPUT_METHOD)
}

/// Keys pressed while nothing has the focus reach the page, but no element in it: from now on they are given to the
/// element with this id, so that shortcuts work then, too. To be called once; it lasts as long as the page.
pub(crate) fn give_lost_keys_to(id: &'static str) {
    // Not `FnMut`: what it gives on comes by here again, while it still runs.
    let hear = Closure::<dyn Fn(web_sys::KeyboardEvent)>::new(move |event: web_sys::KeyboardEvent| {
        let lost = event
            .target()
            .and_then(|target| target.dyn_into::<web_sys::Element>().ok())
            .is_some_and(|target| target.tag_name() == "BODY");
        let Some(to) = element(id).filter(|_| lost) else { return };
        // The event describes itself: a new one is made from it, with its key and what is held. It bubbles up to where the
        // interface hears all its events, and is not lost any more there.
        let make = web_sys::window().and_then(|window| {
            Reflect::get(&window, &"KeyboardEvent".into()).ok()?.dyn_into::<Function>().ok()
        });
        let again =
            make.and_then(|make| Reflect::construct(&make, &Array::of2(&"keydown".into(), &event)).ok());
        let given = again
            .and_then(|again| again.dyn_into::<web_sys::Event>().ok())
            .and_then(|again| to.dispatch_event(&again).ok());
        if given == Some(false) {
            event.prevent_default();
        }
    });
    if let Some(document) = document() {
        let _ = document.add_event_listener_with_callback("keydown", hear.as_ref().unchecked_ref());
    }
    hear.forget();
}

/// Whether a key was pressed in something that is typed into.
pub(crate) fn is_in_field(event: &KeyboardEvent) -> bool {
    let target = event.try_as_web_event().and_then(|event| event.target());
    let target = target.and_then(|target| target.dyn_into::<web_sys::Element>().ok());
    target.and_then(|target| field_of(&target)).is_some()
}

/// What is typed into, if the focus is in such a thing.
pub(crate) fn focused_field() -> Option<web_sys::Element> {
    field_of(&document()?.active_element()?)
}

fn field_of(element: &web_sys::Element) -> Option<web_sys::Element> {
    element.closest("input, textarea, select, [contenteditable=true], [contenteditable='']").ok()?
}

/// Whether this is a Mac, where shortcuts use ⌘.
pub(crate) fn is_mac() -> bool {
    web_sys::window()
        .and_then(|window| window.navigator().platform().ok())
        .is_some_and(|name| name.starts_with("Mac"))
}

/// A property of a plain object as text.
pub(crate) fn text_of(object: &JsValue, name: &str) -> Option<String> {
    Reflect::get(object, &JsValue::from_str(name)).ok()?.as_string()
}

/// A property of a plain object as a number.
pub(crate) fn number_of(object: &JsValue, name: &str) -> Option<u64> {
    Reflect::get(object, &JsValue::from_str(name)).ok()?.as_f64().map(|number| number as u64)
}

/// Puts text on the clipboard; false when the page may not.
pub(crate) async fn copy(text: &str) -> bool {
    let Some(window) = web_sys::window() else { return false };
    JsFuture::from(window.navigator().clipboard().write_text(text)).await.is_ok()
}

/// Makes a text area as high as its text.
pub(crate) fn fit(id: &str) {
    let Some(area) = element(id) else { return };
    let style = area.style();
    let _ = style.set_property("height", "auto");
    let _ = style.set_property("height", &format!("{}px", area.scroll_height()));
}
