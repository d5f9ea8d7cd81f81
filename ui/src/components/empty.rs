//! The state of a view that has nothing to show: what this is, and what to do.

use dioxus::prelude::*;

/// An empty state with a small drawn ornament.
#[component]
pub(crate) fn Empty(
    title: String,
    hint: String,
    #[props(default)] testid: String,
    children: Element,
) -> Element {
    rsx! {
        div { class: "empty", "data-testid": (!testid.is_empty()).then_some(testid),
            Ornament {}
            h2 { "{title}" }
            p { "{hint}" }
            {children}
        }
    }
}

/// An inkhorn in few strokes: a horn, its rim, and a drop.
#[component]
fn Ornament() -> Element {
    rsx! {
        svg {
            class: "empty-art",
            "aria-hidden": "true",
            view_box: "0 0 96 72",
            width: "96",
            height: "72",
            fill: "none",
            stroke: "currentColor",
            stroke_width: "1.5",
            stroke_linecap: "round",
            stroke_linejoin: "round",
            ellipse { cx: "34", cy: "20", rx: "16", ry: "5" }
            path { d: "M18 20c1 18 10 34 33 38 6 1 11-1 12-3-10-1-13-12-13-35" }
            path { d: "M23 33c9 4 20 3 27-1" }
            path { d: "M74 12c-10 6-19 17-23 29l-3 9 7-6c9-9 16-20 19-32z" }
            path { d: "M55 38l12-15" }
            path { d: "M79 52c0 3-2 5-4 5s-4-2-4-5 4-7 4-7 4 4 4 7z" }
        }
    }
}
