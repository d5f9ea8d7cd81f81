//! Builds the interface without further tools: cargo for wasm32, the wasm-bindgen library, esbuild for the island.
//! The result replaces `target/ui-dist` in one rename, so that a running build never sees half of it.

use crate::command::{cargo, root, run, target_dir};
use anyhow::Context;
use std::fs;
use std::path::Path;
use std::process::Command;
use wasm_bindgen_cli_support::Bindgen;

/// Builds into `target/ui-dist`.
pub(crate) fn build(release: bool) -> anyhow::Result<()> {
    build_into("ui-dist", release, false)
}

/// Builds the interface with its mock bridge into `target/ui-mock`, for a plain browser. What is shipped never has it.
pub(crate) fn build_mock() -> anyhow::Result<()> {
    build_into("ui-mock", false, true)
}

fn build_into(folder: &str, release: bool, mock: bool) -> anyhow::Result<()> {
    let profile = if release { "wasm-release" } else { "wasm-dev" };
    let mut build = cargo();
    build.args(["build", "--package", "inkhorn-ui", "--bin", "inkhorn-ui"]).args([
        "--target",
        "wasm32-unknown-unknown",
        "--profile",
        profile,
    ]);
    let editor = root().join("ui/editor");
    let mut island = Command::new("npm");
    island.args(["run", "--silent", "build"]).current_dir(&editor);
    if mock {
        build.args(["--features", "mock"]);
        island.args(["--", "--mock"]);
    }
    run(&mut build)?;
    run(&mut island)?;

    let dist = root().join("target").join(folder);
    let fresh = root().join("target").join(format!("{folder}.new"));
    remove(&fresh)?;
    fs::create_dir_all(&fresh)?;
    let wasm = target_dir().join("wasm32-unknown-unknown").join(profile).join("inkhorn-ui.wasm");
    Bindgen::new()
        .input_path(&wasm)
        .out_name("inkhorn_ui")
        .web(true)?
        .typescript(false)
        .generate(&fresh)
        .with_context(|| format!("wasm-bindgen on {}", wasm.display()))?;
    fs::copy(root().join("ui/index.html"), fresh.join("index.html"))?;
    // The island's build bundles the styles, the icons and the typefaces too (ui/editor/CONTRACT.md).
    copy_tree(&editor.join("dist"), &fresh)?;

    if same_tree(&fresh, &dist) {
        // The app embeds this folder: an untouched one saves compiling it again.
        return remove(&fresh);
    }
    remove(&dist)?;
    fs::rename(&fresh, &dist)?;
    Ok(())
}

fn remove(folder: &Path) -> anyhow::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

fn copy_tree(from: &Path, to: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_tree(&entry.path(), &target)?;
        } else {
            fs::copy(entry.path(), &target)?;
        }
    }
    Ok(())
}

fn same_tree(a: &Path, b: &Path) -> bool {
    fn files(
        folder: &Path,
        prefix: &Path,
        found: &mut Vec<(std::path::PathBuf, Vec<u8>)>,
    ) -> std::io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = prefix.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                files(&entry.path(), &name, found)?;
            } else {
                found.push((name, fs::read(entry.path())?));
            }
        }
        Ok(())
    }
    let list = |folder: &Path| {
        let mut found = Vec::new();
        files(folder, Path::new(""), &mut found).ok()?;
        found.sort();
        Some(found)
    };
    matches!((list(a), list(b)), (Some(a), Some(b)) if a == b)
}
