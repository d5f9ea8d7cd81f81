//! How the window is drawn where there is no graphics processor: virtual machines, remote desktops, old school computers.
//! WebKitGTK then emulates one, for the whole window and each frame; to draw what changed is several times cheaper.

use tauri::WebviewWindow;

/// Chooses the way. What cannot be asked or set stays as WebKitGTK has it.
#[cfg(target_os = "linux")]
pub(crate) fn choose(window: &WebviewWindow) {
    use webkit2gtk::{HardwareAccelerationPolicy, SettingsExt as _, WebViewExt};
    if has_graphics_processor(std::path::Path::new("/dev/dri")) {
        return;
    }
    tracing::info!("no graphics processor: the window draws what changes, by the processor");
    let set = window.with_webview(|webview| {
        if let Some(settings) = WebViewExt::settings(&webview.inner()) {
            settings.set_hardware_acceleration_policy(HardwareAccelerationPolicy::Never);
        }
    });
    if let Err(error) = set {
        tracing::warn!(%error, "the way of drawing could not be chosen");
    }
}

/// Elsewhere the system's webview knows.
#[cfg(not(target_os = "linux"))]
pub(crate) fn choose(_window: &WebviewWindow) {}

/// Whether the kernel offers a device to render with (`renderD128` and on).
#[cfg(target_os = "linux")]
fn has_graphics_processor(devices: &std::path::Path) -> bool {
    let Ok(entries) = std::fs::read_dir(devices) else { return false };
    entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("renderD"))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::has_graphics_processor;

    #[test]
    fn a_device_that_renders_is_one_and_a_mere_screen_is_none() -> std::io::Result<()> {
        let folder = tempfile::TempDir::new()?;
        assert!(!has_graphics_processor(&folder.path().join("dri")));
        std::fs::write(folder.path().join("card0"), "")?;
        assert!(!has_graphics_processor(folder.path()));
        std::fs::write(folder.path().join("renderD128"), "")?;
        assert!(has_graphics_processor(folder.path()));
        Ok(())
    }
}
