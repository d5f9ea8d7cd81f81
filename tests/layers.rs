//! The layer table of ARCHITECTURE.md, checked against `cargo metadata` and against the sources' `use` lines.

use anyhow::{Context, ensure};
use cargo_metadata::{DependencyKind, MetadataCommand};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Package → packages of ours that it may depend on (dev-dependencies apart).
const ALLOWED: &[(&str, &[&str])] = &[
    ("inkhorn-protocol", &[]),
    ("inkhorn-updates", &[]),
    ("inkhorn-events", &["protocol"]),
    ("inkhorn-transport", &["protocol", "events"]),
    ("inkhorn-server-state", &["protocol", "events"]),
    ("inkhorn-course", &["protocol", "updates"]),
    ("inkhorn-replica", &["protocol", "events", "updates", "course"]),
    ("inkhorn-formats", &["protocol"]),
    ("inkhorn-server", &["protocol", "updates"]),
    (
        "inkhorn-core",
        &["protocol", "events", "transport", "server-state", "updates", "course", "replica", "formats"],
    ),
    ("inkhorn-cli", &["protocol", "core"]),
    ("inkhorn", &["protocol", "core"]),
    ("inkhorn-ui", &["protocol"]),
    ("inkhorn-xtask", &[]),
    ("inkhorn-testkit", &["protocol", "updates"]),
    ("inkhorn-bench", &["protocol", "events", "server-state", "updates", "core", "testkit"]),
];

/// Package → crates of others that it must never depend on.
const NEVER: &[(&str, &[&str])] = &[
    ("inkhorn-protocol", &["tokio", "tauri", "yrs", "sqlx"]),
    ("inkhorn-events", &["tauri", "moka", "tokio-tungstenite"]),
    ("inkhorn-transport", &["moka", "sqlx", "tauri", "yrs"]),
    ("inkhorn-server-state", &["tokio-tungstenite", "sqlx", "tauri", "reqwest"]),
    ("inkhorn-updates", &["yrs", "tokio", "sqlx"]),
    ("inkhorn-course", &["tokio", "sqlx", "reqwest", "tauri"]),
    ("inkhorn-replica", &["tokio-tungstenite", "reqwest", "tauri", "yrs"]),
    ("inkhorn-server", &["yrs", "tauri"]),
    ("inkhorn-core", &["tauri", "dioxus", "yrs", "moka", "sqlx", "tokio-tungstenite"]),
    ("inkhorn", &["tokio-tungstenite", "moka", "sqlx", "yrs"]),
    ("inkhorn-ui", &["tokio", "tauri", "sqlx", "yrs", "moka"]),
];

#[test]
fn every_package_depends_only_on_the_layers_below_it() -> anyhow::Result<()> {
    let metadata = MetadataCommand::new().manifest_path(root().join("Cargo.toml")).no_deps().exec()?;
    let allowed: BTreeMap<_, _> = ALLOWED.iter().copied().collect();
    let never: BTreeMap<_, _> = NEVER.iter().copied().collect();
    let mut seen = 0;
    for package in metadata.workspace_packages() {
        let name = package.name.as_str();
        let may = allowed.get(name).with_context(|| format!("{name} is not in the layer table"))?;
        seen += 1;
        for dependency in package.dependencies.iter().filter(|d| d.kind != DependencyKind::Development) {
            if let Some(ours) = dependency.name.strip_prefix("inkhorn-") {
                ensure!(may.contains(&ours), "{name} must not depend on {}", dependency.name);
            }
            let banned = never.get(name).is_some_and(|list| list.contains(&dependency.name.as_str()));
            ensure!(!banned, "{name} must never depend on {}", dependency.name);
        }
    }
    ensure!(
        seen == ALLOWED.len(),
        "the layer table names {} packages, the workspace has {seen}",
        ALLOWED.len()
    );
    Ok(())
}

#[test]
fn the_library_of_the_documents_is_named_in_one_crate_only() -> anyhow::Result<()> {
    for file in sources("crates")?.into_iter().chain(sources("src-tauri")?).chain(sources("ui/src")?) {
        let shown = file.strip_prefix(root())?.to_string_lossy().into_owned();
        let free =
            ["crates/course/", "crates/bench/", "crates/testkit/"].iter().any(|dir| shown.starts_with(dir));
        let test_code = shown.contains("/tests/") || shown.contains("/fuzz/") || shown.contains("/src/tests");
        if free || test_code {
            continue;
        }
        let text = std::fs::read_to_string(&file)?;
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        for line in product.lines().filter(|line| !line.trim_start().starts_with("//")) {
            ensure!(!line.contains("yrs::"), "{shown} names yrs: {line}");
        }
    }
    Ok(())
}

#[test]
fn in_the_interface_hooks_and_state_do_not_write_each_other() -> anyhow::Result<()> {
    let rules = [
        ("ui/src/state", "hooks"),
        ("ui/src/forms", "hooks"),
        ("ui/src/state", "bridge"),
        ("ui/src/forms", "bridge"),
    ];
    for (folder, never) in rules {
        for file in sources(folder)? {
            let text = std::fs::read_to_string(&file)?;
            for line in text.lines().filter(|line| line.trim_start().starts_with("use ")) {
                ensure!(
                    !line.contains(&format!("crate::{never}")),
                    "{} must not use {never}: {line}",
                    file.display()
                );
            }
        }
    }
    Ok(())
}

#[test]
fn the_webview_may_listen_but_never_emit() -> anyhow::Result<()> {
    let folder = root().join("src-tauri/capabilities");
    let mut files = 0;
    for entry in std::fs::read_dir(folder)? {
        let capability: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(entry?.path())?)?;
        let granted = capability["permissions"].as_array().context("no permissions")?;
        for permission in granted {
            let name =
                permission.as_str().or_else(|| permission["identifier"].as_str()).context("no name")?;
            // A default set of Tauri's grants emit along with the rest.
            let grants_emit = name.contains("emit") || ["core:default", "core:event:default"].contains(&name);
            ensure!(!grants_emit, "{name}");
        }
        files += 1;
    }
    ensure!(files > 0, "no capability file");
    Ok(())
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(folder: &str) -> anyhow::Result<Vec<PathBuf>> {
    fn collect(folder: &Path, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
        for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            let skipped = path.ends_with("target") || path.ends_with("node_modules");
            if path.is_dir() && !skipped {
                collect(&path, found)?;
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
        Ok(())
    }
    let mut found = Vec::new();
    collect(&root().join(folder), &mut found)?;
    Ok(found)
}
