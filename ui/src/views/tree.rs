//! The rows of the outline, of which only those near what is seen are in the page: a WAI-ARIA tree with one tab stop.
//! Arrows walk, Alt+arrows move, a drag moves too.

use super::act::use_act;
use super::outline_menu::{NodeMenu, go_to_trash, said};
use super::row::{TreeRow, element_id};
use crate::components::Spot;
use crate::hooks::{use_presence, use_sharing};
use crate::i18n::structure;
use crate::page;
use crate::state::presence;
use crate::state::rights::{Rights, changes_the_outline};
use crate::state::tree::{self, Arrow, Row, Shift, Step};
use crate::state::ui::Dialog;
use crate::state::ui::Ui;
use crate::state::virtual_rows;
use dioxus::core::spawn_forever;
use dioxus::prelude::*;
use dioxus::web::WebEventExt as _;
use inkhorn_protocol::projection::{NodeKind, OutlineView};
use inkhorn_protocol::{CourseId, NodeId};
use std::collections::HashSet;
use std::ops::Range;
use std::rc::Rc;

const TREE: &str = "outline-tree";

/// How far the pointer moves before a press becomes a drag, in CSS pixels.
const DRAG_AFTER: f64 = 5.0;

/// Height of the strips at the edges in which a drag scrolls, in CSS pixels.
const EDGE: f64 = 40.0;

/// How far a drag scrolls in a frame at most: some 25 rows a second.
const FASTEST: f64 = 14.0;

/// A frame, in milliseconds.
const FRAME_MS: i32 = 16;

/// How long a row may take to come into the page, in frames: seconds, on a computer with much to do.
const FRAMES_FOR_A_ROW: u32 = 300;

/// Pause after which typed letters begin a new search, in milliseconds.
const TYPED_MS: u64 = 800;

#[derive(Debug, Clone, PartialEq)]
struct Drag {
    /// What is carried, in its order.
    nodes: Vec<NodeId>,
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

/// Puts the focus on a row that a key led to. One that is too far away to be in the page, or is about to come into the
/// outline, has it as soon as it is there: unless the author went on to another row or to a text meanwhile.
pub(super) fn focus_row(ui: Ui, node: NodeId) {
    focus_row_from(ui, node, page::focused_field());
}

/// The same, of a wish that took time: `field` is the text that the author was in when it was made.
pub(super) fn focus_row_from(mut ui: Ui, node: NodeId, field: Option<web_sys::Element>) {
    let id = format!("node-{node}");
    ui.row.set(Some(node.clone()));
    let over = move || {
        let text = page::focused_field();
        let elsewhere = ui.row.peek().as_ref() != Some(&node) || (text.is_some() && text != field);
        let there = page::element(&id).is_some();
        if there && !elsewhere {
            page::focus_by_key(&id);
        }
        there || elsewhere
    };
    if over() {
        return;
    }
    spawn_forever(async move {
        for _ in 0..FRAMES_FOR_A_ROW {
            page::sleep(FRAME_MS).await;
            if over() {
                return;
            }
        }
    });
}

/// What scrolls the tree.
fn area() -> Option<web_sys::Element> {
    page::element(TREE)?.closest(".sidebar-body").ok()?
}

/// How far the tree scrolls in a frame while something is dragged at this height, in pixels: nothing in the middle, up
/// (negative) or down near an edge, the faster the nearer.
fn edge_speed(y: f64) -> f64 {
    let Some(area) = area().map(|area| area.get_bounding_client_rect()) else { return 0.0 };
    let speed = |depth: f64| (depth / EDGE).clamp(0.0, 1.0) * FASTEST;
    speed(y - (area.bottom() - EDGE)) - speed(area.top() + EDGE - y)
}

/// The rows that should be in the page, after the area around the tree was scrolled or became higher.
pub(super) fn rows_seen() -> Option<Range<usize>> {
    let (tree, area) = (page::element(TREE)?, area()?);
    let row = tree.query_selector("[data-node]").ok()??.get_bounding_client_rect().height();
    let top = area.get_bounding_client_rect().top() - tree.get_bounding_client_rect().top();
    Some(virtual_rows::seen(top, f64::from(area.client_height()), row))
}

#[component]
pub(super) fn Tree(
    view: Rc<OutlineView>,
    course: CourseId,
    rights: Rights,
    /// What [`rows_seen`] said last.
    seen: Signal<Range<usize>>,
) -> Element {
    let mut ui = use_context::<Ui>();
    let act = use_act();
    let collapsed: HashSet<NodeId> = ui.prefs.read().collapsed.iter().cloned().collect();
    let rows = Rc::new(tree::rows(&view.nodes, &collapsed));
    let (signed_in, shared) = use_sharing(&course);
    let peers = use_presence(course.clone(), signed_in && shared == Some(true)).data();
    let people =
        presence::at_rows(peers.as_ref().map_or(&[], |peers| peers.as_slice()), &view.nodes, &collapsed);
    let collapsed = Rc::new(collapsed);
    let mut drag = use_signal(|| None::<Drag>);
    let mut pointer_y = use_signal(|| 0.0);
    let mut rolls = use_signal(|| false);
    let mut typed = use_signal(|| (String::new(), 0u64));
    let mut menu = use_signal(|| None::<(Row, Spot)>);
    let mut before_press = use_signal(|| None::<NodeId>);

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

    // The tab stop, the open lesson and what is being typed in stay in the page wherever it is scrolled to.
    let always = [&stop, &open, &renaming]
        .map(|it| it.as_ref().and_then(|id| rows.iter().position(|row| &row.id == id)));
    let (placed, below) = virtual_rows::place(rows.len(), &seen.read(), always.into_iter().flatten());
    // A lesson that was opened from elsewhere comes into view.
    use_effect(move || {
        let Some(lesson) = ui.lesson.read().clone() else { return };
        page::reveal_soon(format!("node-{lesson}"));
    });

    let toggle = use_callback(move |node: NodeId| {
        let mut prefs = ui.prefs.write();
        if !prefs.collapsed.remove(&node) {
            prefs.collapsed.insert(node);
        }
    });
    let keys = {
        let (act, view, rows, stop) = (act.clone(), view.clone(), rows.clone(), stop.clone());
        let of = course.clone();
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
            // What a command is about: the selection, or the row.
            let acting = || ui.selection.peek().acting(&view.nodes, Some(&at));
            if event.modifiers() == Modifiers::ALT {
                let Some(way) = way(&event.key()) else { return };
                event.prevent_default();
                event.stop_propagation();
                let nodes = acting();
                if let Some(place) = tree::shift_all(&view.nodes, &nodes, way) {
                    let said = said(&view, &row.title, &place);
                    act.move_to(nodes, place, said, false);
                }
                return;
            }
            if selects(ui, &event, &rows, &at) {
                event.prevent_default();
                event.stop_propagation();
                return;
            }
            let main = if page::is_mac() { Modifiers::META } else { Modifiers::CONTROL };
            let command = match event.code() {
                Code::KeyD if event.modifiers() == main => Some(Command::Duplicate),
                Code::KeyM if event.modifiers() == main | Modifiers::SHIFT => Some(Command::MoveTo),
                _ => None,
            };
            if let Some(command) = command.filter(|_| writable) {
                event.prevent_default();
                event.stop_propagation();
                match command {
                    Command::Duplicate => act.duplicate(acting()),
                    Command::MoveTo => ui.ask(Dialog::MoveTo(of.clone(), acting())),
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
                    go_to_trash(&act, ui, &rows, acting());
                    true
                }
                Key::Escape if drag.peek().is_some() => {
                    drag.set(None);
                    true
                }
                Key::Escape if !ui.selection.peek().is_empty() => {
                    ui.selection.write().clear();
                    true
                }
                // Within a title that is being typed it is a letter.
                Key::Character(letter)
                    if letter == " " && page::now_ms().abs_diff(typed.peek().1) > TYPED_MS =>
                {
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
                    // The clock may have been put back since.
                    let text = if now.abs_diff(then) > TYPED_MS { letter } else { before + &letter };
                    // A first letter goes on to the next match, more letters may stay at this one.
                    let from = (text.chars().count() == 1).then_some(&at);
                    if let Some(found) = tree::type_ahead(&rows, from, &text) {
                        focus_row(ui, found);
                    }
                    typed.set((text, now));
                    true
                }
                key => arrow(&key).is_some_and(|arrow| {
                    match tree::step(&rows, &at, arrow) {
                        Step::Focus(node) => focus_row(ui, node),
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
    // Where a drop would go now.
    let mut track = {
        let (view, collapsed) = (view.clone(), collapsed.clone());
        move |y: f64| {
            let Some(mut now) = drag.peek().clone() else { return };
            now.drop = row_at(y).and_then(|(over, fraction)| {
                tree::drop_on(&view.nodes, &collapsed, &now.nodes, &over, fraction)
            });
            if drag.peek().as_ref() != Some(&now) {
                drag.set(Some(now));
            }
        }
    };
    let moves = move |event: PointerEvent| {
        let Some(now) = drag.peek().clone() else { return };
        let y = event.client_coordinates().y;
        if !now.moving {
            if (y - now.from_y).abs() < DRAG_AFTER {
                return;
            }
            drag.set(Some(Drag { moving: true, ..now }));
            if let (Some(tree), Some(event)) = (page::element(TREE), event.try_as_web_event()) {
                // From now on the tree hears the pointer wherever it is, and no row is clicked at the end.
                let _ = tree.set_pointer_capture(event.pointer_id());
            }
        }
        event.prevent_default();
        track(y);
        pointer_y.set(y);
        if edge_speed(y) == 0.0 || *rolls.peek() {
            return;
        }
        // Near an edge the rows go on passing by while the pointer rests.
        rolls.set(true);
        let mut track = track.clone();
        spawn(async move {
            loop {
                page::sleep(FRAME_MS).await;
                let y = *pointer_y.peek();
                let speed = edge_speed(y);
                if speed == 0.0 || !drag.peek().as_ref().is_some_and(|drag| drag.moving) {
                    break;
                }
                if let Some(area) = area() {
                    area.set_scroll_top(area.scroll_top() + speed as i32);
                }
                track(y);
            }
            rolls.set(false);
        });
    };
    let drop = {
        let (act, view) = (act.clone(), view.clone());
        move |_: PointerEvent| {
            let Some(done) = drag.peek().clone() else { return };
            drag.set(None);
            if let Some(to) = done.drop {
                let first = done.nodes.first().and_then(|first| tree::find(&view.nodes, first));
                let title = first.map(|(_, node)| node.title.clone()).unwrap_or_default();
                let said = said(&view, &title, &to.place);
                let several = done.nodes.len() > 1;
                act.move_to(done.nodes, to.place, said, several);
            }
        }
    };

    let carried = drag.read().clone().filter(|drag| drag.moving);
    let selection = ui.selection.read().clone();
    let row_of = |row: &Row, gap: usize| {
        let (node, for_toggle, for_drag, for_menu) =
            (row.id.clone(), row.id.clone(), row.id.clone(), row.clone());
        let (act, to_rename) = (act.clone(), row.id.clone());
        let (to_select, all, nodes) = (row.id.clone(), rows.clone(), view.clone());
        let mark = carried.as_ref().and_then(|drag| drag.drop.as_ref()).filter(|drop| drop.row == row.id);
        rsx! {
            TreeRow {
                key: "{row.id}",
                row: row.clone(),
                gap,
                open: open.as_ref() == Some(&row.id),
                tab: stop.as_ref() == Some(&row.id),
                renaming: renaming.as_ref() == Some(&row.id),
                selected: (!selection.is_empty()).then(|| selection.has(&row.id)),
                dragged: carried.as_ref().is_some_and(|drag| drag.nodes.contains(&row.id)),
                mark: mark.map(|drop| drop.mark),
                people: people.get(&row.id).cloned().unwrap_or_default(),
                writable,
                on_open: move |()| ui.open_lesson(node.clone()),
                on_select: move |range: bool| {
                    let from = before_press.peek().clone();
                    let mut selection = ui.selection.write();
                    if range {
                        selection.extend(&all, from.as_ref().unwrap_or(&to_select), &to_select);
                    } else {
                        selection.toggle(&to_select, from.as_ref());
                    }
                    let count = selection.len();
                    std::mem::drop(selection);
                    ui.say(structure::selected(count));
                },
                on_toggle: move |()| toggle.call(for_toggle.clone()),
                on_rename: move |title| act.rename(to_rename.clone(), title),
                on_menu: move |(x, y)| {
                    // A menu of a row beside the selection is about that row.
                    if !ui.selection.peek().has(&for_menu.id) {
                        ui.selection.write().clear();
                    }
                    menu.set(Some((for_menu.clone(), Spot { x, y, back: None })));
                },
                on_grab: move |event: PointerEvent| {
                    drag.set(Some(Drag {
                        nodes: if ui.selection.peek().has(&for_drag) {
                            ui.selection.peek().acting(&nodes.nodes, None)
                        } else {
                            vec![for_drag.clone()]
                        },
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
            "aria-multiselectable": "true",
            "aria-labelledby": "outline-title",
            "data-testid": "tree",
            style: "padding-block-end: calc({below} * var(--row))",
            "data-dragging": carried.is_some().then_some("true"),
            onkeydown: keys,
            // The row that the user was at, before the press gives the focus to another one.
            onpointerdown: move |_| before_press.set(ui.row.peek().clone()),
            onpointermove: moves,
            onpointerup: drop,
            onpointercancel: move |_| drag.set(None),
            // Not a loop of the markup: in one, the rows' keys would not count, and a row would lose the focus to another.
            {placed.iter().filter_map(|at| Some(row_of(rows.get(at.index)?, at.gap)))}
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

/// Commands on what is selected that have a shortcut of their own.
enum Command {
    Duplicate,
    MoveTo,
}

/// Keys that change what is selected; whether this was one of them.
fn selects(mut ui: Ui, event: &KeyboardEvent, rows: &[Row], at: &NodeId) -> bool {
    let main = if page::is_mac() { Modifiers::META } else { Modifiers::CONTROL };
    let held = event.modifiers();
    let key = event.key();
    if held == Modifiers::SHIFT
        && let Some(way @ (Arrow::Up | Arrow::Down | Arrow::Home | Arrow::End)) = arrow(&key)
    {
        if let Step::Focus(next) = tree::step(rows, at, way) {
            ui.selection.write().extend(rows, at, &next);
            focus_row(ui, next);
        }
    } else if held == Modifiers::CONTROL && matches!(&key, Key::Character(letter) if letter == " ") {
        ui.selection.write().toggle(at, None);
    } else if held == main && event.code() == Code::KeyA {
        ui.selection.write().all(rows);
    } else {
        return false;
    }
    ui.say(structure::selected(ui.selection.peek().len()));
    true
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
