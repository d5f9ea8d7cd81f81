//! What is in the packages, taken out and started: as who installs them would find it.

use super::{shown, version};
use crate::command::{output, run, target_dir};
use crate::desktop::Screen;
use anyhow::{Context, bail, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A limit against hanging for ever.
const LIMIT: Duration = Duration::from_secs(60);

/// Takes each package apart, asks its programs for their version and help without a display, and opens the app from
/// the .deb on a clean profile.
pub(super) fn check(packages: &[PathBuf]) -> anyhow::Result<()> {
    for package in packages {
        let tree = unpacked(package)?;
        honours(&tree)?;
        for program in std::fs::read_dir(tree.join("usr/bin"))? {
            let program = program?.path();
            says(&program, "--version", version())?;
            says(&program, "--help", "--version")?;
            println!("{}: {} says its version and its help", shown(package), name(&program));
        }
    }
    let with = |start: &str| packages.iter().find(|package| name(package).starts_with(start));
    let (app, cli) =
        with("inkhorn_").zip(with("inkhorn-cli_")).context("a .deb of the app, and of inkhorn-cli")?;
    opens(&unpacked(app)?, &unpacked(cli)?.join("usr/bin/inkhorn-cli"))
}

fn name(file: &Path) -> String {
    file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn unpacked(package: &Path) -> anyhow::Result<PathBuf> {
    let tree = target_dir().join("tmp/bundle").join(name(package));
    super::fresh(&tree)?;
    if package.extension().is_some_and(|kind| kind == "deb") {
        run(Command::new("dpkg-deb").arg("--extract").arg(package).arg(&tree))?;
    } else {
        let take_out = "cd \"$2\" && rpm2cpio \"$1\" | cpio --quiet --extract --make-directories";
        run(Command::new("sh").args(["-c", take_out, "sh"]).arg(package).arg(&tree))?;
    }
    Ok(tree)
}

/// The package names the libraries that are in it, and has the texts of their licences.
fn honours(tree: &Path) -> anyhow::Result<()> {
    for folder in std::fs::read_dir(tree.join("usr/share/doc"))? {
        let notices = folder?.path().join("THIRD-PARTY.txt");
        let text =
            std::fs::read_to_string(&notices).with_context(|| format!("{} is missing", notices.display()))?;
        let app = tree.join("usr/bin/inkhorn").exists();
        let of_the_page = ["katex ", "highlight.js ", "yjs ", "inter ", "SIL OPEN FONT LICENSE", "dioxus "];
        for part in
            ["tokio ", "Permission is hereby granted"].iter().chain(of_the_page.iter().filter(|_| app))
        {
            ensure!(text.contains(part), "{} does not name {part}", notices.display());
        }
    }
    Ok(())
}

fn says(program: &Path, option: &str, expected: &str) -> anyhow::Result<()> {
    let mut ask = Command::new(program);
    ask.arg(option).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    let said = output(&mut ask).with_context(|| format!("{} {option} failed", name(program)))?;
    ensure!(said.contains(expected), "{} {option} said: {said}", name(program));
    Ok(())
}

/// The app draws its window, and the sample course is in the profile, as `cli` says.
fn opens(tree: &Path, cli: &Path) -> anyhow::Result<()> {
    let profile = tree.join("profile");
    let screen = Screen::start()?;
    let mut app = Command::new("dbus-run-session")
        .arg("--")
        .arg(tree.join("usr/bin/inkhorn"))
        .arg("--profile")
        .arg(&profile)
        .env("DISPLAY", &screen.display)
        .env("GDK_BACKEND", "x11")
        .spawn()
        .context("cannot start the app of the package")?;
    let picture = target_dir().join("tmp/bundle/window.png");
    let drawn = screen.photograph(&picture, LIMIT);
    // The window goes with its screen; the app saves and ends.
    drop(screen);
    let _ = app.kill();
    let _ = app.wait();
    drawn?;
    println!("the window: {}", shown(&picture));
    let mut ask = Command::new(cli);
    ask.arg("--profile").arg(&profile).arg("courses");
    let started = std::time::Instant::now();
    loop {
        // The app lets go of the profile a moment after its window has gone.
        match output(&mut ask) {
            Some(courses) if courses.contains("A tour of Inkhorn") => break,
            Some(courses) => bail!("the sample course is not there: {courses}"),
            None if started.elapsed() < LIMIT => std::thread::sleep(Duration::from_millis(200)),
            None => bail!("the profile of the app cannot be read"),
        }
    }
    println!("a clean profile opens with the sample course");
    Ok(())
}
