//! What waits for the server, document by document.

use super::act::use_act;
use crate::components::Icon;
use crate::hooks::use_query;
use crate::i18n::{kept, waiting as words};
use crate::page;
use dioxus::prelude::*;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::WaitingDoc;

/// How often the ages are said anew, in milliseconds: they count minutes.
const AGES_MS: i32 = 20_000;

/// The list. Nothing at all while nothing waits.
#[component]
pub(super) fn WaitingList() -> Element {
    let waiting = use_query::<Vec<WaitingDoc>>(QueryKey::Waiting);
    let mut now = use_signal(page::now_ms);
    use_future(move || async move {
        loop {
            page::sleep(AGES_MS).await;
            now.set(page::now_ms());
        }
    });
    let list = waiting.data().unwrap_or_default();
    let hidden = list.len().saturating_sub(words::MOST);
    rsx! {
        if !list.is_empty() {
            section { class: "kept",
                h3 { class: "section-title", {words::WAITING} }
                p { class: "muted", {words::WAITING_HINT} }
                ul { class: "kept-list", "data-testid": "waiting",
                    for doc in list.iter().take(words::MOST) {
                        Waiting { key: "{doc.doc}", doc: doc.clone(), now: now() }
                    }
                }
                if hidden > 0 {
                    p { class: "muted", {words::more(hidden)} }
                }
            }
        }
    }
}

#[component]
fn Waiting(doc: WaitingDoc, now: u64) -> Element {
    let (act, keep) = (use_act(), use_act());
    let title = words::title(&doc);
    let moves = words::moves(&doc.waits);
    let (retry, export) = (words::retry(&title), words::export(&title));
    rsx! {
        li { class: "kept-item", "data-testid": "waiting-doc", "data-doc": "{doc.doc}", "data-moves": "{moves}",
            div { class: "kept-head",
                Icon { name: if moves { "cloud-upload" } else { "clock" } }
                span { class: "list-title", title: "{title}", "{title}" }
            }
            p { {words::why(&doc.waits)} }
            p { class: "list-detail", {words::figures(&doc, now)} }
            div { class: "kept-actions",
                button {
                    class: "button quiet",
                    r#type: "button",
                    "aria-label": retry,
                    "data-testid": "retry-waiting",
                    onclick: move |_| act.retry_waiting(),
                    {words::RETRY}
                }
                button {
                    class: "button quiet",
                    r#type: "button",
                    "aria-label": export,
                    "data-testid": "export-waiting",
                    onclick: move |_| keep.export_copy(&doc),
                    {kept::EXPORT}
                }
            }
        }
    }
}
