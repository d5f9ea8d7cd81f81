//! What a package says of other people's work in it: who made it, and the texts of their licences, word for word.

use crate::command::{output, root};
use anyhow::{Context, ensure};
use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// How files begin that are licences or belong to them.
const NAMES: &[&str] = &["LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE", "UNLICENSE"];

/// The target that the interface is built for.
const WASM: &str = "wasm32-unknown-unknown";

/// One library: its name and version, its licence, and where its files are.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Part {
    name: String,
    licence: String,
    folder: PathBuf,
}

/// The notices of a program of the workspace.
pub(super) fn of_program(package: &str) -> anyhow::Result<String> {
    let host =
        output(Command::new("rustc").args(["--print", "host-tuple"])).context("rustc names no host")?;
    text(&crates(package, host.trim())?)
}

/// The notices of the app: its program, its interface, and the editor with typefaces and icons.
pub(super) fn of_app() -> anyhow::Result<String> {
    let host =
        output(Command::new("rustc").args(["--print", "host-tuple"])).context("rustc names no host")?;
    let mut parts = crates("inkhorn", host.trim())?;
    parts.extend(crates("inkhorn-ui", WASM)?);
    parts.extend(modules()?);
    text(&parts)
}

/// The crates that are linked into a program.
fn crates(package: &str, target: &str) -> anyhow::Result<BTreeSet<Part>> {
    let metadata = MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        .other_options(["--filter-platform".to_owned(), target.to_owned()])
        .exec()?;
    let start = metadata.workspace_packages().into_iter().find(|one| one.name == package);
    let linked = linked(&metadata, &start.with_context(|| format!("no package {package}"))?.id)?;
    let parts = metadata.packages.iter().filter(|one| one.source.is_some() && linked.contains(&one.id));
    parts
        .map(|one| {
            Ok(Part {
                name: format!("{} {}", one.name, one.version),
                licence: one.license.clone().unwrap_or_default(),
                folder: one.manifest_path.parent().context("a manifest in a folder")?.into(),
            })
        })
        .collect()
}

/// A package and all that it links: what it is only built or tested with is in no program.
fn linked<'m>(metadata: &'m Metadata, start: &'m PackageId) -> anyhow::Result<BTreeSet<&'m PackageId>> {
    let resolve = metadata.resolve.as_ref().context("cargo resolves nothing")?;
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let (mut seen, mut next) = (BTreeSet::new(), vec![start]);
    while let Some(id) = next.pop() {
        if seen.insert(id) {
            let node = nodes.get(id).with_context(|| format!("cargo does not know {id}"))?;
            let linked = node
                .deps
                .iter()
                .filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind == DependencyKind::Normal));
            next.extend(linked.map(|dep| &dep.pkg));
        }
    }
    Ok(seen)
}

/// The npm packages of the editor.
fn modules() -> anyhow::Result<BTreeSet<Part>> {
    let editor = root().join("ui/editor");
    let list = ["ls", "--all", "--omit=dev", "--parseable"];
    let list = output(Command::new("npm").args(list).current_dir(&editor)).context("npm lists nothing")?;
    list.lines()
        .map(Path::new)
        .filter(|folder| *folder != editor)
        .map(|folder| {
            let about = std::fs::read_to_string(folder.join("package.json"))
                .with_context(|| format!("{} has no package.json", folder.display()))?;
            let about: serde_json::Value = serde_json::from_str(&about)?;
            let word = |key: &str| about[key].as_str().unwrap_or_default().to_owned();
            Ok(Part {
                name: format!("{} {}", word("name"), word("version")),
                licence: word("license"),
                folder: folder.to_owned(),
            })
        })
        .collect()
}

/// A text that many have word for word stands once, under all their names.
fn text(parts: &BTreeSet<Part>) -> anyhow::Result<String> {
    ensure!(!parts.is_empty(), "a program without any library");
    let mut by_text: BTreeMap<String, BTreeSet<&str>> = BTreeMap::new();
    let mut out =
        "Inkhorn contains the work of others. Each of them, with its licence; the texts follow.\n\n"
            .to_owned();
    for part in parts {
        writeln!(out, "  {}: {}", part.name, part.licence)?;
        for text in texts(&part.folder)? {
            by_text.entry(text).or_default().insert(&part.name);
        }
    }
    for (text, names) in by_text {
        let names: Vec<_> = names.into_iter().collect();
        writeln!(out, "\n{}\n{}\n\n{text}", "-".repeat(80), names.join(", "))?;
    }
    Ok(out)
}

/// The licence texts in a folder, without what differs only at the ends of lines.
fn texts(folder: &Path) -> anyhow::Result<BTreeSet<String>> {
    let mut texts = BTreeSet::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_uppercase();
        if entry.file_type()?.is_file() && NAMES.iter().any(|start| name.starts_with(start)) {
            let text = String::from_utf8_lossy(&std::fs::read(entry.path())?).into_owned();
            let lines: Vec<_> = text.lines().map(str::trim_end).collect();
            texts.insert(lines.join("\n").trim_matches('\n').to_owned());
        }
    }
    Ok(texts)
}
