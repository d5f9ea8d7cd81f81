//! Sync and import in sentences: what is safe first, numbers concrete.

use inkhorn_protocol::event::Status;
use inkhorn_protocol::fidelity::{FidelityItem, FidelityReport, Outcome};
use inkhorn_protocol::projection::{SyncCount, SyncSummary};

/// "1 change", "12 changes".
pub(crate) fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{number} {many}") }
}

/// State of sync, a line each.
pub(crate) fn status(summary: &SyncSummary) -> Vec<String> {
    let mut lines = vec!["Saved on this computer.".to_owned()];
    if summary.status == Status::Local {
        lines.push("No server is set up: every course is only here.".to_owned());
    } else {
        lines.extend(waiting(&summary.count));
    }
    if let Status::Offline { why: Some(why), .. } = &summary.status {
        lines.push(format!("Last try: {why}"));
    }
    for edit in &summary.rejected {
        lines.push(format!("Change to {} rejected: {}. It is kept on this computer.", edit.doc, edit.why));
    }
    lines
}

/// What waits, a line each.
pub(crate) fn waiting(waits: &SyncCount) -> Vec<String> {
    if waits.is_settled() && waits.rejected == 0 {
        return vec!["Nothing waits for the network.".to_owned()];
    }
    let mut lines = Vec::new();
    for (number, one, many, verb) in [
        (waits.waiting_edits, "change", "changes", "to be sent"),
        (waits.waiting_uploads, "image", "images", "to be uploaded"),
        (waits.waiting_downloads, "document or image", "documents and images", "to be fetched"),
    ] {
        if number > 0 {
            let verb_form = if number == 1 { "waits" } else { "wait" };
            lines.push(format!("{} {verb_form} {verb}.", count(number, one, many)));
        }
    }
    if waits.rejected > 0 {
        lines.push(format!(
            "{} rejected and kept on this computer.",
            count(waits.rejected, "change", "changes")
        ));
    }
    lines
}

/// A fidelity report: sums, then what is not as it was; everything when it is wanted.
pub(crate) fn report(report: &FidelityReport, everything: bool) -> Vec<String> {
    let sums: Vec<String> = [Outcome::Kept, Outcome::Converted, Outcome::Dropped, Outcome::Missing]
        .into_iter()
        .map(|outcome| format!("{} {}", report.count(outcome), word(outcome)))
        .collect();
    let mut lines = vec![format!("Report: {}.", sums.join(", "))];
    let shown: Vec<&FidelityItem> = report
        .items
        .iter()
        .filter(|item| everything || matches!(item.outcome, Outcome::Dropped | Outcome::Missing))
        .collect();
    // Enough to see what it is about; the rest with --report.
    let limit = if everything { usize::MAX } else { 20 };
    lines.extend(shown.iter().take(limit).map(|item| {
        let place = item.line.map_or_else(|| item.file.clone(), |line| format!("{}:{line}", item.file));
        format!("  {}: {} at {place}: {}", word(item.outcome), item.what, item.detail)
    }));
    if shown.len() > limit {
        lines.push(format!("  {} more; --report prints them all.", shown.len() - limit));
    }
    lines
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Kept => "kept",
        Outcome::Converted => "converted",
        Outcome::Dropped => "dropped",
        Outcome::Missing => "missing",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_safe_is_said_first_and_numbers_are_exact() {
        let summary = SyncSummary {
            status: Status::Offline {
                next_try_ms: None,
                why: Some("the server refused the connection".into()),
            },
            count: SyncCount { waiting_edits: 1, waiting_uploads: 2, ..SyncCount::default() },
            synced_at_ms: None,
            rejected: Vec::new(),
        };
        assert_eq!(
            status(&summary),
            [
                "Saved on this computer.",
                "1 change waits to be sent.",
                "2 images wait to be uploaded.",
                "Last try: the server refused the connection",
            ]
        );
    }
}
