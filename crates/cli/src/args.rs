//! What is typed, as data.

use clap::{Args, Parser, Subcommand, ValueEnum};
use inkhorn_protocol::{CourseId, NodeId, OpId};
use std::path::PathBuf;

/// Courses on this computer, without a window. All commands but login, share, join and sync work offline.
#[derive(Debug, Parser)]
#[command(
    name = "inkhorn-cli",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    /// Folder with the data [default: the app's own, or $INKHORN_PROFILE]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) profile: Option<PathBuf>,
    /// Print data as JSON
    #[arg(long, global = true)]
    pub(crate) json: bool,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make a course of a folder of Markdown; the last line is its id
    Import {
        /// Folder, or one Markdown file
        path: PathBuf,
        /// Title in place of the one that the folder names
        #[arg(long)]
        title: Option<String>,
        /// Print the whole report, item by item
        #[arg(long)]
        report: bool,
    },
    /// List the courses
    Courses,
    /// Show the outline of a course
    Outline {
        /// Course
        course: CourseId,
        /// Show what is in Trash too
        #[arg(long)]
        trash: bool,
    },
    /// Add a chapter, section or lesson; the last line is its id
    Add(Add),
    /// Give a node another title
    Rename {
        /// Chapter, section or lesson
        node: NodeId,
        /// New title
        title: String,
    },
    /// Move a node
    Move {
        /// Chapter, section or lesson
        node: NodeId,
        /// New parent [default: where NODE of --before stands, else where it is]
        #[arg(long, value_name = "PARENT")]
        to: Option<NodeId>,
        /// Sibling to stand before [default: at the end]
        #[arg(long, value_name = "NODE")]
        before: Option<NodeId>,
    },
    /// Put a node, and all below it, into Trash
    Trash {
        /// Chapter, section or lesson
        node: NodeId,
    },
    /// Take a node, and all that went there with it, out of Trash
    Restore {
        /// Chapter, section or lesson
        node: NodeId,
    },
    /// Show or change the text of a lesson
    #[command(subcommand)]
    Lesson(Lesson),
    /// List the assets of a course: hash, bytes, state
    Assets {
        /// Course
        course: CourseId,
    },
    /// Sign in at a server with a token
    Login {
        /// Address, such as https://courses.example.org
        #[arg(long, value_name = "URL")]
        server: String,
        /// Read the token from standard input
        #[arg(long, required = true)]
        token_stdin: bool,
        /// Allow http without encryption to this server
        #[arg(long)]
        allow_plain_http: bool,
    },
    /// Put a course of this computer on the server
    Share {
        /// Course
        course: CourseId,
    },
    /// Take a course of the server to this computer
    Join {
        /// Course
        course: CourseId,
    },
    /// Sync until nothing is pending either way
    Sync {
        /// Seconds after which to give up
        #[arg(long, value_name = "S", default_value_t = 120)]
        timeout: u64,
    },
    /// Show what is synced and what waits
    Status,
    /// Show what was asked of the server and has not ended well; try it again, or let it go
    #[command(args_conflicts_with_subcommands = true)]
    Operations {
        #[command(subcommand)]
        command: Option<Operations>,
    },
    /// Changes that the server refused, and that are kept here
    #[command(subcommand)]
    Rejected(Rejected),
    /// Words of yours that somebody deleted without having seen them: list them, put them back, or forget them
    Kept {
        /// Write them into their lesson again, by their number
        #[arg(long, value_name = "ID", conflicts_with = "forget")]
        put_back: Option<u64>,
        /// Forget them, by their number
        #[arg(long, value_name = "ID")]
        forget: Option<u64>,
    },
    /// Write a course as a folder of Markdown
    Export {
        /// Course
        course: CourseId,
        /// Folder, new or empty
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Write a course, its documents and its assets, to one file
    Backup {
        /// Course
        course: CourseId,
        /// File, such as course.inkhorn
        file: PathBuf,
    },
    /// Take the course of a backup file to this computer; the last line is its id
    Open {
        /// File
        file: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// What to add
    pub(crate) kind: Kind,
    /// Course
    #[arg(long)]
    pub(crate) course: CourseId,
    /// Parent: a chapter for a section, a chapter or a section for a lesson; none for a chapter
    #[arg(long, value_name = "NODE")]
    pub(crate) under: Option<NodeId>,
    /// Sibling to stand before [default: at the end]
    #[arg(long, value_name = "NODE")]
    pub(crate) before: Option<NodeId>,
    /// Title
    #[arg(long)]
    pub(crate) title: String,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    Chapter,
    Section,
    Lesson,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Lesson {
    /// Print a lesson
    Show {
        /// Lesson
        lesson: NodeId,
        /// How; --json is the same as json
        #[arg(long, value_enum, default_value_t = Format::Markdown)]
        format: Format,
    },
    /// Add Markdown from standard input at the end of a lesson
    Append {
        /// Lesson
        lesson: NodeId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Operations {
    /// List them: id, course, what, state (the default)
    List,
    /// Try a refused or expired one again
    Retry {
        /// Operation
        op: OpId,
    },
    /// Forget one: it is not sent (again)
    LetGo {
        /// Operation
        op: OpId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Rejected {
    /// List them: number, document, why
    List,
    /// Send them again as they are
    Retry {
        /// Number
        id: u64,
    },
    /// Send them again, or write them anew where their lesson can never take them
    Reapply {
        /// Number
        id: u64,
    },
    /// Write them to a folder, to be read, to be imported, and raw
    Export {
        /// Number
        id: u64,
        /// Folder, new or empty
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Forget them: their lesson becomes what the server has
    Discard {
        /// Number
        id: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Markdown,
    Json,
}
