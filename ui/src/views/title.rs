//! The lesson's title over its body: the node's title in the outline, edited in place.

use super::draft::{Choice, Kept, use_draft};
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
    let draft = use_draft(title.clone());
    let shown = draft.shown();
    use_effect(use_reactive!(|shown| {
        let _ = shown;
        page::fit(TITLE);
    }));
    let keep = use_callback(move |()| {
        let kept = draft.keep();
        if let Kept::Name(name) = &kept {
            on_rename.call(name.clone());
        }
        kept
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
            oninput: move |event| draft.edit(event.value()),
            oncompositionstart: move |_| draft.compose(),
            oncompositionend: move |_| draft.composed(),
            onblur: move |_| {
                keep.call(());
            },
            onkeydown: move |event| {
                draft.takes_key(&event, keep, move || on_enter.call(()));
            },
        }
        Choice {
            draft,
            on_keep: move |()| {
                keep.call(());
            },
            on_take: move |()| {},
        }
    }
}
