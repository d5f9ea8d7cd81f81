//! Finds out what is missing on this machine and installs it: Debian packages, the wasm target, npm packages.
//! Quick when nothing is missing: one `dpkg-query`, one look into the sysroot, one comparison a lock file.

use crate::command::{cargo, exists, output, root, run};
use anyhow::{Context, bail};
use std::fs;
use std::path::Path;
use std::process::Command;

/// What the task at hand needs beyond a compiler.
#[derive(Clone, Copy)]
pub(crate) struct Needs {
    /// The webview's libraries and a virtual screen.
    pub(crate) desktop: bool,
    /// The browser driver, and what single tests use.
    pub(crate) tests: bool,
}

/// Debian packages that the app is built with and runs on.
const DESKTOP_PACKAGES: &[&str] = &[
    "build-essential",
    "pkg-config",
    "libwebkit2gtk-4.1-dev",
    "libgtk-3-dev",
    "librsvg2-dev",
    "libsoup-3.0-dev",
    // A virtual screen and a camera for it, for machines without a display.
    "xvfb",
    "xauth",
    "imagemagick",
    // Fallbacks behind the bundled typefaces.
    "fonts-dejavu-core",
    "fonts-noto-color-emoji",
];

/// Debian packages that only tests use: the WebDriver of WebKitGTK, a plain browser with its driver for the interface on
/// its mock bridge, strace for the order of fdatasync and ack, and libfaketime for windows whose clock is wrong.
const TEST_PACKAGES: &[&str] = &["webkit2gtk-driver", "chromium", "chromium-driver", "strace", "libfaketime"];

/// Debian packages that make packages: of both kinds, with icons drawn at each size, and a look at what is in them.
const PACKAGING_PACKAGES: &[&str] = &["dpkg-dev", "rpm", "rpm2cpio", "cpio", "librsvg2-bin", "dbus"];

/// Folders with a package-lock.json; those marked true are needed by tests only.
const NPM_FOLDERS: &[(&str, bool)] = &[
    ("ui/editor", false),
    ("crates/updates/oracle", true),
    ("crates/course/oracle", true),
    ("crates/server/foreign", true),
];

/// Installs what is missing.
pub(crate) fn ensure(needs: Needs) -> anyhow::Result<()> {
    system_packages(needs)?;
    wasm_target()?;
    npm_packages(needs)
}

fn system_packages(needs: Needs) -> anyhow::Result<()> {
    let mut wanted: Vec<&str> = Vec::new();
    if !(exists("node") && exists("npm")) {
        wanted.extend(["nodejs", "npm"]);
    }
    if needs.desktop {
        wanted.extend(DESKTOP_PACKAGES);
    }
    if needs.tests {
        wanted.extend(TEST_PACKAGES);
    }
    packages(wanted)
}

fn packages(wanted: Vec<&str>) -> anyhow::Result<()> {
    if wanted.is_empty() {
        return Ok(());
    }
    if !Path::new("/etc/debian_version").exists() {
        return other_system(&wanted);
    }
    let missing: Vec<&str> = wanted.into_iter().filter(|package| !installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("Installing Debian packages: {}", missing.join(" "));
    let mut apt = as_root("apt-get")?;
    run(apt.arg("update").arg("--quiet"))?;
    let mut apt = as_root("apt-get")?;
    apt.args(["install", "--yes", "--quiet", "--no-install-recommends"]).args(&missing);
    run(&mut apt).context("These packages are needed; install them by hand and run this again")
}

fn installed(package: &str) -> bool {
    output(Command::new("dpkg-query").args(["--show", "--showformat=${db:Status-Status}", package]))
        .is_some_and(|status| status == "installed")
}

/// The command as root: directly, or through sudo, which asks for the password itself.
fn as_root(program: &str) -> anyhow::Result<Command> {
    let is_root = output(Command::new("id").arg("-u")).is_some_and(|id| id.trim() == "0");
    if is_root {
        let mut command = Command::new(program);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        return Ok(command);
    }
    if !exists("sudo") {
        bail!("{program} needs root and sudo is not here: run `cargo xtask setup` as root once");
    }
    let mut command = Command::new("sudo");
    command.args(["DEBIAN_FRONTEND=noninteractive", program]);
    Ok(command)
}

fn other_system(wanted: &[&str]) -> anyhow::Result<()> {
    // What the build asks for is enough to know; names of packages differ from system to system.
    let webview = output(Command::new("pkg-config").args(["--exists", "webkit2gtk-4.1"])).is_some();
    if exists("node") && exists("npm") && webview {
        return Ok(());
    }
    bail!(
        "This is not Debian, so nothing is installed by itself. Install what your system has for these Debian \
         packages, then run this again:\n  {}\nFedora: webkit2gtk4.1-devel gtk3-devel librsvg2-devel \
         libsoup3-devel xorg-x11-server-Xvfb ImageMagick nodejs npm. Arch: webkit2gtk-4.1 gtk3 librsvg libsoup3 \
         xorg-server-xvfb imagemagick nodejs npm. See LINUX.md.",
        wanted.join(" ")
    )
}

fn wasm_target() -> anyhow::Result<()> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let sysroot = output(Command::new(rustc).args(["--print", "sysroot"]).current_dir(root()));
    let there = sysroot.is_some_and(|dir| Path::new(dir.trim()).join("lib/rustlib").join(TARGET).is_dir());
    if there {
        return Ok(());
    }
    if !exists("rustup") {
        bail!(
            "The Rust target {TARGET} is missing and rustup is not here: install the target with your system's Rust"
        );
    }
    eprintln!("Installing the Rust target {TARGET}");
    run(Command::new("rustup").args(["target", "add", TARGET]).current_dir(root()))
}

/// What [`crate::bundle`] packs with.
pub(crate) fn packaging() -> anyhow::Result<()> {
    packages(PACKAGING_PACKAGES.to_vec())
}

/// Node and the peers that benchmarks run under it.
pub(crate) fn bench_peers() -> anyhow::Result<()> {
    system_packages(Needs { desktop: false, tests: false })?;
    npm_install("crates/bench")
}

fn npm_packages(needs: Needs) -> anyhow::Result<()> {
    for (folder, tests_only) in NPM_FOLDERS {
        if !*tests_only || needs.tests {
            npm_install(folder)?;
        }
    }
    Ok(())
}

fn npm_install(folder: &str) -> anyhow::Result<()> {
    let folder = root().join(folder);
    let lock = fs::read(folder.join("package-lock.json"))
        .with_context(|| format!("{}/package-lock.json", folder.display()))?;
    // What was installed last, kept beside the packages: equal means nothing to do.
    let stamp = folder.join("node_modules/.inkhorn-installed-lock");
    if fs::read(&stamp).is_ok_and(|installed| installed == lock) {
        return Ok(());
    }
    eprintln!("Installing npm packages in {}", folder.display());
    run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    fs::write(&stamp, &lock)?;
    Ok(())
}

/// Whether `cargo nextest` is here; tests run without it too, only less well reported.
pub(crate) fn has_nextest() -> bool {
    output(cargo().args(["nextest", "--version"])).is_some()
}
