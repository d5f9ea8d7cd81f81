//! Settings of a course. Each field is kept when it is left; what somebody else changes meanwhile is said, never put over
//! what is being typed.

use super::act::use_act;
use super::draft::{Choice, Kept, use_draft};
use super::settings_list::EntryList;
use crate::components::{Dialog, Icon, Skeleton};
use crate::forms::settings as forms;
use crate::hooks::{Client, use_mutation, use_query, use_rights};
use crate::i18n::settings as words;
use crate::page;
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{AssetRef, OutlineView};
use inkhorn_protocol::settings::{Change, CourseSettings, Direction, List};

/// The dialog.
#[component]
pub(super) fn SettingsDialog(course: CourseId) -> Element {
    let settings = use_query::<CourseSettings>(QueryKey::Settings { course: course.clone() });
    let outline = use_query::<OutlineView>(QueryKey::Outline { course: course.clone() });
    let rights = use_rights(course.clone());
    let (act, of) = (use_act(), course.clone());
    let change = use_mutation(move |change: Change| {
        let (act, course) = (act.clone(), of.clone());
        async move { act.setting_changed(course, change).await }
    });
    let (act, of) = (use_act(), course.clone());
    let rename = use_mutation(move |title: String| {
        let (act, course) = (act.clone(), of.clone());
        async move { act.course_renamed(course, title).await }
    });
    let now = rights();
    let locked = !now.may_write();
    let failure = change.failure().or_else(|| rename.failure());
    let (Some(settings), Some(view)) = (settings.data(), outline.data()) else {
        return rsx! {
            Dialog { title: words::HEADING, testid: "settings-dialog", wide: true,
                if let Some(error) = settings.error() {
                    p { class: "form-error", role: "alert", "{error}" }
                } else {
                    Skeleton { lines: 6 }
                }
            }
        };
    };
    rsx! {
        Dialog { title: words::HEADING, testid: "settings-dialog", wide: true,
            match now.reason() {
                Some(why) => rsx! {
                    p { class: "row", "data-testid": "settings-reason",
                        Icon { name: "lock" }
                        span { "{why}" }
                    }
                },
                None => rsx! {
                    p { class: "form-hint", {words::KEPT} }
                },
            }
            if let Some(failure) = failure {
                p { class: "form-error", role: "alert", "data-testid": "settings-error", "{failure.message}" }
            }
            TextField {
                label: words::TITLE,
                value: view.title.clone(),
                locked,
                testid: "settings-title",
                rule: Rule::Title,
                on_keep: move |title| rename.run(title),
            }
            div { class: "settings-pair",
                Language {
                    value: settings.language.clone(),
                    locked,
                    on_keep: move |value| change.run(Change::Language { value }),
                }
                label { class: "form-row",
                    span { class: "form-label", {words::DIRECTION} }
                    select {
                        class: "select",
                        disabled: locked,
                        "data-testid": "settings-direction",
                        onchange: move |event| change.run(Change::Direction { value: Direction::of(&event.value()) }),
                        for (one , name) in [
                            (Direction::Auto, words::AUTO),
                            (Direction::Ltr, words::LTR),
                            (Direction::Rtl, words::RTL),
                        ]
                        {
                            option { key: "{name}", value: one.as_str(), selected: one == settings.direction, "{name}" }
                        }
                    }
                }
            }
            Licence {
                value: settings.licence.clone(),
                locked,
                on_keep: move |value| change.run(Change::Licence { value }),
            }
            EntryList { list: List::Authors, entries: settings.authors.clone(), locked, change }
            EntryList { list: List::Objectives, entries: settings.objectives.clone(), locked, change }
            Cover { course, cover: settings.cover.clone(), locked, on_remove: move |()| change.run(Change::Cover { cover: None }) }
        }
    }
}

/// What a draft becomes when its field is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// Never empty.
    Title,
    /// Never empty, of a list.
    Entry,
    /// May be empty.
    Text,
    /// A tag, or empty.
    Language,
}

impl Rule {
    fn commit(self, before: &str, typed: &str) -> Option<String> {
        match self {
            Self::Title => crate::forms::rename::commit(before, typed),
            Self::Entry => forms::entry(before, typed),
            Self::Text => forms::text(before, typed),
            Self::Language => forms::language(before, typed),
        }
    }

    /// Why a draft cannot be kept.
    fn trouble(self, typed: &str) -> Option<&'static str> {
        (self == Self::Language && !forms::fits_language(typed)).then_some(words::NOT_A_LANGUAGE)
    }
}

/// A field of one line with its draft. Enter and leaving it keep what was typed, Escape gives it up.
#[component]
pub(super) fn TextField(
    label: String,
    /// Only for assistive technology.
    #[props(default)]
    quiet: bool,
    #[props(default)] hint: String,
    value: String,
    locked: bool,
    testid: String,
    rule: Rule,
    on_keep: EventHandler<String>,
    /// Element id of the field, where something leads to it.
    #[props(default)]
    id: String,
    /// A key that the field itself has no use for.
    #[props(default)]
    on_key: Option<EventHandler<KeyboardEvent>>,
) -> Element {
    let draft = use_draft(value);
    let shown = draft.shown();
    let mut left = use_signal(|| false);
    let keep = use_callback(move |()| {
        left.set(true);
        // Stays as it was typed, to be mended.
        if rule.trouble(&draft.shown()).is_some() {
            return Kept::NotYet;
        }
        let kept = draft.keep_by(|before, typed| rule.commit(before, typed));
        if let Kept::Name(text) = &kept {
            on_keep.call(text.clone());
        }
        kept
    });
    let trouble = rule.trouble(&shown).filter(|_| left());
    rsx! {
        div { class: "form-row grow",
            label { class: "form-row",
                span { class: if quiet { "visually-hidden" } else { "form-label" }, "{label}" }
                input {
                    id: (!id.is_empty()).then_some(id),
                    class: "field",
                    r#type: "text",
                    dir: "auto",
                    value: "{shown}",
                    disabled: locked,
                    maxlength: if rule == Rule::Title { crate::forms::rename::MAX_TITLE as i64 } else { inkhorn_protocol::settings::MAX_TEXT as i64 },
                    "aria-invalid": trouble.is_some().to_string(),
                    "data-testid": testid,
                    oninput: move |event| {
                        left.set(false);
                        draft.edit(event.value());
                    },
                    oncompositionstart: move |_| draft.compose(),
                    oncompositionend: move |_| draft.composed(),
                    onblur: move |_| {
                        keep.call(());
                    },
                    onkeydown: move |event| {
                        if !draft.takes_key(&event, keep, || {})
                            && let Some(on_key) = on_key
                        {
                            on_key.call(event);
                        }
                    },
                }
            }
            if let Some(trouble) = trouble {
                p { class: "form-error", role: "alert", "{trouble}" }
            } else if !hint.is_empty() {
                span { class: "form-hint", "{hint}" }
            }
            Choice {
                draft,
                on_keep: move |()| {
                    keep.call(());
                },
                on_take: move |()| {},
            }
        }
    }
}

/// A list of known values, and a field for any other one.
#[component]
fn Known(
    label: String,
    hint: String,
    known: Vec<(String, String)>,
    value: String,
    locked: bool,
    testid: String,
    children: Element,
    on_keep: EventHandler<String>,
) -> Element {
    const OTHER: &str = "other";
    let listed = value.is_empty() || known.iter().any(|(one, _)| *one == value);
    let mut other = use_signal(|| false);
    let free = other() || !listed;
    rsx! {
        div { class: "form-row",
            label { class: "form-row",
                span { class: "form-label", "{label}" }
                select {
                    class: "select",
                    disabled: locked,
                    "data-testid": testid,
                    onchange: move |event| {
                        let chosen = event.value();
                        other.set(chosen == OTHER);
                        if chosen != OTHER {
                            on_keep.call(chosen);
                        }
                    },
                    option { value: "", selected: !free && value.is_empty(), {words::NOT_SAID} }
                    for (one , name) in known.iter() {
                        option { key: "{one}", value: "{one}", selected: !free && *one == value, "{name}" }
                    }
                    option { value: OTHER, selected: free, {words::OTHER} }
                }
            }
            if free {
                {children}
            } else if !hint.is_empty() {
                span { class: "form-hint", "{hint}" }
            }
        }
    }
}

#[component]
fn Language(value: String, locked: bool, on_keep: EventHandler<String>) -> Element {
    let known = words::LANGUAGES.iter().map(|(tag, name)| ((*tag).to_owned(), format!("{name} ({tag})")));
    rsx! {
        Known {
            label: words::LANGUAGE,
            hint: words::LANGUAGE_HINT,
            known: known.collect::<Vec<_>>(),
            value: value.clone(),
            locked,
            testid: "settings-language",
            on_keep,
            TextField {
                label: words::LANGUAGE_TAG,
                quiet: true,
                hint: words::LANGUAGE_TAG_HINT,
                value,
                locked,
                testid: "settings-language-tag",
                rule: Rule::Language,
                on_keep,
            }
        }
    }
}

#[component]
fn Licence(value: String, locked: bool, on_keep: EventHandler<String>) -> Element {
    let known = words::LICENCES.iter().map(|name| ((*name).to_owned(), (*name).to_owned()));
    rsx! {
        Known {
            label: words::LICENCE,
            hint: "",
            known: known.collect::<Vec<_>>(),
            value: value.clone(),
            locked,
            testid: "settings-licence",
            on_keep,
            TextField {
                label: words::LICENCE_TEXT,
                quiet: true,
                value,
                locked,
                testid: "settings-licence-text",
                rule: Rule::Text,
                on_keep,
            }
        }
    }
}

/// The picture of the course.
#[component]
fn Cover(course: CourseId, cover: Option<AssetRef>, locked: bool, on_remove: EventHandler<()>) -> Element {
    let client = use_context::<Client>();
    let api = client.api.clone();
    let hash = cover.as_ref().map(|it| it.hash.clone());
    let address = use_resource(use_reactive!(|hash| {
        let api = api.clone();
        async move {
            match hash {
                Some(hash) => api.asset_url(&hash).await.ok().flatten(),
                None => None,
            }
        }
    }));
    let act = use_act();
    let choose = use_mutation(move |(name, bytes): (String, Vec<u8>)| {
        let (act, course) = (act.clone(), course.clone());
        async move { act.cover_chosen(course, &name, &bytes).await }
    });
    let mut unread = use_signal(|| false);
    let shown = address.read().clone().flatten();
    rsx! {
        div { class: "form-row", role: "group", "aria-label": words::COVER,
            span { class: "form-label", {words::COVER} }
            div { class: "cover",
                match (&cover, shown) {
                    (Some(cover), Some(address)) => rsx! {
                        img { class: "cover-picture", src: "{address}", alt: "{cover.name}", "data-testid": "cover" }
                    },
                    (Some(_), None) => rsx! {
                        span { class: "form-hint", {words::COVER_AWAY} }
                    },
                    (None, _) => rsx! {
                        span { class: "form-hint", {words::COVER_HINT} }
                    },
                }
                if !locked {
                    div { class: "row",
                        label { class: "button", "data-busy": choose.is_pending().to_string(),
                            Icon { name: "image" }
                            {words::COVER_CHOOSE}
                            input {
                                class: "visually-hidden",
                                r#type: "file",
                                accept: "image/*",
                                "data-testid": "cover-file",
                                disabled: choose.is_pending(),
                                onchange: move |event| {
                                    let Some(file) = page::chosen_file(&event) else { return };
                                    spawn(async move {
                                        match page::read_file(&file).await {
                                            Some(bytes) => {
                                                unread.set(false);
                                                choose.run((file.name(), bytes));
                                            }
                                            None => unread.set(true),
                                        }
                                    });
                                },
                            }
                        }
                        if cover.is_some() {
                            button {
                                class: "button quiet",
                                r#type: "button",
                                "data-testid": "cover-remove",
                                onclick: move |_| on_remove.call(()),
                                {words::COVER_REMOVE}
                            }
                        }
                    }
                }
            }
            if unread() {
                p { class: "form-error", role: "alert", {words::UNREAD} }
            } else if let Some(failure) = choose.failure() {
                p { class: "form-error", role: "alert", "data-testid": "cover-error", "{failure.message}" }
            }
        }
    }
}
