//! Courses and their outlines.

use super::{Answer, State};
use inkhorn_protocol::change::{Changed, Step};
use inkhorn_protocol::projection::NodeKind;
use inkhorn_protocol::settings::Change;
use inkhorn_protocol::{CourseId, NodeId};

#[tauri::command]
pub(crate) async fn create_course(shell: State<'_>, title: String) -> Answer<CourseId> {
    Ok(shell.core().await?.create_course(&title).await?)
}

#[tauri::command]
pub(crate) async fn rename_course(shell: State<'_>, course: CourseId, title: String) -> Answer<Changed> {
    Ok(shell.core().await?.title_course(&course, &title).await?)
}

#[tauri::command]
pub(crate) async fn add(
    shell: State<'_>,
    course: CourseId,
    kind: NodeKind,
    under: Option<NodeId>,
    before: Option<NodeId>,
    title: String,
) -> Answer<Changed> {
    Ok(shell.core().await?.add_node(&course, kind, under, before, &title).await?)
}

#[tauri::command]
pub(crate) async fn rename(shell: State<'_>, node: NodeId, title: String) -> Answer<Changed> {
    Ok(shell.core().await?.rename_node(&node, &title).await?)
}

#[tauri::command]
pub(crate) async fn move_nodes(
    shell: State<'_>,
    nodes: Vec<NodeId>,
    to: Option<NodeId>,
    before: Option<NodeId>,
) -> Answer<Changed> {
    Ok(shell.core().await?.move_nodes(nodes, to, before).await?)
}

#[tauri::command]
pub(crate) async fn trash(shell: State<'_>, nodes: Vec<NodeId>) -> Answer<Changed> {
    Ok(shell.core().await?.trash_nodes(nodes).await?)
}

#[tauri::command]
pub(crate) async fn restore(shell: State<'_>, nodes: Vec<NodeId>) -> Answer<Changed> {
    Ok(shell.core().await?.restore_nodes(nodes).await?)
}

#[tauri::command]
pub(crate) async fn duplicate(shell: State<'_>, nodes: Vec<NodeId>) -> Answer<Changed> {
    Ok(shell.core().await?.duplicate(nodes).await?)
}

#[tauri::command]
pub(crate) async fn copy_to(
    shell: State<'_>,
    nodes: Vec<NodeId>,
    course: CourseId,
    under: Option<NodeId>,
) -> Answer<Changed> {
    Ok(shell.core().await?.copy_to(nodes, &course, under).await?)
}

/// Takes a change back, or does it again: the step is one that a change answered with.
#[tauri::command]
pub(crate) async fn take_back(shell: State<'_>, step: Step) -> Answer<Changed> {
    Ok(shell.core().await?.take_back(step).await?)
}

#[tauri::command]
pub(crate) async fn change_settings(shell: State<'_>, course: CourseId, change: Change) -> Answer<Changed> {
    Ok(shell.core().await?.change_settings(&course, change).await?)
}
