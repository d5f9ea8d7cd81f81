//! Behaviour of the command line, over the real binary: what goes to which stream, exit codes, and what another process
//! finds.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test says what it expected"
)]

mod offline;
mod trouble;

use serde_json::Value;
use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A profile of its own, removed afterwards.
pub(crate) struct Profile(tempfile::TempDir);

impl Profile {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("dir"))
    }
    pub(crate) fn dir(&self) -> &Path {
        self.0.path()
    }
    pub(crate) fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_inkhorn-cli"));
        command.env_remove("INKHORN_PROFILE").arg("--profile").arg(self.dir()).args(args);
        command
    }
    pub(crate) fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Output {
        self.command(args).stdin(Stdio::null()).output().expect("runs")
    }
    /// Standard output of a command that succeeds.
    pub(crate) fn ok<S: AsRef<OsStr>>(&self, args: &[S]) -> String {
        let output = self.run(args);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    }
    /// The last line of a command that succeeds.
    pub(crate) fn last<S: AsRef<OsStr>>(&self, args: &[S]) -> String {
        self.ok(args).lines().last().unwrap_or_default().to_owned()
    }
    pub(crate) fn json<S: AsRef<OsStr>>(&self, args: &[S]) -> Value {
        serde_json::from_str(&self.ok(args)).expect("JSON")
    }
    /// What a command that fails says.
    pub(crate) fn fails<S: AsRef<OsStr>>(&self, args: &[S]) -> String {
        let output = self.run(args);
        assert_eq!(output.status.code(), Some(1), "{}", text(&output.stdout));
        let said = text(&output.stderr);
        assert!(!said.contains("panicked"), "{said}");
        said
    }
    pub(crate) fn append(&self, lesson: &str, markdown: &[u8]) -> Output {
        let mut child = self
            .command(&["lesson", "append", lesson])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("runs");
        child.stdin.take().expect("pipe").write_all(markdown).expect("written");
        child.wait_with_output().expect("ends")
    }
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// A small course: two chapters, a picture, a link between lessons, and one picture that is missing.
pub(crate) fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("dir");
    let write = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().expect("parent")).expect("folder");
        std::fs::write(path, bytes).expect("file");
    };
    write(
        "1-quills/1-choose.md",
        b"# Choose a quill\n\nA goose. ![Goose](goose.png) See [ink](../2-ink/1-recipe.md).\n",
    );
    write("1-quills/2-cut.md", "# Cut it\n\n| a | b |\n|---|---|\n| 1 | ✒️ |\n".as_bytes());
    write("2-ink/1-recipe.md", b"# A recipe\n\n![Gone](gone.png)\n\n```rust\nlet ink = 1;\n```\n");
    write("1-quills/goose.png", b"\x89PNG\r\n\x1a\n and more");
    dir
}

/// Ids of an outline by title.
pub(crate) fn id_of(outline: &Value, title: &str) -> String {
    fn find(nodes: &Value, title: &str) -> Option<String> {
        nodes.as_array()?.iter().find_map(|node| {
            if node["title"] == title {
                Some(node["id"].as_str()?.to_owned())
            } else {
                find(&node["children"], title)
            }
        })
    }
    find(&outline["nodes"], title).unwrap_or_else(|| panic!("no {title} in {outline:#}"))
}

/// Titles of an outline in order, with their depth.
pub(crate) fn titles(nodes: &Value) -> Vec<String> {
    fn collect(nodes: &Value, depth: usize, into: &mut Vec<String>) {
        for node in nodes.as_array().into_iter().flatten() {
            into.push(format!("{}{}", "  ".repeat(depth), node["title"].as_str().unwrap_or("?")));
            collect(&node["children"], depth + 1, into);
        }
    }
    let mut into = Vec::new();
    collect(nodes, 0, &mut into);
    into
}
