//! Blocks as fenced divs: for what plain Markdown has no form.

use super::{
    Notes, below,
    inline::{self, Style},
    prefixed,
};
use crate::divs::CALLOUT;
use inkhorn_protocol::body::Node;
use serde_json::Value;

pub(super) fn callout(node: &Node, content: &str, attempt: usize) -> Option<String> {
    let kind = node.attr("kind")?;
    let title = node.attr("title");
    match attempt {
        // The kinds that GitHub and mdBook know.
        0 if ["note", "tip", "important", "warning", "caution"].contains(&kind) => {
            let head = match title {
                Some(title) => {
                    format!("[!{}] {}", kind.to_uppercase(), inline::escape(title, Style::Escaped))
                }
                None => format!("[!{}]", kind.to_uppercase()),
            };
            Some(prefixed(&format!("{head}\n{content}"), "> "))
        }
        1 => {
            let word =
                !kind.is_empty() && kind.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
            let info = match (word, title) {
                (true, None) => kind.to_owned(),
                (true, Some(title)) => format!("{{.{kind} title={}}}", quoted(title)),
                (false, None) => format!("{{class={}}}", quoted(kind)),
                (false, Some(title)) => format!("{{class={} title={}}}", quoted(kind), quoted(title)),
            };
            Some(div(&info, content))
        }
        // A kind that means something else as a name, or none at all.
        2 => {
            let title = title.map_or_else(String::new, |title| format!(" title={}", quoted(title)));
            Some(div(&format!("{{.{CALLOUT} kind={}{title}}}", quoted(kind)), content))
        }
        _ => None,
    }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

pub(super) fn div(info: &str, content: &str) -> String {
    let inner =
        content.lines().map(|l| l.trim_start().bytes().take_while(|b| *b == b':').count()).max().unwrap_or(0);
    let colons = ":".repeat(3.max(inner + 1));
    format!("{colons} {info}\n\n{content}\n\n{colons}")
}

/// Details: the summary in the head of the div, as Markdown.
pub(super) fn details(node: &Node, notes: &Notes, content: &str, attempt: usize) -> Option<String> {
    let style = [Style::Plain, Style::Escaped, Style::Escaped, Style::Tags].get(attempt).copied()?;
    let summary = &node.content.first()?.content;
    let text = inline::write(summary, notes, style, inline::Place::Heading)?;
    let info = match (attempt, summary.is_empty()) {
        (0, true) => "details".to_owned(),
        (0 | 1, _) => format!("details {text}"),
        _ => format!("{{.details title={}}}", quoted(&text)),
    };
    Some(div(&info, content))
}

/// Columns, one div in another.
pub(super) fn columns(columns: &[String]) -> String {
    let columns: Vec<String> = columns.iter().map(|content| div("column", content)).collect();
    div("columns", &columns.join("\n\n"))
}

/// A table whose cells hold blocks, span others, or have no header row.
pub(super) fn table(node: &Node, notes: &Notes, depth: usize) -> String {
    let rows: Vec<String> = node
        .content
        .iter()
        .map(|row| {
            let cells: Vec<String> = row
                .content
                .iter()
                .map(|cell| {
                    let kind = if cell.kind == "tableHeader" { "ink-head" } else { "ink-cell" };
                    let attrs: String =
                        cell.attrs.iter().map(|(k, v)| format!(" {k}={}", quoted(&plain(v)))).collect();
                    let info = if attrs.is_empty() { kind.to_owned() } else { format!("{{.{kind}{attrs}}}") };
                    div(&info, &below(&cell.content, notes, depth + 2))
                })
                .collect();
            div("ink-row", &cells.join("\n\n"))
        })
        .collect();
    div("ink-table", &rows.join("\n\n"))
}

/// A value as it stands in an attribute: texts without quotes, unless they would be read as something else.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) if serde_json::from_str::<Value>(text).is_err() => text.clone(),
        value => value.to_string(),
    }
}
