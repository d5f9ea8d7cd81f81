//! Server state, through the cache and never past it.

use super::{Answer, State};
use crate::WINDOW;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::window::{CacheReport, QueryReply};
use inkhorn_protocol::{CourseId, NodeId};

#[tauri::command]
pub(crate) async fn query(shell: State<'_>, key: QueryKey) -> Answer<QueryReply> {
    Ok(shell.core().await?.query(&key).await)
}

#[tauri::command]
pub(crate) async fn observe(shell: State<'_>, key: QueryKey) -> Answer<()> {
    shell.core().await?.observe(WINDOW, &key);
    Ok(())
}

#[tauri::command]
pub(crate) async fn unobserve(shell: State<'_>, key: QueryKey) -> Answer<()> {
    shell.core().await?.unobserve(WINDOW, &key);
    Ok(())
}

/// The window shows this course, and this lesson of it, or none any more: others who are in the course see it.
#[tauri::command]
pub(crate) async fn set_presence(
    shell: State<'_>,
    course: Option<CourseId>,
    lesson: Option<NodeId>,
) -> Answer<()> {
    shell.core().await?.set_presence(WINDOW, course.as_ref(), lesson.as_ref());
    Ok(())
}

/// What the cache knows of each key, for the cache panel.
#[tauri::command]
pub(crate) async fn cache_report(shell: State<'_>) -> Answer<CacheReport> {
    Ok(shell.core().await?.cache_report(WINDOW))
}
