//! The program as it is shipped.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

pub(crate) const SERVER: &str = env!("CARGO_BIN_EXE_inkhorn-server");

/// A running `serve`.
pub(crate) struct Program {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
}

impl Program {
    pub(crate) fn serve(data: &Path) -> Self {
        let mut command = Command::new(SERVER);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(data);
        Self::start(command)
    }

    /// Starts a command that runs `serve` in the end, and waits until it listens.
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect(&line).parse().unwrap();
        Self { child, address }
    }

    /// As a power cut would, as far as a process can.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs an admin command.
pub(crate) fn admin(data: &Path, words: &[&str]) -> Output {
    let mut command = Command::new(SERVER);
    command.args(words).arg("--data").arg(data).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
    // Commands that read no password may be gone by now.
    let _ = child.stdin.take().unwrap().write_all(b"a password\n");
    child.wait_with_output().unwrap()
}

/// Runs an admin command that must succeed, and gives its last line.
pub(crate) fn last_line(data: &Path, words: &[&str]) -> String {
    let output = admin(data, words);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{words:?}: {text}{}", String::from_utf8_lossy(&output.stderr));
    text.lines().last().unwrap().to_owned()
}

/// An account with a token.
pub(crate) fn person(data: &Path, email: &str) -> String {
    last_line(data, &["user", "add", "--email", email, "--password-stdin"]);
    last_line(data, &["token", "--email", email])
}

/// Registers a course with documents.
pub(crate) async fn register(address: SocketAddr, token: &str, course: &str, documents: &[&str]) {
    let op = serde_json::json!({
        "op": format!("register-{course}"), "kind": "register", "course": course, "title": "T", "documents": documents,
    });
    let url = format!("http://{address}/api/v1/operations");
    let reply = reqwest::Client::new().post(url).bearer_auth(token).json(&op).send().await.unwrap();
    let reply: serde_json::Value = reply.json().await.unwrap();
    assert_eq!(reply["rejected"], serde_json::Value::Null);
}
