//! Import, export, and courses as one file. The paths were typed or chosen by the user.

use super::{Answer, State};
use inkhorn_protocol::window::{Exported, Imported};
use inkhorn_protocol::{AssetHash, CourseId};
use std::path::PathBuf;
use tauri::AppHandle;

#[tauri::command]
pub(crate) async fn import_folder(shell: State<'_>, path: String, title: Option<String>) -> Answer<Imported> {
    let (course, report) = shell.core().await?.import_folder(&at(&path), title).await?;
    Ok(Imported { course, report })
}

#[tauri::command]
pub(crate) async fn export_course(shell: State<'_>, course: CourseId, path: String) -> Answer<Exported> {
    let report = shell.core().await?.export_course(&course, &at(&path)).await?;
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let mut missing_from: Vec<_> = report.missing_assets.into_iter().map(|(lesson, _)| lesson).collect();
    missing_from.dedup();
    Ok(Exported { lessons: count(report.lessons), assets: count(report.assets), missing_from })
}

#[tauri::command]
pub(crate) async fn backup(shell: State<'_>, course: CourseId, path: String) -> Answer<()> {
    shell.core().await?.backup(&course, &at(&path)).await?;
    Ok(())
}

#[tauri::command]
pub(crate) async fn open_file(shell: State<'_>, path: String) -> Answer<CourseId> {
    Ok(shell.core().await?.open_file(&at(&path)).await?)
}

/// Writes a copy of an asset to where the user wants it; answers with the path, or with none when they changed their mind.
/// It is saved only: no file of a course is ever opened from here.
#[tauri::command]
pub(crate) async fn save_asset(
    app: AppHandle,
    shell: State<'_>,
    hash: AssetHash,
    name: String,
) -> Answer<Option<String>> {
    let Some(path) = super::window::choose_place(&app, &name, None).await else { return Ok(None) };
    shell.core().await?.save_asset(&hash, &at(&path)).await?;
    Ok(Some(path))
}

/// A path as people type it: `~` is their home.
pub(super) fn at(typed: &str) -> PathBuf {
    let home = || std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    match typed.strip_prefix("~/").or((typed == "~").then_some("")) {
        Some(rest) => home().map_or_else(|| PathBuf::from(typed), |home| home.join(rest)),
        None => PathBuf::from(typed),
    }
}
