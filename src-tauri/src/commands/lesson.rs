//! Lessons and their images, as raw bytes: numbers in JSON would be four times as long and ten times as slow.

use super::{Answer, State};
use crate::{WINDOW, asset, forward};
use inkhorn_protocol::body::Node;
use inkhorn_protocol::caret::Cursor;
use inkhorn_protocol::change::Changed;
use inkhorn_protocol::projection::{Access, AssetRef};
use inkhorn_protocol::window::{Failure, LessonHead};
use inkhorn_protocol::{AssetHash, CourseId, NodeId};
use tauri::ipc::{InvokeBody, Request, Response};

/// Head (who may edit, version) and state as Yjs v1. From now on the window gets this lesson's updates.
/// The body of the request is the window's state vector, so that only the difference travels.
#[tauri::command]
pub(crate) async fn lesson_open(shell: State<'_>, request: Request<'_>) -> Answer<Response> {
    let lesson = lesson_of(&request)?;
    let core = shell.core().await?;
    // First listen, then read: an update in between comes twice, which does no harm, rather than not at all.
    forward::follow(&shell, &core, &lesson).await;
    let mut state = core.lesson_open(&lesson).await?;
    let known = bytes_of(&request)?;
    if known.len() > 1 && state.access != Access::NotArrived {
        let missing = core.lesson_diff(&lesson, known).await?;
        (state.bytes, state.version) = (missing.bytes, missing.version);
    }
    let head = LessonHead { lesson, access: Some(state.access), version: state.version };
    let message = head.join(&state.bytes).map_err(|error| Failure::other(error.to_string()))?;
    Ok(Response::new(message))
}

/// Returns when the update is durable. The window keeps the order: one at a time per lesson.
#[tauri::command]
pub(crate) async fn lesson_push(shell: State<'_>, request: Request<'_>) -> Answer<u64> {
    let lesson = lesson_of(&request)?;
    let update = bytes_of(&request)?;
    let editor = shell.lessons.lock().await.editor();
    let editor = editor.ok_or_else(|| Failure::other("The window is not subscribed."))?;
    Ok(shell.core().await?.lesson_push(&lesson, editor, update).await?)
}

/// The window holds this lesson no more.
#[tauri::command]
pub(crate) async fn lesson_close(shell: State<'_>, lesson: NodeId) -> Answer<()> {
    shell.lessons.lock().await.end(&lesson);
    Ok(())
}

/// The window shows this lesson (`client`: the id of its Yjs document), with the caret there, or shows it no more. Others
/// who have the lesson open see it. The window keeps the order.
#[tauri::command]
pub(crate) async fn set_caret(
    shell: State<'_>,
    lesson: NodeId,
    client: Option<u64>,
    cursor: Option<Cursor>,
) -> Answer<()> {
    shell.core().await?.set_caret(WINDOW, &lesson, client.map(|client| (client, cursor)));
    Ok(())
}

/// Stores a file; answers with its content address, type and size.
#[tauri::command]
pub(crate) async fn put_asset(shell: State<'_>, request: Request<'_>) -> Answer<AssetRef> {
    let lesson = lesson_of(&request)?;
    let name = decode(header(&request, "inkhorn-name").unwrap_or_default());
    let bytes = bytes_of(&request)?;
    Ok(shell.core().await?.put_asset(&lesson, &name, bytes).await?)
}

/// Stores an image and makes it the picture of a course.
#[tauri::command]
pub(crate) async fn set_cover(shell: State<'_>, request: Request<'_>) -> Answer<Changed> {
    let course: Option<CourseId> = header(&request, "inkhorn-course").and_then(|id| id.parse().ok());
    let course = course.ok_or_else(|| Failure::other("The window named no course."))?;
    let name = decode(header(&request, "inkhorn-name").unwrap_or_default());
    let bytes = bytes_of(&request)?;
    Ok(shell.core().await?.set_cover(&course, &name, bytes).await?)
}

/// Address for `<img>` and the like, if the bytes are here.
#[tauri::command]
pub(crate) async fn asset_url(shell: State<'_>, hash: AssetHash) -> Answer<Option<String>> {
    let here = shell.core().await?.asset_bytes(&hash).await?.is_some();
    Ok(here.then(|| asset::url(&hash)))
}

/// The blocks of a Markdown text, for pasting it. Away from the threads that answer: a long text takes a while.
#[tauri::command]
pub(crate) async fn markdown_blocks(markdown: String) -> Answer<Vec<Node>> {
    let blocks = tokio::task::spawn_blocking(move || inkhorn_core::markdown_blocks(&markdown)).await;
    blocks.map_err(|_| Failure::other("This text could not be read as Markdown. It can be pasted as it is."))
}

fn header<'a>(request: &'a Request<'_>, name: &str) -> Option<&'a str> {
    request.headers().get(name)?.to_str().ok()
}

fn lesson_of(request: &Request<'_>) -> Answer<NodeId> {
    let id = header(request, "inkhorn-lesson").and_then(|id| id.parse().ok());
    id.ok_or_else(|| Failure::other("The window named no lesson."))
}

fn bytes_of(request: &Request<'_>) -> Answer<Vec<u8>> {
    match request.body() {
        InvokeBody::Raw(bytes) => Ok(bytes.clone()),
        InvokeBody::Json(_) => Err(Failure::other("The window sent no bytes.")),
    }
}

/// Undoes the window's `encodeURIComponent`; what is not such a text is taken as it is.
fn decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, after)) = rest.split_first() {
        let hex =
            (first == b'%').then(|| after.get(..2)).flatten().and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn a_file_name_survives_the_header_it_travels_in() {
        assert_eq!(decode("Sk%C3%ADzze%20%231.png"), "Skízze #1.png");
        assert_eq!(decode("100%"), "100%");
        assert_eq!(decode("%zz%é"), "%zz%é");
    }
}
