//! Words of the author that somebody took away without having seen them: said when it happens, and kept in the sync centre.

use crate::components::Icon;
use crate::hooks::{Client, use_mutation, use_query};
use crate::i18n::kept_words as words;
use crate::page;
use crate::state::ui::{Dialog, Kept, Ui};
use dioxus::prelude::*;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::KeptWords;

/// Says it when words are kept that were not before, wherever the author looks.
pub(super) fn use_tell_kept() {
    let ui = use_context::<Ui>();
    let kept = use_query::<Vec<KeptWords>>(QueryKey::KeptWords);
    // The newest that is known; none until the first answer, which tells of the past.
    let mut newest = use_signal(|| None::<u64>);
    use_effect(move || {
        let Some(list) = kept.data() else { return };
        let last = list.iter().map(|one| one.id).max().unwrap_or(0);
        let before = *newest.peek();
        if before.is_some_and(|before| last > before) {
            let new = list.iter().filter(|one| Some(one.id) > before).count();
            ui.tell_shown(words::happened(new).to_owned());
        }
        if before.is_none_or(|before| last > before) {
            newest.set(Some(last));
        }
    });
}

/// The list, in the sync centre. Nothing at all while there is nothing.
#[component]
pub(super) fn KeptWordsList() -> Element {
    let kept = use_query::<Vec<KeptWords>>(QueryKey::KeptWords);
    let list = kept.data().unwrap_or_default();
    rsx! {
        if !list.is_empty() {
            section { class: "kept",
                h3 { class: "section-title", {words::TITLE} }
                p { class: "muted", {words::HINT} }
                ul { class: "kept-list", "data-testid": "kept-words",
                    for one in list.iter() {
                        One { key: "{one.id}", kept: one.clone() }
                    }
                }
            }
        }
    }
}

#[component]
fn One(kept: KeptWords) -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let place = words::place(&kept);
    let id = kept.id;
    let (course, lesson) = (kept.course.clone(), kept.lesson.clone());
    let show = move || {
        if *ui.course.peek() != Some(course.clone()) {
            ui.open_course(Some(course.clone()));
        }
        ui.open_lesson(lesson.clone());
    };
    let open = show.clone();
    let back = use_mutation(move |()| {
        let (api, show) = (client.api.clone(), show.clone());
        async move {
            api.put_back_kept(id).await?;
            ui.tell(words::BACK);
            show();
            Ok(())
        }
    });
    let (markdown, forget) = (kept.markdown.clone(), place.clone());
    rsx! {
        li { class: "kept-item", "data-testid": "kept-one", "data-kept": "{id}",
            div { class: "kept-head",
                Icon { name: "file-text" }
                button {
                    class: "list-title kept-link",
                    r#type: "button",
                    "data-testid": "kept-lesson",
                    onclick: move |_| open(),
                    "{place}"
                }
            }
            p { "data-testid": "kept-preview", "{kept.preview}" }
            p { class: "list-detail", {page::clock(kept.at_ms)} }
            if let Some(failure) = back.failure() {
                p { class: "form-error", role: "alert", "{failure.message}" }
            }
            div { class: "kept-actions",
                button {
                    class: "button",
                    r#type: "button",
                    disabled: back.is_pending(),
                    "aria-label": words::named(words::PUT_BACK, &place),
                    "data-testid": "put-back-words",
                    onclick: move |_| back.run(()),
                    {words::PUT_BACK}
                }
                button {
                    class: "button quiet",
                    r#type: "button",
                    "aria-label": words::named(words::COPY, &place),
                    "data-testid": "copy-words",
                    onclick: move |_| {
                        let markdown = markdown.clone();
                        spawn(async move {
                            if page::copy(&markdown).await {
                                ui.tell(words::COPIED);
                            } else {
                                ui.trouble(words::NOT_COPIED);
                            }
                        });
                    },
                    {words::COPY}
                }
                button {
                    class: "button quiet",
                    r#type: "button",
                    "aria-label": words::named(words::FORGET, &place),
                    "data-testid": "forget-words",
                    onclick: move |_| ui.ask(Dialog::LetGo(Kept::Words(id, forget.clone()))),
                    {words::FORGET}
                }
            }
        }
    }
}
