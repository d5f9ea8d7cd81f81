//! The frame: sidebar, page, panel; and the shortcuts that work everywhere.

use super::act::use_act;
use super::cache::CachePanel;
use super::courses::CoursesPage;
use super::export::ExportDialog;
use super::find::{self, FindPanel};
use super::follow::Following;
use super::import::ImportDialog;
use super::join::JoinDialog;
use super::kept::LetGoDialog;
use super::kept_words::use_tell_kept;
use super::lesson::{LessonPage, NoLesson};
use super::people::PeopleDialog;
use super::place::PlaceDialog;
use super::presence::use_tell_where;
use super::server::ServerDialog;
use super::settings::SettingsDialog;
use super::share::ShareDialog;
use super::shortcuts::{self, Shortcut, ShortcutsDialog};
use super::sidebar::Sidebar;
use super::sync::SyncCentre;
use super::topbar::Topbar;
use crate::components::Toasts;
use crate::hooks::Client;
use crate::i18n::text;
use crate::page;
use crate::state::history::Way;
use crate::state::prefs::SIDEBAR;
use crate::state::ui::{Dialog, Ui};
use dioxus::prelude::*;
use dioxus::web::WebEventExt as _;
use inkhorn_protocol::projection::NodeKind;

const APP: &str = "app";

/// Everything, once the profile is open.
#[component]
pub(crate) fn Frame() -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let act = use_act();
    let (back, travel) = (act.clone(), act.clone());
    let width = ui.prefs.read().sidebar_width;
    let hidden = ui.prefs.read().sidebar_hidden;
    let course = ui.course.read().clone();
    let lesson = ui.lesson.read().clone();
    let following = ui.following.read().clone();
    let finding = course.clone().filter(|_| *ui.find_in_course.read());
    let is_finding = finding.is_some();
    use_tell_where();
    use_tell_kept();
    use_hook(|| page::give_lost_keys_to(APP));
    use_effect(move || {
        if ui.course.read().is_none() {
            let api = client.api.clone();
            spawn(async move {
                let _ = api.set_title("").await;
            });
        }
    });

    let keys = move |event: KeyboardEvent| {
        if ui.following.peek().is_some() && takes_over(&event) {
            ui.stop_following();
        }
        let Some(shortcut) = shortcuts::of(&event) else { return };
        // A dialog is a place of its own.
        if ui.dialog.peek().is_some() && shortcut != Shortcut::CloseDrawer {
            return;
        }
        let add = |kind: NodeKind| {
            let mut wanted = ui.wanted;
            wanted.set(Some(kind));
        };
        match shortcut {
            Shortcut::NewLesson => add(NodeKind::Lesson),
            Shortcut::NewSection => add(NodeKind::Section),
            Shortcut::NewChapter => add(NodeKind::Chapter),
            Shortcut::Sidebar => ui.toggle_sidebar(),
            Shortcut::SyncCentre => ui.toggle_sync_centre(),
            Shortcut::FindInCourse => {
                if ui.course.peek().is_none() {
                    return;
                }
                ui.open_find();
                find::focus_field();
            }
            Shortcut::Cache => ui.toggle_cache(),
            Shortcut::Import => ui.ask(Dialog::Import),
            Shortcut::Shortcuts => ui.ask(Dialog::Shortcuts),
            // In a field it is about what is typed there.
            Shortcut::Undo | Shortcut::Redo if page::is_in_field(&event) => return,
            Shortcut::Undo => travel.travel(Way::Undo),
            Shortcut::Redo => travel.travel(Way::Redo),
            Shortcut::Outline => {
                if page::is_narrow() {
                    let mut drawer = ui.drawer;
                    drawer.set(true);
                }
                super::tree::focus_tree();
            }
            Shortcut::Find => {
                let Some(lesson) = ui.lesson.peek().clone() else { return };
                let mut find = ui.find;
                find.set(Some((lesson, String::new())));
            }
            Shortcut::CloseDrawer if ui.dialog.peek().is_none() && ui.following.peek().is_some() => {
                ui.stop_following();
            }
            Shortcut::CloseDrawer => {
                let mut drawer = ui.drawer;
                if !*drawer.peek() {
                    return;
                }
                drawer.set(false);
            }
        }
        event.prevent_default();
    };

    rsx! {
        div {
            id: APP,
            class: "app",
            "data-testid": "app",
            "data-sidebar": if hidden { "closed" } else { "open" },
            "data-drawer": if *ui.drawer.read() { "open" } else { "closed" },
            "data-dock": if *ui.cache.read() { "open" } else { "closed" },
            "data-panel": if *ui.sync_centre.read() || is_finding { "open" } else { "closed" },
            style: "--sidebar-width: {width}px",
            onkeydown: keys,
            Sidebar {}
            Grip {}
            if *ui.drawer.read() {
                div {
                    class: "drawer-beside",
                    onclick: move |_| {
                        let mut drawer = ui.drawer;
                        drawer.set(false);
                    },
                }
            }
            main {
                class: "main",
                onfocusin: move |_| {
                    let mut in_tree = ui.in_tree;
                    in_tree.set(false);
                },
                onpointerdown: move |_| {
                    let mut in_tree = ui.in_tree;
                    in_tree.set(false);
                },
                Topbar {}
                if let (Some(course), Some(who)) = (course.clone(), following) {
                    for course in [course] {
                        Following { key: "{course}-{who.name}-{who.hue}", course, who: who.clone() }
                    }
                }
                match (course, lesson) {
                    (None, _) => rsx! {
                        CoursesPage {}
                    },
                    (Some(course), None) => rsx! {
                        NoLesson { key: "{course}", course }
                    },
                    (Some(course), Some(lesson)) => rsx! {
                        LessonPage { key: "{lesson}", course, lesson }
                    },
                }
            }
            if *ui.sync_centre.read() {
                SyncCentre {}
            }
            if let Some(course) = finding {
                FindPanel { key: "{course}", course }
            }
            if *ui.cache.read() {
                CachePanel {}
            }
            Toasts { on_undo: move |entry| back.undo_entry(entry) }
            Dialogs {}
        }
    }
}

/// Whether a key writes into a field of the page; in the text the island sees to it.
fn takes_over(event: &KeyboardEvent) -> bool {
    let writes = match event.key() {
        Key::Character(_) => !event.modifiers().intersects(Modifiers::CONTROL | Modifiers::META),
        Key::Enter | Key::Backspace | Key::Delete | Key::Process => true,
        _ => false,
    };
    writes && page::is_in_field(event)
}

#[component]
fn Dialogs() -> Element {
    let ui = use_context::<Ui>();
    let dialog = ui.dialog.read().clone();
    match dialog {
        None => rsx! {},
        Some(Dialog::Import) => rsx! {
            ImportDialog {}
        },
        Some(Dialog::Export(course)) => rsx! {
            ExportDialog { key: "{course}", course }
        },
        Some(Dialog::Server) => rsx! {
            ServerDialog {}
        },
        Some(Dialog::Settings(course)) => rsx! {
            SettingsDialog { key: "{course}", course }
        },
        Some(Dialog::Share(course)) => rsx! {
            ShareDialog { key: "{course}", course }
        },
        Some(Dialog::People(course)) => rsx! {
            PeopleDialog { key: "{course}", course }
        },
        Some(Dialog::Join) => rsx! {
            JoinDialog {}
        },
        Some(Dialog::LetGo(kept)) => rsx! {
            LetGoDialog { kept }
        },
        Some(Dialog::MoveTo(course, nodes)) => rsx! {
            PlaceDialog { course, nodes, copies: false }
        },
        Some(Dialog::CopyTo(course, nodes)) => rsx! {
            PlaceDialog { course, nodes, copies: true }
        },
        Some(Dialog::Shortcuts) => rsx! {
            ShortcutsDialog {}
        },
    }
}

/// The edge between sidebar and page: dragged, or moved by arrows.
#[component]
fn Grip() -> Element {
    let ui = use_context::<Ui>();
    let width = ui.prefs.read().sidebar_width;
    let mut dragging = use_signal(|| false);
    let set = move |to: i64| {
        let mut prefs = ui.prefs;
        let to = to.clamp(i64::from(*SIDEBAR.start()), i64::from(*SIDEBAR.end()));
        prefs.write().sidebar_width = to as u32;
    };
    rsx! {
        div {
            class: "sidebar-grip",
            role: "separator",
            tabindex: "0",
            "aria-orientation": "vertical",
            "aria-label": text::RESIZE_SIDEBAR,
            "aria-valuenow": "{width}",
            "aria-valuemin": "{SIDEBAR.start()}",
            "aria-valuemax": "{SIDEBAR.end()}",
            onpointerdown: move |event| {
                dragging.set(true);
                if let Some(event) = event.try_as_web_event() {
                    use wasm_bindgen::JsCast as _;
                    let target = event.target().and_then(|it| it.dyn_into::<web_sys::Element>().ok());
                    if let Some(target) = target {
                        let _ = target.set_pointer_capture(event.pointer_id());
                    }
                }
            },
            onpointermove: move |event| {
                if *dragging.peek() {
                    set(event.client_coordinates().x as i64);
                }
            },
            onpointerup: move |_| dragging.set(false),
            onpointercancel: move |_| dragging.set(false),
            onkeydown: move |event| {
                let by = match event.key() {
                    Key::ArrowLeft => -16,
                    Key::ArrowRight => 16,
                    _ => return,
                };
                event.prevent_default();
                set(i64::from(width) + by);
            },
        }
    }
}
