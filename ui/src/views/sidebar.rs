//! The sidebar: which course, its outline, the state of sync.

use super::act::use_act;
use super::courses::CourseMenu;
use super::draft::{Choice, Kept, ask_for_choice, use_draft};
use super::outline::Outline;
use super::shortcuts::shown;
use super::sync::PillButton;
use crate::components::{Icon, IconButton, Spot};
use crate::forms::rename;
use crate::hooks::use_query;
use crate::i18n::text;
use crate::page;
use crate::state::ui::{Dialog, Ui};
use dioxus::prelude::*;
use dioxus::web::WebEventExt as _;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{CourseSummary, OutlineView};
use wasm_bindgen::JsCast as _;

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
    // A remembered course that is not in this profile (any more).
    let courses = use_query::<Vec<CourseSummary>>(QueryKey::Courses);
    let of = course.clone();
    use_effect(move || {
        let known = courses.data().is_none_or(|all| all.iter().any(|one| one.id == of));
        if !known && outline.data().is_none() && outline.error().is_some() {
            ui.open_course(None);
        }
    });
    rsx! {
        header { class: "sidebar-head",
            if *ui.renaming_course.read() {
                CourseName { course: course.clone(), title: title.clone() }
            } else {
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

/// The course's name while it is being changed. Enter and leaving it keep the new one, Escape the old one.
#[component]
fn CourseName(course: CourseId, title: String) -> Element {
    let mut ui = use_context::<Ui>();
    let act = use_act();
    let draft = use_draft(title);
    let done = use_callback(move |keep: bool| {
        // Leaving the field follows its end, too: only the first of the two counts.
        if !*ui.renaming_course.peek() {
            return true;
        }
        let kept = if keep { draft.keep() } else { Kept::Nothing };
        if kept == Kept::NotYet {
            return false;
        }
        ui.renaming_course.set(false);
        if let Kept::Name(name) = kept {
            act.rename_course(course.clone(), name);
        }
        page::focus_soon("course-switch".to_owned());
        true
    });
    let leave = move |keep: bool| {
        if !done.call(keep) {
            ask_for_choice();
        }
    };
    rsx! {
        input {
            class: "field grow",
            r#type: "text",
            value: "{draft.shown()}",
            maxlength: rename::MAX_TITLE as i64,
            "aria-label": text::RENAME_COURSE,
            "data-testid": "course-name",
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
            onblur: move |_| {
                done.call(true);
            },
            onkeydown: move |event| {
                event.stop_propagation();
                if page::is_composing(&event) {
                    return;
                }
                match event.key() {
                    Key::Enter => leave(true),
                    Key::Escape => leave(false),
                    _ => {}
                }
            },
        }
        Choice {
            draft,
            on_keep: move |()| leave(true),
            on_take: move |()| leave(false),
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
