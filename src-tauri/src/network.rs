//! Tells the core when this computer's network changes, so that it need not wait for the next try. By GIO's monitor,
//! which the desktop itself uses (it knows NetworkManager and portals) and which is in the app already, with GTK.

use crate::shell::Shell;
use tauri::{AppHandle, Manager as _};

/// Watches until the app ends. Must be called on the main thread, whose loop delivers the news.
#[cfg(target_os = "linux")]
pub(crate) fn watch(app: AppHandle) {
    use gio::prelude::NetworkMonitorExt as _;
    // One for the whole process, which GIO keeps.
    gio::NetworkMonitor::default().connect_network_changed(move |_, available| {
        tracing::debug!(available, "the network changed");
        let app = app.clone();
        tauri::async_runtime::spawn(async move {
            // Before the profile is open there is nothing to tell.
            if let Ok(core) = app.state::<Shell>().core().await {
                core.network_changed();
            }
        });
    });
}

/// Elsewhere the heartbeat finds out.
#[cfg(not(target_os = "linux"))]
pub(crate) fn watch(_app: AppHandle) {}
