//! Replacing in a whole course; what is found is a query.

use super::{Answer, State};
use inkhorn_protocol::find::{Needle, PutBack, Replaced};
use inkhorn_protocol::{CourseId, NodeId};

#[tauri::command]
pub(crate) async fn replace(
    shell: State<'_>,
    course: CourseId,
    needle: Needle,
    with: String,
    only: Option<Vec<NodeId>>,
) -> Answer<Replaced> {
    Ok(shell.core().await?.replace(&course, &needle, &with, only.as_deref()).await?)
}

#[tauri::command]
pub(crate) async fn put_back(shell: State<'_>, id: u64) -> Answer<PutBack> {
    Ok(shell.core().await?.put_back(id).await?)
}
