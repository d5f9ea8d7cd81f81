//! Short messages at the edge of the window.

use crate::components::IconButton;
use crate::i18n::{kept_words, text};
use crate::state::ui::{Toast, Ui};
use dioxus::prelude::*;

/// All messages; `on_undo` takes back what one of them tells.
#[component]
pub(crate) fn Toasts(on_undo: EventHandler<u64>) -> Element {
    let ui = use_context::<Ui>();
    let one = move |toast: Toast| {
        let id = toast.id;
        rsx! {
            div {
                key: "{id}",
                class: "toast",
                "data-kind": if toast.trouble { "trouble" } else { "info" },
                "data-testid": "toast",
                span { class: "grow", "{toast.text}" }
                if let Some(entry) = toast.undo {
                    button {
                        class: "button quiet",
                        r#type: "button",
                        "data-testid": "toast-undo",
                        onclick: move |_| {
                            ui.dismiss(id);
                            on_undo.call(entry);
                        },
                        {text::UNDO}
                    }
                }
                if toast.shows {
                    button {
                        class: "button quiet",
                        r#type: "button",
                        "data-testid": "toast-show",
                        onclick: move |_| {
                            ui.dismiss(id);
                            ui.show_sync_centre();
                        },
                        {kept_words::SHOW}
                    }
                }
                IconButton { icon: "x", label: text::CLOSE, side: "top", onclick: move |_| ui.dismiss(id) }
            }
        }
    };
    rsx! {
        div { class: "toasts", role: "status", "aria-live": "polite",
            for toast in ui.toasts.read().iter().cloned() {
                {one(toast)}
            }
        }
        div { class: "visually-hidden", role: "status", "aria-live": "polite", "{ui.said}" }
    }
}
