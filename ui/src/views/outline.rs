//! The outline: a WAI-ARIA tree with one tab stop. Arrows walk, Alt+arrows move, a drag moves too.

use super::act::use_act;
use super::outline_menu::{AddMenu, NodeMenu, go_to_trash, said};
use super::row::{TreeRow, element_id};
use super::shortcuts::shown;
use super::trash::{Recovered, Trash};
use crate::components::{Empty, Icon, Skeleton, Spot};
use crate::hooks::{use_query, use_rights};
use crate::i18n::text;
use crate::page;
use crate::state::rights::{Rights, changes_the_outline};
use crate::state::tree::{self, Arrow, Place, Row, Shift, Step};
use crate::state::ui::Ui;
use dioxus::prelude::*;
use dioxus::web::WebEventExt as _;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{NodeKind, OutlineView};
use inkhorn_protocol::{CourseId, NodeId};
use std::collections::HashSet;
use std::rc::Rc;

const TREE: &str = "outline-tree";

/// How far the pointer moves before a press becomes a drag, in CSS pixels.
const DRAG_AFTER: f64 = 5.0;

/// Pause after which typed letters begin a new search, in milliseconds.
const TYPED_MS: u64 = 800;

#[derive(Debug, Clone, PartialEq)]
struct Drag {
    node: NodeId,
    from_y: f64,
    /// It has moved far enough.
    moving: bool,
    drop: Option<tree::Drop>,
}

/// Puts the focus into the outline.
pub(super) fn focus_tree() {
    let row = page::element(TREE).and_then(|it| it.query_selector("[tabindex='0']").ok().flatten());
    if let Some(row) = row {
        page::focus(&row.id());
    }
}

/// Outline, Recovered and Trash of a course.
#[component]
pub(super) fn Outline(course: CourseId) -> Element {
    let mut ui = use_context::<Ui>();
    let act = use_act();
    let outline = use_query::<OutlineView>(QueryKey::Outline { course: course.clone() });
    let rights = use_rights(course.clone());
    let mut add_menu = use_signal(|| None::<Spot>);

    let (wants, of) = (act.clone(), course.clone());
    use_effect(move || {
        let Some(kind) = *ui.wanted.read() else { return };
        match &*rights.read() {
            // It is answered in a moment.
            Rights::Unknown => return,
            Rights::Read(why) => {
                ui.wanted.set(None);
                ui.tell(why.clone());
                return;
            }
            Rights::Write => ui.wanted.set(None),
        }
        if let Some(view) = outline.peek() {
            wants.add(&of, &view, kind, ui.row.peek().as_ref());
        }
    });
    // A row that moved in the page loses the focus; it gets it back.
    use_effect(move || {
        let _ = outline.data();
        spawn(async move {
            page::sleep(0).await;
            let lost = page::document()
                .and_then(|document| document.active_element())
                .is_none_or(|active| active.tag_name() == "BODY");
            let row = ui.row.peek().clone();
            if lost
                && *ui.in_tree.peek()
                && ui.dialog.peek().is_none()
                && let Some(row) = row
            {
                page::focus(&format!("node-{row}"));
            }
        });
    });

    let Some(view) = outline.data() else {
        return rsx! {
            nav { class: "sidebar-body",
                if let Some(error) = outline.error() {
                    p { class: "banner", "data-kind": "trouble", "{error}" }
                } else {
                    Skeleton { lines: 6 }
                }
            }
        };
    };
    let first = (act.clone(), course.clone());
    let now = rights();
    rsx! {
        nav { class: "sidebar-body", "aria-label": text::OUTLINE,
            div { class: "sidebar-section",
                h2 { class: "section-title", id: "outline-title", {text::OUTLINE} }
                if now.may_write() {
                    button {
                        id: "add",
                        class: "icon-button",
                        r#type: "button",
                        "aria-label": text::ADD_TO_OUTLINE,
                        "aria-haspopup": "menu",
                        "data-tip": "{text::ADD}  {shown(\"Mod+N\")}",
                        "data-tip-side": "bottom",
                        "data-testid": "add",
                        onclick: move |_| add_menu.set(Spot::below("add")),
                        Icon { name: "plus" }
                    }
                } else if let Some(why) = now.reason() {
                    // The page beside it says the whole sentence.
                    span { title: why, "data-testid": "read-only", {text::READ_ONLY} }
                }
            }
            if let Some(spot) = add_menu().filter(|_| now.may_write()) {
                AddMenu {
                    spot,
                    view: view.clone(),
                    course: course.clone(),
                    on_close: move |()| add_menu.set(None),
                }
            }
            if view.nodes.is_empty() {
                Empty {
                    title: text::EMPTY_OUTLINE,
                    hint: if now.reason().is_some() { text::EMPTY_OUTLINE_READ } else { text::EMPTY_OUTLINE_HINT },
                    testid: "empty-outline",
                    if now.may_write() {
                        button {
                            class: "button primary",
                            r#type: "button",
                            "data-testid": "first-chapter",
                            onclick: move |_| {
                                first.0.add_at(first.1.clone(), NodeKind::Chapter, Place { to: None, before: None });
                            },
                            {text::ADD_FIRST_CHAPTER}
                        }
                    }
                }
            } else {
                Tree { view: view.clone(), course: course.clone(), rights: now.clone() }
            }
            if !view.recovered.is_empty() {
                Recovered { view: view.clone(), writable: now.may_write() }
            }
            if !view.trash.is_empty() {
                Trash { view: view.clone(), writable: now.may_write() }
            }
        }
    }
}

#[component]
fn Tree(view: Rc<OutlineView>, course: CourseId, rights: Rights) -> Element {
    let mut ui = use_context::<Ui>();
    let act = use_act();
    let collapsed: HashSet<NodeId> = ui.prefs.read().collapsed.iter().cloned().collect();
    let rows = Rc::new(tree::rows(&view.nodes, &collapsed));
    let collapsed = Rc::new(collapsed);
    let mut drag = use_signal(|| None::<Drag>);
    let mut typed = use_signal(|| (String::new(), 0u64));
    let mut menu = use_signal(|| None::<(Row, Spot)>);

    // The tab stop: the row that the keyboard is at, else the open lesson's, else the first.
    let at = ui.row.read().clone();
    let open = ui.lesson.read().clone();
    let stop = [at, open.clone()]
        .into_iter()
        .flatten()
        .find(|id| rows.iter().any(|row| &row.id == id))
        .or_else(|| rows.first().map(|row| row.id.clone()));
    let writable = rights.may_write();
    let renaming = ui.renaming.read().clone().filter(|_| writable);

    let toggle = use_callback(move |node: NodeId| {
        let mut prefs = ui.prefs.write();
        if !prefs.collapsed.remove(&node) {
            prefs.collapsed.insert(node);
        }
    });
    let keys = {
        let (act, view, rows, stop) = (act.clone(), view.clone(), rows.clone(), stop.clone());
        move |event: KeyboardEvent| {
            let Some(at) = stop.clone() else { return };
            let Some(row) = rows.iter().find(|row| row.id == at) else { return };
            let alt = event.modifiers().contains(Modifiers::ALT);
            if !writable && changes_the_outline(&event.key().to_string(), alt) {
                event.prevent_default();
                event.stop_propagation();
                if let Some(why) = rights.reason() {
                    ui.tell(why);
                }
                return;
            }
            if event.modifiers() == Modifiers::ALT {
                let Some(way) = way(&event.key()) else { return };
                event.prevent_default();
                event.stop_propagation();
                if let Some(place) = tree::shift(&view.nodes, &at, way) {
                    act.move_to(at, place.clone(), said(&view, &row.title, &place));
                }
                return;
            }
            if !event.modifiers().difference(Modifiers::SHIFT).is_empty() {
                return;
            }
            let handled = match event.key() {
                Key::Enter | Key::F2 => {
                    ui.renaming.set(Some(at));
                    true
                }
                Key::Delete => {
                    go_to_trash(&act, ui, &rows, row);
                    true
                }
                Key::Escape if drag.peek().is_some() => {
                    drag.set(None);
                    true
                }
                Key::Character(letter) if letter == " " => {
                    if row.kind == NodeKind::Lesson {
                        ui.open_lesson(at)
                    } else {
                        toggle.call(at)
                    }
                    true
                }
                Key::Character(letter) => {
                    let now = page::now_ms();
                    let (before, then) = typed.peek().clone();
                    let text = if now - then > TYPED_MS { letter } else { before + &letter };
                    // A first letter goes on to the next match, more letters may stay at this one.
                    let from = (text.chars().count() == 1).then_some(&at);
                    if let Some(found) = tree::type_ahead(&rows, from, &text) {
                        page::focus(&format!("node-{found}"));
                    }
                    typed.set((text, now));
                    true
                }
                key => arrow(&key).is_some_and(|arrow| {
                    match tree::step(&rows, &at, arrow) {
                        Step::Focus(node) => page::focus(&format!("node-{node}")),
                        Step::Expand(node) | Step::Collapse(node) => toggle.call(node),
                        Step::Stay => {}
                    }
                    true
                }),
            };
            if handled {
                event.prevent_default();
                event.stop_propagation();
            }
        }
    };
    let moves = {
        let (view, collapsed) = (view.clone(), collapsed.clone());
        move |event: PointerEvent| {
            let Some(mut now) = drag.peek().clone() else { return };
            let y = event.client_coordinates().y;
            if !now.moving {
                if (y - now.from_y).abs() < DRAG_AFTER {
                    return;
                }
                now.moving = true;
                if let (Some(tree), Some(event)) = (page::element(TREE), event.try_as_web_event()) {
                    // From now on the tree hears the pointer wherever it is, and no row is clicked at the end.
                    let _ = tree.set_pointer_capture(event.pointer_id());
                }
            }
            event.prevent_default();
            now.drop = row_at(y).and_then(|(over, fraction)| {
                tree::drop_on(&view.nodes, &collapsed, &now.node, &over, fraction)
            });
            if drag.peek().as_ref() != Some(&now) {
                drag.set(Some(now));
            }
        }
    };
    let drop = {
        let (act, view) = (act.clone(), view.clone());
        move |_: PointerEvent| {
            let Some(done) = drag.peek().clone() else { return };
            drag.set(None);
            if let Some(to) = done.drop {
                let title = tree::find(&view.nodes, &done.node).map(|(_, node)| node.title.clone());
                let said = said(&view, &title.unwrap_or_default(), &to.place);
                act.move_to(done.node, to.place, said);
            }
        }
    };

    let carried = drag.read().clone().filter(|drag| drag.moving);
    let row_of = |row: &Row| {
        let (node, for_toggle, for_drag, for_menu) =
            (row.id.clone(), row.id.clone(), row.id.clone(), row.clone());
        let (act, to_rename) = (act.clone(), row.id.clone());
        let mark = carried.as_ref().and_then(|drag| drag.drop.as_ref()).filter(|drop| drop.row == row.id);
        rsx! {
            TreeRow {
                key: "{row.id}",
                row: row.clone(),
                open: open.as_ref() == Some(&row.id),
                tab: stop.as_ref() == Some(&row.id),
                renaming: renaming.as_ref() == Some(&row.id),
                dragged: carried.as_ref().is_some_and(|drag| drag.node == row.id),
                mark: mark.map(|drop| drop.mark),
                writable,
                on_open: move |()| ui.open_lesson(node.clone()),
                on_toggle: move |()| toggle.call(for_toggle.clone()),
                on_rename: move |title| act.rename(to_rename.clone(), title),
                on_menu: move |(x, y)| menu.set(Some((for_menu.clone(), Spot { x, y, back: None }))),
                on_grab: move |event: PointerEvent| {
                    drag.set(Some(Drag {
                        node: for_drag.clone(),
                        from_y: event.client_coordinates().y,
                        moving: false,
                        drop: None,
                    }));
                },
            }
        }
    };
    rsx! {
        div {
            id: TREE,
            class: "tree",
            role: "tree",
            "aria-labelledby": "outline-title",
            "data-testid": "tree",
            "data-dragging": carried.is_some().then_some("true"),
            onkeydown: keys,
            onpointermove: moves,
            onpointerup: drop,
            onpointercancel: move |_| drag.set(None),
            for row in rows.iter() {
                {row_of(row)}
            }
        }
        if let Some((row, spot)) = menu().filter(|_| writable) {
            NodeMenu {
                row,
                rows: rows.clone(),
                view: view.clone(),
                course: course.clone(),
                spot,
                on_close: move |()| {
                    let row = menu.peek().as_ref().map(|(row, _)| element_id(row));
                    menu.set(None);
                    if let Some(row) = row {
                        page::focus_soon(row);
                    }
                },
            }
        }
    }
}

/// The row under this height and how far down it the pointer is, 0 to 1.
fn row_at(y: f64) -> Option<(NodeId, f64)> {
    let tree = page::element(TREE)?;
    let across = tree.get_bounding_client_rect();
    // Near the start of the row, so that no tooltip or menu button is hit.
    let under = page::document()?.element_from_point((across.left() + 24.0) as f32, y as f32)?;
    let row = under.closest("[data-node]").ok().flatten().filter(|row| tree.contains(Some(row)))?;
    let rect = row.get_bounding_client_rect();
    let fraction = ((y - rect.top()) / rect.height().max(1.0)).clamp(0.0, 1.0);
    Some((row.get_attribute("data-node")?.parse().ok()?, fraction))
}

fn arrow(key: &Key) -> Option<Arrow> {
    Some(match key {
        Key::ArrowDown => Arrow::Down,
        Key::ArrowUp => Arrow::Up,
        Key::ArrowLeft => Arrow::Left,
        Key::ArrowRight => Arrow::Right,
        Key::Home => Arrow::Home,
        Key::End => Arrow::End,
        _ => return None,
    })
}

fn way(key: &Key) -> Option<Shift> {
    Some(match key {
        Key::ArrowUp => Shift::Up,
        Key::ArrowDown => Shift::Down,
        Key::ArrowRight => Shift::In,
        Key::ArrowLeft => Shift::Out,
        _ => return None,
    })
}
