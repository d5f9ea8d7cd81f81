//! What is beside the outline: nodes that lost their place, and Trash.

use super::act::use_act;
use crate::components::{Icon, IconButton};
use crate::i18n::text;
use crate::state::tree;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::projection::{NodeKind, OutlineNode, OutlineView};
use std::rc::Rc;

/// Nodes that lost their parent.
#[component]
pub(super) fn Recovered(view: Rc<OutlineView>, writable: bool) -> Element {
    let ui = use_context::<Ui>();
    let act = use_act();
    let one = |node: &OutlineNode| {
        let (act, id, title, open) = (act.clone(), node.id.clone(), node.title.clone(), node.id.clone());
        let place = tree::place_for_new(&view.nodes, None, node.kind).filter(|_| writable);
        let lesson = node.kind == NodeKind::Lesson;
        rsx! {
            div { key: "{node.id}", class: "list-row", "data-testid": "recovered-node", "data-node": "{node.id}",
                button {
                    class: "list-main tree-title",
                    r#type: "button",
                    disabled: !lesson,
                    onclick: move |_| ui.open_lesson(open.clone()),
                    {text::titled(&node.title)}
                }
                if let Some(place) = place {
                    IconButton {
                        icon: "rotate-ccw",
                        label: text::PUT_BACK,
                        side: "left",
                        onclick: move |_| act.move_to(vec![id.clone()], place.clone(), text::restored(&title), false),
                    }
                }
            }
        }
    };
    rsx! {
        div { class: "sidebar-section",
            h2 { class: "section-title", title: writable.then_some(text::RECOVERED_HINT), {text::RECOVERED} }
            span { class: "badge", "data-kind": "waiting", "{view.recovered.len()}" }
        }
        div { class: "list", "data-testid": "recovered",
            {view.recovered.iter().map(one)}
        }
    }
}

/// What is in Trash, closed at first.
#[component]
pub(super) fn Trash(view: Rc<OutlineView>, writable: bool) -> Element {
    let ui = use_context::<Ui>();
    let act = use_act();
    let mut shown = use_signal(|| false);
    let one = |node: &OutlineNode| {
        let (act, id, open) = (act.clone(), node.id.clone(), node.id.clone());
        let lesson = node.kind == NodeKind::Lesson;
        let below = tree::count_lessons(&node.children) as u64;
        rsx! {
            div { key: "{node.id}", class: "list-row", "data-testid": "trash-node", "data-node": "{node.id}",
                button {
                    class: "list-main",
                    r#type: "button",
                    disabled: !lesson,
                    onclick: move |_| ui.open_lesson(open.clone()),
                    span { class: "list-title", {text::titled(&node.title)} }
                    if !lesson {
                        span { class: "list-detail", {text::lessons(below)} }
                    }
                }
                if writable {
                    IconButton {
                        icon: "rotate-ccw",
                        label: text::RESTORE,
                        side: "left",
                        testid: "restore",
                        onclick: move |_| act.restore(vec![id.clone()]),
                    }
                }
            }
        }
    };
    rsx! {
        div { class: "sidebar-section",
            button {
                class: "section-title row",
                r#type: "button",
                "aria-expanded": shown().to_string(),
                "data-testid": "trash-toggle",
                onclick: move |_| {
                    let open = !shown();
                    shown.set(open);
                },
                Icon { name: if shown() { "chevron-down" } else { "chevron-right" } }
                {text::TRASH}
            }
            span { class: "badge", "{view.trash.len()}" }
        }
        if shown() {
            div { class: "list", "data-testid": "trash-list",
                {view.trash.iter().map(one)}
            }
        }
    }
}
