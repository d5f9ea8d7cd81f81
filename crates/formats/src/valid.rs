//! Whether a body is one that the editor's schema allows: what it does not allow, an editor deletes when it opens it.

use inkhorn_protocol::{body::Node, schema::BODY_NODES};

const BLOCKS: &[&str] = &[
    "paragraph",
    "heading",
    "bulletList",
    "orderedList",
    "taskList",
    "blockquote",
    "codeBlock",
    "horizontalRule",
    "image",
    "table",
    "callout",
    "htmlBlock",
    "details",
    "columns",
    "blockMath",
    "instructorNote",
    "video",
    "audio",
    "file",
    "embed",
];

/// Whether a tree holds only what may stand where it stands. Nodes of a newer app may hold anything and stand among blocks.
pub fn is_valid(body: &Node) -> bool {
    let mut stack = vec![body];
    while let Some(node) = stack.pop() {
        if !BODY_NODES.contains(&node.kind.as_str()) {
            continue;
        }
        if !holds(node) {
            return false;
        }
        stack.extend(&node.content);
    }
    true
}

/// Whether a node may stand among blocks.
pub(crate) fn is_block(node: &Node) -> bool {
    BLOCKS.contains(&node.kind.as_str()) || !BODY_NODES.contains(&node.kind.as_str())
}

fn holds(node: &Node) -> bool {
    let all = |kinds: &[&str]| node.content.iter().all(|child| kinds.contains(&child.kind.as_str()));
    let some = !node.content.is_empty();
    let texts = node
        .content
        .iter()
        .filter(|child| child.kind == "text")
        .all(|child| child.text.as_deref().is_some_and(|t| !t.is_empty()));
    texts
        && match node.kind.as_str() {
            "doc" | "blockquote" | "callout" | "tableCell" | "tableHeader" | "detailsContent" | "column"
            | "instructorNote" => some && node.content.iter().all(is_block),
            "paragraph" | "heading" => all(&["text", "hardBreak", "inlineMath", "footnote"]),
            "detailsSummary" => all(&["text"]),
            "details" => matches!(node.content.as_slice(), [summary, content]
                if summary.kind == "detailsSummary" && content.kind == "detailsContent"),
            "columns" => some && all(&["column"]),
            "codeBlock" => all(&["text"]) && node.content.iter().all(|text| text.marks.is_empty()),
            "bulletList" | "orderedList" => some && all(&["listItem"]),
            "taskList" => some && all(&["taskItem"]),
            "listItem" | "taskItem" => {
                node.content.first().is_some_and(|first| first.kind == "paragraph")
                    && node.content.iter().all(is_block)
            }
            "table" => some && all(&["tableRow"]),
            "tableRow" => all(&["tableCell", "tableHeader"]),
            _ => !some,
        }
}
