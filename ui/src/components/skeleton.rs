//! What stands in for text that is on its way: only after a moment, since local data is there at once.

use crate::i18n::text;
use crate::page;
use dioxus::prelude::*;

/// Delay before it shows, in milliseconds (LOOK: states).
const AFTER_MS: i32 = 150;

/// Grey lines.
#[component]
pub(crate) fn Skeleton(#[props(default = 4)] lines: usize) -> Element {
    let mut shown = use_signal(|| false);
    use_future(move || async move {
        page::sleep(AFTER_MS).await;
        shown.set(true);
    });
    if !shown() {
        return rsx! {};
    }
    rsx! {
        div { class: "skeleton", role: "status", "aria-label": text::LOADING,
            for index in 0..lines {
                div { key: "{index}", class: "skeleton-line", style: if index + 1 == lines { "width: 60%" } }
            }
        }
    }
}
