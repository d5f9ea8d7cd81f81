//! `cargo xtask run`: from a fresh checkout to the open window.

use crate::command::{cargo, program, root, run as run_command};
use crate::desktop::{Screen, has_display};
use crate::{setup, ui};
use anyhow::{Context, bail};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Options of `run`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Also start a local sync server and connect the app to it.
    #[arg(long)]
    with_server: bool,
    /// Data folder of the app, instead of the user's own.
    #[arg(long)]
    profile: Option<PathBuf>,
    /// Without a display: leave the app open after the picture, until Ctrl+C.
    #[arg(long)]
    keep_open: bool,
}

/// Ends the child with the value, so that no error path leaves a server behind.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Builds and opens the app.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    setup::ensure(setup::Needs { desktop: true, tests: false })?;
    ui::build(false)?;
    let mut build = cargo();
    build.args(["build", "--package", "inkhorn", "--bin", "inkhorn"]);
    if options.with_server {
        build.args(["--package", "inkhorn-server", "--bin", "inkhorn-server"]);
    }
    run_command(&mut build)?;

    let mut app = Command::new(program("inkhorn"));
    if let Some(profile) = &options.profile {
        app.arg("--profile").arg(profile);
    }
    let _server = if options.with_server {
        let (server, url, token) = start_server()?;
        app.env("INKHORN_SERVER", url).env("INKHORN_TOKEN", token);
        Some(server)
    } else {
        None
    };
    if has_display() {
        return run_command(&mut app);
    }
    under_virtual_screen(app, options.keep_open)
}

fn under_virtual_screen(mut app: Command, keep_open: bool) -> anyhow::Result<()> {
    let screen = Screen::start()?;
    eprintln!("No display here: the app opens on a virtual screen ({})", screen.display);
    app.env("DISPLAY", &screen.display).env_remove("WAYLAND_DISPLAY").env("GDK_BACKEND", "x11");
    let mut app = Running(app.spawn().context("cannot start the app")?);
    let folder = root().join("target/screenshots");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("inkhorn.png");
    screen.photograph(&file, Duration::from_secs(90))?;
    if let Some(status) = app.0.try_wait()? {
        bail!("the app ended by itself ({status})");
    }
    println!("{}", file.display());
    if keep_open {
        eprintln!("The app stays open on {}; Ctrl+C ends it", screen.display);
        app.0.wait()?;
    } else {
        close(&mut app.0);
    }
    Ok(())
}

/// Asks the app to end (it saves nothing on exit: everything shown as saved is on disk already), then insists.
fn close(app: &mut Child) {
    let _ = Command::new("kill").arg(app.id().to_string()).status();
    for _ in 0..50 {
        if matches!(app.try_wait(), Ok(Some(_))) {
            return;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn start_server() -> anyhow::Result<(Running, String, String)> {
    const EMAIL: &str = "me@localhost";
    let data = root().join("target/dev-server");
    std::fs::create_dir_all(&data)?;
    let server = program("inkhorn-server");
    let mut child = Command::new(&server)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .stdout(Stdio::piped())
        .spawn()
        .context("cannot start inkhorn-server")?;
    let out = child.stdout.take().context("the server's output")?;
    let child = Running(child);
    let mut lines = BufReader::new(out).lines();
    let url = loop {
        let Some(line) = lines.next() else { bail!("the server ended before it was ready") };
        if let Some((_, url)) = line?.split_once("listening on ") {
            break url.trim().to_owned();
        }
    };
    // The pipe must stay read, or the server would block on a full one.
    std::thread::spawn(move || lines.for_each(drop));

    let mut add = Command::new(&server)
        .args(["user", "add", "--email", EMAIL, "--name", "Me", "--password-stdin", "--data"])
        .arg(&data)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut stdin) = add.stdin.take() {
        stdin.write_all(b"only on this computer\n")?;
    }
    // Fails when the account is there from an earlier run, which is as good.
    add.wait()?;
    let token = Command::new(&server).args(["token", "--email", EMAIL, "--data"]).arg(&data).output()?;
    let token = String::from_utf8_lossy(&token.stdout).lines().last().unwrap_or_default().to_owned();
    if token.is_empty() {
        bail!("the server gave no token");
    }
    eprintln!("Sync server: {url}, account {EMAIL}");
    Ok((child, url, token))
}
