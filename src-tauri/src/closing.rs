//! Closing: the window's last edits first, with a limit.

use crate::shell::Shell;
use inkhorn_protocol::window::ToWindow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tauri::{AppHandle, Manager as _, Window, WindowEvent};

/// How long the window may take to hand over its last edits. They are a few milliseconds away; a window that does
/// not answer must not keep people from leaving.
const FLUSH_LIMIT: Duration = Duration::from_secs(2);

static CLOSING: AtomicBool = AtomicBool::new(false);

/// The close button waits for the window; a window that comes to the front has what is old read again.
pub(crate) fn on_window_event(window: &Window, event: &WindowEvent) {
    match event {
        WindowEvent::CloseRequested { api, .. } => {
            api.prevent_close();
            leave(window.app_handle().clone());
        }
        WindowEvent::Focused(at_front) => {
            let (app, name, at_front) = (window.app_handle().clone(), window.label().to_owned(), *at_front);
            tauri::async_runtime::spawn(async move {
                // Before the profile is open there is nothing to read.
                if let Ok(core) = app.state::<Shell>().core().await {
                    core.focus(&name, at_front);
                }
            });
        }
        _ => {}
    }
}

/// A polite end from outside (log-out, `kill`) is a close, too.
pub(crate) fn on_terminate(app: AppHandle) {
    #[cfg(unix)]
    tauri::async_runtime::spawn(async move {
        use tokio::signal::unix::{SignalKind, signal};
        let (Ok(mut terminate), Ok(mut interrupt)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            return;
        };
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        leave(app);
    });
    #[cfg(not(unix))]
    drop(app);
}

/// Asks the window for its last edits, closes the profile, ends the app. A second call while the first waits ends at once.
pub(crate) fn leave(app: AppHandle) {
    if CLOSING.swap(true, Ordering::AcqRel) {
        app.exit(0);
        return;
    }
    tauri::async_runtime::spawn(async move {
        let shell = app.state::<Shell>();
        let asked = match &*shell.feeding.lock().await {
            Some(feeding) => feeding.send(ToWindow::Closing),
            None => false,
        };
        if asked && tokio::time::timeout(FLUSH_LIMIT, shell.flushed.notified()).await.is_err() {
            tracing::warn!("the window did not hand over its last edits within {} s", FLUSH_LIMIT.as_secs());
        }
        shell.close().await;
        app.exit(0);
    });
}
