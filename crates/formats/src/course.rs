//! What passes between the formats and the rest of Inkhorn: a course that was read, and a course to be written.

use inkhorn_protocol::{AssetHash, NodeId, body::Node, fidelity::FidelityReport};
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf};

use crate::about::About;

/// Front matter by key, as the file had it (YAML, TOML or JSON, turned into JSON values).
pub type FrontMatter = BTreeMap<String, Value>;

/// Level of an outline node. Chapters hold sections and lessons, sections hold lessons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NodeKind {
    /// Stands at the root.
    Chapter,
    /// Stands in a chapter: an optional level.
    Section,
    /// Stands in a chapter or a section, and has a body.
    Lesson,
}

/// A course as it was read from a folder.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedCourse {
    /// Title of the course, never empty.
    pub title: String,
    /// Chapters, in order.
    pub nodes: Vec<ImportedNode>,
    /// Every image that a lesson uses, once each, by hash.
    pub assets: Vec<ImportedAsset>,
    /// What was kept, converted, dropped and missing, item by item.
    pub report: FidelityReport,
    /// What the course says of itself.
    pub about: About,
}

/// One node of an imported outline.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedNode {
    /// Id from the caller's source; internal links point to it already.
    pub id: NodeId,
    /// Path of the file or folder that it came from, relative to the folder of the course; unique inside the import.
    pub key: String,
    /// Level.
    pub kind: NodeKind,
    /// Title, never empty.
    pub title: String,
    /// Nodes below, in order; empty for lessons.
    pub children: Vec<ImportedNode>,
    /// The content, of a lesson only.
    pub lesson: Option<ImportedLesson>,
}

/// Content of one imported lesson.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportedLesson {
    /// The body: a `doc` in canonical form (see [`crate::canonical`]).
    pub body: Node,
    /// The assets that the body uses, in order of first use.
    pub assets: Vec<AssetUse>,
    /// Front matter, `title` left out where it is the node's title.
    pub front_matter: FrontMatter,
}

/// An asset as a lesson names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetUse {
    /// Content address.
    pub hash: AssetHash,
    /// MIME type, told by the content.
    pub mime: String,
    /// Size in bytes.
    pub bytes: u64,
    /// File name without its folder, as the source had it.
    pub name: String,
}

/// A file to be stored as an asset. Its bytes stay on disk: read `path`, and compare with `hash` while storing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedAsset {
    /// Content address, of the bytes at the time of the import.
    pub hash: AssetHash,
    /// MIME type, told by the content.
    pub mime: String,
    /// Size in bytes.
    pub bytes: u64,
    /// File name without its folder.
    pub name: String,
    /// Where the bytes are.
    pub path: PathBuf,
}

/// Choices for an import.
#[derive(Debug, Clone, Default)]
pub struct ImportOptions {
    /// Title of the course in place of the one that the folder names.
    pub title: Option<String>,
    /// Limits on what is read.
    pub limits: Limits,
}

/// Limits on what an import reads; what goes beyond them is left out and named in the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Largest Markdown file, bytes. Books of a thousand pages have 2 MB; more is no lesson.
    pub lesson_bytes: u64,
    /// Largest image, bytes: it is stored on every device that opens the course.
    pub asset_bytes: u64,
    /// Most files looked at, so that a home folder chosen by mistake ends in seconds.
    pub files: usize,
    /// Deepest folder.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            lesson_bytes: 8 << 20,
            asset_bytes: inkhorn_protocol::rest::MAX_ASSET_BYTES,
            files: 50_000,
            depth: 24,
        }
    }
}

/// Why nothing could be imported. What concerns one file only is in the report instead.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// The path cannot be read at all.
    #[error("{path} cannot be read: {reason}. Nothing was imported. Choose a folder that you may read.", path = path.display())]
    Unreadable {
        /// Folder or file.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// There is nothing to import.
    #[error(
        "This {what} is not a course: no Markdown files in it. Choose the folder that holds the lessons."
    )]
    NoMarkdown {
        /// `folder` or `file`.
        what: &'static str,
    },
    /// There is Markdown, but none of it could be read.
    #[error("None of the Markdown files could be read, so nothing was imported. The first one: {first}")]
    AllRefused {
        /// What the report would have said of the first file.
        first: String,
    },
    /// More files than [`Limits::files`].
    #[error(
        "This folder holds more than {limit} files, so nothing was imported. Choose the folder that holds the lessons."
    )]
    TooManyFiles {
        /// The limit.
        limit: usize,
    },
}

/// A course to be written.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ExportCourse {
    /// What the course says of itself.
    pub about: About,
    /// Title of the course.
    pub title: String,
    /// Chapters, in order; lessons at the root are written as they are.
    pub nodes: Vec<ExportNode>,
}

/// One node of a course to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct ExportNode {
    /// Id, to which internal links point.
    pub id: NodeId,
    /// Level.
    pub kind: NodeKind,
    /// Title.
    pub title: String,
    /// Nodes below, in order.
    pub children: Vec<ExportNode>,
    /// The body of a lesson; `None` for chapters and sections.
    pub body: Option<Node>,
    /// Front matter of a lesson.
    pub front_matter: FrontMatter,
    /// Names and types of the assets that the body uses; an asset that is not listed is named by its hash.
    pub assets: Vec<AssetUse>,
}

/// What an export wrote.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ExportReport {
    /// Lessons written.
    pub lessons: usize,
    /// Assets written.
    pub assets: usize,
    /// Assets that this computer does not hold (yet): the lessons that show them, by title, and the hash.
    pub missing_assets: Vec<(String, AssetHash)>,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The target exists and holds something.
    #[error("{path} is not empty, so nothing was written. Choose a new or an empty folder.", path = path.display())]
    NotEmpty {
        /// The target.
        path: PathBuf,
    },
    /// The disk or the rights do not allow it. Nothing is left at the target.
    #[error("The course could not be written to {path}: {reason}. The course itself is unchanged.", path = path.display())]
    Write {
        /// The file or folder concerned.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
}
