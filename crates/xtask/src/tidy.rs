//! `cargo xtask tidy`: formatting, lints on both targets, licences, bans, file sizes.

use crate::command::{cargo, output, root, run};
use crate::setup;
use anyhow::bail;
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use std::collections::BTreeSet;
use std::process::Command;

/// Licences that a dependency may have: those that MIT OR Apache-2.0 software may be linked with and shipped,
/// with no more than a notice. MPL-2.0 is per file and its files are used unchanged.
const LICENCES: &[&str] = &[
    "MIT",
    "MIT-0",
    "Apache-2.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "Zlib",
    "0BSD",
    "BSL-1.0",
    "Unlicense",
    "CC0-1.0",
    "Unicode-3.0",
    "Unicode-DFS-2016",
    "MPL-2.0",
    "CDLA-Permissive-2.0",
    "OpenSSL",
    "NCSA",
];

/// Dependencies that only some of our packages may name (the layer table of ARCHITECTURE.md). Dev-dependencies are
/// free: tests use peers as oracles.
const BANS: &[(&str, &[&str])] = &[
    ("tokio-tungstenite", &["inkhorn-transport"]),
    ("moka", &["inkhorn-server-state"]),
    ("yrs", &["inkhorn-course", "inkhorn-bench", "inkhorn-testkit", "inkhorn-simulation"]),
    ("sqlx", &["inkhorn-replica", "inkhorn-server"]),
    ("axum", &["inkhorn-server", "inkhorn-testkit"]),
    ("tauri", &["inkhorn"]),
    ("dioxus", &["inkhorn-ui"]),
];

/// Longest source file, in lines. The rule is "about 400"; this is where about ends.
const MAX_LINES: usize = 500;

/// Runs every check that is not a test.
pub(crate) fn tidy() -> anyhow::Result<()> {
    setup::ensure(setup::Needs { desktop: true, tests: false })?;
    run(cargo().args(["fmt", "--all", "--check"]))?;
    let deny = ["--", "--deny", "warnings"];
    run(cargo()
        .args(["clippy", "--quiet", "--workspace", "--exclude", "inkhorn-ui", "--all-targets"])
        .args(deny))?;
    run(cargo()
        .args(["clippy", "--quiet", "--package", "inkhorn-ui", "--package", "inkhorn-protocol"])
        .args(["--target", "wasm32-unknown-unknown", "--profile", "wasm-dev"])
        .args(deny))?;

    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).exec()?;
    let mut faults = licences(&metadata)?;
    faults.extend(bans(&metadata));
    faults.extend(long_files());
    if !faults.is_empty() {
        bail!("{} things to tidy:\n  {}", faults.len(), faults.join("\n  "));
    }
    eprintln!("Tidy.");
    Ok(())
}

fn licences(metadata: &Metadata) -> anyhow::Result<Vec<String>> {
    let mut faults = Vec::new();
    for package in &metadata.packages {
        let Some(licence) = &package.license else {
            faults.push(format!("{} {} names no licence", package.name, package.version));
            continue;
        };
        let expression = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX)?;
        let allowed =
            expression.evaluate(|one| one.license.id().is_some_and(|id| LICENCES.contains(&id.name)));
        if !allowed {
            faults.push(format!("{} {} is under {licence}", package.name, package.version));
        }
    }
    Ok(faults)
}

fn bans(metadata: &Metadata) -> Vec<String> {
    let mut faults = BTreeSet::new();
    for package in metadata.workspace_packages() {
        for dependency in &package.dependencies {
            let banned = BANS.iter().find(|(name, allowed)| {
                dependency.name == *name && !allowed.contains(&package.name.as_str())
            });
            if dependency.kind != DependencyKind::Development && banned.is_some() {
                faults.insert(format!("{} must not depend on {}", package.name, dependency.name));
            }
        }
    }
    faults.into_iter().collect()
}

fn long_files() -> Vec<String> {
    let list = output(Command::new("git").args(["ls-files", "*.rs", "*.ts"]).current_dir(root()))
        .unwrap_or_default();
    let lines =
        |file: &str| std::fs::read_to_string(root().join(file)).map_or(0, |text| text.lines().count());
    list.lines()
        .map(|file| (file, lines(file)))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(file, lines)| format!("{file} has {lines} lines; a file is one noun, at most {MAX_LINES}"))
        .collect()
}
