//! A lesson: its title, why it cannot be edited if it cannot, and the island with its body.

use super::act::use_act;
use super::title::Title;
use crate::components::{Empty, Icon, Skeleton};
use crate::hooks::{Client, Options, use_query, use_rights, use_selected, use_transfers};
use crate::i18n::text;
use crate::island::{self, Handle, Mode};
use crate::state::tree;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use dioxus::web::WebEventExt as _;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{Access, LessonInfo, NodeKind, OutlineView};
use inkhorn_protocol::settings::{CourseSettings, Direction};
use inkhorn_protocol::{CourseId, NodeId};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::JsCast as _;

/// A course without an open lesson: opens its first one, or says how to begin.
#[component]
pub(super) fn NoLesson(course: CourseId) -> Element {
    let mut ui = use_context::<Ui>();
    let outline = use_query::<OutlineView>(QueryKey::Outline { course: course.clone() });
    let rights = use_rights(course.clone());
    use_window_title(course);
    use_effect(move || {
        if let Some(first) = outline.data().and_then(|view| tree::first_lesson(&view.nodes)) {
            ui.show_lesson(first);
        }
    });
    let Some(view) = outline.data() else {
        return rsx! {
            div { class: "scroll",
                article { class: "page", Skeleton {} }
            }
        };
    };
    let now = rights();
    rsx! {
        div { class: "scroll",
            if let Some(why) = now.reason() {
                article { class: "page short",
                    Banner { kind: "info", icon: "lock", text: why }
                }
            }
            Empty {
                title: text::NO_LESSON,
                hint: if now.reason().is_some() { text::NO_LESSON_READ } else { text::NO_LESSON_HINT },
                testid: "no-lesson",
                if !view.nodes.is_empty() && now.may_write() {
                    button {
                        class: "button primary",
                        r#type: "button",
                        onclick: move |_| ui.wanted.set(Some(NodeKind::Lesson)),
                        {text::NEW_LESSON}
                    }
                }
            }
        }
    }
}

/// The window is named after the course.
fn use_window_title(course: CourseId) {
    let client = use_context::<Client>();
    // It keeps its name until that of the next course is known.
    let title = use_selected(
        QueryKey::Outline { course },
        Options::default().keep_previous(),
        |view: &OutlineView| view.title.clone(),
    );
    use_effect(move || {
        let Some(title) = title.data() else { return };
        let api = client.api.clone();
        spawn(async move {
            let _ = api.set_title(&title).await;
        });
    });
}

/// A lesson. One instance per lesson (the caller gives it a key).
#[component]
pub(super) fn LessonPage(course: CourseId, lesson: NodeId) -> Element {
    let mut ui = use_context::<Ui>();
    let act = use_act();
    use_window_title(course.clone());
    let outline = use_query::<OutlineView>(QueryKey::Outline { course: course.clone() });
    // Its version changes with each edit of others, and the page around the text shows none of it.
    let info = use_selected(
        QueryKey::Lesson { course: course.clone(), lesson: lesson.clone() },
        Options::default(),
        |info: &LessonInfo| LessonInfo { version: 0, ..info.clone() },
    );
    let settings = use_selected(
        QueryKey::Settings { course: course.clone() },
        Options::default().keep_previous(),
        |settings: &CourseSettings| (settings.language.clone(), settings.direction),
    );
    let rights = use_rights(course.clone());
    let handle = use_hook(|| Rc::new(RefCell::new(None::<Handle>)));
    // Grows when the lesson is loaded anew after it was frozen.
    let mut generation = use_signal(|| 0u32);

    let view = outline.data();
    let title = view.as_ref().and_then(|view| {
        [&view.nodes, &view.recovered, &view.trash]
            .into_iter()
            .find_map(|nodes| tree::find(nodes, &lesson))
            .map(|(_, node)| node.title.clone())
    });
    // A remembered lesson that is not in this course any more.
    let gone = view.is_some() && title.is_none();
    use_effect(use_reactive!(|gone| {
        if gone {
            ui.close_lesson();
        }
    }));
    let Some(info_now) = info.data() else {
        return match info.error() {
            Some(error) => rsx! {
                Failed { message: error, on_retry: move |()| ui.close_lesson() }
            },
            None => rsx! {
                div { class: "scroll",
                    article { class: "page", Skeleton { lines: 6 } }
                }
            },
        };
    };
    if info_now.access == Access::NotArrived {
        return rsx! {
            div { class: "scroll",
                Empty { title: text::NOT_ARRIVED, hint: text::NOT_ARRIVED_HINT, testid: "not-arrived" }
            }
        };
    }
    let rights = rights();
    // The lesson's own answer and the course's may come one after the other; the stricter one counts.
    let editable = info_now.access == Access::Edit && rights.reason().is_none();
    let may_rename = matches!(info_now.access, Access::Edit | Access::Newer) && rights.reason().is_none();
    let mine = lesson.clone();
    let failed = ui.failed.read().clone().filter(|(of, _)| of == &mine).map(|(_, message)| message);
    if let Some(message) = failed {
        return rsx! {
            Failed {
                message,
                on_retry: move |()| {
                    ui.failed.set(None);
                    generation += 1;
                },
            }
        };
    }
    let mode = ui.mode.read().clone().filter(|(of, _)| of == &mine).map(|(_, mode)| mode);
    let frozen = ui.frozen.read().clone().filter(|frozen| frozen.lesson == mine);
    let not_saved = ui.not_saved.read().contains(&mine);
    let words = ui.words.read().clone().filter(|(of, ..)| of == &mine);
    let title = title.unwrap_or_default();
    let said = settings.data();
    let language = said.as_ref().map(|said| said.0.clone()).filter(|tag| !tag.is_empty());
    let direction = said.map(|said| said.1).filter(|it| *it != Direction::Auto).map(Direction::as_str);
    let (rename, to_restore, copy) = (act.clone(), (act.clone(), lesson.clone()), act.clone());
    let named = lesson.clone();
    let focus = handle.clone();
    rsx! {
        div { class: "scroll of-lesson",
            article {
                class: "page",
                "data-testid": "lesson",
                "data-lesson": "{lesson}",
                // The text inherits both: the webview spells and reads by them.
                lang: language,
                dir: direction,
                "data-mode": match mode {
                    Some(Mode::Edit) => "edit",
                    Some(Mode::Read) => "read",
                    Some(Mode::Newer) => "newer",
                    None => "loading",
                },
                Title {
                    title: title.clone(),
                    editable: may_rename,
                    on_rename: move |title| rename.rename(named.clone(), title),
                    on_enter: move |()| {
                        if let Some(handle) = &*focus.borrow() {
                            handle.focus("start");
                        }
                    },
                }
                match &info_now.access {
                    Access::Trashed if rights.reason().is_some() => rsx! {
                        Banner {
                            kind: "info",
                            icon: "trash-2",
                            text: text::trashed_read(rights.reason().unwrap_or_default()),
                        }
                    },
                    Access::ReadOnly { role, owners } => rsx! {
                        Banner {
                            kind: "info",
                            icon: "lock",
                            text: text::and_kept(
                                rights.reason().unwrap_or(&text::read_only(*role, owners)),
                                info_now.waiting,
                            ),
                        }
                    },
                    _ if rights.reason().is_some() => rsx! {
                        Banner {
                            kind: "info",
                            icon: "lock",
                            text: text::and_kept(rights.reason().unwrap_or_default(), info_now.waiting),
                        }
                    },
                    Access::Trashed => rsx! {
                        Banner { kind: "waiting", icon: "trash-2", text: text::TRASHED,
                            button {
                                class: "button",
                                r#type: "button",
                                "data-testid": "restore-lesson",
                                onclick: move |_| to_restore.0.restore(vec![to_restore.1.clone()]),
                                {text::RESTORE}
                            }
                        }
                    },
                    Access::Newer => rsx! {
                        Banner { kind: "info", icon: "info", text: text::NEWER }
                    },
                    Access::Edit if mode == Some(Mode::Newer) => rsx! {
                        Banner { kind: "info", icon: "info", text: text::NEWER }
                    },
                    Access::Edit | Access::NotArrived => rsx! {},
                }
                if not_saved {
                    Banner { kind: "trouble", icon: "triangle-alert", text: text::NOT_SAVED }
                }
                if let Some(frozen) = frozen {
                    Banner { kind: "trouble", icon: "triangle-alert", text: "{text::FROZEN} {frozen.message}",
                        button {
                            class: "button",
                            r#type: "button",
                            onclick: move |_| copy.copy(frozen.text.clone()),
                            Icon { name: "copy" }
                            {text::COPY_TEXT}
                        }
                        button {
                            class: "button primary",
                            r#type: "button",
                            "data-testid": "reload-lesson",
                            onclick: move |_| {
                                ui.frozen.set(None);
                                generation += 1;
                            },
                            {text::RELOAD_LESSON}
                        }
                    }
                }
                if mode.is_none() {
                    Skeleton { lines: 6 }
                }
                Moving { key: "{course}", course: course.clone() }
                // A loop of one: the key of a loop's item begins a new instance when it changes.
                for turn in [generation()] {
                    Body {
                        key: "{turn}",
                        course: course.as_str().to_owned(),
                        lesson: lesson.clone(),
                        editable,
                        title: title.clone(),
                        handle: Shared(handle.clone()),
                    }
                }
            }
        }
        footer { class: "statusbar",
            if let Some((_, words, minutes)) = words {
                span { class: "counter", "data-testid": "words", {text::words_and_time(words, minutes)} }
            }
        }
    }
}

/// The open lesson in the island, shared between the title and the body.
#[derive(Clone)]
struct Shared(Rc<RefCell<Option<Handle>>>);

impl PartialEq for Shared {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

/// What is on its way, told to the island: its blocks show it.
#[component]
fn Moving(course: CourseId) -> Element {
    let transfers = use_transfers(course);
    use_effect(move || {
        let moving = transfers.data();
        island::asset_transfers(moving.as_deref().map_or(&[], Vec::as_slice));
    });
    rsx! {}
}

/// The island. Nothing else renders into its element.
#[component]
fn Body(course: String, lesson: NodeId, editable: bool, title: String, handle: Shared) -> Element {
    let mut ui = use_context::<Ui>();
    let mine = handle.0.clone();
    use_effect(use_reactive!(|editable| {
        if let Some(handle) = &*mine.borrow() {
            handle.set_editable(editable);
        }
    }));
    let (ready, shown) = (handle.0.clone(), lesson.clone());
    use_effect(move || {
        let is_shown = ui.mode.read().as_ref().is_some_and(|(of, _)| of == &shown);
        let wanted = ui.fragment.read().clone().filter(|(of, _)| of == &shown);
        if is_shown && let Some((_, fragment)) = wanted {
            if let Some(handle) = &*ready.borrow() {
                handle.reveal(&fragment);
            }
            ui.fragment.set(None);
        }
    });
    let (finds, shown) = (handle.0.clone(), lesson.clone());
    use_effect(move || {
        let is_shown = ui.mode.read().as_ref().is_some_and(|(of, _)| of == &shown);
        let wanted = ui.find.read().clone().filter(|(of, _)| of == &shown);
        if is_shown && let Some((_, query)) = wanted {
            if let Some(handle) = &*finds.borrow() {
                handle.find(&query);
            }
            ui.find.set(None);
        }
    });
    let follows = handle.0.clone();
    use_effect(move || {
        let who = ui.following.read();
        if let Some(handle) = &*follows.borrow() {
            handle.follow(&island::person(who.as_ref()));
        }
    });
    let (ends, of) = (handle.0.clone(), lesson.clone());
    use_drop(move || {
        if let Some(handle) = ends.borrow_mut().take() {
            handle.close();
        }
        if ui.mode.peek().as_ref().is_some_and(|(open, _)| open == &of) {
            ui.mode.set(None);
        }
    });
    let opens = handle.0.clone();
    rsx! {
        div {
            class: "lesson-body",
            "data-testid": "lesson-body",
            onmounted: move |event| {
                let element = event.try_as_web_event().and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok());
                if let Some(element) = element {
                    let handle = island::open(&element, &course, &lesson, editable, text::titled(&title));
                    handle.follow(&island::person(ui.following.peek().as_ref()));
                    *opens.borrow_mut() = Some(handle);
                }
            },
        }
    }
}

#[component]
fn Banner(kind: String, icon: String, text: String, #[props(default)] children: Element) -> Element {
    rsx! {
        div { class: "banner", role: "status", "data-kind": kind, "data-testid": "banner",
            Icon { name: icon }
            p { class: "grow", "{text}" }
            {children}
        }
    }
}

#[component]
fn Failed(message: String, on_retry: EventHandler<()>) -> Element {
    rsx! {
        div { class: "scroll",
            Empty { title: text::LESSON_FAILED, hint: message, testid: "lesson-failed",
                button { class: "button primary", r#type: "button", onclick: move |_| on_retry.call(()), {text::TRY_AGAIN} }
            }
        }
    }
}
