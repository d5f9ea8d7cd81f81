//! What an import or export did, grouped by outcome: what needs a look first.

use crate::components::Icon;
use crate::i18n::text;
use dioxus::prelude::*;
use inkhorn_protocol::fidelity::{FidelityReport, Outcome};

/// Groups in the order in which they matter to the author.
const ORDER: [Outcome; 4] = [Outcome::Missing, Outcome::Dropped, Outcome::Converted, Outcome::Kept];

/// The report.
#[component]
pub(super) fn Report(report: FidelityReport) -> Element {
    let clean = [Outcome::Missing, Outcome::Dropped, Outcome::Converted]
        .into_iter()
        .all(|outcome| report.count(outcome) == 0 && report.with(outcome).next().is_none());
    let group = |outcome: Outcome| {
        let counts: Vec<_> = report
            .counts
            .iter()
            .filter(|count| count.outcome == outcome && count.count > 0)
            .map(|count| format!("{} {}", count.count, many(&count.what, count.count)))
            .collect();
        let items: Vec<_> = report.with(outcome).cloned().collect();
        let id = match outcome {
            Outcome::Kept => "kept",
            Outcome::Converted => "converted",
            Outcome::Dropped => "dropped",
            Outcome::Missing => "missing",
        };
        if counts.is_empty() && items.is_empty() {
            return rsx! {};
        }
        let total = report.count(outcome).max(items.len() as u32);
        let heading = rsx! {
            span { class: "report-name", "data-outcome": id, {text::outcome(outcome)} }
            span { class: "badge", "{total}" }
            span { class: "muted grow", {text::outcome_means(outcome)} }
        };
        rsx! {
            section { key: "{id}", class: "report-group", "data-testid": "report-{id}", "data-outcome": id,
                h3 { class: "row", {heading} }
                if !counts.is_empty() {
                    p { class: "muted", {counts.join(" · ")} }
                }
                if !items.is_empty() {
                    table { class: "report",
                        tbody {
                            for (index , item) in items.into_iter().enumerate() {
                                tr { key: "{index}",
                                    td { "data-outcome": id, style: "white-space: nowrap", "{item.what}" }
                                    td { "{item.detail}" }
                                    td { class: "muted",
                                        code {
                                            "{item.file}"
                                            if let Some(line) = item.line {
                                                ":{line}"
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    };
    rsx! {
        div { class: "stack", "data-testid": "report",
            if clean {
                div { class: "banner", "data-kind": "info",
                    Icon { name: "circle-check" }
                    p { {text::NOTHING_LOST} }
                }
            }
            for outcome in ORDER {
                {group(outcome)}
            }
        }
    }
}

/// The plural of a kind of thing, as far as English is regular.
fn many(what: &str, count: u32) -> String {
    if count == 1 || what.ends_with('s') { what.to_owned() } else { format!("{what}s") }
}
