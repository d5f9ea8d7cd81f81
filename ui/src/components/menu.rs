//! Popup menus (WAI-ARIA menu): arrows walk, Escape and a click beside close.

use crate::components::Icon;
use crate::page;
use dioxus::prelude::*;
use wasm_bindgen::JsCast as _;

/// Where a menu opens, in CSS pixels of the window. Near the right or bottom edge it opens the other way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spot {
    pub(crate) x: f64,
    pub(crate) y: f64,
    /// Element that gets the focus back.
    pub(crate) back: Back,
}

/// Element that had the focus before, by its id.
pub(crate) type Back = Option<&'static str>;

impl Spot {
    /// Below the element with this id.
    pub(crate) fn below(id: &'static str) -> Option<Self> {
        let rect = page::element(id)?.get_bounding_client_rect();
        Some(Self { x: rect.left(), y: rect.bottom() + 4.0, back: Some(id) })
    }

    fn style(self) -> String {
        let size = |value: Result<wasm_bindgen::JsValue, wasm_bindgen::JsValue>| {
            value.ok().and_then(|value| value.as_f64()).unwrap_or(1280.0)
        };
        let Some(window) = web_sys::window() else { return String::new() };
        let (width, height) = (size(window.inner_width()), size(window.inner_height()));
        let across = if self.x > width - 260.0 {
            format!("right: {}px", (width - self.x).max(8.0))
        } else {
            format!("left: {}px", self.x)
        };
        let down = if self.y > height - 320.0 && self.y > height / 2.0 {
            format!("bottom: {}px", (height - self.y).max(8.0))
        } else {
            format!("top: {}px; max-height: {}px", self.y, height - self.y - 8.0)
        };
        format!("position: fixed; overflow: auto; {across}; {down}")
    }
}

const MENU: &str = "menu";

/// A menu that is open. Closing it is up to the caller.
#[component]
pub(crate) fn Menu(spot: Spot, label: String, on_close: EventHandler<()>, children: Element) -> Element {
    let close = move || {
        on_close.call(());
        if let Some(back) = spot.back {
            page::focus_soon(back.to_owned());
        }
    };
    let walk = move |event: KeyboardEvent| {
        let to = match event.key() {
            Key::Escape | Key::Tab => {
                event.prevent_default();
                event.stop_propagation();
                return close();
            }
            Key::ArrowDown => 1,
            Key::ArrowUp => -1,
            Key::Home => i32::MIN,
            Key::End => i32::MAX,
            _ => return,
        };
        event.prevent_default();
        event.stop_propagation();
        focus_item(to);
    };
    rsx! {
        div {
            class: "menu-beside",
            style: "position: fixed; inset: 0; z-index: 60",
            onpointerdown: move |event| {
                event.stop_propagation();
                on_close.call(());
            },
            oncontextmenu: move |event| {
                event.prevent_default();
                on_close.call(());
            },
        }
        div {
            id: MENU,
            class: "menu",
            role: "menu",
            "aria-label": label,
            "data-testid": "menu",
            style: "z-index: 61; {spot.style()}",
            onkeydown: walk,
            onmounted: move |_| focus_item(i32::MIN),
            {children}
        }
    }
}

fn focus_item(to: i32) {
    let Some(menu) = page::element(MENU) else { return };
    let Ok(items) = menu.query_selector_all("[role^=menuitem]:not(:disabled)") else { return };
    let count = i64::from(items.length());
    if count == 0 {
        return;
    }
    let active = page::document().and_then(|document| document.active_element());
    let here = (0..items.length()).position(|index| {
        items.get(index).zip(active.as_ref()).is_some_and(|(item, active)| item.is_same_node(Some(active)))
    });
    let next = match to {
        i32::MIN => 0,
        i32::MAX => count - 1,
        by => (here.map_or(-i64::from(by.signum()), |here| here as i64) + i64::from(by)).rem_euclid(count),
    };
    if let Some(item) = items.get(next as u32).and_then(|item| item.dyn_into::<web_sys::HtmlElement>().ok()) {
        let _ = item.focus();
    }
}

/// One entry.
#[component]
pub(crate) fn Item(
    label: String,
    #[props(default)] icon: String,
    #[props(default)] keys: String,
    #[props(default)] testid: String,
    #[props(default)] danger: bool,
    /// One of several choices: whether it is the chosen one.
    #[props(default)]
    checked: Option<bool>,
    onclick: EventHandler<()>,
) -> Element {
    rsx! {
        button {
            class: "menu-item",
            r#type: "button",
            role: if checked.is_some() { "menuitemradio" } else { "menuitem" },
            "aria-checked": checked.map(|on| on.to_string()),
            "data-kind": danger.then_some("danger"),
            "data-testid": (!testid.is_empty()).then_some(testid),
            tabindex: "-1",
            onclick: move |event| {
                event.stop_propagation();
                onclick.call(());
            },
            if !icon.is_empty() {
                Icon { name: icon }
            }
            span { class: "grow", "{label}" }
            if checked == Some(true) {
                Icon { name: "check" }
            }
            if !keys.is_empty() {
                span { class: "menu-keys", "{keys}" }
            }
        }
    }
}
