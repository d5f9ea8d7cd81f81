//! The menus of the outline: what can be added, and what can be done with a node.

use super::act::{Act, use_act};
use super::shortcuts::shown;
use crate::components::{Item, Menu, Spot};
use crate::i18n::{structure, text};
use crate::page;
use crate::state::tree::{self, Place, Row, Shift};
use crate::state::ui::{Dialog, Ui};
use dioxus::prelude::*;
use inkhorn_protocol::projection::{NodeKind, OutlineView};
use inkhorn_protocol::{CourseId, NodeId};
use std::rc::Rc;

/// What can be added here.
#[component]
pub(super) fn AddMenu(
    spot: Spot,
    view: Rc<OutlineView>,
    course: CourseId,
    on_close: EventHandler<()>,
) -> Element {
    let ui = use_context::<Ui>();
    let act = use_act();
    let kinds = [
        (NodeKind::Lesson, "file-text", "Mod+N", "add-lesson"),
        (NodeKind::Section, "list-tree", "Mod+Alt+N", "add-section"),
        (NodeKind::Chapter, "folder", "Mod+Shift+N", "add-chapter"),
    ];
    // What has no place yet is not offered: a lesson needs a chapter.
    let kinds = kinds
        .into_iter()
        .filter(|(kind, ..)| tree::place_for_new(&view.nodes, ui.row.peek().as_ref(), *kind).is_some());
    let one = |(kind, icon, keys, testid): (NodeKind, &str, &str, &str)| {
        let (act, view, course) = (act.clone(), view.clone(), course.clone());
        rsx! {
            Item {
                key: "{testid}",
                label: text::new_of(kind),
                icon,
                keys: shown(keys),
                testid,
                onclick: move |()| {
                    on_close.call(());
                    act.add(&course, &view, kind, ui.row.peek().as_ref());
                },
            }
        }
    };
    rsx! {
        Menu { spot, label: text::ADD_TO_OUTLINE, on_close,
            for entry in kinds {
                {one(entry)}
            }
        }
    }
}

/// What can be done with a node.
#[component]
pub(super) fn NodeMenu(
    row: Row,
    rows: Rc<Vec<Row>>,
    view: Rc<OutlineView>,
    course: CourseId,
    spot: Spot,
    on_close: EventHandler<()>,
) -> Element {
    let mut ui = use_context::<Ui>();
    let act = use_act();
    let nodes = ui.selection.peek().acting(&view.nodes, Some(&row.id));
    let one = nodes.len() == 1;
    let moves = [
        (Shift::Up, text::MOVE_UP, "arrow-up", "Alt+↑"),
        (Shift::Down, text::MOVE_DOWN, "arrow-down", "Alt+↓"),
        (Shift::In, text::MOVE_IN, "arrow-right", "Alt+→"),
        (Shift::Out, text::MOVE_OUT, "arrow-left", "Alt+←"),
    ];
    let moves: Vec<_> = moves
        .into_iter()
        .filter_map(|(way, label, icon, keys)| {
            Some((tree::shift_all(&view.nodes, &nodes, way)?, label, icon, keys))
        })
        .collect();
    let adds: &[NodeKind] = match row.kind {
        NodeKind::Chapter => &[NodeKind::Lesson, NodeKind::Section, NodeKind::Chapter],
        NodeKind::Section => &[NodeKind::Lesson, NodeKind::Section],
        NodeKind::Lesson => &[NodeKind::Lesson],
    };
    let (rename, open, trash) = (row.id.clone(), row.id.clone(), (act.clone(), nodes.clone(), rows.clone()));
    let (copies, to_move, to_copy) = (
        (act.clone(), nodes.clone()),
        Dialog::MoveTo(course.clone(), nodes.clone()),
        Dialog::CopyTo(course.clone(), nodes.clone()),
    );
    let add = |kind: NodeKind| {
        let (act, view, course, node) = (act.clone(), view.clone(), course.clone(), row.id.clone());
        rsx! {
            Item {
                key: "{kind:?}",
                label: text::new_of(kind),
                icon: "plus",
                onclick: move |()| {
                    on_close.call(());
                    act.add(&course, &view, kind, Some(&node));
                },
            }
        }
    };
    let shift = |(place, label, icon, keys): (Place, &'static str, &'static str, &'static str)| {
        let (act, nodes) = (act.clone(), nodes.clone());
        let said = said(&view, &row.title, &place);
        rsx! {
            Item {
                key: "{label}",
                label,
                icon,
                keys: shown(keys),
                onclick: move |()| {
                    on_close.call(());
                    act.move_to(nodes.clone(), place.clone(), said.clone(), false);
                },
            }
        }
    };
    rsx! {
        Menu { spot, label: text::titled(&row.title), on_close,
            if one && row.kind == NodeKind::Lesson {
                Item {
                    label: text::OPEN,
                    icon: "file-text",
                    keys: "Space",
                    onclick: move |()| {
                        on_close.call(());
                        ui.open_lesson(open.clone());
                    },
                }
            }
            if one {
                Item {
                    label: text::RENAME,
                    icon: "pencil",
                    keys: "F2",
                    testid: "rename",
                    onclick: move |()| {
                        on_close.call(());
                        ui.renaming.set(Some(rename.clone()));
                    },
                }
            } else {
                div { class: "menu-title", {structure::selected(nodes.len())} }
            }
            Item {
                label: structure::DUPLICATE,
                icon: "copy",
                keys: shown("Mod+D"),
                testid: "duplicate",
                onclick: move |()| {
                    on_close.call(());
                    copies.0.duplicate(copies.1.clone());
                },
            }
            if one {
                div { class: "menu-separator", role: "separator" }
                for kind in adds.iter().copied() {
                    {add(kind)}
                }
            }
            div { class: "menu-separator", role: "separator" }
            Item {
                label: structure::MOVE_TO,
                icon: "folder",
                keys: shown("Mod+Shift+M"),
                testid: "move-to",
                onclick: move |()| {
                    on_close.call(());
                    ui.ask(to_move.clone());
                },
            }
            Item {
                label: structure::COPY_TO,
                icon: "library",
                testid: "copy-to",
                onclick: move |()| {
                    on_close.call(());
                    ui.ask(to_copy.clone());
                },
            }
            for entry in moves {
                {shift(entry)}
            }
            div { class: "menu-separator", role: "separator" }
            Item {
                label: text::TO_TRASH,
                icon: "trash-2",
                keys: "Del",
                testid: "trash",
                danger: true,
                onclick: move |()| {
                    on_close.call(());
                    go_to_trash(&trash.0, ui, &trash.2, trash.1.clone());
                },
            }
        }
    }
}

/// Trashes nodes; the focus goes to what stays beside them.
pub(super) fn go_to_trash(act: &Act, mut ui: Ui, rows: &[Row], nodes: Vec<NodeId>) {
    let next = tree::neighbour(rows, &nodes);
    act.trash(nodes);
    if let Some(next) = &next {
        page::focus_soon(format!("node-{next}"));
    }
    ui.row.set(next);
}

/// What assistive technology says about a move.
pub(super) fn said(view: &OutlineView, title: &str, place: &Place) -> String {
    let siblings = match &place.to {
        None => Some(view.nodes.as_slice()),
        Some(to) => tree::find(&view.nodes, to).map(|(_, node)| node.children.as_slice()),
    };
    let siblings = siblings.unwrap_or_default();
    let position = place
        .before
        .as_ref()
        .and_then(|before| siblings.iter().position(|node| &node.id == before))
        .unwrap_or(siblings.len());
    text::moved(title, position + 1, siblings.len().max(position + 1))
}
