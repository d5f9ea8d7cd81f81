//! The cache panel: what the core's cache knows of each key. Asked for only while it is open.

use crate::components::{IconButton, Skeleton};
use crate::hooks::Client;
use crate::i18n::{cache as words, text};
use crate::page;
use crate::state::cache::{Line, State, lines};
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::window::{CacheReport, Failure};

use super::shortcuts::shown;

/// Pause between two reports, in milliseconds: numbers that change faster cannot be read.
const EVERY_MS: i32 = 1_000;

const FILTER: &str = "cache-filter";

/// The panel, along the bottom: a line needs its width.
#[component]
pub(super) fn CachePanel() -> Element {
    let ui = use_context::<Ui>();
    let client = use_context::<Client>();
    let mut report = use_signal(|| None::<Result<CacheReport, Failure>>);
    let mut filter = use_signal(String::new);
    use_future(move || {
        let api = client.api.clone();
        async move {
            loop {
                let next = api.cache_report().await;
                if report.peek().as_ref() != Some(&next) {
                    report.set(Some(next));
                }
                page::sleep(EVERY_MS).await;
            }
        }
    });
    let shown_lines = use_memo(move || match &*report.read() {
        Some(Ok(report)) => lines(report, &filter.read()),
        _ => Vec::new(),
    });
    let totals = match &*report.read() {
        Some(Ok(report)) => words::totals(report),
        _ => String::new(),
    };
    rsx! {
        section {
            class: "dock",
            "aria-label": words::SHOW,
            "data-testid": "cache-panel",
            onkeydown: move |event| {
                if event.key() == Key::Escape && !page::is_composing(&event) {
                    event.stop_propagation();
                    ui.toggle_cache();
                }
            },
            header { class: "dock-head",
                h2 { class: "panel-title", {words::TITLE} }
                span { class: "counter muted grow", "data-testid": "cache-totals", "{totals}" }
                input {
                    id: FILTER,
                    class: "field",
                    r#type: "search",
                    placeholder: words::FILTER,
                    "aria-label": words::FILTER,
                    spellcheck: "false",
                    "data-testid": "cache-filter",
                    value: "{filter}",
                    onmounted: move |_| page::focus(FILTER),
                    oninput: move |event| filter.set(event.value()),
                }
                IconButton {
                    icon: "x",
                    label: text::CLOSE,
                    keys: shown("Mod+Shift+D"),
                    side: "left",
                    testid: "cache-close",
                    onclick: move |_| ui.toggle_cache(),
                }
            }
            div { class: "dock-body", tabindex: "0", role: "region", "aria-label": words::TITLE,
                match &*report.read() {
                    None => rsx! {
                        Skeleton {}
                    },
                    Some(Err(failure)) => rsx! {
                        p { class: "muted", "data-testid": "cache-failed", "{words::UNKNOWN} {failure.message}" }
                    },
                    Some(Ok(_)) => rsx! {
                        table { class: "figures",
                            thead {
                                tr {
                                    for (name , means) in words::COLUMNS {
                                        th { key: "{name}", scope: "col", title: means, "{name}" }
                                    }
                                }
                            }
                            tbody {
                                for line in shown_lines.read().iter() {
                                    Entry { key: "{line.path}", line: line.clone() }
                                }
                            }
                        }
                        if shown_lines.read().is_empty() {
                            p { class: "muted", {words::NONE} }
                        }
                    },
                }
            }
        }
    }
}

#[component]
fn Entry(line: Line) -> Element {
    let Line { path, state, entry } = line;
    let kind = match state {
        State::Fresh => "synced",
        State::Stale | State::Paused => "waiting",
        State::Error => "trouble",
        State::Fetching | State::Pending => "plain",
    };
    let age = entry.age_ms.map_or("–".to_owned(), words::age);
    rsx! {
        tr { "data-testid": "cache-entry", "data-observed": (entry.observers > 0).to_string(),
            th { scope: "row", "{path}" }
            td { span { class: "badge", "data-kind": kind, {words::state(state)} } }
            td { "{entry.observers}" }
            td { "{entry.generation}/{entry.covered}" }
            td { "{entry.revision}" }
            td { "{entry.fetches}" }
            td { class: "words", "{entry.cause}" }
            td { "{age}" }
            td { {words::size(entry.bytes)} }
        }
    }
}
