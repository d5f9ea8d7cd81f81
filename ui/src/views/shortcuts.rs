//! The keyboard: what works everywhere, and the list of all shortcuts.

use crate::components::Dialog;
use crate::i18n::text;
use crate::page;
use dioxus::prelude::*;

/// A shortcut that works everywhere. The editor's own (see `editor/CONTRACT.md`) are not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shortcut {
    NewLesson,
    NewSection,
    NewChapter,
    Sidebar,
    SyncCentre,
    FindInCourse,
    Import,
    Shortcuts,
    Cache,
    Outline,
    Find,
    CloseDrawer,
    Undo,
    Redo,
}

/// The shortcut that an event stands for.
pub(crate) fn of(event: &KeyboardEvent) -> Option<Shortcut> {
    // While a word is being composed, keys belong to the input method.
    if page::is_composing(event) {
        return None;
    }
    let modifiers = event.modifiers();
    if event.key() == Key::Escape && modifiers.is_empty() {
        return Some(Shortcut::CloseDrawer);
    }
    let main = if page::is_mac() { Modifiers::META } else { Modifiers::CONTROL };
    let plain = modifiers == main;
    let shift = modifiers == main | Modifiers::SHIFT;
    let alt = modifiers == main | Modifiers::ALT;
    // The physical key: a layout may put another letter there with Shift.
    match event.code() {
        Code::KeyZ if plain => Some(Shortcut::Undo),
        Code::KeyZ if shift => Some(Shortcut::Redo),
        Code::KeyY if plain => Some(Shortcut::Redo),
        Code::KeyN if plain => Some(Shortcut::NewLesson),
        Code::KeyN if alt => Some(Shortcut::NewSection),
        Code::KeyN if shift => Some(Shortcut::NewChapter),
        Code::Backslash if plain => Some(Shortcut::Sidebar),
        Code::Slash if plain => Some(Shortcut::Shortcuts),
        Code::KeyY if shift => Some(Shortcut::SyncCentre),
        Code::KeyF if shift => Some(Shortcut::FindInCourse),
        Code::KeyI if shift => Some(Shortcut::Import),
        Code::KeyD if shift => Some(Shortcut::Cache),
        Code::KeyF if plain => Some(Shortcut::Find),
        Code::KeyO if shift => Some(Shortcut::Outline),
        _ => None,
    }
}

/// A combination as people read it on this system: "Ctrl+N" or "⌘N".
pub(crate) fn shown(keys: &str) -> String {
    if page::is_mac() {
        keys.replace("Mod+", "⌘").replace("Shift+", "⇧").replace("Alt+", "⌥")
    } else {
        keys.replace("Mod+", "Ctrl+")
    }
}

const GROUPS: [(&str, &[(&str, &str)]); 5] = [
    (
        "Everywhere",
        &[
            ("New lesson", "Mod+N"),
            ("New section", "Mod+Alt+N"),
            ("New chapter", "Mod+Shift+N"),
            ("Import a folder", "Mod+Shift+I"),
            ("Go to the outline", "Mod+Shift+O"),
            ("Show or hide the outline", "Mod+\\"),
            ("Find and replace in the course", "Mod+Shift+F"),
            ("Sync centre", "Mod+Shift+Y"),
            ("Cache panel", "Mod+Shift+D"),
            ("Keyboard shortcuts", "Mod+/"),
        ],
    ),
    (
        "Outline",
        &[
            ("Walk", "↑ ↓"),
            ("Open, close", "→ ←"),
            ("Open the lesson", "Space"),
            ("Rename", "Enter or F2"),
            ("Move up, down", "Alt+↑ ↓"),
            ("Move into, out of a section", "Alt+→ ←"),
            ("Move to Trash", "Delete"),
            ("Move to a place", "Mod+Shift+M"),
            ("Duplicate", "Mod+D"),
            ("Select more", "Shift+↑ ↓"),
            ("Select one more, all", "Mod+Space  Mod+A"),
            ("Find by title", "type it"),
        ],
    ),
    (
        "Text",
        &[
            ("Bold, italic, underline", "Mod+B  Mod+I  Mod+U"),
            ("Code, strike", "Mod+E  Mod+Shift+S"),
            ("Link", "Mod+K"),
            ("Text, heading 1 to 6", "Mod+Alt+0 … 6"),
            ("Numbered, bulleted, task list", "Mod+Shift+7 8 9"),
            ("Insert a block", "/"),
            ("Move the block up, down", "Alt+Shift+↑ ↓"),
            ("Menu of the block", "Mod+Shift+."),
            ("Subscript, superscript", "Mod+,  Mod+."),
            ("Clear formatting", "Mod+Shift+\\"),
            ("Turn the direction of the text", "Mod+Shift+X"),
        ],
    ),
    (
        "Find",
        &[
            ("Find in the lesson", "Mod+F"),
            ("Find and replace", "Mod+Alt+F"),
            ("Next, previous", "F3  Shift+F3"),
            ("Back to the text", "Esc"),
        ],
    ),
    ("Undo", &[("Undo your last change", "Mod+Z"), ("Do it again", "Mod+Shift+Z")]),
];

/// The list.
#[component]
pub(crate) fn ShortcutsDialog() -> Element {
    rsx! {
        Dialog { title: text::SHORTCUTS, wide: true, testid: "shortcuts-dialog",
            div { class: "shortcuts",
                for (title , rows) in GROUPS {
                    section { key: "{title}",
                        h3 { class: "section-title", "{title}" }
                        for (what , keys) in rows.iter() {
                            div { key: "{what}", class: "list-row",
                                span { class: "grow", "{what}" }
                                kbd { class: "keys", {shown(keys)} }
                            }
                        }
                    }
                }
            }
        }
    }
}
