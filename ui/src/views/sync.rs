//! The state of sync: the pill, always in sight, and the sync centre behind it.

use super::act::use_act;
use super::kept::KeptLists;
use super::kept_words::KeptWordsList;
use super::storage::{OfflineLine, StorageList};
use super::transfers::TransferList;
use super::waiting::WaitingList;
use crate::components::{Icon, IconButton, Skeleton};
use crate::hooks::{use_connection, use_pill, use_query};
use crate::i18n::sync::Tone;
use crate::i18n::{kept as words, text, waiting};
use crate::page;
use crate::state::ui::{Dialog, Ui};
use dioxus::prelude::*;
use inkhorn_protocol::event::Status;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{Account, CourseSummary};
use std::rc::Rc;

/// The pill. Its first line is the one to read.
#[component]
pub(super) fn PillButton(testid: String) -> Element {
    let ui = use_context::<Ui>();
    let pill = use_pill();
    let unsaved = !ui.unsaved.read().is_empty();
    let Some(pill) = pill.read().clone() else { return rsx! {} };
    rsx! {
        button {
            class: "pill",
            r#type: "button",
            "data-state": pill.tone.name(),
            "data-unsaved": unsaved.to_string(),
            "data-testid": testid,
            "aria-expanded": ui.sync_centre.read().to_string(),
            title: pill.sentence.clone(),
            onclick: move |_| ui.toggle_sync_centre(),
            Icon { name: pill.tone.icon() }
            span { "{pill.line}" }
            if let Some(more) = pill.more {
                span { class: "pill-more", " · {more}" }
            }
        }
    }
}

/// The panel that tells all about sync.
#[component]
pub(super) fn SyncCentre() -> Element {
    let ui = use_context::<Ui>();
    let act = use_act();
    let sync = use_connection();
    let pill = use_pill();
    let account = use_query::<Option<Account>>(QueryKey::Account);
    let courses = use_query::<Vec<CourseSummary>>(QueryKey::Courses);
    let said = pill.read().clone();
    let (Some(sync), Some(said)) = (sync.data(), said) else {
        return rsx! {
            aside { class: "panel",
                div { class: "panel-body", Skeleton {} }
            }
        };
    };
    let counts = [
        (text::WAITING_UPLOADS, sync.count.waiting_uploads),
        (text::WAITING_DOWNLOADS, sync.count.waiting_downloads),
    ];
    let account = account.data().and_then(|account| (*account).clone());
    let open = ui.course.read().clone();
    let here =
        courses.data().and_then(|all| all.iter().find(|course| Some(&course.id) == open.as_ref()).cloned());
    // The first sentence says the time then.
    let all_there = said.tone == Tone::Synced;
    let can_retry = matches!(sync.status, Status::Offline { .. });
    rsx! {
        aside { class: "panel", "aria-label": text::SYNC_CENTRE, "data-testid": "sync-centre",
            header { class: "panel-head",
                h2 { class: "panel-title", {text::SYNC_CENTRE} }
                IconButton {
                    icon: "x",
                    label: text::CLOSE,
                    side: "left",
                    onclick: move |_| ui.toggle_sync_centre(),
                }
            }
            div { class: "panel-body stack",
                div { class: "banner", "data-kind": match said.tone.name() {
                        "trouble" => "trouble",
                        "waiting" | "offline" => "waiting",
                        _ => "info",
                    },
                    Icon { name: said.tone.icon() }
                    p { "data-testid": "sync-sentence", role: "status", "{said.sentence}" }
                }
                if let Some(at) = sync.synced_at_ms.filter(|_| !all_there) {
                    p { class: "form-hint", "data-testid": "last-stored", {waiting::last_stored(&page::clock(at))} }
                }
                if can_retry {
                    button {
                        class: "button",
                        r#type: "button",
                        "data-testid": "retry",
                        onclick: move |_| act.retry_now(),
                        Icon { name: "refresh-cw" }
                        {text::TRY_NOW}
                    }
                }
                if counts.iter().any(|(_, count)| *count > 0) {
                    div { class: "list",
                        for (label , count) in counts.iter().filter(|(_, count)| *count > 0) {
                            div { key: "{label}", class: "list-row",
                                span { class: "grow", "{label}" }
                                span { class: "badge", "data-kind": "waiting", "{count}" }
                            }
                        }
                    }
                }
                KeptWordsList {}
                WaitingList {}
                if let Some(course) = open.clone() {
                    TransferList { key: "{course}", course }
                }
                for one in &sync.differed {
                    div {
                        key: "{one.doc}-{one.at_ms}",
                        class: "banner",
                        "data-kind": if one.repaired { "info" } else { "trouble" },
                        "data-testid": "differed",
                        Icon { name: if one.repaired { "info" } else { Tone::Trouble.icon() } }
                        p { {words::differed(&one.doc, one.repaired)} }
                    }
                }
                KeptLists { rejected: Rc::new(sync.rejected.clone()) }
                if let Some(course) = here.filter(|course| !course.shared) {
                    p { class: "muted", {text::ONLY_HERE} }
                    if account.is_some() {
                        button {
                            class: "button",
                            r#type: "button",
                            onclick: move |_| ui.ask(Dialog::Share(course.id.clone())),
                            Icon { name: "share-2" }
                            {text::SHARE}
                        }
                    }
                }
                if let Some(course) = open {
                    OfflineLine { key: "{course}", course }
                }
                StorageList {}
                button {
                    class: "button quiet",
                    r#type: "button",
                    "data-testid": "server",
                    onclick: move |_| ui.ask(Dialog::Server),
                    Icon { name: "circle-user" }
                    if account.is_some() {
                        {text::SERVER_AND_ACCOUNT}
                    } else {
                        {text::SET_UP_SERVER}
                    }
                }
            }
        }
    }
}
