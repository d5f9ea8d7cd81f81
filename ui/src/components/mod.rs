//! Parts that views are made of. They know no server state.

mod dialog;
mod elsewhere;
mod empty;
mod icon;
mod menu;
mod skeleton;
mod toasts;

pub(crate) use dialog::{Dialog, close_dialog};
pub(crate) use elsewhere::{Elsewhere, KEEP_MINE};
pub(crate) use empty::Empty;
pub(crate) use icon::{Icon, IconButton};
pub(crate) use menu::{Item, Menu, Spot};
pub(crate) use skeleton::Skeleton;
pub(crate) use toasts::Toasts;
