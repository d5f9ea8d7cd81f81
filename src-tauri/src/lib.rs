//! The shell: the only code that knows Tauri. Thin over `inkhorn_core`, which does the work.
//!
//! - [`options`]: the command line
//! - `shell`: what the shell holds: the open core, the channels of the window
//! - `commands`: what the window may ask for, one file a topic
//! - `forward`: what the core sends to the window by itself
//! - `closing`: closing waits for the window's last edit, with a limit
//! - `drawing`: how the window is drawn without a graphics processor
//! - `memory`: how early the app and its page give memory back
//! - `network`: tells the core when this computer's network changes
//! - `asset`: files of lessons by content address, for `<img>`, `<video>`, `<audio>`
//!
//! Must never import tokio-tungstenite, moka, sqlx or yrs, and has no rules of its own about courses.
//!
//! ```
//! let options = inkhorn::Options::parse(["--profile", "/tmp/x"].map(Into::into))?;
//! assert_eq!(options.profile.as_deref(), Some(std::path::Path::new("/tmp/x")));
//! # Ok::<(), anyhow::Error>(())
//! ```

mod asset;
mod closing;
mod commands;
mod drawing;
mod forward;
mod memory;
mod network;
pub mod options;
mod shell;

pub use options::Options;
use shell::Shell;
use tauri::{Manager as _, WebviewWindowBuilder};

/// Label of the window; capabilities name it.
const WINDOW: &str = "main";

/// Runs the app until its window is closed.
///
/// # Errors
/// When there is no screen to open the window on. A profile that cannot be opened is no error here: the window says so.
pub fn run(options: Options) -> anyhow::Result<()> {
    memory::bound();
    let _ = tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .try_init();
    has_screen()?;
    let shell = Shell::new(options);
    let window_data = shell.profile().join("window");
    tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .manage(shell)
        .register_asynchronous_uri_scheme_protocol(asset::SCHEME, asset::serve)
        .invoke_handler(commands::handler())
        .on_window_event(closing::on_window_event)
        .setup(move |app| {
            let windows = app.config().app.windows.clone();
            for window in windows.iter().filter(|window| window.label == WINDOW) {
                // What the window remembers belongs to the profile, too.
                let window = WebviewWindowBuilder::from_config(app, window)?
                    .data_directory(window_data.clone())
                    .build()?;
                drawing::choose(&window);
            }
            closing::on_terminate(app.handle().clone());
            network::watch(app.handle().clone());
            Ok(())
        })
        .build(tauri::generate_context!())?
        .run(|app, event| {
            if let tauri::RunEvent::Exit = event {
                // Whatever way the app ends, the profile is closed in order.
                tauri::async_runtime::block_on(app.state::<Shell>().close());
            }
        });
    Ok(())
}

/// Asks for the screen before the profile is touched and before the windowing library asks, which ends in a panic.
#[cfg(target_os = "linux")]
fn has_screen() -> anyhow::Result<()> {
    gtk::init().map_err(|_| {
        anyhow::anyhow!(
            "There is no screen to open the window on: neither DISPLAY nor WAYLAND_DISPLAY leads to one. Start Inkhorn from a \
             desktop, or work without a window: inkhorn-cli --help"
        )
    })
}

/// Elsewhere there always is one.
#[cfg(not(target_os = "linux"))]
#[allow(clippy::unnecessary_wraps, reason = "as on Linux")]
fn has_screen() -> anyhow::Result<()> {
    Ok(())
}
