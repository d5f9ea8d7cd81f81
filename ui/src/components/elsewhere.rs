//! What stands beside a field that changed elsewhere while the user was typing in it.

use crate::i18n::text;
use dioxus::prelude::*;

/// Element id of the first answer; there is one such question at a time where the keyboard is.
pub(crate) const KEEP_MINE: &str = "keep-mine";

/// The other value, and the choice. What was typed is untouched until one of the two is chosen.
#[component]
pub(crate) fn Elsewhere(theirs: String, on_keep: EventHandler<()>, on_take: EventHandler<()>) -> Element {
    rsx! {
        div {
            class: "elsewhere",
            role: "status",
            "data-testid": "elsewhere",
            // A click must not take the focus from the field first: leaving it means to keep what was typed.
            onmousedown: move |event| event.prevent_default(),
            onpointerdown: move |event| event.stop_propagation(),
            onclick: move |event| event.stop_propagation(),
            onkeydown: move |event| event.stop_propagation(),
            p { {text::changed_elsewhere(&theirs)} }
            div { class: "row",
                button {
                    id: KEEP_MINE,
                    class: "button",
                    r#type: "button",
                    "data-testid": "keep-mine",
                    onclick: move |_| on_keep.call(()),
                    {text::KEEP_MINE}
                }
                button {
                    class: "button quiet",
                    r#type: "button",
                    "data-testid": "take-theirs",
                    onclick: move |_| on_take.call(()),
                    {text::TAKE_THEIRS}
                }
            }
        }
    }
}
