//! Import and export of courses as folders of Markdown.
//!
//! - [`course`]: what comes out of an import and goes into an export
//! - `scan`, `layout`, `shape`: from a folder to chapters, sections and lessons (mdBook's `SUMMARY.md`, Carpentries'
//!   `config.yaml`, MkDocs' `nav`, else the folders themselves)
//! - `front`, `source`, `grid`, `include`, `blocks`, `divs`, `inlines`, `math`, `pictures`, `footnotes`, `attributes`, `html`, `valid`: from the text of a file to a body
//! - `resolve`, `asset`: links between lessons, images
//! - `write`, `export`: back to Markdown, and to a folder that imports to the same course
//! - [`sample`]: the course that opens on first start
//!
//! A body that is read is *canonical* (see [`canonical`]): equal content gives equal trees.
//! What is written is read back before it is returned, and where Markdown cannot say something, a form is chosen
//! that [`markdown_to_blocks`] understands; so `body → Markdown → body` is the identity on canonical bodies.
//!
//! Must never import: anything of ours but `protocol`; it draws no ids (the caller passes a source) and opens no sockets.
//!
//! ```
//! use inkhorn_formats::{body_to_markdown, markdown_to_blocks};
//! use inkhorn_protocol::body::Node;
//! let blocks = markdown_to_blocks("Ink on *paper*.\n");
//! assert_eq!(blocks[0].kind, "paragraph");
//! assert_eq!(body_to_markdown(&Node::new("doc", blocks)), "Ink on *paper*.\n");
//! ```

pub mod about;
mod asset;
mod attributes;
mod blocks;
mod canonical;
pub mod course;
mod divs;
mod env;
mod export;
mod footnotes;
mod front;
mod grid;
mod html;
mod import;
mod include;
mod inlines;
mod layout;
mod math;
mod media;
mod pictures;
mod report;
mod resolve;
pub mod sample;
mod scan;
mod shape;
mod source;
mod valid;
mod write;

pub use about::About;
pub use canonical::{canonical, plain_text};
pub use course::{
    AssetUse, ExportCourse, ExportError, ExportNode, ExportReport, FrontMatter, ImportError, ImportOptions,
    ImportedAsset, ImportedCourse, ImportedLesson, ImportedNode, Limits, NodeKind,
};
pub use export::export_course;
pub use import::import_folder;
pub use valid::is_valid;
pub use write::body_to_markdown;

use inkhorn_protocol::body::Node;

/// The blocks of a Markdown text, canonical. Links and image sources stay as they are; front matter is not looked for.
pub fn markdown_to_blocks(markdown: &str) -> Vec<Node> {
    blocks::parse(markdown, &mut env::Plain).content
}
