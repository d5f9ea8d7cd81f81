//! A real `inkhorn-server` on loopback.

use anyhow::{Context, bail, ensure};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A server process and its data; both end with the value.
pub struct Server {
    data: TempDir,
    child: Option<Child>,
    address: String,
}

impl Server {
    /// Starts a server with fresh data on a free port, and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot start or ends before it is ready.
    pub fn start() -> anyhow::Result<Self> {
        let mut server = Self { data: TempDir::new()?, child: None, address: "127.0.0.1:0".to_owned() };
        server.launch()?;
        Ok(server)
    }

    /// Base address, as `login --server` takes it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Folder of the server's data.
    pub fn data(&self) -> &Path {
        self.data.path()
    }

    /// `kill -9`: no shutdown, no flush.
    ///
    /// # Errors
    /// When the process is gone already.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        let mut child = self.child.take().context("the server is not running")?;
        child.kill()?;
        child.wait()?;
        Ok(())
    }

    /// Starts again with the same data on the same port.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub fn restart(&mut self) -> anyhow::Result<()> {
        ensure!(self.child.is_none(), "kill it first");
        self.launch()
    }

    /// Makes an account where there is none, and gives a fresh token for it.
    ///
    /// # Errors
    /// What the admin command said.
    pub fn token(&self, email: &str) -> anyhow::Result<String> {
        let name = email.split('@').next().unwrap_or(email);
        let added = self.admin(
            &["user", "add", "--email", email, "--name", name, "--password-stdin"],
            "a long pass phrase\n",
        );
        let token = self.admin(&["token", "--email", email], "").with_context(|| format!("{added:?}"))?;
        Ok(token.lines().last().unwrap_or_default().to_owned())
    }

    /// Gives an account a role in a course.
    ///
    /// # Errors
    /// What the admin command said.
    pub fn member(&self, course: &str, email: &str, role: &str) -> anyhow::Result<()> {
        self.admin(&["member", "add", "--course", course, "--email", email, "--role", role], "").map(drop)
    }

    fn admin(&self, arguments: &[&str], input: &str) -> anyhow::Result<String> {
        let mut child = Command::new(binary()?)
            .args(arguments)
            .arg("--data")
            .arg(self.data.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that reads no input may have closed it already.
            let _ = stdin.write_all(input.as_bytes());
        }
        let output = child.wait_with_output()?;
        if !output.status.success() {
            bail!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    fn launch(&mut self) -> anyhow::Result<()> {
        let mut child = Command::new(binary()?)
            .args(["serve", "--listen", &self.address, "--data"])
            .arg(self.data.path())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start inkhorn-server")?;
        let out = child.stdout.take().context("no output")?;
        self.child = Some(child);
        let mut lines = BufReader::new(out).lines();
        loop {
            let Some(line) = lines.next() else { bail!("the server ended before it was ready") };
            if let Some((_, url)) = line?.split_once("listening on http://") {
                url.trim().clone_into(&mut self.address);
                break;
            }
        }
        // The pipe must stay read, or the server would block on a full one.
        std::thread::spawn(move || lines.for_each(drop));
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

fn binary() -> anyhow::Result<PathBuf> {
    crate::program("inkhorn-server", "INKHORN_SERVER_BIN")
}
