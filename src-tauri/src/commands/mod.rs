//! What the window may ask for. Each command is a line or two over the core; `permissions/commands.toml` lists them.

mod files;
mod find;
mod kept;
mod lesson;
mod outline;
mod query;
mod server;
mod window;

use crate::shell::Shell;
use inkhorn_protocol::window::Failure;

/// Answer of a command.
pub(crate) type Answer<T> = Result<T, Failure>;

/// The shell, as commands get it.
pub(crate) type State<'a> = tauri::State<'a, Shell>;

/// All commands.
pub(crate) fn handler() -> impl Fn(tauri::ipc::Invoke) -> bool + Send + Sync + 'static {
    tauri::generate_handler![
        window::boot,
        window::subscribe,
        window::set_title,
        window::flushed,
        window::quit,
        window::open_link,
        window::choose_folder,
        window::choose_file,
        window::choose_new_file,
        query::query,
        query::observe,
        query::unobserve,
        query::set_presence,
        query::cache_report,
        outline::create_course,
        outline::rename_course,
        outline::add,
        outline::rename,
        outline::move_nodes,
        outline::trash,
        outline::restore,
        find::replace,
        find::put_back,
        outline::change_settings,
        lesson::set_cover,
        outline::duplicate,
        outline::copy_to,
        outline::take_back,
        lesson::lesson_open,
        lesson::lesson_push,
        lesson::lesson_close,
        lesson::set_caret,
        lesson::put_asset,
        lesson::asset_url,
        lesson::markdown_blocks,
        files::import_folder,
        files::export_course,
        files::backup,
        files::open_file,
        files::save_asset,
        server::login_token,
        server::login_password,
        server::logout,
        server::share,
        server::join,
        server::change_member,
        server::retry_now,
        kept::retry_operation,
        kept::let_go_operation,
        kept::retry_rejected,
        kept::reapply_rejected,
        kept::export_rejected,
        kept::discard_rejected,
        kept::put_back_kept,
        kept::forget_kept,
        kept::export_copy,
        kept::retry_waiting,
        kept::free_storage,
    ]
}
