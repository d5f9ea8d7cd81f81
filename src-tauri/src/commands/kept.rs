//! What waits for the server, and what it refused: what the user does about it. The lists are queries.

use super::files::at;
use super::{Answer, State};
use inkhorn_protocol::{NodeId, OpId};

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
pub(crate) async fn discard_rejected(shell: State<'_>, id: u64) -> Answer<()> {
    Ok(shell.core().await?.discard_rejected(id).await?)
}
