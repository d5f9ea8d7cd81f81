//! The files of a package as they will lie on the disk.

use super::notices;
use crate::command::{root, run};
use anyhow::Context;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Sizes of the app's icon in pixels, as the hicolor theme has them.
const ICONS: &[u32] = &[16, 22, 24, 32, 48, 64, 128, 256, 512];

/// The app, and what a desktop needs to show it among others.
pub(super) fn app(built: &Path, tree: &Path) -> anyhow::Result<PathBuf> {
    super::fresh(tree)?;
    program(&built.join("inkhorn"), &tree.join("usr/bin/inkhorn"))?;
    let from = root().join("src-tauri/bundle");
    file(&from.join("inkhorn.desktop"), &tree.join("usr/share/applications/inkhorn.desktop"))?;
    let metainfo = "org.inkhorn.Inkhorn.metainfo.xml";
    file(&from.join(metainfo), &tree.join("usr/share/metainfo").join(metainfo))?;
    let icons = tree.join("usr/share/icons/hicolor");
    let drawn = root().join("icons/icon.svg");
    file(&drawn, &icons.join("scalable/apps/inkhorn.svg"))?;
    for size in ICONS {
        let folder = icons.join(format!("{size}x{size}/apps"));
        std::fs::create_dir_all(&folder)?;
        let size = size.to_string();
        let mut draw = Command::new("rsvg-convert");
        draw.args(["--width", &size, "--height", &size, "--output"]).arg(folder.join("inkhorn.png"));
        run(draw.arg(&drawn))?;
    }
    licences(&tree.join("usr/share/doc/inkhorn"), &notices::of_app()?)?;
    Ok(tree.to_owned())
}

/// The same without a window.
pub(super) fn cli(built: &Path, tree: &Path) -> anyhow::Result<PathBuf> {
    super::fresh(tree)?;
    program(&built.join("inkhorn-cli"), &tree.join("usr/bin/inkhorn-cli"))?;
    licences(&tree.join("usr/share/doc/inkhorn-cli"), &notices::of_program("inkhorn-cli")?)?;
    Ok(tree.to_owned())
}

/// The server, and how the system starts it.
pub(super) fn server(built: &Path, tree: &Path) -> anyhow::Result<PathBuf> {
    super::fresh(tree)?;
    program(&built.join("inkhorn-server"), &tree.join("usr/bin/inkhorn-server"))?;
    let from = root().join("crates/server/bundle");
    file(&from.join("inkhorn-server.service"), &tree.join("usr/lib/systemd/system/inkhorn-server.service"))?;
    file(&from.join("inkhorn-server.sysusers"), &tree.join("usr/lib/sysusers.d/inkhorn-server.conf"))?;
    licences(&tree.join("usr/share/doc/inkhorn-server"), &notices::of_program("inkhorn-server")?)?;
    Ok(tree.to_owned())
}

/// Our own licence, those of the libraries, and what changed.
fn licences(folder: &Path, others: &str) -> anyhow::Result<()> {
    let texts =
        ["LICENSE", "LICENSE-MIT", "LICENSE-APACHE"].map(|name| std::fs::read_to_string(root().join(name)));
    let mut all = String::new();
    for text in texts {
        all.push_str(text?.trim_end());
        all.push_str("\n\n");
    }
    std::fs::create_dir_all(folder)?;
    let copyright = folder.join("copyright");
    std::fs::write(&copyright, all)?;
    mode(&copyright, 0o644)?;
    let notices = folder.join("THIRD-PARTY.txt");
    std::fs::write(&notices, others)?;
    mode(&notices, 0o644)?;
    file(&root().join("CHANGELOG.md"), &folder.join("CHANGELOG.md"))
}

/// A program without what only a debugger reads.
fn program(from: &Path, to: &Path) -> anyhow::Result<()> {
    file(from, to)?;
    run(Command::new("strip").arg("--strip-all").arg(to))?;
    mode(to, 0o755)
}

fn file(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to.parent().context("a place in the tree")?)?;
    std::fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    mode(to, 0o644)
}

fn mode(file: &Path, mode: u32) -> anyhow::Result<()> {
    Ok(std::fs::set_permissions(file, std::fs::Permissions::from_mode(mode))?)
}
