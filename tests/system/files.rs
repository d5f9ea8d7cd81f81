//! What leaves Inkhorn comes back the same: export and re-import, backup and open.

use anyhow::ensure;
use inkhorn_testkit::corpus;
use inkhorn_testkit::profile::{Profile, nodes, of_kind};
use serde_json::Value;
use std::path::Path;

/// Kinds and titles in order: what is left of an outline when ids are new.
fn shape(outline: &Value) -> Vec<(String, String)> {
    nodes(outline).into_iter().map(|node| (node.kind, node.title)).collect()
}

fn survives_export(folder: &Path) -> anyhow::Result<()> {
    let (ada, ben) = (Profile::new()?, Profile::new()?);
    let target = tempfile::TempDir::new()?;
    let out = target.path().join("course");
    let first = ada.last_line(&["import", &folder.to_string_lossy()])?;
    ada.run(&["export", &first, "--out", &out.to_string_lossy()])?;
    let second = ben.last_line(&["import", &out.to_string_lossy()])?;
    let (before, after) = (ada.outline(&first)?, ben.outline(&second)?);
    ensure!(shape(&before) == shape(&after), "the outline changed: {:?} {:?}", shape(&before), shape(&after));
    let bodies = |profile: &Profile, outline: &Value| -> anyhow::Result<Vec<String>> {
        let lessons = of_kind(outline, "lesson");
        let ids: Vec<String> = lessons.iter().map(|lesson| lesson.id.clone()).collect();
        let mut all = Vec::new();
        for lesson in &lessons {
            // Internal links name lessons by id, and ids are new: compare them by position.
            let mut body = profile.run(&["lesson", "show", &lesson.id, "--format", "json"])?;
            for (at, id) in ids.iter().enumerate() {
                body = body.replace(id, &format!("lesson-number-{at}"));
            }
            all.push(body);
        }
        Ok(all)
    };
    for (at, (a, b)) in bodies(&ada, &before)?.iter().zip(bodies(&ben, &after)?.iter()).enumerate() {
        ensure!(a == b, "lesson {at} changed:\n{a}\n{b}");
    }
    let hashes = |profile: &Profile, course: &str| -> anyhow::Result<Vec<String>> {
        let list = profile.json(&["assets", course])?;
        let mut all: Vec<String> = list
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|asset| asset.get("hash").and_then(Value::as_str).map(str::to_owned))
            .collect();
        all.sort();
        Ok(all)
    };
    ensure!(hashes(&ada, &first)? == hashes(&ben, &second)?, "the assets changed");
    Ok(())
}

#[test]
fn a_written_course_survives_export_and_import() -> anyhow::Result<()> {
    survives_export(corpus::written()?.path())
}

#[test]
fn real_courses_survive_export_and_import() -> anyhow::Result<()> {
    for name in ["iot-for-beginners", "git-novice"] {
        if let Some(folder) = corpus::real(name) {
            survives_export(&folder)?;
        }
    }
    Ok(())
}

#[test]
fn a_backup_brings_documents_and_assets_to_another_computer() -> anyhow::Result<()> {
    let (ada, ben) = (Profile::new()?, Profile::new()?);
    let folder = corpus::written()?;
    let course = ada.last_line(&["import", &folder.path().to_string_lossy()])?;
    let file = folder.path().join("course.inkhorn");
    ada.run(&["backup", &course, &file.to_string_lossy()])?;
    ben.run(&["open", &file.to_string_lossy()])?;
    ensure!(ada.outline(&course)? == ben.outline(&course)?, "the outlines differ");
    super::convergence::same_bodies(&ada, &ben, &course)?;
    let target = tempfile::TempDir::new()?;
    ben.run(&["export", &course, "--out", &target.path().join("out").to_string_lossy()])?;
    ensure!(contains(target.path(), corpus::DOT)?, "the picture did not travel in the backup");
    Ok(())
}

#[test]
fn a_damaged_backup_is_refused_and_changes_nothing() -> anyhow::Result<()> {
    let (ada, ben) = (Profile::new()?, Profile::new()?);
    let folder = corpus::written()?;
    let course = ada.last_line(&["import", &folder.path().to_string_lossy()])?;
    let file = folder.path().join("course.inkhorn");
    ada.run(&["backup", &course, &file.to_string_lossy()])?;
    let whole = std::fs::read(&file)?;
    let step = (whole.len() / 12).max(1);
    for at in (0..whole.len()).step_by(step) {
        let mut bad = whole.clone();
        bad[at] ^= 0x55;
        std::fs::write(&file, &bad)?;
        let output = ben.raw(&["open", &file.to_string_lossy()], "")?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(!said.contains("panicked"), "{said}");
        if output.status.success() {
            // A flipped bit that no reader looks at (a time stamp) may pass, but only with the whole content.
            ensure!(
                ada.outline(&course)? == ben.outline(&course)?,
                "a damaged backup was read as another course"
            );
            return Ok(());
        }
        ensure!(
            ben.json(&["courses"])?.as_array().is_none_or(Vec::is_empty),
            "a refused backup left something behind"
        );
    }
    std::fs::write(&file, &whole[..whole.len() / 2])?;
    ben.refused(&["open", &file.to_string_lossy()])?;
    Ok(())
}

/// Whether a file with exactly these bytes is somewhere below.
fn contains(folder: &Path, bytes: &[u8]) -> anyhow::Result<bool> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if (path.is_dir() && contains(&path, bytes)?) || (path.is_file() && std::fs::read(&path)? == bytes) {
            return Ok(true);
        }
    }
    Ok(false)
}
