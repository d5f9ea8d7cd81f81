//! What waits for the server, and what it refused: why, where it is kept, and what can be done.

use super::act::use_act;
use crate::components::{Dialog as Modal, Icon, close_dialog};
use crate::hooks::{Client, Options, use_mutation, use_operations, use_selected};
use crate::i18n::{kept as words, kept_words, text};
use crate::page;
use crate::state::tree;
use crate::state::ui::{Dialog, Kept, Ui};
use dioxus::prelude::*;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{CourseSummary, OperationInfo, OutlineView, RejectedEdit};
use inkhorn_protocol::{CourseId, DocId};
use std::rc::Rc;

/// Both lists, in the sync centre. Nothing at all while there is nothing.
#[component]
pub(super) fn KeptLists(rejected: Rc<Vec<RejectedEdit>>) -> Element {
    let operations = use_operations();
    let list = operations.data().unwrap_or_default();
    rsx! {
        if !rejected.is_empty() {
            section { class: "kept",
                h3 { class: "section-title", {words::REJECTED} }
                p { class: "muted", {words::REJECTED_HINT} }
                ul { class: "kept-list", "data-testid": "rejected",
                    for edit in rejected.iter() {
                        Edit { key: "{edit.id}", edit: edit.clone() }
                    }
                }
            }
        }
        if !list.is_empty() {
            section { class: "kept",
                h3 { class: "section-title", {words::OPERATIONS} }
                ul { class: "kept-list", "data-testid": "operations",
                    for info in list.iter() {
                        Operation { key: "{info.op}", info: info.clone() }
                    }
                }
            }
        }
    }
}

fn use_course_title(course: CourseId) -> String {
    let title = use_selected(QueryKey::Courses, Options::default(), move |all: &Vec<CourseSummary>| {
        all.iter().find(|one| one.id == course).map(|one| one.title.clone()).unwrap_or_default()
    });
    title.data().map(|title| (*title).clone()).unwrap_or_default()
}

#[component]
fn Edit(edit: RejectedEdit) -> Element {
    let ui = use_context::<Ui>();
    let act = use_act();
    let client = use_context::<Client>();
    let course = use_course_title(edit.course.clone());
    let doc = edit.doc.clone();
    let lesson = use_selected(
        QueryKey::Outline { course: edit.course.clone() },
        Options::default(),
        move |view: &OutlineView| match &doc {
            DocId::Course(_) => None,
            DocId::Lesson(lesson) => Some(
                [&view.nodes, &view.recovered, &view.trash]
                    .into_iter()
                    .find_map(|nodes| tree::find(nodes, lesson))
                    .map(|(_, node)| node.title.clone())
                    .unwrap_or_default(),
            ),
        },
    );
    let lesson = lesson.data().and_then(|lesson| (*lesson).clone());
    let place = words::place(lesson.as_deref(), &course);
    let id = edit.id;
    let of = edit.course.clone();
    let back = use_mutation(move |()| {
        let (api, course) = (client.api.clone(), of.clone());
        async move {
            match api.reapply_rejected(id).await? {
                Some(lesson) => {
                    ui.tell(words::WRITTEN_ANEW);
                    ui.open_course(Some(course));
                    ui.open_lesson(lesson);
                }
                None => ui.tell(words::SENT_AGAIN),
            }
            Ok(())
        }
    });
    let (export, go) = (place.clone(), place.clone());
    rsx! {
        li { class: "kept-item", "data-testid": "rejected-edit", "data-id": "{id}",
            div { class: "kept-head",
                Icon { name: "triangle-alert" }
                span { class: "list-title", title: "{place}", "{place}" }
            }
            p { "{text::sentence(&edit.why)}." }
            p { class: "list-detail", {page::clock(edit.at_ms)} }
            if let Some(failure) = back.failure() {
                p { class: "form-error", role: "alert", "{failure.message}" }
            }
            div { class: "kept-actions",
                button {
                    class: "button",
                    r#type: "button",
                    disabled: back.is_pending(),
                    "data-testid": "put-back",
                    onclick: move |_| back.run(()),
                    {words::PUT_BACK}
                }
                button {
                    class: "button quiet",
                    r#type: "button",
                    "data-testid": "export-rejected",
                    onclick: move |_| act.export_rejected(id, &export),
                    {words::EXPORT}
                }
                button {
                    class: "button quiet",
                    r#type: "button",
                    "data-testid": "let-go",
                    onclick: move |_| ui.ask(Dialog::LetGo(Kept::Edit(id, go.clone()))),
                    {words::LET_GO}
                }
            }
        }
    }
}

#[component]
fn Operation(info: OperationInfo) -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let what = words::operation(&info.kind, &use_course_title(info.course.clone()));
    let stuck = words::is_stuck(info.state);
    let (op, of) = (info.op.clone(), info.op.clone());
    let again = use_mutation(move |()| {
        let (api, op) = (client.api.clone(), op.clone());
        async move { api.retry_operation(&op).await }
    });
    let go = what.clone();
    rsx! {
        li { class: "kept-item", "data-testid": "operation", "data-stuck": stuck.to_string(),
            div { class: "kept-head",
                Icon { name: if stuck { "triangle-alert" } else { "cloud-upload" } }
                span { class: "list-title", title: "{what}", "{what}" }
            }
            p { {words::state(&info, page::now_ms())} }
            p { class: "list-detail", {page::clock(info.created_ms)} }
            if let Some(failure) = again.failure() {
                p { class: "form-error", role: "alert", "{failure.message}" }
            }
            if stuck {
                div { class: "kept-actions",
                    button {
                        class: "button",
                        r#type: "button",
                        disabled: again.is_pending(),
                        "data-testid": "retry-operation",
                        onclick: move |_| again.run(()),
                        {words::TRY_AGAIN}
                    }
                    button {
                        class: "button quiet",
                        r#type: "button",
                        "data-testid": "let-go",
                        onclick: move |_| ui.ask(Dialog::LetGo(Kept::Operation(of.clone(), go.clone()))),
                        {words::LET_GO}
                    }
                }
            }
        }
    }
}

/// Letting go destroys, so it is decided.
#[component]
pub(super) fn LetGoDialog(kept: Kept) -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let act = use_act();
    let (title, said) = match &kept {
        Kept::Edit(_, place) => (words::LET_GO_EDIT, words::let_go_edit(place)),
        Kept::Operation(_, what) => (words::LET_GO_OPERATION, words::let_go_operation(what)),
        Kept::Words(_, place) => (kept_words::FORGET_TITLE, kept_words::forget(place)),
    };
    let now = if matches!(kept, Kept::Words(..)) { kept_words::FORGET_NOW } else { words::LET_GO_NOW };
    let what = kept.clone();
    let go = use_mutation(move |()| {
        let (api, what) = (client.api.clone(), what.clone());
        async move {
            match &what {
                Kept::Edit(id, _) => api.discard_rejected(*id).await?,
                Kept::Operation(op, _) => api.let_go_operation(op).await?,
                Kept::Words(id, _) => api.forget_kept(*id).await?,
            }
            close_dialog(ui);
            Ok(())
        }
    });
    let busy = go.is_pending();
    rsx! {
        Modal {
            title,
            testid: "let-go-dialog",
            busy,
            foot: rsx! {
                if let Kept::Edit(id, place) = kept {
                    button {
                        class: "button quiet",
                        r#type: "button",
                        disabled: busy,
                        onclick: move |_| act.export_rejected(id, &place),
                        {words::EXPORT}
                    }
                    span { class: "grow" }
                }
                button {
                    class: "button danger",
                    r#type: "button",
                    disabled: busy,
                    "data-testid": "let-go-now",
                    onclick: move |_| go.run(()),
                    {now}
                }
                button {
                    class: "button primary",
                    r#type: "button",
                    disabled: busy,
                    autofocus: true,
                    onclick: move |_| close_dialog(ui),
                    {text::KEEP}
                }
            },
            p { "{said}" }
            if let Some(failure) = go.failure() {
                p { class: "form-error", role: "alert", "{failure.message}" }
            }
        }
    }
}
