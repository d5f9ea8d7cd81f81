//! A data folder and the `inkhorn-cli` that works on it.

use crate::server::Server;
use anyhow::{Context, bail};
use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use tempfile::TempDir;

/// A profile of its own, removed with the value.
pub struct Profile {
    folder: TempDir,
}

impl Profile {
    /// An empty profile.
    ///
    /// # Errors
    /// When no temporary folder can be made.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self { folder: TempDir::new()? })
    }

    /// Its folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The command on this profile, not yet started.
    ///
    /// # Errors
    /// When the program is not built.
    pub fn command(&self, arguments: &[&str]) -> anyhow::Result<Command> {
        let mut command = Command::new(crate::program("inkhorn-cli", "INKHORN_CLI")?);
        command.arg("--profile").arg(self.path()).args(arguments);
        Ok(command)
    }

    /// Starts the command in the background, its output discarded.
    ///
    /// # Errors
    /// When it cannot start.
    pub fn spawn(&self, arguments: &[&str]) -> anyhow::Result<Child> {
        Ok(self
            .command(arguments)?
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?)
    }

    /// Runs the command with text on its standard input, whatever it answers.
    ///
    /// # Errors
    /// When it cannot start.
    pub fn raw(&self, arguments: &[&str], input: &str) -> anyhow::Result<Output> {
        let mut child = self
            .command(arguments)?
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start inkhorn-cli")?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that reads no input may have closed it already.
            let _ = stdin.write_all(input.as_bytes());
        }
        Ok(child.wait_with_output()?)
    }

    /// Runs the command and gives its standard output.
    ///
    /// # Errors
    /// What it said on standard error, when it failed.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        self.run_with(arguments, "")
    }

    /// The same with text on its standard input.
    ///
    /// # Errors
    /// What it said on standard error, when it failed.
    pub fn run_with(&self, arguments: &[&str], input: &str) -> anyhow::Result<String> {
        let output = self.raw(arguments, input)?;
        if !output.status.success() {
            bail!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs a command that has to fail, and gives what it said on standard error. A panic is never an answer.
    ///
    /// # Errors
    /// When it succeeded, was killed, or panicked.
    pub fn refused(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.raw(arguments, "")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if !matches!(output.status.code(), Some(1 | 2)) || said.contains("panicked") {
            bail!("{arguments:?} ended with {}: {said}", output.status);
        }
        Ok(said)
    }

    /// Last line of what the command printed: where ids stand.
    ///
    /// # Errors
    /// As [`Profile::run`].
    pub fn last_line(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.run(arguments)?;
        output.lines().last().map(str::to_owned).with_context(|| format!("{arguments:?} printed nothing"))
    }

    /// What the command prints with `--json`.
    ///
    /// # Errors
    /// As [`Profile::run`], or when it is not JSON.
    pub fn json(&self, arguments: &[&str]) -> anyhow::Result<Value> {
        let mut all = arguments.to_vec();
        all.push("--json");
        let output = self.run(&all)?;
        serde_json::from_str(&output).with_context(|| output)
    }

    /// Signs in on a server, making the account where there is none.
    ///
    /// # Errors
    /// What the commands said.
    pub fn login(&self, server: &Server, email: &str) -> anyhow::Result<()> {
        let token = server.token(email)?;
        self.run_with(&["login", "--server", &server.url(), "--token-stdin"], &format!("{token}\n")).map(drop)
    }

    /// Syncs until nothing is pending either way.
    ///
    /// # Errors
    /// Why it could not.
    pub fn sync(&self) -> anyhow::Result<()> {
        self.run(&["sync", "--timeout", "90"]).map(drop)
    }

    /// Outline of a course without Trash, as JSON.
    ///
    /// # Errors
    /// As [`Profile::json`].
    pub fn outline(&self, course: &str) -> anyhow::Result<Value> {
        self.json(&["outline", course])
    }

    /// Body of a lesson as Markdown.
    ///
    /// # Errors
    /// As [`Profile::run`].
    pub fn lesson(&self, lesson: &str) -> anyhow::Result<String> {
        self.run(&["lesson", "show", lesson, "--format", "markdown"])
    }

    /// Adds Markdown at the end of a lesson.
    ///
    /// # Errors
    /// As [`Profile::run`].
    pub fn append(&self, lesson: &str, markdown: &str) -> anyhow::Result<()> {
        self.run_with(&["lesson", "append", lesson], markdown).map(drop)
    }
}

/// A node of an outline's JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Id.
    pub id: String,
    /// `chapter`, `section` or `lesson`.
    pub kind: String,
    /// Title.
    pub title: String,
}

/// Every node in an outline's JSON, parents first.
pub fn nodes(outline: &Value) -> Vec<Listed> {
    fn walk(value: &Value, found: &mut Vec<Listed>) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            Value::Object(map) => {
                let text = |name: &str| map.get(name).and_then(Value::as_str).map(str::to_owned);
                if let (Some(id), Some(kind), Some(title)) = (text("id"), text("kind"), text("title")) {
                    found.push(Listed { id, kind, title });
                }
                map.values().for_each(|item| walk(item, found));
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(outline, &mut found);
    found
}

/// The nodes of one kind, in order.
pub fn of_kind(outline: &Value, kind: &str) -> Vec<Listed> {
    nodes(outline).into_iter().filter(|node| node.kind == kind).collect()
}
