//! The sidebar: which course, its outline, the state of sync.

use super::act::use_act;
use super::courses::CourseMenu;
use super::outline::Outline;
use super::shortcuts::shown;
use super::sync::PillButton;
use crate::components::{Icon, IconButton, Spot};
use crate::hooks::use_query;
use crate::i18n::text;
use crate::state::ui::{Dialog, Ui};
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::OutlineView;

/// The sidebar, or the drawer in a narrow window.
#[component]
pub(crate) fn Sidebar() -> Element {
    let ui = use_context::<Ui>();
    let course = ui.course.read().clone();
    rsx! {
        aside { class: "sidebar", "data-testid": "sidebar", "aria-label": text::OUTLINE,
            match course {
                Some(course) => rsx! {
                    CourseHead { key: "{course}", course: course.clone() }
                    Outline { course }
                },
                None => rsx! {
                    Shelf {}
                },
            }
            footer { class: "sidebar-foot", PillButton { testid: "sync-pill" } }
        }
    }
}

#[component]
fn CourseHead(course: CourseId) -> Element {
    let ui = use_context::<Ui>();
    let outline = use_query::<OutlineView>(QueryKey::Outline { course: course.clone() });
    let mut menu = use_signal(|| None::<Spot>);
    let title = outline.data().map(|view| view.title.clone()).unwrap_or_default();
    rsx! {
        header { class: "sidebar-head",
            button {
                id: "course-switch",
                class: "course-switch",
                r#type: "button",
                "aria-haspopup": "menu",
                "aria-expanded": menu.read().is_some().to_string(),
                "aria-label": "{text::SWITCH_COURSE}: {title}",
                "data-testid": "course-switch",
                onclick: move |_| menu.set(Spot::below("course-switch")),
                span { class: "course-switch-title", {text::titled(&title)} }
                Icon { name: "chevron-down" }
            }
            IconButton {
                icon: "panel-left",
                label: text::HIDE_SIDEBAR,
                keys: shown("Mod+\\"),
                testid: "hide-sidebar",
                onclick: move |_| ui.toggle_sidebar(),
            }
        }
        if let Some(spot) = menu() {
            CourseMenu { spot, on_close: move |()| menu.set(None) }
        }
    }
}

/// What can be done while no course is open.
#[component]
fn Shelf() -> Element {
    let ui = use_context::<Ui>();
    let act = use_act();
    let file = act.clone();
    rsx! {
        header { class: "sidebar-head",
            span { class: "course-switch-title", {text::APP} }
        }
        nav { class: "sidebar-body", "aria-label": text::COURSES,
            button { class: "menu-item", r#type: "button", onclick: move |_| ui.ask(Dialog::Import),
                Icon { name: "folder-plus" }
                span { class: "grow", {text::IMPORT_FOLDER} }
            }
            button { class: "menu-item", r#type: "button", onclick: move |_| act.new_course(),
                Icon { name: "plus" }
                span { class: "grow", {text::NEW_COURSE} }
            }
            button { class: "menu-item", r#type: "button", onclick: move |_| file.open_file(),
                Icon { name: "folder-open" }
                span { class: "grow", {text::OPEN_FILE} }
            }
        }
    }
}
