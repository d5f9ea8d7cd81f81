//! Words about moving, copying and taking back.
#![allow(missing_docs, reason = "each text says itself what it is")]

use super::text::titled;
use inkhorn_protocol::projection::NodeKind;
use inkhorn_protocol::settings::{Change, List};

pub const MOVE_TO: &str = "Move to…";
pub const COPY_TO: &str = "Copy to another course…";
pub const DUPLICATE: &str = "Duplicate";
pub const REDO: &str = "Redo";
pub const NOTHING_TO_UNDO: &str = "There is nothing of yours to undo.";
pub const NOTHING_TO_REDO: &str = "There is nothing to redo.";
pub const FIND_PLACE: &str = "Find a chapter or section";
pub const FIND_COURSE: &str = "Find a course";
pub const PLACES: &str = "Places";
pub const NO_PLACE: &str = "No chapter or section has this in its title.";
pub const NO_COMMON_PLACE: &str =
    "Chapters and lessons cannot go to the same place. Select one kind of them.";
pub const NO_COURSE: &str = "There is no other course here that you can change.";
pub const NO_SUCH_COURSE: &str = "No other course has this in its title.";
pub const BEGINNING: &str = "At the beginning";
pub const END: &str = "At the end";
pub const OTHER_COURSES: &str = "Copy to another course";
pub const BACK: &str = "Back";

/// The names of several nodes: the one title, or how many they are.
pub fn names(titles: &[String]) -> String {
    match titles {
        [] => String::new(),
        [one] => format!("“{}”", titled(one)),
        more => format!("{} items", more.len()),
    }
}

pub fn move_title(titles: &[String]) -> String {
    format!("Move {}", names(titles))
}

pub fn copy_title(titles: &[String]) -> String {
    format!("Copy {}", names(titles))
}

pub fn copy_into(course: &str) -> String {
    format!("Copy to “{}”…", titled(course))
}

pub fn new_chapter(course: &str) -> String {
    format!("In a new chapter “{}”", titled(course))
}

/// A place that holds what goes there.
pub fn place(title: &str, within: Option<&str>, kind: NodeKind, moves_chapters: bool) -> String {
    match (within, kind) {
        (Some(chapter), _) => format!("{} › {}", titled(chapter), titled(title)),
        (None, NodeKind::Chapter) if moves_chapters => format!("Behind “{}”", titled(title)),
        (None, _) => titled(title).to_owned(),
    }
}

pub fn more_places(count: usize) -> String {
    format!("{count} more: type a part of the title.")
}

// Parts of sentences: "Undo …", "Undid …".
pub fn rename_of(title: &str) -> String {
    format!("the rename of “{}”", titled(title))
}
/// A change of a setting, as part of a sentence.
pub fn setting_of(change: &Change) -> String {
    let list = |list: &List| match list {
        List::Authors => "authors",
        List::Objectives => "objectives",
    };
    match change {
        Change::Language { .. } => "the change of the language".to_owned(),
        Change::Direction { .. } => "the change of the direction".to_owned(),
        Change::Licence { .. } => "the change of the licence".to_owned(),
        Change::Cover { .. } => cover(),
        Change::Add { list: of, .. }
        | Change::Text { list: of, .. }
        | Change::Move { list: of, .. }
        | Change::Remove { list: of, .. } => format!("the change of the {}", list(of)),
    }
}
pub fn cover() -> String {
    "the change of the picture".to_owned()
}
pub fn course_rename() -> String {
    "the rename of the course".to_owned()
}
pub fn making_of(kind: &str) -> String {
    format!("the new {kind}")
}
pub fn move_of(titles: &[String]) -> String {
    format!("the move of {}", names(titles))
}
pub fn trash_of(titles: &[String]) -> String {
    format!("moving {} to Trash", names(titles))
}
pub fn restore_of(titles: &[String]) -> String {
    format!("restoring {}", names(titles))
}
pub fn copy_of(titles: &[String]) -> String {
    format!("the copy of {}", names(titles))
}
pub const TYPING: &str = "what you wrote";

pub fn undo_of(name: &str) -> String {
    format!("Undo {name}")
}
pub fn redo_of(name: &str) -> String {
    format!("Redo {name}")
}
pub fn undid(name: &str) -> String {
    format!("Undid {name}.")
}
pub fn redid(name: &str) -> String {
    format!("Redid {name}.")
}
pub fn undid_text() -> String {
    "Undid your last words in this lesson.".to_owned()
}
pub fn redid_text() -> String {
    "Wrote your words in this lesson again.".to_owned()
}
pub fn not_editable() -> String {
    "This lesson cannot be edited now, so your words in it stay as they are.".to_owned()
}

pub fn trashed(titles: &[String]) -> String {
    match titles {
        [one] => super::text::trashed(one),
        more => format!("{} are in Trash.", names(more)),
    }
}
pub fn restored(titles: &[String]) -> String {
    match titles {
        [one] => super::text::restored(one),
        more => format!("{} are back in the outline.", names(more)),
    }
}
pub fn moved_to(titles: &[String]) -> String {
    match titles {
        [_] => format!("{} was moved.", names(titles)),
        more => format!("{} were moved.", names(more)),
    }
}
pub fn copied(titles: &[String]) -> String {
    match titles {
        [_] => format!("{} was copied.", names(titles)),
        more => format!("{} were copied.", names(more)),
    }
}
pub fn copied_to(titles: &[String], course: &str) -> String {
    match titles {
        [_] => format!("{} was copied to “{}”.", names(titles), titled(course)),
        more => format!("{} were copied to “{}”.", names(more), titled(course)),
    }
}
pub fn selected(count: usize) -> String {
    format!("{count} selected")
}
