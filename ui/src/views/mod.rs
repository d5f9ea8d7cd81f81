//! What is on screen. Views read server state through `hooks`, and change it only by `act`.

mod act;
pub(crate) mod app;
mod courses;
mod export;
mod frame;
mod import;
mod join;
mod lesson;
mod outline;
mod outline_menu;
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
mod trouble;
