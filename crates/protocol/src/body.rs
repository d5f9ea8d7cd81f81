//! A lesson's body as a tree: ProseMirror's JSON form, which Tiptap reads and writes as it is.
//! `formats` makes and reads it, `course` puts it into a document and takes it out again; neither needs the other.
//!
//! Conventions beyond ProseMirror's own:
//! - an image of ours has `attrs.src = "asset:<sha256>"` and `attrs.alt`, `attrs.title`; a missing or external
//!   one keeps the `src` it had;
//!   `attrs.caption` stands below it;
//! - `video` and `audio` are atoms with `attrs.src` as an image's, `attrs.name` (a file name) and `attrs.caption`; `file` is one
//!   with `attrs.src`, `attrs.name`, `attrs.size` (bytes) and `attrs.mime`; `embed` is one with `attrs.src` (a page on the web,
//!   https only: any other is shown as not allowed and never loaded), `attrs.title` and `attrs.caption`;
//! - a link to another lesson has `attrs.href = "lesson:<id>"`, with `#fragment` behind it where there was one;
//! - `callout` has `attrs.kind` (`note`, `tip`, `warning`, …: as the source named it) and `attrs.title`, and holds blocks;
//! - `htmlBlock` is an atom with `attrs.html`, kept verbatim and never run;
//! - `codeBlock` has `attrs.language` (the whole info string) and one text child;
//! - `details` holds one `detailsSummary` (texts with marks) and one `detailsContent` (blocks); whether it is open is no part of it;
//! - `columns` holds `column`s, which hold blocks; widths are equal;
//! - `inlineMath` stands among texts, `blockMath` among blocks; both are atoms with `attrs.latex`, the formula without its dollars;
//! - `footnote` is an atom among texts with `attrs.text`, plain; its number is its place and is not stored;
//! - `instructorNote` holds blocks that learners do not see.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// Attributes by name; ordered, so that equal trees serialise equally.
pub type Attrs = BTreeMap<String, Value>;

/// One node of a body.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Node {
    /// Node type, one of [`crate::schema::BODY_NODES`] or a type of a newer app.
    #[serde(rename = "type")]
    pub kind: String,
    /// Attributes; absent and empty are the same.
    #[serde(default, skip_serializing_if = "Attrs::is_empty")]
    pub attrs: Attrs,
    /// Children, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content: Vec<Node>,
    /// Text, of a `text` node only; never empty there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Marks, of a `text` node only.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<Mark>,
}

/// One mark on a text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Mark type, one of [`crate::schema::BODY_MARKS`] or a type of a newer app.
    #[serde(rename = "type")]
    pub kind: String,
    /// Attributes; absent and empty are the same.
    #[serde(default, skip_serializing_if = "Attrs::is_empty")]
    pub attrs: Attrs,
}

impl Node {
    /// An element with children and no attributes.
    pub fn new(kind: &str, content: Vec<Node>) -> Self {
        Self { kind: kind.to_owned(), content, ..Self::default() }
    }
    /// A text without marks.
    pub fn text(text: impl Into<String>) -> Self {
        Self { kind: "text".to_owned(), text: Some(text.into()), ..Self::default() }
    }
    /// The same node with one more attribute.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.attrs.insert(name.to_owned(), value.into());
        self
    }
    /// The same text with one more mark.
    pub fn marked(mut self, mark: Mark) -> Self {
        self.marks.push(mark);
        self
    }
    /// An attribute as text.
    pub fn attr(&self, name: &str) -> Option<&str> {
        self.attrs.get(name).and_then(Value::as_str)
    }
    /// Calls `visit` on this node and on every node below it, parents first, without recursion
    /// (a body from the network may be nested deeply).
    pub fn walk<'a>(&'a self, mut visit: impl FnMut(&'a Node)) {
        let mut stack = vec![self];
        while let Some(node) = stack.pop() {
            visit(node);
            stack.extend(node.content.iter().rev());
        }
    }
}

impl Mark {
    /// A mark without attributes.
    pub fn new(kind: &str) -> Self {
        Self { kind: kind.to_owned(), attrs: Attrs::new() }
    }
    /// The same mark with one more attribute.
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.attrs.insert(name.to_owned(), value.into());
        self
    }
}
