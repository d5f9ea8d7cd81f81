//! `cargo xtask bundle`: packages for Linux under target/release/bundle/{deb,rpm}, with the distributions' own tools
//! (`dpkg-deb`, `dpkg-shlibdeps`, `rpmbuild`), which know what a package has to say about what it needs.
//!
//! - [`tree`]: which files go where
//! - [`notices`]: what they say of other people's work in them
//! - [`deb`], [`rpm`]: one kind of package each
//! - [`check`]: what is in the package, started

mod check;
mod deb;
mod notices;
mod rpm;
mod tree;

use crate::command::{cargo, root, run, target_dir};
use crate::{setup, ui};
use anyhow::Context;
use std::path::{Path, PathBuf};

/// Options of `bundle`.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// Afterwards, take the packages apart and start what is in them, on a screen of its own and a clean profile.
    #[arg(long)]
    check: bool,
}

/// Largest package, in bytes.
const MOST_BYTES: u64 = 15 * 1024 * 1024;

/// What a package says of itself.
struct Package {
    name: &'static str,
    summary: &'static str,
    description: &'static str,
    /// Section of Debian's archive.
    section: &'static str,
    /// Debian packages that make it better, beyond the libraries that `dpkg-shlibdeps` finds.
    recommends: &'static str,
    /// A shell script for after the installation.
    postinst: Option<&'static str>,
    /// As it will lie on the disk.
    tree: PathBuf,
}

/// Builds the programs as they are shipped, and packs them.
pub(crate) fn bundle(options: &Options) -> anyhow::Result<()> {
    setup::ensure(setup::Needs { desktop: true, tests: false })?;
    setup::packaging()?;
    ui::build(true)?;
    let mut build = cargo();
    build.args(["build", "--release", "--bins"]);
    for name in ["inkhorn", "inkhorn-server", "inkhorn-cli"] {
        build.args(["--package", name]);
    }
    run(&mut build)?;
    let built = target_dir().join("release");
    let out = built.join("bundle");
    let work = out.join("work");
    if work.exists() {
        std::fs::remove_dir_all(&work)?;
    }
    let mut made = Vec::new();
    for package in [app(&built, &work)?, cli(&built, &work)?, server(&built, &work)?] {
        made.push(deb::pack(&package, &out.join("deb"))?);
        made.push(rpm::pack(&package, &out.join("rpm"))?);
    }
    std::fs::remove_dir_all(&work)?;
    for file in &made {
        let bytes = std::fs::metadata(file)?.len();
        println!("{:>9.1} MB  {}", bytes as f64 / 1e6, shown(file));
        anyhow::ensure!(bytes <= MOST_BYTES, "{} is larger than {MOST_BYTES} bytes", shown(file));
    }
    if options.check {
        check::check(&made)?;
    }
    Ok(())
}

fn app(built: &Path, work: &Path) -> anyhow::Result<Package> {
    let tree = tree::app(built, &work.join("inkhorn"))?;
    Ok(Package {
        name: "inkhorn",
        summary: "editor for courses that several people write together, offline first",
        description: "Write a course with others, also without a network: everything is saved on this computer as it\n\
                      is typed, and the work of all merges when the network is back. Imports and exports folders of\n\
                      Markdown.",
        section: "education",
        recommends: "fonts-noto-color-emoji",
        postinst: None,
        tree,
    })
}

fn cli(built: &Path, work: &Path) -> anyhow::Result<Package> {
    let tree = tree::cli(built, &work.join("inkhorn-cli"))?;
    Ok(Package {
        name: "inkhorn-cli",
        summary: "Inkhorn without a window",
        description: "Imports and exports courses, edits and syncs them: for scripts, and for machines without a screen.",
        section: "education",
        recommends: "",
        postinst: None,
        tree,
    })
}

fn server(built: &Path, work: &Path) -> anyhow::Result<Package> {
    let tree = tree::server(built, &work.join("inkhorn-server"))?;
    Ok(Package {
        name: "inkhorn-server",
        summary: "sync server of Inkhorn",
        description: "Keeps courses that several people write, and tells each app what the others wrote. One program and\n\
                      one folder of data. Start it with: systemctl enable --now inkhorn-server",
        section: "net",
        recommends: "",
        // Its data belong to a user of its own; who stops using it keeps them.
        postinst: Some(
            "if command -v systemd-sysusers >/dev/null; then\n    systemd-sysusers inkhorn-server.conf\nfi\n\
             if [ -d /run/systemd/system ]; then\n    systemctl daemon-reload\nfi\n",
        ),
        tree,
    })
}

/// Version of the workspace.
fn version() -> &'static str {
    env!("CARGO_PKG_VERSION")
}

fn shown(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).display().to_string()
}

/// Makes a folder anew.
fn fresh(folder: &Path) -> anyhow::Result<()> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))
}
