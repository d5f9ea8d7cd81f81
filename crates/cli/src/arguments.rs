//! What can be asked. The words here are the manual: `inkhorn-cli --help`.

use clap::{Args, Parser, Subcommand, ValueEnum};
use inkhorn_protocol::{CourseId, NodeId};
use std::path::PathBuf;

/// Write courses with several people, offline first: the Inkhorn core without its window.
#[derive(Parser)]
#[command(name = "inkhorn-cli", version, max_term_width = 100)]
pub(crate) struct Arguments {
    /// Data folder. Without it: $INKHORN_PROFILE, else the folder that the app uses.
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) profile: Option<PathBuf>,
    /// Print data as JSON.
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One thing to do.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Import a folder of Markdown as a new course. Last line: the course id.
    Import {
        /// Folder with the lessons (plain, mdBook or Carpentries).
        path: PathBuf,
        /// Title of the course, instead of the one found in the folder.
        #[arg(long)]
        title: Option<String>,
        /// Print every line of the fidelity report.
        #[arg(long)]
        report: bool,
    },
    /// List the courses on this computer.
    Courses,
    /// Show the outline of a course.
    Outline {
        course: CourseId,
        /// Also show what is in Trash.
        #[arg(long)]
        trash: bool,
    },
    /// Add a chapter, section or lesson. Last line: its id.
    Add(Add),
    /// Give a chapter, section or lesson another title.
    Rename { node: NodeId, title: String },
    /// Move a chapter, section or lesson.
    Move {
        node: NodeId,
        /// New parent: a chapter, or a section for a lesson. Without it the parent stays.
        #[arg(long, value_name = "PARENT")]
        to: Option<NodeId>,
        /// Sibling to stand before. Without it: at the end.
        #[arg(long, value_name = "NODE")]
        before: Option<NodeId>,
    },
    /// Put a node, with all that is below it, into Trash.
    Trash { node: NodeId },
    /// Take a node out of Trash.
    Restore { node: NodeId },
    /// Read or write a lesson.
    #[command(subcommand)]
    Lesson(Lesson),
    /// List the images of a course.
    Assets { course: CourseId },
    /// Sign in on a sync server.
    Login {
        /// Address of the server, e.g. https://inkhorn.example.org
        #[arg(long, value_name = "URL")]
        server: String,
        /// Read the token from standard input.
        #[arg(long, required = true)]
        token_stdin: bool,
        /// Send the token without encryption although the server is not on this computer.
        #[arg(long)]
        allow_plain_http: bool,
    },
    /// Put a local course on the server.
    Share { course: CourseId },
    /// Take part in a course that is on the server.
    Join { course: CourseId },
    /// Connect and sync documents and images until nothing waits in either direction.
    Sync {
        /// Seconds after which to give up; what was synced by then stays synced.
        #[arg(long, default_value_t = 60, value_name = "S")]
        timeout: u64,
    },
    /// Say what is saved, what waits and what was refused.
    Status,
    /// Write a course as a folder of Markdown.
    Export {
        course: CourseId,
        /// Folder to make; it must not exist, or be empty.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Write a course with its images into one file.
    Backup {
        course: CourseId,
        /// File to write, FILE.inkhorn.
        file: PathBuf,
    },
    /// Bring in a course from a backup file; a course that is here already is merged. Last line: the course id.
    Open { file: PathBuf },
}

/// Arguments of `add`.
#[derive(Args)]
pub(crate) struct Add {
    /// What to add.
    pub(crate) kind: Kind,
    /// Course to add it to.
    #[arg(long)]
    pub(crate) course: CourseId,
    /// Parent: a chapter for a section, a chapter or section for a lesson.
    #[arg(long, value_name = "NODE")]
    pub(crate) under: Option<NodeId>,
    /// Its title.
    #[arg(long)]
    pub(crate) title: String,
}

/// Kind of a node.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    Chapter,
    Section,
    Lesson,
}

/// What to do with a lesson.
#[derive(Subcommand)]
pub(crate) enum Lesson {
    /// Show the body of a lesson.
    Show {
        lesson: NodeId,
        /// Markdown, or the document tree as JSON.
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
    /// Add Markdown from standard input at the end of a lesson.
    Append { lesson: NodeId },
}

/// Form of a lesson's body.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Markdown,
    Json,
}
