//! Generates Tauri's context and the permissions of our commands.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Tauri reads the built interface at compile time and fails where there is none. `cargo check` and the tests of
    // other crates must not need it, so that an empty page stands in until `cargo xtask` has built the real one.
    let page = Path::new("target/ui-dist/index.html");
    if !page.exists() {
        std::fs::create_dir_all("target/ui-dist")?;
        std::fs::write(
            page,
            "<!doctype html><title>Inkhorn</title>The interface is not built: cargo xtask run\n",
        )?;
    }
    println!("cargo::rerun-if-changed=target/ui-dist");
    println!("cargo::rerun-if-changed=src-tauri/permissions");
    println!("cargo::rerun-if-changed=src-tauri/capabilities");
    let attributes = tauri_build::Attributes::new()
        .capabilities_path_pattern("src-tauri/capabilities/**/*.json")
        .app_manifest(
            tauri_build::AppManifest::new().permissions_path_pattern("src-tauri/permissions/**/*.toml"),
        );
    tauri_build::try_build(attributes)?;
    Ok(())
}
