//! Fenced divs: parts of tables that Markdown's own tables cannot hold, details, columns, notes for instructors, else callouts.

use crate::{
    blocks::{Build, callout_node, filled, loosen, options},
    footnotes::Notes,
    html::{self, Piece},
    inlines::Item,
    source::{Div, Source},
};
use comrak::{
    Arena,
    nodes::{AstNode, NodeValue},
};
use inkhorn_protocol::{
    body::{Mark, Node},
    fidelity::Outcome,
};

/// Nodes that follow each other.
type Nodes<'a, 'n> = &'a [&'n AstNode<'n>];

/// The text of an HTML block.
fn html_of<'n>(node: &'n AstNode<'n>) -> Option<String> {
    match &node.data().value {
        NodeValue::HtmlBlock(block) => Some(block.literal.trim().to_owned()),
        _ => None,
    }
}

/// The title of an HTML block that begins details and holds nothing else; empty without a summary.
fn details_title(html: &str) -> Option<String> {
    let mut title = None;
    let mut open = Vec::new();
    for piece in html::pieces(html) {
        match (piece, open.as_slice()) {
            (Piece::Open(name, _), []) if name == "details" => open.push(name),
            (Piece::Open(name, _), [_]) if name == "summary" && title.is_none() => {
                title = Some(String::new());
                open.push(name);
            }
            // A summary is bold anyway.
            (Piece::Open(name, _) | Piece::Close(name, _), [_, _])
                if matches!(&*name, "b" | "strong" | "i" | "em") => {}
            (Piece::Close(name, _), [_, _]) if name == "summary" => {
                open.pop();
            }
            (Piece::Text(text), [_, _]) => title.get_or_insert_default().push_str(text),
            (Piece::Text(text), _) if text.trim().is_empty() => {}
            _ => return None,
        }
    }
    let words = |title: String| html::decode(&title).split_whitespace().collect::<Vec<_>>().join(" ");
    (open.len() == 1).then(|| title.map(words).unwrap_or_default())
}

/// Whether an HTML block begins or ends details.
pub(crate) fn is_part_of_details(html: &str) -> bool {
    html.trim().eq_ignore_ascii_case("</details>") || details_title(html).is_some()
}

/// Details as HTML among Markdown: their title, the nodes within them and those behind them. `None` where they do not begin
/// here, or hold HTML of their own that must stay as it is.
pub(crate) fn details<'a, 'n>(
    node: &'n AstNode<'n>,
    rest: &'a [&'n AstNode<'n>],
) -> Option<(String, Nodes<'a, 'n>, Nodes<'a, 'n>)> {
    let title = details_title(&html_of(node)?)?;
    let mut deep = 1;
    for (at, other) in rest.iter().enumerate() {
        let Some(html) = html_of(other) else { continue };
        if html.eq_ignore_ascii_case("</details>") {
            deep -= 1;
        } else if details_title(&html).is_some() {
            deep += 1;
        } else if html.to_ascii_lowercase().contains("details>") {
            return None;
        }
        if deep == 0 {
            return Some((title, &rest[..at], &rest[at + 1..]));
        }
    }
    None
}

/// Name of a div that says its kind in an attribute: for callouts whose kind means something else as a name.
pub(crate) const CALLOUT: &str = "ink-callout";

impl Build<'_> {
    /// The block that a fenced div stands for.
    pub(crate) fn div(&mut self, mut div: Div, content: Vec<Node>, line: u32) -> Node {
        let cell = |kind: &str| {
            let mut node = Node::new(kind, filled(loosen(content.clone())));
            for (key, value) in &div.rest {
                let parsed = serde_json::from_str(value).unwrap_or(serde_json::Value::String(value.clone()));
                node.attrs.insert(key.clone(), parsed);
            }
            node
        };
        let only = |kinds: &[&str]| {
            !content.is_empty() && content.iter().all(|child| kinds.contains(&child.kind.as_str()))
        };
        match div.kind.as_str() {
            "ink-table" if only(&["tableRow"]) => return Node::new("table", content),
            "ink-row" if only(&["tableCell", "tableHeader"]) => return Node::new("tableRow", content),
            "ink-cell" => return cell("tableCell"),
            "ink-head" => return cell("tableHeader"),
            "details" => {
                self.taken("details", &div.rest, line);
                let summary = self.summary(&div.title, line);
                return Node::new(
                    "details",
                    vec![
                        Node::new("detailsSummary", summary),
                        Node::new("detailsContent", filled(loosen(content))),
                    ],
                );
            }
            "columns" if only(&["column"]) => {
                self.taken("columns", &div.rest, line);
                return Node::new("columns", content);
            }
            "column" => {
                self.lost("columns", &div.rest, line);
                return Node::new("column", filled(titled(&div.title, loosen(content))));
            }
            "instructor" => {
                self.taken("instructor note", &div.rest, line);
                return Node::new("instructorNote", filled(titled(&div.title, loosen(content))));
            }
            CALLOUT => {
                if let Some(at) = div.rest.iter().position(|(key, _)| key == "kind") {
                    div.kind = div.rest.remove(at).1;
                    self.taken("callout", &div.rest, line);
                    return callout_node(&div.kind, &div.title, loosen(content));
                }
            }
            _ => {}
        }
        self.taken("callout", &div.rest, line);
        callout_node(if div.kind.is_empty() { "div" } else { &div.kind }, &div.title, loosen(content))
    }

    /// Details that were HTML.
    pub(crate) fn html_details(&mut self, title: &str, content: Vec<Node>, line: u32) -> Node {
        self.env.note(line, "HTML", Outcome::Converted, "Details became a block of their own.".into());
        let summary = if title.is_empty() { vec![] } else { vec![Node::text(title)] };
        let parts = vec![Node::new("detailsSummary", summary), Node::new("detailsContent", filled(content))];
        Node::new("details", parts)
    }

    fn taken(&mut self, what: &'static str, rest: &[(String, String)], line: u32) {
        self.lost(what, rest, line);
        self.env.count(what, Outcome::Kept);
    }

    fn lost(&mut self, what: &'static str, rest: &[(String, String)], line: u32) {
        if rest.is_empty() {
            return;
        }
        let lost: Vec<String> = rest.iter().map(|(key, value)| format!("{key}={value}")).collect();
        let detail = format!("Its attributes {} were left out.", lost.join(" "));
        self.env.note(line, what, Outcome::Dropped, detail);
    }

    /// The title of a div as texts with marks; as it stands, where it is more than that.
    fn summary(&mut self, title: &str, line: u32) -> Vec<Node> {
        let plain = || if title.is_empty() { vec![] } else { vec![Node::text(title)] };
        let arena = Arena::new();
        let root = comrak::parse_document(&arena, title, &options());
        let paragraph = match (root.first_child(), root.last_child()) {
            (Some(first), Some(last)) if first.same_node(last) => first,
            _ => return plain(),
        };
        if !matches!(paragraph.data().value, NodeValue::Paragraph) {
            return plain();
        }
        let source = Source::at(line);
        let mut build = Build { env: &mut *self.env, source: &source, notes: Notes::default(), next: None };
        let mut out = Vec::new();
        for item in build.inline(paragraph, 0) {
            match item {
                Item::Inline(node) if node.kind == "text" => out.push(node),
                _ => return plain(),
            }
        }
        out
    }
}

/// A title where there is no place for one: a first paragraph in bold.
fn titled(title: &str, mut content: Vec<Node>) -> Vec<Node> {
    if !title.is_empty() {
        content.insert(0, Node::new("paragraph", vec![Node::text(title).marked(Mark::new("bold"))]));
    }
    content
}
