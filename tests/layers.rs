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
    ("inkhorn-outbox", &["protocol", "events"]),
    ("inkhorn-course", &["protocol", "updates"]),
    ("inkhorn-replica", &["protocol", "events", "updates", "course"]),
    ("inkhorn-formats", &["protocol"]),
    ("inkhorn-server", &["protocol", "updates"]),
    (
        "inkhorn-core",
        &[
            "protocol",
            "events",
            "transport",
            "server-state",
            "outbox",
            "updates",
            "course",
            "replica",
            "formats",
        ],
    ),
    ("inkhorn-cli", &["protocol", "core"]),
    ("inkhorn", &["protocol", "core"]),
    ("inkhorn-ui", &["protocol"]),
    ("inkhorn-xtask", &[]),
    ("inkhorn-testkit", &["protocol", "updates"]),
    ("inkhorn-bench", &["protocol", "events", "server-state", "updates", "core", "testkit"]),
    // Drives the engines of both sides; nothing of the product depends on it.
    ("inkhorn-simulation", &["protocol", "events", "updates", "course", "replica", "server"]),
];

/// Package → crates of others that it must never depend on.
const NEVER: &[(&str, &[&str])] = &[
    ("inkhorn-protocol", &["tokio", "tauri", "yrs", "sqlx"]),
    ("inkhorn-events", &["tauri", "moka", "tokio-tungstenite"]),
    ("inkhorn-transport", &["moka", "sqlx", "tauri", "yrs"]),
    ("inkhorn-server-state", &["tokio-tungstenite", "sqlx", "tauri", "reqwest"]),
    ("inkhorn-outbox", &["moka", "tokio-tungstenite", "reqwest", "sqlx", "tauri"]),
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
        let free = ["crates/course/", "crates/bench/", "crates/testkit/", "crates/simulation/"]
            .iter()
            .any(|dir| shown.starts_with(dir));
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

/// Exactly two publishers: the transport and the replica. The core makes the spine and hands its ends out.
#[test]
fn the_page_runs_the_scripts_of_the_app_alone() -> anyhow::Result<()> {
    let conf = std::fs::read_to_string(root().join("tauri.conf.json"))?;
    let conf: serde_json::Value = serde_json::from_str(&conf)?;
    let rules = &conf["app"]["security"]["csp"];
    ensure!(rules["script-src"] == "'self' 'wasm-unsafe-eval'", "scripts: {}", rules["script-src"]);
    for closed in ["default-src", "object-src", "base-uri", "form-action"] {
        ensure!(rules[closed] == "'none'", "{closed}: {}", rules[closed]);
    }
    ensure!(
        conf["app"]["security"]["dangerousDisableAssetCspModification"] == serde_json::json!(["style-src"])
    );
    Ok(())
}

#[test]
fn only_the_transport_and_the_replica_publish_events() -> anyhow::Result<()> {
    let mut publishers = 0;
    for file in sources("crates")?.into_iter().chain(sources("src-tauri")?) {
        let shown = file.strip_prefix(root())?.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file)?;
        if !text.contains("inkhorn_events") {
            continue;
        }
        let free = ["crates/events/", "crates/bench/", "crates/testkit/", "crates/simulation/", "/tests/"];
        let in_core_tests = ["feed/loop_bound.rs", "feed/defect.rs", "/tests.rs"];
        if free.iter().any(|part| shown.contains(part))
            || in_core_tests.iter().any(|end| shown.ends_with(end))
        {
            continue;
        }
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        let publishes = product.lines().filter(|line| !line.trim_start().starts_with("//"));
        let publishes = publishes.filter(|line| line.contains(".publish(")).count();
        let may = ["crates/transport/", "crates/replica/"].iter().any(|dir| shown.starts_with(dir));
        ensure!(may || publishes == 0, "{shown} publishes events");
        publishers += usize::from(publishes > 0);
    }
    ensure!(publishers >= 2, "found {publishers} files that publish: the names in this test are out of date");
    Ok(())
}

/// Server state in the window is a signal that one file can write and hands out as read-only. (`compile_fail` would be
/// shorter, but the hooks compile for the browser only, where documentation is not tested.)
#[test]
fn in_the_interface_nothing_but_the_client_can_write_server_state() -> anyhow::Result<()> {
    let mut readers = 0;
    for file in sources("ui/src")? {
        let shown = file.strip_prefix(root())?.to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file)?;
        for line in text.lines().filter(|line| !line.trim_start().starts_with("//")) {
            let read_only = line.matches("ReadSignal<Snapshot>").count();
            readers += read_only;
            let writable = line.matches("Signal<Snapshot>").count() > read_only;
            let private = shown == "ui/src/hooks/client.rs" && !line.contains("pub");
            ensure!(!writable || private, "{shown} holds server state that it can write: {line}");
            // The data itself is shared and has no way to be changed in place.
            let mutable = line.contains("RefCell<Snapshot>") || line.contains("&mut Snapshot");
            ensure!(!mutable, "{shown} can change server state in place: {line}");
        }
        // A hook that gave out its cache's writer would be the way around.
        let exports = shown.starts_with("ui/src/hooks/") && text.contains("pub(crate) fn publish");
        ensure!(!exports, "{shown} lets others publish answers");
    }
    ensure!(readers > 0, "no read-only handle on server state: the names in this test are out of date");
    Ok(())
}

/// The table of the seven patterns names each test by its file and its name. A page that names what is not there says nothing.
#[test]
fn every_test_that_the_table_of_patterns_names_exists() -> anyhow::Result<()> {
    let page = std::fs::read_to_string(root().join("docs/patterns.md"))?;
    let mut named = 0;
    for (before, after) in page.split(" › ").zip(page.split(" › ").skip(1)) {
        let file = before.rsplit('`').nth(1).context("no file before ›")?;
        let name = after.split('`').nth(1).context("no name behind ›")?;
        let text = std::fs::read_to_string(root().join(file)).with_context(|| file.to_owned())?;
        // Rust, and the tests of the editor island, which are named by strings.
        let found = text.contains(&format!("fn {name}(")) || text.contains(&format!("\"{name}\""));
        ensure!(found, "docs/patterns.md names {file} › {name}, which is not there");
        named += 1;
    }
    ensure!(named >= 30, "only {named} tests are named");
    // Seven patterns, each with its own part.
    for pattern in 1..=7 {
        let parts = page.lines().filter(|line| line.starts_with(&format!("## {pattern}. "))).count();
        ensure!(parts == 1, "pattern {pattern} has {parts} parts in docs/patterns.md");
    }
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
