//! Modal dialogs on the browser's own `<dialog>`: it keeps the focus inside, gives it back, and closes on Escape.

use crate::components::IconButton;
use crate::i18n::text;
use crate::page;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use dioxus::web::WebEventExt as _;
use wasm_bindgen::JsCast as _;

const DIALOG: &str = "dialog";

/// Closes whatever dialog is open; the browser then gives the focus back to where it was.
pub(crate) fn close_dialog(mut ui: Ui) {
    if let Some(dialog) =
        page::element(DIALOG).and_then(|it| it.dyn_into::<web_sys::HtmlDialogElement>().ok())
    {
        dialog.close();
    }
    ui.dialog.set(None);
}

/// A dialog with a title; `foot` holds its buttons, the primary one last.
#[component]
pub(crate) fn Dialog(
    title: String,
    #[props(default)] wide: bool,
    testid: String,
    /// While something is under way that cannot be stopped.
    #[props(default)]
    busy: bool,
    children: Element,
    #[props(default)] foot: Option<Element>,
) -> Element {
    let ui = use_context::<Ui>();
    rsx! {
        dialog {
            id: DIALOG,
            class: if wide { "dialog wide" } else { "dialog" },
            "aria-labelledby": "dialog-title",
            "aria-busy": busy.to_string(),
            "data-testid": testid,
            onmounted: move |event| {
                if let Some(dialog) =
                    event.try_as_web_event().and_then(|it| it.dyn_into::<web_sys::HtmlDialogElement>().ok())
                {
                    // Fails only when it is open already.
                    let _ = dialog.show_modal();
                }
            },
            oncancel: move |event| {
                event.prevent_default();
                if !busy {
                    close_dialog(ui);
                }
            },
            header { class: "dialog-head",
                h2 { id: "dialog-title", "{title}" }
                IconButton {
                    icon: "x",
                    label: text::CLOSE,
                    keys: "Esc",
                    testid: "dialog-close",
                    disabled: busy,
                    onclick: move |_| close_dialog(ui),
                }
            }
            div { class: "dialog-body", {children} }
            if let Some(foot) = foot {
                footer { class: "dialog-foot", {foot} }
            }
        }
    }
}
