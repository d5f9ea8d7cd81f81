//! The roots of our documents, as data: the server's container check and the core's both read it.
//! Roots that are not named here are stored, relayed and never read, so that a newer app's data passes
//! through an older one (DESIGN section 3).

/// Type of a shared root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RootType {
    /// `Y.Map`
    Map,
    /// `Y.Array`
    Array,
    /// `Y.Text`
    Text,
    /// `Y.XmlFragment`
    Xml,
}

/// Roots of a course's outline document.
pub const COURSE_ROOTS: &[(&str, RootType)] = &[("nodes", RootType::Map), ("meta", RootType::Map)];

/// Roots of a lesson document. `quiz` and `comments` are reserved for what comes later.
pub const LESSON_ROOTS: &[(&str, RootType)] = &[
    ("body", RootType::Xml),
    ("meta", RootType::Map),
    ("assets", RootType::Map),
    ("quiz", RootType::Map),
    ("comments", RootType::Map),
];

/// Version of the ProseMirror schema that this build can edit, kept in a lesson's `meta.schema`.
/// A lesson with a greater number is shown read-only.
pub const BODY_SCHEMA_VERSION: u32 = 1;

/// Node types of the body that this build knows (Tiptap 3 names).
pub const BODY_NODES: &[&str] = &[
    "doc",
    "text",
    "paragraph",
    "heading",
    "bulletList",
    "orderedList",
    "listItem",
    "taskList",
    "taskItem",
    "blockquote",
    "codeBlock",
    "horizontalRule",
    "hardBreak",
    "image",
    "table",
    "tableRow",
    "tableHeader",
    "tableCell",
    "callout",
    "htmlBlock",
    "details",
    "detailsSummary",
    "detailsContent",
    "columns",
    "column",
    "inlineMath",
    "blockMath",
    "footnote",
    "instructorNote",
    "video",
    "audio",
    "file",
    "embed",
];

/// Marks of the body that this build knows (Tiptap 3 names).
pub const BODY_MARKS: &[&str] =
    &["bold", "italic", "strike", "code", "link", "underline", "subscript", "superscript"];

/// Roots of a document, by its name.
pub fn roots(doc: &crate::DocId) -> &'static [(&'static str, RootType)] {
    match doc {
        crate::DocId::Course(_) => COURSE_ROOTS,
        crate::DocId::Lesson(_) => LESSON_ROOTS,
    }
}
