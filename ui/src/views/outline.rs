//! The outline of a course, what was recovered, and its trash.

use super::act::use_act;
use super::outline_menu::AddMenu;
use super::shortcuts::shown;
use super::trash::{Recovered, Trash};
use super::tree::{Tree, rows_seen};
use crate::components::{Empty, Icon, Skeleton, Spot};
use crate::hooks::{use_query, use_rights};
use crate::i18n::text;
use crate::page;
use crate::state::rights::Rights;
use crate::state::tree::Place;
use crate::state::ui::Ui;
use crate::state::virtual_rows;
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{NodeKind, OutlineView};

/// Outline, Recovered and Trash of a course.
#[component]
pub(super) fn Outline(course: CourseId) -> Element {
    let mut ui = use_context::<Ui>();
    let act = use_act();
    let outline = use_query::<OutlineView>(QueryKey::Outline { course: course.clone() });
    let rights = use_rights(course.clone());
    let mut add_menu = use_signal(|| None::<Spot>);
    let mut seen = use_signal(|| virtual_rows::AT_FIRST);
    let mut look = move || {
        if let Some(now) = rows_seen()
            && *seen.peek() != now
        {
            seen.set(now);
        }
    };

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
        nav {
            class: "sidebar-body",
            "aria-label": text::OUTLINE,
            onmounted: move |_| look(),
            onscroll: move |_| look(),
            onresize: move |_| look(),
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
                Tree { view: view.clone(), course: course.clone(), rights: now.clone(), seen }
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
