//! Short messages at the edge of the window.

use crate::components::IconButton;
use crate::i18n::text;
use crate::state::ui::{Toast, Ui};
use dioxus::prelude::*;
use inkhorn_protocol::NodeId;

/// All messages; `on_restore` is the way back from Trash.
#[component]
pub(crate) fn Toasts(on_restore: EventHandler<NodeId>) -> Element {
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
                if let Some(node) = toast.restore {
                    button {
                        class: "button quiet",
                        r#type: "button",
                        "data-testid": "toast-undo",
                        onclick: move |_| {
                            ui.dismiss(id);
                            on_restore.call(node.clone());
                        },
                        {text::UNDO}
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
