//! What is on screen. Views read server state through `hooks`, and change it only by `act`.

mod act;
pub(crate) mod app;
mod cache;
mod courses;
mod draft;
mod export;
mod frame;
mod import;
mod join;
mod kept;
mod lesson;
mod outline;
mod outline_menu;
mod presence;
mod report;
mod row;
mod server;
mod share;
mod shelf;
mod shortcuts;
mod sidebar;
mod sync;
mod title;
mod topbar;
mod trash;
mod tree;
mod trouble;
