//! Courses and their outlines.

use super::{Answer, State};
use inkhorn_protocol::projection::NodeKind;
use inkhorn_protocol::settings::Change;
use inkhorn_protocol::{CourseId, NodeId};

#[tauri::command]
pub(crate) async fn create_course(shell: State<'_>, title: String) -> Answer<CourseId> {
    Ok(shell.core().await?.create_course(&title).await?)
}

#[tauri::command]
pub(crate) async fn rename_course(shell: State<'_>, course: CourseId, title: String) -> Answer<()> {
    Ok(shell.core().await?.rename_course(&course, &title).await?)
}

#[tauri::command]
pub(crate) async fn add(
    shell: State<'_>,
    course: CourseId,
    kind: NodeKind,
    under: Option<NodeId>,
    before: Option<NodeId>,
    title: String,
) -> Answer<NodeId> {
    Ok(shell.core().await?.add(&course, kind, under, before, &title).await?)
}

#[tauri::command]
pub(crate) async fn rename(shell: State<'_>, node: NodeId, title: String) -> Answer<()> {
    Ok(shell.core().await?.rename(&node, &title).await?)
}

#[tauri::command]
pub(crate) async fn move_node(
    shell: State<'_>,
    node: NodeId,
    to: Option<NodeId>,
    before: Option<NodeId>,
) -> Answer<()> {
    Ok(shell.core().await?.move_node(&node, to, before).await?)
}

#[tauri::command]
pub(crate) async fn trash(shell: State<'_>, node: NodeId) -> Answer<()> {
    Ok(shell.core().await?.trash(&node).await?)
}

#[tauri::command]
pub(crate) async fn restore(shell: State<'_>, node: NodeId) -> Answer<()> {
    Ok(shell.core().await?.restore(&node).await?)
}

#[tauri::command]
pub(crate) async fn change_settings(shell: State<'_>, course: CourseId, change: Change) -> Answer<()> {
    Ok(shell.core().await?.change_settings(&course, change).await?)
}
