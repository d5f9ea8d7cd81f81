//! The list of courses: as a page, and as the menu of the course switcher.

use super::act::use_act;
use super::shelf::course_state;
use crate::components::{Empty, Icon, Item, Menu, Skeleton, Spot};
use crate::hooks::use_query;
use crate::i18n::text;
use crate::state::ui::{Dialog, Ui};
use dioxus::prelude::*;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{Account, CourseSummary};

/// All courses of this computer.
#[component]
pub(crate) fn CoursesPage() -> Element {
    let ui = use_context::<Ui>();
    let act = use_act();
    let courses = use_query::<Vec<CourseSummary>>(QueryKey::Courses);
    let Some(list) = courses.data() else {
        return rsx! {
            div { class: "scroll",
                article { class: "page", Skeleton { lines: 3 } }
            }
        };
    };
    if list.is_empty() {
        return rsx! {
            div { class: "scroll",
                Empty { title: text::NO_COURSES, hint: text::NO_COURSES_HINT, testid: "no-courses",
                    div { class: "row",
                        button {
                            class: "button primary",
                            r#type: "button",
                            "data-testid": "import",
                            onclick: move |_| ui.ask(Dialog::Import),
                            Icon { name: "folder-plus" }
                            {text::IMPORT_FOLDER}
                        }
                        button {
                            class: "button",
                            r#type: "button",
                            "data-testid": "new-course",
                            onclick: move |_| act.new_course(),
                            {text::NEW_COURSE}
                        }
                    }
                }
            }
        };
    }
    rsx! {
        div { class: "scroll", "data-testid": "courses",
            section { class: "hero",
                h1 { {text::COURSES} }
            }
            div { class: "cards",
                for course in list.iter().cloned() {
                    Card { key: "{course.id}", course }
                }
            }
        }
    }
}

#[component]
fn Card(course: CourseSummary) -> Element {
    let ui = use_context::<Ui>();
    let id = course.id.clone();
    rsx! {
        button {
            class: "card",
            r#type: "button",
            "data-testid": "course-card",
            "data-course": "{course.id}",
            onclick: move |_| ui.open_course(Some(id.clone())),
            h3 { class: "card-title", {text::titled(&course.title)} }
            p { class: "card-meta",
                {text::lessons(u64::from(course.lessons))}
                " · "
                {course_state(&course)}
            }
        }
    }
}

/// What the course switcher offers.
#[component]
pub(crate) fn CourseMenu(spot: Spot, on_close: EventHandler<()>) -> Element {
    let ui = use_context::<Ui>();
    let act = use_act();
    let courses = use_query::<Vec<CourseSummary>>(QueryKey::Courses);
    let account = use_query::<Option<Account>>(QueryKey::Account);
    let list = courses.data();
    let open = ui.course.read().clone();
    let signed_in = account.data().is_some_and(|account| account.is_some());
    let file = act.clone();
    rsx! {
        Menu { spot, label: text::COURSES, on_close,
            for course in list.iter().flat_map(|list| list.iter()).cloned() {
                Item {
                    key: "{course.id}",
                    label: text::titled(&course.title),
                    icon: "book-open",
                    checked: Some(Some(&course.id) == open.as_ref()),
                    testid: "course-item",
                    onclick: move |()| {
                        on_close.call(());
                        ui.open_course(Some(course.id.clone()));
                    },
                }
            }
            Item {
                label: "All courses",
                icon: "library",
                testid: "all-courses",
                onclick: move |()| {
                    on_close.call(());
                    ui.open_course(None);
                },
            }
            div { class: "menu-separator", role: "separator" }
            Item {
                label: text::NEW_COURSE,
                icon: "plus",
                testid: "new-course",
                onclick: move |()| {
                    on_close.call(());
                    act.new_course();
                },
            }
            Item {
                label: text::IMPORT_FOLDER,
                icon: "folder-plus",
                testid: "import",
                onclick: move |()| {
                    on_close.call(());
                    ui.ask(Dialog::Import);
                },
            }
            Item {
                label: text::OPEN_FILE,
                icon: "folder-open",
                onclick: move |()| {
                    on_close.call(());
                    file.open_file();
                },
            }
            if signed_in {
                Item {
                    label: text::JOIN_COURSE,
                    icon: "user-plus",
                    testid: "join",
                    onclick: move |()| {
                        on_close.call(());
                        ui.ask(Dialog::Join);
                    },
                }
            }
        }
    }
}
