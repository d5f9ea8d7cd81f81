//! The bar over the page: where this is, what can be done with the course.

use super::act::use_act;
use super::presence::Avatars;
use super::shortcuts::shown;
use super::sync::PillButton;
use crate::components::{Icon, IconButton, Item, Menu, Spot};
use crate::hooks::{use_query, use_sharing};
use crate::i18n::{cache, find, settings, structure, text};
use crate::state::history::{Way, What};
use crate::state::prefs::Theme;
use crate::state::rights::Rights;
use crate::state::tree;
use crate::state::ui::{Dialog, Ui};
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{CourseSummary, OutlineView};

/// The bar.
#[component]
pub(super) fn Topbar() -> Element {
    let ui = use_context::<Ui>();
    let course = ui.course.read().clone();
    let hidden = ui.prefs.read().sidebar_hidden;
    let mut menu = use_signal(|| None::<Spot>);
    rsx! {
        header { class: "topbar",
            // In a wide window only while the sidebar is hidden; in a narrow one always (the style sheet knows).
            span { class: "topbar-sidebar", "data-hidden": hidden.to_string(),
                IconButton {
                    icon: "panel-left",
                    label: text::SHOW_SIDEBAR,
                    keys: shown("Mod+\\"),
                    testid: "show-sidebar",
                    onclick: move |_| ui.toggle_sidebar(),
                }
            }
            if let Some(course) = course.clone() {
                Crumbs { course: course.clone() }
                span { class: "topbar-space" }
                People { course }
            } else {
                span { class: "topbar-space" }
            }
            button {
                id: "more",
                class: "icon-button",
                r#type: "button",
                "aria-label": text::MORE,
                "aria-haspopup": "menu",
                "data-tip": text::MORE,
                "data-tip-side": "bottom",
                "data-testid": "more",
                onclick: move |_| menu.set(Spot::below("more")),
                Icon { name: "ellipsis" }
            }
            span { class: "topbar-pill", PillButton { testid: "sync-pill-top" } }
        }
        if let Some(spot) = menu() {
            MoreMenu { spot, course, on_close: move |()| menu.set(None) }
        }
    }
}

#[component]
fn Crumbs(course: CourseId) -> Element {
    let ui = use_context::<Ui>();
    let outline = use_query::<OutlineView>(QueryKey::Outline { course });
    let view = outline.data();
    let lesson = ui.lesson.read().clone();
    let path = view.as_ref().zip(lesson.as_ref()).and_then(|(view, lesson)| {
        let (above, node) = tree::find(&view.nodes, lesson)?;
        Some((
            above.into_iter().map(|node| (node.id.clone(), node.title.clone())).collect::<Vec<_>>(),
            node.title.clone(),
        ))
    });
    let Some((above, title)) = path else { return rsx! {} };
    rsx! {
        nav { class: "crumbs", "aria-label": text::BREADCRUMBS, "data-testid": "crumbs",
            for (id , name) in above {
                span { key: "{id}", class: "row",
                    button {
                        r#type: "button",
                        onclick: move |_| {
                            let mut row = ui.row;
                            row.set(Some(id.clone()));
                            crate::page::focus_soon(format!("node-{id}"));
                        },
                        {text::titled(&name)}
                    }
                    Icon { name: "chevron-right" }
                }
            }
            span { "aria-current": "page", {text::titled(&title)} }
        }
    }
}

/// Who is here, and sharing: offered once there is a server to share on; before, the sync centre leads there.
#[component]
fn People(course: CourseId) -> Element {
    let ui = use_context::<Ui>();
    let (signed_in, shared) = use_sharing(&course);
    let button = match (signed_in, shared) {
        (true, Some(false)) => {
            let course = course.clone();
            rsx! {
                button {
                    class: "button quiet",
                    r#type: "button",
                    "aria-label": text::SHARE,
                    "data-testid": "share",
                    onclick: move |_| ui.ask(Dialog::Share(course.clone())),
                    Icon { name: "share-2" }
                    span { class: "label", {text::SHARE} }
                }
            }
        }
        (true, Some(true)) => {
            let course = course.clone();
            rsx! {
                button {
                    class: "button quiet",
                    r#type: "button",
                    "aria-label": text::PEOPLE,
                    "data-testid": "people",
                    onclick: move |_| ui.ask(Dialog::People(course.clone())),
                    Icon { name: "users" }
                    span { class: "label", {text::PEOPLE} }
                }
            }
        }
        _ => rsx! {},
    };
    rsx! {
        Avatars { course, shared: signed_in && shared == Some(true) }
        {button}
    }
}

#[component]
fn MoreMenu(spot: Spot, course: Option<CourseId>, on_close: EventHandler<()>) -> Element {
    let mut ui = use_context::<Ui>();
    let act = use_act();
    let (theme, sans, compact) = {
        let prefs = ui.prefs.read();
        (prefs.theme, prefs.sans, prefs.compact)
    };
    let courses = use_query::<Vec<CourseSummary>>(QueryKey::Courses);
    let writable = course.as_ref().is_some_and(|course| {
        let all = courses.data();
        Rights::of(all.as_ref().map(|all| all.as_slice()), courses.error().is_some(), course).may_write()
    });
    let title = course
        .as_ref()
        .and_then(|course| courses.data()?.iter().find(|one| &one.id == course).map(|one| one.title.clone()))
        .unwrap_or_default();
    let travels = {
        let history = ui.history.peek();
        let name = |what: &What| match what {
            What::Text(_) => structure::TYPING.to_owned(),
            What::Structure { name, .. } => name.clone(),
        };
        let undo = history
            .next(Way::Undo)
            .map(|entry| (Way::Undo, structure::undo_of(&name(&entry.what)), "Mod+Z", "undo"));
        let redo = history
            .next(Way::Redo)
            .map(|entry| (Way::Redo, structure::redo_of(&name(&entry.what)), "Mod+Shift+Z", "redo"));
        undo.into_iter().chain(redo).collect::<Vec<_>>()
    };
    let travel_item = |way: Way, label: String, keys: &'static str, testid: &'static str| {
        let act = act.clone();
        rsx! {
            Item {
                key: "{testid}",
                label,
                icon: if way == Way::Undo { "undo-2" } else { "refresh-cw" },
                keys: shown(keys),
                testid,
                onclick: move |()| {
                    on_close.call(());
                    act.travel(way);
                },
            }
        }
    };
    rsx! {
        Menu { spot, label: text::MORE, on_close,
            for (way , label , keys , testid) in travels {
                {travel_item(way, label, keys, testid)}
            }
            if let Some(course) = course {
                if writable {
                    Item {
                        label: text::RENAME_COURSE,
                        icon: "pencil",
                        testid: "rename-course",
                        onclick: move |()| {
                            on_close.call(());
                            if crate::page::is_narrow() {
                                ui.drawer.set(true);
                            } else {
                                ui.prefs.write().sidebar_hidden = false;
                            }
                            ui.renaming_course.set(true);
                        },
                    }
                }
                Item {
                    label: settings::MENU,
                    icon: "settings",
                    testid: "course-settings",
                    onclick: {
                        let course = course.clone();
                        move |()| {
                            on_close.call(());
                            ui.ask(Dialog::Settings(course.clone()));
                        }
                    },
                }
                Item {
                    label: text::EXPORT,
                    icon: "folder-open",
                    testid: "export",
                    onclick: {
                        let course = course.clone();
                        move |()| {
                            on_close.call(());
                            ui.ask(Dialog::Export(course.clone()));
                        }
                    },
                }
                Item {
                    label: text::BACKUP,
                    icon: "download",
                    onclick: move |()| {
                        on_close.call(());
                        act.backup(course.clone(), text::titled(&title).to_owned());
                    },
                }
                Item {
                    label: find::FIND,
                    icon: "search",
                    keys: shown("Mod+Shift+F"),
                    testid: "find-item",
                    onclick: move |()| {
                        on_close.call(());
                        ui.open_find();
                    },
                }
                div { class: "menu-separator", role: "separator" }
            }
            for (value , label , icon) in [
                (Theme::Light, text::THEME_LIGHT, "sun"),
                (Theme::Dark, text::THEME_DARK, "moon"),
                (Theme::System, text::THEME_SYSTEM, "monitor"),
            ]
            {
                Item {
                    key: "{label}",
                    label,
                    icon,
                    checked: Some(theme == value),
                    testid: "theme-{icon}",
                    onclick: move |()| {
                        on_close.call(());
                        ui.set_theme(value);
                    },
                }
            }
            div { class: "menu-separator", role: "separator" }
            for (value , label) in [(false, text::FACE_SERIF), (true, text::FACE_SANS)] {
                Item {
                    key: "{label}",
                    label,
                    icon: "pilcrow",
                    checked: Some(sans == value),
                    onclick: move |()| {
                        on_close.call(());
                        ui.prefs.write().sans = value;
                    },
                }
            }
            div { class: "menu-separator", role: "separator" }
            for (value , label) in [(false, text::ROWS_COMFORTABLE), (true, text::ROWS_COMPACT)] {
                Item {
                    key: "{label}",
                    label,
                    icon: "list",
                    checked: Some(compact == value),
                    testid: if value { "rows-compact" } else { "rows-comfortable" },
                    onclick: move |()| {
                        on_close.call(());
                        ui.prefs.write().compact = value;
                    },
                }
            }
            div { class: "menu-separator", role: "separator" }
            Item {
                label: text::SERVER_AND_ACCOUNT,
                icon: "circle-user",
                testid: "server-item",
                onclick: move |()| {
                    on_close.call(());
                    ui.ask(Dialog::Server);
                },
            }
            Item {
                label: cache::SHOW,
                icon: "layers",
                keys: shown("Mod+Shift+D"),
                testid: "cache-item",
                onclick: move |()| {
                    on_close.call(());
                    ui.toggle_cache();
                },
            }
            Item {
                label: text::SHORTCUTS,
                icon: "keyboard",
                keys: shown("Mod+/"),
                testid: "shortcuts",
                onclick: move |()| {
                    on_close.call(());
                    ui.ask(Dialog::Shortcuts);
                },
            }
        }
    }
}
