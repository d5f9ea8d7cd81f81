//! What is printed. A reader that goes away (`inkhorn-cli … | head`) ends the printing, not the work.

use inkhorn_protocol::fidelity::{FidelityReport, Outcome};
use inkhorn_protocol::projection::{
    AssetInfo, AssetState, CourseSummary, NodeKind, OutlineNode, OutlineView, SyncCount,
};
use serde::Serialize;
use std::fmt::Display;
use std::io::{self, Write};
use std::process::ExitCode;

pub(crate) struct Output {
    /// Whether data is printed as JSON.
    pub(crate) json: bool,
    /// Whether nobody reads any more.
    closed: bool,
    /// What failed while printing, if it was not that.
    failed: Option<io::Error>,
}

impl Output {
    pub(crate) fn new(json: bool) -> Self {
        Self { json, closed: false, failed: None }
    }

    /// One line, or several, of data.
    pub(crate) fn line(&mut self, text: impl Display) {
        self.write(format_args!("{text}\n"));
    }

    /// Data as JSON.
    pub(crate) fn json(&mut self, value: &impl Serialize) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(value)?;
        self.line(text);
        Ok(())
    }

    /// Text as it is, ended by a line break.
    pub(crate) fn text(&mut self, text: &str) {
        self.write(format_args!("{text}{}", if text.is_empty() || text.ends_with('\n') { "" } else { "\n" }));
    }

    fn write(&mut self, text: std::fmt::Arguments<'_>) {
        if self.closed || self.failed.is_some() {
            return;
        }
        let mut out = io::stdout().lock();
        match out.write_fmt(text).and_then(|()| out.flush()) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => self.closed = true,
            Err(error) => self.failed = Some(error),
        }
    }

    /// Something that a person should know, and no program waits for.
    pub(crate) fn note(&self, text: impl Display) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// The last words, and the exit code.
    pub(crate) fn end(self, outcome: anyhow::Result<()>) -> ExitCode {
        let outcome = match self.failed {
            Some(ref error) => outcome.and(Err(anyhow::anyhow!(
                "The output could not be written: {error}. The work itself is done."
            ))),
            None => outcome,
        };
        let Err(error) = outcome else { return ExitCode::SUCCESS };
        self.note(error);
        ExitCode::FAILURE
    }
}

pub(crate) fn kind(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Chapter => "chapter",
        NodeKind::Section => "section",
        NodeKind::Lesson => "lesson",
    }
}

/// `1 lesson`, `2 lessons`.
pub(crate) fn counted(number: impl Into<u64>, one: &str) -> String {
    match number.into() {
        1 => format!("1 {one}"),
        number => format!("{number} {one}s"),
    }
}

pub(crate) fn courses(out: &mut Output, courses: &[CourseSummary]) {
    if courses.is_empty() {
        out.note("There are no courses on this computer yet. `inkhorn-cli import FOLDER` makes one.");
    }
    for course in courses {
        let role = course.role.map(|role| format!(", {role}")).unwrap_or_default();
        let place = if course.shared { "shared" } else { "only on this computer" };
        let waiting = waiting(&course.sync);
        let lessons = counted(course.lessons, "lesson");
        out.line(format_args!("{}  {}  ({lessons}, {place}{role}{waiting})", course.id, course.title));
    }
}

fn waiting(count: &SyncCount) -> String {
    let mut parts = Vec::new();
    for (number, what) in [
        (count.waiting_edits, "change"),
        (count.waiting_uploads, "upload"),
        (count.waiting_downloads, "download"),
    ] {
        if number > 0 {
            parts.push(counted(number, what));
        }
    }
    let mut text =
        if parts.is_empty() { String::new() } else { format!(", {} waiting", parts.join(" and ")) };
    if count.rejected > 0 {
        text += &format!(", {} refused", counted(count.rejected, "change"));
    }
    text
}

/// The tree as JSON: what the documents say and nothing else. Trash is left out unless it was asked for.
#[derive(Serialize)]
struct Tree<'a> {
    title: &'a str,
    nodes: &'a [OutlineNode],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    recovered: &'a [OutlineNode],
    #[serde(skip_serializing_if = "Option::is_none")]
    trash: Option<&'a [OutlineNode]>,
}

pub(crate) fn outline(out: &mut Output, view: &OutlineView, trash: bool) -> anyhow::Result<()> {
    if out.json {
        return out.json(&Tree {
            title: &view.title,
            nodes: &view.nodes,
            recovered: &view.recovered,
            trash: trash.then_some(&view.trash),
        });
    }
    out.line(&view.title);
    nodes(out, &view.nodes, 1);
    if !view.recovered.is_empty() {
        out.line("Recovered (the place of these is in Trash or has not arrived)");
        nodes(out, &view.recovered, 1);
    }
    if trash {
        out.line(if view.trash.is_empty() { "Trash is empty" } else { "Trash" });
        nodes(out, &view.trash, 1);
    }
    Ok(())
}

fn nodes(out: &mut Output, list: &[OutlineNode], depth: usize) {
    for node in list {
        let indent = "  ".repeat(depth);
        out.line(format_args!("{indent}{}  [{} {}]", node.title, kind(node.kind), node.id));
        nodes(out, &node.children, depth + 1);
    }
}

pub(crate) fn assets(out: &mut Output, assets: &[AssetInfo]) {
    for info in assets {
        let state = match info.state {
            AssetState::Local => "local",
            AssetState::WaitsForUpload => "waits_for_upload",
            AssetState::WaitsForDownload => "waits_for_download",
            AssetState::Synced => "synced",
        };
        out.line(format_args!("{}  {}  {state}", info.asset.hash, info.asset.bytes));
    }
}

fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Kept => "kept",
        Outcome::Converted => "converted",
        Outcome::Dropped => "dropped",
        Outcome::Missing => "missing",
    }
}

/// Totals, and with `full` every item too.
pub(crate) fn report(out: &mut Output, report: &FidelityReport, full: bool) {
    for state in [Outcome::Kept, Outcome::Converted, Outcome::Dropped, Outcome::Missing] {
        let list: Vec<String> = report
            .counts
            .iter()
            .filter(|count| count.outcome == state)
            .map(|count| format!("{} × {}", count.count, count.what))
            .collect();
        if !list.is_empty() {
            out.line(format_args!("{}: {}", outcome(state), list.join(", ")));
        }
    }
    if full {
        for item in &report.items {
            let line = item.line.map(|line| format!(":{line}")).unwrap_or_default();
            out.line(format_args!(
                "{}{line}: {} ({}): {}",
                item.file,
                item.what,
                outcome(item.outcome),
                item.detail
            ));
        }
    } else if !report.items.is_empty() {
        let count = counted(report.items.len() as u64, "item");
        out.line(format_args!("{count} in the full report: add --report to see it."));
    }
}
