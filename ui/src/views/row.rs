//! One row of the outline.

use super::draft::{Choice, Kept, ask_for_choice, use_draft};
use crate::components::{Icon, IconButton};
use crate::forms::rename;
use crate::i18n::text;
use crate::page;
use crate::state::presence::Person;
use crate::state::tree::{Mark, Row};
use crate::state::ui::Ui;
use dioxus::prelude::*;
use dioxus::web::WebEventExt as _;
use inkhorn_protocol::projection::NodeKind;
use wasm_bindgen::JsCast as _;

/// Avatars of a row at most; who is beyond is counted.
const MOST_IN_A_ROW: usize = 3;

/// Element id of a row.
pub(super) fn element_id(row: &Row) -> String {
    format!("node-{}", row.id)
}

/// A row. The tree around it handles keys and drags.
#[component]
pub(super) fn TreeRow(
    row: Row,
    /// Rows that are left out of the page right above it.
    gap: usize,
    /// Whether its lesson is open.
    open: bool,
    /// Whether Tab reaches the tree here.
    tab: bool,
    renaming: bool,
    /// Whether it is one of several that are selected; none while none is.
    selected: Option<bool>,
    dragged: bool,
    mark: Option<Mark>,
    /// Who else is there.
    people: Vec<Person>,
    /// Without it there is nothing but opening it.
    writable: bool,
    on_open: EventHandler<()>,
    /// A click with a key held: whether the range to it is meant, else it alone.
    on_select: EventHandler<bool>,
    on_toggle: EventHandler<()>,
    on_rename: EventHandler<String>,
    on_menu: EventHandler<(f64, f64)>,
    on_grab: EventHandler<PointerEvent>,
) -> Element {
    let mut ui = use_context::<Ui>();
    let node = row.id.clone();
    let title = text::titled(&row.title).to_owned();
    let lesson = row.kind == NodeKind::Lesson;
    let kind = match row.kind {
        NodeKind::Chapter => "chapter",
        NodeKind::Section => "section",
        NodeKind::Lesson => "lesson",
    };
    rsx! {
        div {
            id: element_id(&row),
            class: "tree-row",
            role: "treeitem",
            tabindex: if tab { "0" } else { "-1" },
            style: "--level: {row.level - 1}; --gap: {gap}",
            "aria-level": "{row.level}",
            "aria-posinset": "{row.index + 1}",
            "aria-setsize": "{row.siblings}",
            "aria-expanded": row.has_children.then(|| row.expanded.to_string()),
            "aria-selected": selected.unwrap_or(open).to_string(),
            "aria-current": open.then_some("page"),
            "aria-label": text::row(&title, &people),
            "data-kind": kind,
            "data-node": "{row.id}",
            "data-testid": "node",
            "data-dragged": dragged.then_some("true"),
            "data-drop": mark.map(|mark| match mark {
                Mark::Before => "before",
                Mark::After => "after",
                Mark::Into => "into",
            }),
            onfocusin: move |_| {
                if !*ui.in_tree.peek() {
                    ui.in_tree.set(true);
                }
                if ui.row.peek().as_ref() != Some(&node) {
                    ui.row.set(Some(node.clone()));
                }
            },
            onclick: move |event| {
                if renaming {
                    return;
                }
                let held = event.modifiers();
                if held.contains(Modifiers::SHIFT) {
                    on_select.call(true);
                } else if held.intersects(Modifiers::CONTROL | Modifiers::META) {
                    on_select.call(false);
                } else {
                    ui.selection.write().clear();
                    if lesson { on_open.call(()) } else { on_toggle.call(()) }
                }
            },
            oncontextmenu: move |event| {
                if !renaming && writable {
                    event.prevent_default();
                    let at = event.client_coordinates();
                    on_menu.call((at.x, at.y));
                }
            },
            // Shift would select the text between.
            onmousedown: move |event| {
                if event.modifiers().contains(Modifiers::SHIFT) && !renaming {
                    event.prevent_default();
                }
            },
            onpointerdown: move |event| {
                if !renaming && writable && event.trigger_button() == Some(dioxus::html::input_data::MouseButton::Primary) {
                    on_grab.call(event);
                }
            },
            if writable {
                span { class: "tree-handle", "aria-hidden": "true", Icon { name: "grip-vertical" } }
            }
            if row.has_children {
                button {
                    class: "tree-twist",
                    r#type: "button",
                    tabindex: "-1",
                    "aria-hidden": "true",
                    onclick: move |event| {
                        event.stop_propagation();
                        on_toggle.call(());
                    },
                    Icon { name: "chevron-right" }
                }
            } else {
                span { class: "tree-twist" }
            }
            if renaming {
                RenameField { title: row.title.clone(), on_done: on_rename }
            } else {
                span { class: "tree-title", "{title}" }
                if !people.is_empty() {
                    span {
                        class: "tree-people",
                        "aria-hidden": "true",
                        title: text::names(&people),
                        "data-testid": "row-people",
                        for person in people.iter().take(MOST_IN_A_ROW) {
                            span {
                                key: "{person.name}-{person.hue}",
                                class: "avatar small",
                                style: "--peer: var(--peer-{person.hue + 1})",
                                "{person.initials}"
                            }
                        }
                        if people.len() > MOST_IN_A_ROW {
                            span { class: "avatar small more", "+{people.len() - MOST_IN_A_ROW}" }
                        }
                    }
                }
                if writable {
                    span { class: "tree-actions",
                        IconButton {
                            icon: "ellipsis",
                            label: text::MORE,
                            side: "right",
                            tabindex: "-1",
                            testid: "node-menu",
                            onclick: move |event: MouseEvent| {
                                event.stop_propagation();
                                let at = event.client_coordinates();
                                on_menu.call((at.x, at.y));
                            },
                        }
                    }
                }
            }
        }
    }
}

/// The field of a row that is being renamed. Enter and leaving it keep the new name, Escape the old one.
#[component]
fn RenameField(title: String, on_done: EventHandler<String>) -> Element {
    let mut ui = use_context::<Ui>();
    let draft = use_draft(title);
    let done = use_callback(move |keep: bool| {
        // Leaving the field follows its end, too: only the first of the two counts.
        if ui.renaming.peek().is_none() {
            return true;
        }
        let kept = if keep { draft.keep() } else { Kept::Nothing };
        if kept == Kept::NotYet {
            return false;
        }
        ui.renaming.set(None);
        if let Kept::Name(name) = kept {
            on_done.call(name);
        }
        true
    });
    let leave = use_callback(move |keep: bool| {
        let row = ui.renaming.peek().clone();
        if !done.call(keep) {
            ask_for_choice();
        } else if let Some(row) = row {
            page::focus_soon(format!("node-{row}"));
        }
    });
    rsx! {
        input {
            class: "tree-input",
            r#type: "text",
            value: "{draft.shown()}",
            maxlength: rename::MAX_TITLE as i64,
            spellcheck: "true",
            "aria-label": text::RENAME,
            "data-testid": "rename-input",
            onmounted: move |event| {
                if let Some(input) =
                    event.try_as_web_event().and_then(|it| it.dyn_into::<web_sys::HtmlInputElement>().ok())
                {
                    let _ = input.focus();
                    input.select();
                }
            },
            oninput: move |event| draft.edit(event.value()),
            oncompositionstart: move |_| draft.compose(),
            oncompositionend: move |_| draft.composed(),
            onclick: move |event| event.stop_propagation(),
            onblur: move |_| {
                done.call(true);
            },
            onkeydown: move |event| {
                // The tree's keys are letters here.
                event.stop_propagation();
                if page::is_composing(&event) {
                    return;
                }
                let keep = match event.key() {
                    Key::Enter => true,
                    Key::Escape => false,
                    _ => return,
                };
                event.prevent_default();
                leave.call(keep);
            },
        }
        Choice {
            draft,
            on_keep: move |()| leave.call(true),
            on_take: move |()| leave.call(false),
        }
    }
}
