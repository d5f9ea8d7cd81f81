//! How much of the open course is on this computer, and the room that all of it takes.

use crate::components::Icon;
use crate::hooks::{Client, use_mutation, use_query};
use crate::i18n::waiting as words;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{Available, Storage};

/// Whether the course can be read without a network.
#[component]
pub(super) fn OfflineLine(course: CourseId) -> Element {
    let here = use_query::<Available>(QueryKey::Available { course });
    let Some(here) = here.data() else { return rsx! {} };
    rsx! {
        section { class: "kept",
            h3 { class: "section-title", {words::THIS_COURSE} }
            p { class: "row offline-line", "data-testid": "available", "data-whole": words::is_whole(&here).to_string(),
                Icon { name: if words::is_whole(&here) { "circle-check" } else { "download" } }
                span { {words::available(&here)} }
            }
        }
    }
}

/// Room on the disk, and what can be done about it.
#[component]
pub(super) fn StorageList() -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let storage = use_query::<Storage>(QueryKey::Storage);
    let free = use_mutation(move |()| {
        let api = client.api.clone();
        async move {
            let freed = api.free_storage().await?;
            ui.tell(words::freed(freed));
            Ok(())
        }
    });
    let Some(storage) = storage.data() else { return rsx! {} };
    let rows = [
        (words::DATABASE, Some(storage.database)),
        (words::ASSETS, Some(storage.assets)),
        (words::LOGS, Some(storage.logs).filter(|bytes| *bytes > 0)),
        (words::SET_ASIDE, Some(storage.set_aside).filter(|bytes| *bytes > 0)),
    ];
    rsx! {
        section { class: "kept", "data-testid": "storage",
            h3 { class: "section-title", {words::STORAGE} }
            dl { class: "storage",
                for (label , bytes) in rows.into_iter().filter_map(|(label, bytes)| Some((label, bytes?))) {
                    dt { key: "{label}", "{label}" }
                    dd { {words::megabytes(bytes)} }
                }
            }
            p { class: "form-hint selectable", title: "{storage.folder}", "{storage.folder}" }
            p { class: "form-hint", {words::FREE_HINT} }
            if let Some(failure) = free.failure() {
                p { class: "form-error", role: "alert", "{failure.message}" }
            }
            div { class: "kept-actions",
                button {
                    class: "button",
                    r#type: "button",
                    disabled: free.is_pending(),
                    "data-testid": "free-storage",
                    onclick: move |_| free.run(()),
                    {words::FREE}
                }
            }
        }
    }
}
