//! The window itself: start, channels, title, end, the desktop's own dialogs.

use super::{Answer, State};
use crate::{closing, forward};
use inkhorn_protocol::window::{Boot, Failure, ToWindow};
use tauri::ipc::{Channel, InvokeResponseBody};
use tauri::{AppHandle, WebviewWindow};
use tauri_plugin_dialog::{DialogExt as _, FilePath};
use tokio::sync::oneshot;

#[tauri::command]
pub(crate) async fn boot(shell: State<'_>) -> Answer<Boot> {
    Ok(shell.boot().await)
}

#[tauri::command]
pub(crate) async fn subscribe(
    shell: State<'_>,
    feed: Channel<ToWindow>,
    lessons: Channel<InvokeResponseBody>,
) -> Answer<()> {
    forward::subscribe(&shell, feed, lessons).await
}

#[tauri::command]
pub(crate) async fn set_title(window: WebviewWindow, title: String) -> Answer<()> {
    let title = if title.trim().is_empty() { "Inkhorn".to_owned() } else { format!("{title} – Inkhorn") };
    window.set_title(&title).map_err(|error| Failure::other(error.to_string()))
}

#[tauri::command]
pub(crate) async fn flushed(shell: State<'_>) -> Answer<()> {
    shell.flushed.notify_one();
    Ok(())
}

#[tauri::command]
pub(crate) async fn quit(app: AppHandle) -> Answer<()> {
    closing::leave(app);
    Ok(())
}

/// Opens a link of a lesson in the desktop's own program. Only the web and mail: a course is somebody else's text.
#[tauri::command]
pub(crate) async fn open_link(href: String) -> Answer<()> {
    let allowed = ["https://", "http://", "mailto:"].iter().any(|scheme| href.starts_with(scheme));
    if !allowed || href.chars().any(char::is_control) {
        return Err(Failure::other(
            "This link is not to a web page or a mail address, so it was not opened.",
        ));
    }
    let mut command = if cfg!(target_os = "macos") {
        tokio::process::Command::new("open")
    } else if cfg!(windows) {
        let mut command = tokio::process::Command::new("rundll32");
        command.arg("url.dll,FileProtocolHandler");
        command
    } else {
        tokio::process::Command::new("xdg-open")
    };
    let status = command.arg(&href).status().await;
    match status {
        Ok(status) if status.success() => Ok(()),
        _ => Err(Failure::other(format!("No program of this computer opens {href}."))),
    }
}

#[tauri::command]
pub(crate) async fn choose_folder(app: AppHandle, title: String) -> Answer<Option<String>> {
    let (chosen, answer) = oneshot::channel();
    app.dialog().file().set_title(title).pick_folder(|path| {
        let _ = chosen.send(path);
    });
    Ok(answer.await.ok().flatten().and_then(as_text))
}

#[tauri::command]
pub(crate) async fn choose_file(app: AppHandle) -> Answer<Option<String>> {
    let (chosen, answer) = oneshot::channel();
    app.dialog().file().add_filter("Inkhorn", &["inkhorn"]).pick_file(|path| {
        let _ = chosen.send(path);
    });
    Ok(answer.await.ok().flatten().and_then(as_text))
}

#[tauri::command]
pub(crate) async fn choose_new_file(app: AppHandle, name: String) -> Answer<Option<String>> {
    Ok(choose_place(&app, &name, Some("inkhorn")).await)
}

/// Asks where a new file goes, beginning with a name; with `end`, files that end so are shown.
pub(super) async fn choose_place(app: &AppHandle, name: &str, end: Option<&str>) -> Option<String> {
    // A title may hold what a file name may not.
    let name: String =
        name.chars().map(|c| if "/\\:*?\"<>|".contains(c) || c.is_control() { '-' } else { c }).collect();
    let (chosen, answer) = oneshot::channel();
    let dialog = app.dialog().file().set_file_name(name);
    let dialog = end.into_iter().fold(dialog, |dialog, end| dialog.add_filter("Inkhorn", &[end]));
    dialog.save_file(|path| {
        let _ = chosen.send(path);
    });
    answer.await.ok().flatten().and_then(as_text)
}

fn as_text(path: FilePath) -> Option<String> {
    path.into_path().ok().map(|path| path.to_string_lossy().into_owned())
}
