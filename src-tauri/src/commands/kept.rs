//! What waits for the server, what it refused, and what somebody took away unseen: what the user does about it. The lists are queries.

use super::files::at;
use super::{Answer, State};
use inkhorn_protocol::{CourseId, DocId, NodeId, OpId};

#[tauri::command]
pub(crate) async fn retry_operation(shell: State<'_>, op: OpId) -> Answer<()> {
    Ok(shell.core().await?.retry_operation(&op).await?)
}

#[tauri::command]
pub(crate) async fn let_go_operation(shell: State<'_>, op: OpId) -> Answer<()> {
    Ok(shell.core().await?.let_go_operation(&op).await?)
}

#[tauri::command]
pub(crate) async fn retry_rejected(shell: State<'_>, id: u64) -> Answer<()> {
    Ok(shell.core().await?.retry_rejected(id).await?)
}

#[tauri::command]
pub(crate) async fn reapply_rejected(shell: State<'_>, id: u64) -> Answer<Option<NodeId>> {
    Ok(shell.core().await?.reapply_rejected(id).await?)
}

#[tauri::command]
pub(crate) async fn export_rejected(shell: State<'_>, id: u64, path: String) -> Answer<()> {
    Ok(shell.core().await?.export_rejected(id, &at(&path)).await?)
}

#[tauri::command]
pub(crate) async fn export_copy(shell: State<'_>, course: CourseId, doc: DocId, path: String) -> Answer<()> {
    shell.core().await?.export_copy(&course, &doc, &at(&path)).await?;
    Ok(())
}

#[tauri::command]
pub(crate) async fn retry_waiting(shell: State<'_>) -> Answer<()> {
    shell.core().await?.retry_waiting();
    Ok(())
}

#[tauri::command]
pub(crate) async fn free_storage(shell: State<'_>) -> Answer<u64> {
    Ok(shell.core().await?.free_storage().await?)
}

#[tauri::command]
pub(crate) async fn discard_rejected(shell: State<'_>, id: u64) -> Answer<()> {
    Ok(shell.core().await?.discard_rejected(id).await?)
}

#[tauri::command]
pub(crate) async fn put_back_kept(shell: State<'_>, id: u64) -> Answer<NodeId> {
    Ok(shell.core().await?.put_back_kept(id).await?)
}

#[tauri::command]
pub(crate) async fn forget_kept(shell: State<'_>, id: u64) -> Answer<()> {
    Ok(shell.core().await?.forget_kept(id).await?)
}
