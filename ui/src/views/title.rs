//! The lesson's title over its body: the node's title in the outline, edited in place.

use crate::forms::rename;
use crate::i18n::text;
use crate::page;
use dioxus::prelude::*;

const TITLE: &str = "lesson-title";

/// The title. Enter keeps it and goes on to the body, Escape gives the draft up, leaving it keeps it.
#[component]
pub(super) fn Title(
    title: String,
    editable: bool,
    on_rename: EventHandler<String>,
    on_enter: EventHandler<()>,
) -> Element {
    let mut draft = use_signal(|| None::<String>);
    let shown = draft.read().clone().unwrap_or_else(|| title.clone());
    use_effect(use_reactive!(|shown| {
        let _ = shown;
        page::fit(TITLE);
    }));
    let before = title.clone();
    let keep = use_callback(move |()| {
        let typed = draft.peek().clone();
        if let Some(name) = typed.and_then(|typed| rename::commit(&before, &typed)) {
            on_rename.call(name);
        }
        draft.set(None);
    });
    if !editable {
        return rsx! {
            h1 { class: "page-title", "data-testid": "lesson-title", {text::titled(&title)} }
        };
    }
    rsx! {
        textarea {
            id: TITLE,
            class: "page-title",
            rows: "1",
            value: "{shown}",
            placeholder: text::UNTITLED,
            maxlength: rename::MAX_TITLE as i64,
            "aria-label": text::LESSON_TITLE,
            "data-testid": "lesson-title",
            onmounted: move |_| page::fit(TITLE),
            // Another width is another number of lines.
            onresize: move |_| page::fit(TITLE),
            oninput: move |event| draft.set(Some(event.value())),
            onblur: move |_| keep.call(()),
            onkeydown: move |event| match event.key() {
                Key::Enter if !event.is_composing() => {
                    event.prevent_default();
                    keep.call(());
                    on_enter.call(());
                }
                Key::Escape => draft.set(None),
                _ => {}
            },
        }
    }
}
