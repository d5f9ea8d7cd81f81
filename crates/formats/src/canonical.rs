//! One form for equal content: an editor, a document and a Markdown file differ in what they leave implicit.

use inkhorn_protocol::{
    body::{Mark, Node},
    schema::BODY_MARKS,
};
use serde_json::Value;

/// Deepest nesting that the parser makes; what lies deeper becomes text. Real lessons have 10, and the JSON reader,
/// which holds four levels for each of ours, refuses 128.
pub(crate) const MAX_DEPTH: usize = 28;

/// The same body with everything implicit left out: attributes that are null or that say what holds anyway, empty
/// texts, neighbouring texts that differ in nothing; marks in the order of [`BODY_MARKS`]. Numbers that arrive as
/// floats (they do, from a Y document) become integers. What several authors may leave between them (a container without
/// content, details without their summary) is made whole. Nodes that this build does not know stay as they are.
pub fn canonical(node: &Node) -> Node {
    tidy(node, 0)
}

fn tidy(node: &Node, depth: usize) -> Node {
    let mut out = Node { kind: node.kind.clone(), text: node.text.clone(), ..Node::default() };
    for (name, value) in &node.attrs {
        let value = integer(value);
        if !implied(&node.kind, name, &value) {
            out.attrs.insert(name.clone(), value);
        }
    }
    if node.kind == "taskItem" {
        let checked = node.attrs.get("checked") == Some(&Value::Bool(true));
        out.attrs.insert("checked".into(), Value::Bool(checked));
    }
    out.marks = node.marks.iter().map(mark).collect();
    out.marks.sort_by(|a, b| rank(a).cmp(&rank(b)).then_with(|| a.kind.cmp(&b.kind)));
    out.marks.dedup();
    if depth > 4 * MAX_DEPTH {
        out.content.clone_from(&node.content);
        return out;
    }
    for child in &node.content {
        let child = tidy(child, depth + 1);
        let hollow = matches!(
            child.kind.as_str(),
            "bulletList" | "orderedList" | "taskList" | "table" | "tableRow" | "columns"
        );
        if !(hollow && child.content.is_empty()) {
            push(&mut out.content, child);
        }
    }
    whole(&mut out);
    out
}

/// Gives a container the content that it needs.
fn whole(node: &mut Node) {
    let paragraph = || Node::new("paragraph", vec![]);
    match node.kind.as_str() {
        "details" => {
            let mut summary: Option<Node> = None;
            let mut blocks = Vec::new();
            for child in std::mem::take(&mut node.content) {
                match child.kind.as_str() {
                    "detailsSummary" if summary.is_none() => summary = Some(child),
                    "detailsSummary" => blocks.push(Node::new("paragraph", child.content)),
                    "detailsContent" => blocks.extend(child.content),
                    _ => blocks.push(child),
                }
            }
            // The empty paragraphs of further parts hold nothing.
            let blank = |node: &Node| node.kind == "paragraph" && node.content.is_empty();
            if blocks.iter().all(blank) {
                blocks.truncate(1);
            }
            if blocks.is_empty() {
                blocks.push(paragraph());
            }
            let summary = summary.unwrap_or_else(|| Node::new("detailsSummary", vec![]));
            node.content = vec![summary, Node::new("detailsContent", blocks)];
        }
        "columns" => {
            for child in node.content.iter_mut().filter(|child| child.kind != "column") {
                let inner = std::mem::take(child);
                *child = Node::new("column", vec![inner]);
            }
        }
        "listItem" | "taskItem" if node.content.first().is_none_or(|first| first.kind != "paragraph") => {
            node.content.insert(0, paragraph());
        }
        "blockquote" | "callout" | "tableCell" | "tableHeader" | "detailsContent" | "column"
        | "instructorNote"
            if node.content.is_empty() =>
        {
            node.content.push(paragraph());
        }
        _ => {}
    }
}

/// Adds a node; a text that differs from the one before it in nothing joins that one.
pub(crate) fn push(content: &mut Vec<Node>, node: Node) {
    if let Some(text) = &node.text {
        if text.is_empty() {
            return;
        }
        if let Some(last) =
            content.last_mut().filter(|l| l.kind == "text" && node.kind == "text" && l.marks == node.marks)
            && let Some(before) = &mut last.text
        {
            before.push_str(text);
            return;
        }
    }
    content.push(node);
}

fn mark(mark: &Mark) -> Mark {
    let mut out = Mark::new(&mark.kind);
    for (name, value) in &mark.attrs {
        // Where a link opens is the app's choice, not the author's: Tiptap writes its defaults into every link.
        let defaults = mark.kind == "link" && !matches!(name.as_str(), "href" | "title");
        let empty_title = name == "title" && value.as_str() == Some("");
        if !value.is_null() && !defaults && !empty_title {
            out.attrs.insert(name.clone(), integer(value));
        }
    }
    out
}

fn rank(mark: &Mark) -> usize {
    BODY_MARKS.iter().position(|kind| *kind == mark.kind).unwrap_or(usize::MAX)
}

fn integer(value: &Value) -> Value {
    match value.as_f64() {
        Some(float) if value.is_f64() && float.fract() == 0.0 && float.abs() < 9e15 => {
            Value::from(float as i64)
        }
        _ => value.clone(),
    }
}

fn implied(kind: &str, name: &str, value: &Value) -> bool {
    if value.is_null() {
        return true;
    }
    match (kind, name) {
        ("orderedList", "start") | ("tableCell" | "tableHeader", "colspan" | "rowspan") => {
            value.as_i64() == Some(1)
        }
        ("image" | "callout" | "embed", "title")
        | ("image", "alt")
        | ("image" | "video" | "audio" | "embed", "caption")
        | ("video" | "audio" | "file", "name")
        | ("codeBlock", "language") => value.as_str() == Some(""),
        _ => false,
    }
}

/// The text of a node without any structure; a space between blocks and for a break.
pub fn plain_text(node: &Node) -> String {
    let mut out = String::new();
    node.walk(|node| match (&node.text, node.kind.as_str()) {
        (Some(text), _) => out.push_str(text),
        // A footnote is beside the text.
        (None, "text" | "footnote") => {}
        (None, "inlineMath") => out.push_str(&format!("${}$", node.attr("latex").unwrap_or_default())),
        (None, "blockMath") => out.push_str(&format!("$${}$$ ", node.attr("latex").unwrap_or_default())),
        (None, _) => {
            if !out.is_empty() && !out.ends_with(' ') {
                out.push(' ');
            }
        }
    });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_authors_leave_empty_is_made_whole() {
        let text = |text: &str| Node::new("paragraph", vec![Node::text(text)]);
        let summary = |t: &str| Node::new("detailsSummary", vec![Node::text(t)]);
        let broken = Node::new(
            "doc",
            vec![
                Node::new("details", vec![Node::new("detailsContent", vec![text("a")])]),
                Node::new("details", vec![summary("s"), summary("t")]),
                Node::new("columns", vec![]),
                Node::new("columns", vec![Node::new("column", vec![])]),
                Node::new("bulletList", vec![]),
                Node::new("instructorNote", vec![]),
                Node::new("bulletList", vec![Node::new("listItem", vec![])]),
            ],
        );
        let fixed = canonical(&broken);
        assert!(crate::is_valid(&fixed), "{fixed:?}");
        assert_eq!(canonical(&fixed), fixed);
        assert_eq!(crate::plain_text(&fixed).split_whitespace().collect::<Vec<_>>(), ["a", "s", "t"]);
        assert_eq!(fixed.content.len(), 5);
    }

    #[test]
    fn what_an_editor_writes_and_what_a_file_says_become_equal() {
        let link = Mark::new("link").with("href", "x").with("target", "_blank").with("title", Value::Null);
        let bold = Mark::new("bold");
        let editor = Node::new(
            "paragraph",
            vec![
                Node::text("a").marked(link.clone()).marked(bold.clone()),
                Node::text("b").marked(bold.clone()).marked(link),
            ],
        )
        .with("textAlign", Value::Null);
        let file = Node::new(
            "paragraph",
            vec![Node::text("ab").marked(bold).marked(Mark::new("link").with("href", "x"))],
        );
        assert_eq!(canonical(&editor), file);
        assert_eq!(
            canonical(&Node::new("heading", vec![]).with("level", 2.0)),
            Node::new("heading", vec![]).with("level", 2)
        );
    }
}
