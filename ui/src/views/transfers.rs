//! Images and files of the open course that are on their way, in the sync centre.

use super::act::use_act;
use crate::components::Icon;
use crate::hooks::{Options, use_selected, use_transfers};
use crate::i18n::{transfers as words, waiting};
use crate::state::tree;
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{OutlineView, Transfer, TransferState};

/// The list. Nothing at all while everything is in both places.
#[component]
pub(super) fn TransferList(course: CourseId) -> Element {
    let act = use_act();
    let transfers = use_transfers(course.clone());
    let list = transfers.data().unwrap_or_default();
    let hidden = list.len().saturating_sub(waiting::MOST);
    // What moves needs no help, and there is one connection for all the others.
    let stuck = list.iter().any(|transfer| transfer.state != TransferState::Moves);
    rsx! {
        if !list.is_empty() {
            section { class: "kept",
                h3 { class: "section-title", {words::TRANSFERS} }
                ul { class: "kept-list", "data-testid": "transfers",
                    for transfer in list.iter().take(waiting::MOST) {
                        Row {
                            key: "{transfer.asset.hash.as_str()}",
                            course: course.clone(),
                            transfer: transfer.clone(),
                        }
                    }
                }
                if hidden > 0 {
                    p { class: "muted", {words::more(hidden)} }
                }
                if stuck {
                    div { class: "kept-actions",
                        button {
                            class: "button quiet",
                            r#type: "button",
                            "aria-label": waiting::retry(words::TRANSFERS),
                            "data-testid": "retry-transfers",
                            onclick: move |_| act.retry_waiting(),
                            {waiting::RETRY}
                        }
                    }
                }
            }
        }
    }
}

/// Title of a lesson of a course, wherever in the outline it is.
fn use_lesson_title(course: CourseId, transfer: &Transfer) -> Option<String> {
    let lesson = transfer.lesson.clone();
    let title = use_selected(QueryKey::Outline { course }, Options::default(), move |view: &OutlineView| {
        [&view.nodes, &view.recovered, &view.trash]
            .into_iter()
            .find_map(|nodes| tree::find(nodes, lesson.as_ref()?))
            .map(|(_, node)| node.title.clone())
    });
    title.data().and_then(|title| (*title).clone())
}

#[component]
fn Row(course: CourseId, transfer: Transfer) -> Element {
    let lesson = use_lesson_title(course, &transfer);
    let name = words::name(&transfer);
    let (done, bytes) = (transfer.done.min(transfer.asset.bytes), transfer.asset.bytes);
    let moves = transfer.state == TransferState::Moves;
    rsx! {
        li {
            class: "kept-item",
            "data-testid": "transfer",
            "data-hash": transfer.asset.hash.as_str(),
            "data-up": transfer.up.to_string(),
            "data-stuck": (!moves && transfer.why.is_some()).to_string(),
            div { class: "kept-head",
                Icon { name: if transfer.up { "upload" } else { "download" } }
                bdi { class: "list-title", title: "{name}", "{name}" }
            }
            if let Some(why) = words::why(&transfer) {
                p { "{why}" }
            }
            if moves {
                div { class: "transfer-line",
                    progress {
                        class: "transfer-bar",
                        max: "{bytes}",
                        value: "{done}",
                        "aria-label": words::progress_of(&name, done, bytes),
                    }
                    span { class: "list-detail", {words::progress(done, bytes)} }
                }
            }
            p { class: "list-detail", {words::detail(&transfer, lesson.as_deref())} }
        }
    }
}
