//! Icons of the sprite, and buttons that are only an icon.

use dioxus::prelude::*;

/// An icon; decoration beside a text.
#[component]
pub(crate) fn Icon(name: String) -> Element {
    rsx! {
        svg { class: "icon", "aria-hidden": "true", r#use { "href": "icons.svg#{name}" } }
    }
}

/// A button that is only an icon; its label is also its tooltip.
#[component]
pub(crate) fn IconButton(
    icon: String,
    label: String,
    /// Shortcut that the tooltip names.
    #[props(default)]
    keys: String,
    #[props(default = "bottom".to_owned())] side: String,
    #[props(default)] testid: String,
    #[props(default)] disabled: bool,
    #[props(default)] expanded: Option<bool>,
    #[props(default = "0".to_owned())] tabindex: String,
    onclick: EventHandler<MouseEvent>,
) -> Element {
    let tip = if keys.is_empty() { label.clone() } else { format!("{label}  {keys}") };
    rsx! {
        button {
            class: "icon-button",
            r#type: "button",
            "aria-label": label,
            "aria-expanded": expanded.map(|open| open.to_string()),
            "data-tip": tip,
            "data-tip-side": side,
            "data-testid": (!testid.is_empty()).then_some(testid),
            tabindex,
            disabled,
            onclick: move |event| onclick.call(event),
            Icon { name: icon }
        }
    }
}
