//! Find and replace in the whole course: a panel beside the page.

use crate::components::IconButton;
use crate::hooks::{Client, Options, use_mutation, use_query_with, use_rights};
use crate::i18n::find as words;
use crate::i18n::text;
use crate::page;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::find::{FindView, FoundIn, MAX_NEEDLE, Needle};
use inkhorn_protocol::key::QueryKey;

/// How long the keyboard has to rest before the course is looked through, in milliseconds.
const REST_MS: i32 = 150;

/// Lessons that are shown at first, and that each "more" adds: a page of a thousand would draw for long.
const SHOWN: usize = 100;

const FIELD: &str = "find-in-course";

/// Puts the caret into the field, wherever it was.
pub(super) fn focus_field() {
    page::focus_soon(FIELD.to_owned());
}

/// The panel.
#[component]
pub(super) fn FindPanel(course: CourseId) -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let rights = use_rights(course.clone());
    // What stands in the fields; the course is looked through once the keyboard rests.
    let mut typed = use_signal(Needle::default);
    let mut asked = use_signal(Needle::default);
    let mut with = use_signal(String::new);
    let mut more = use_signal(|| SHOWN);
    // What the last replacement did, and the number under which it can be taken back.
    let mut done = use_signal(|| None::<(String, Option<u64>)>);

    use_effect(move || {
        let next = typed.read().clone();
        spawn(async move {
            page::sleep(REST_MS).await;
            if *typed.peek() == next && *asked.peek() != next {
                asked.set(next);
                more.set(SHOWN);
            }
        });
    });
    use_hook(focus_field);

    let needle = asked.read().clone();
    let found = use_query_with::<FindView>(
        QueryKey::Find { course: course.clone(), needle: needle.clone() },
        Options::default().enabled(!needle.text.is_empty()).keep_previous(),
    );
    let replace = use_mutation({
        let (api, course) = (client.api.clone(), course.clone());
        move |lesson: Option<inkhorn_protocol::NodeId>| {
            let (api, course, needle) = (api.clone(), course.clone(), asked.peek().clone());
            let with = with.peek().clone();
            async move {
                let only = lesson.map(|lesson| vec![lesson]);
                let replaced = api.replace(&course, &needle, &with, only.as_deref()).await?;
                done.set(Some((words::replaced(&replaced), replaced.id)));
                Ok(())
            }
        }
    });
    let put_back = use_mutation({
        let api = client.api.clone();
        move |id: u64| {
            let api = api.clone();
            async move {
                let back = api.put_back(id).await?;
                done.set(Some((words::put_back(&back), None)));
                Ok(())
            }
        }
    });

    let shown = if needle.text.is_empty() { None } else { found.data() };
    let writable = rights.read().may_write();
    let busy = replace.is_pending() || put_back.is_pending();
    let settled = *typed.read() == needle;
    let failure = replace.failure().or_else(|| put_back.failure()).map(|failure| failure.message);
    let trouble = if needle.text.is_empty() { None } else { found.error() };
    let is_bad = trouble.is_some().to_string();
    let option = |on: bool, label: &'static str, sign: &'static str, set: fn(&mut Needle)| {
        rsx! {
            button {
                class: "button quiet course-find-option",
                r#type: "button",
                "aria-pressed": on.to_string(),
                "aria-label": label,
                "data-tip": label,
                onclick: move |_| set(&mut typed.write()),
                {sign}
            }
        }
    };
    let of = typed.read().clone();
    rsx! {
        aside { class: "panel", "aria-label": words::FIND, "data-testid": "find-panel",
            onkeydown: move |event| {
                if event.key() == Key::Escape {
                    event.stop_propagation();
                    ui.close_find();
                }
            },
            header { class: "panel-head",
                h2 { class: "panel-title", {words::FIND} }
                IconButton { icon: "x", label: text::CLOSE, side: "left", onclick: move |_| ui.close_find() }
            }
            div { class: "panel-body",
                div { class: "course-find-fields",
                    input {
                        id: FIELD,
                        class: "field",
                        r#type: "search",
                        maxlength: MAX_NEEDLE as i64,
                        spellcheck: "false",
                        placeholder: words::WHAT,
                        "aria-label": words::WHAT,
                        "aria-invalid": is_bad,
                        "data-testid": "course-find-what",
                        value: "{of.text}",
                        oninput: move |event| {
                            done.set(None);
                            typed.write().text = event.value();
                        },
                    }
                    div { class: "row course-find-options", role: "group", "aria-label": words::OPTIONS,
                        {option(of.match_case, words::MATCH_CASE, "Aa", |needle| needle.match_case ^= true)}
                        {option(of.whole_word, words::WHOLE_WORD, "“w”", |needle| needle.whole_word ^= true)}
                        {option(of.pattern, words::PATTERN, ".*", |needle| needle.pattern ^= true)}
                    }
                    if writable {
                        input {
                            class: "field",
                            r#type: "text",
                            maxlength: MAX_NEEDLE as i64,
                            spellcheck: "false",
                            placeholder: words::WITH,
                            "aria-label": words::WITH,
                            "data-testid": "course-find-with",
                            value: "{with}",
                            oninput: move |event| with.set(event.value()),
                        }
                    }
                }
                if let Some(trouble) = failure.or(trouble) {
                    p { class: "form-error", role: "alert", "data-testid": "course-find-trouble", "{trouble}" }
                }
                if let Some((said, id)) = done.read().clone() {
                    div { class: "banner", "data-kind": "info", "data-testid": "course-find-done",
                        p { role: "status", "{said}" }
                        if let Some(id) = id {
                            button {
                                class: "button",
                                r#type: "button",
                                disabled: busy,
                                "data-testid": "course-find-undo",
                                onclick: move |_| put_back.run(id),
                                {words::UNDO}
                            }
                        }
                    }
                }
                if let Some(view) = shown {
                    div { class: "row",
                        p { class: "grow course-find-count", role: "status", "data-testid": "course-find-count", {words::count(&view)} }
                        if writable && view.lessons.iter().any(can_be_replaced) {
                            button {
                                class: "button primary",
                                r#type: "button",
                                disabled: busy || !settled,
                                "data-testid": "course-find-replace-all",
                                onclick: move |_| replace.run(None),
                                {words::REPLACE_ALL}
                            }
                        }
                    }
                    div { class: "list course-find-list", "data-testid": "course-find-results",
                        for found in view.lessons.iter().take(more()).cloned() {
                            Lesson {
                                key: "{found.lesson}",
                                found: found.clone(),
                                what: (!needle.pattern).then(|| needle.text.clone()),
                                replace: (writable && can_be_replaced(&found) && !busy && settled).then_some({
                                    let lesson = found.lesson.clone();
                                    Callback::new(move |()| replace.run(Some(lesson.clone())))
                                }),
                            }
                        }
                    }
                    if view.lessons.len() > more() {
                        button {
                            class: "button quiet",
                            r#type: "button",
                            onclick: move |_| more += SHOWN,
                            {words::more(view.lessons.len() - more())}
                        }
                    }
                }
            }
        }
    }
}

/// Whether a lesson can be edited and has a place that is not in a formula.
fn can_be_replaced(found: &FoundIn) -> bool {
    found.editable && found.count > found.fixed
}

/// One lesson with its first places. A place opens the lesson.
#[component]
fn Lesson(found: FoundIn, what: Option<String>, replace: Option<Callback<()>>) -> Element {
    let ui = use_context::<Ui>();
    let open = |id: &inkhorn_protocol::NodeId| {
        let (id, what, mut find) = (id.clone(), what.clone(), ui.find);
        move |_| {
            // The bar of the lesson shows the places in their text; a pattern means something else there.
            if let Some(what) = what.clone() {
                find.set(Some((id.clone(), what)));
            }
            ui.open_lesson(id.clone());
        }
    };
    let hidden = (found.count as usize).saturating_sub(found.places.len());
    rsx! {
        section { class: "course-find-lesson", "data-testid": "course-find-lesson", "data-lesson": "{found.lesson}",
            div { class: "list-row",
                button { class: "list-main", r#type: "button", onclick: open(&found.lesson),
                    span { class: "list-title", {text::titled(&found.title)} }
                }
                if let Some(replace) = replace {
                    IconButton {
                        icon: "replace",
                        label: words::REPLACE_HERE,
                        side: "left",
                        testid: "course-find-replace-here",
                        onclick: move |_| replace.call(()),
                    }
                }
                span { class: "badge", "{found.count}" }
            }
            for (number , place) in found.places.iter().cloned().enumerate() {
                button {
                    key: "{number}",
                    class: "course-find-place",
                    r#type: "button",
                    onclick: open(&found.lesson),
                    "{place.before}"
                    mark { "{place.found}" }
                    "{place.after}"
                }
            }
            if hidden > 0 {
                p { class: "course-find-hidden", {words::more_here(hidden)} }
            }
        }
    }
}
