//! The signals of the UI state. Written by views, never by the core.

use super::follow::Followed;
use super::history::{History, Way};
use super::prefs::{Prefs, Theme};
use super::selection::Selection;
use crate::island::Mode;
use crate::page;
use dioxus::prelude::*;
use inkhorn_protocol::projection::NodeKind;
use inkhorn_protocol::window::Failure;
use inkhorn_protocol::{CourseId, NodeId, OpId};
use std::collections::BTreeSet;

/// A dialog that is open.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Dialog {
    Import,
    Export(CourseId),
    Settings(CourseId),
    Server,
    Share(CourseId),
    People(CourseId),
    Join,
    Shortcuts,
    LetGo(Kept),
    /// These nodes of a course, in their order.
    MoveTo(CourseId, Vec<NodeId>),
    /// The same, for another course.
    CopyTo(CourseId, Vec<NodeId>),
}

/// Something that is kept on this computer because the server did not take it, with its name for people.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kept {
    Edit(u64, String),
    Operation(OpId, String),
    /// Words that somebody took away unseen.
    Words(u64, String),
}

/// A short message at the edge of the window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Toast {
    pub(crate) id: u64,
    pub(crate) text: String,
    pub(crate) trouble: bool,
    /// Entry of the history that "Undo" takes back.
    pub(crate) undo: Option<u64>,
    /// "Show" opens the sync centre.
    pub(crate) shows: bool,
}

/// A lesson whose last edit the core refused, with the text as the user had it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Frozen {
    pub(crate) lesson: NodeId,
    pub(crate) message: String,
    pub(crate) text: String,
}

/// How long a message with nothing to do stays, in milliseconds: time to read two lines.
const TOAST_MS: i32 = 8_000;

/// All of it. A handful of signals, so that a change redraws only what reads it.
#[derive(Clone, Copy)]
pub(crate) struct Ui {
    pub(crate) prefs: Signal<Prefs>,
    pub(crate) course: Signal<Option<CourseId>>,
    pub(crate) lesson: Signal<Option<NodeId>>,
    /// Row of the outline that the keyboard is at.
    pub(crate) row: Signal<Option<NodeId>>,
    /// Whether the focus was in the outline last: a row that loses it by moving gets it back.
    pub(crate) in_tree: Signal<bool>,
    /// Whether the course is being renamed.
    pub(crate) renaming_course: Signal<bool>,
    /// Row that is being renamed.
    pub(crate) renaming: Signal<Option<NodeId>>,
    /// A node that the keyboard asked for; the outline knows where it goes.
    pub(crate) wanted: Signal<Option<NodeKind>>,
    pub(crate) dialog: Signal<Option<Dialog>>,
    /// Whether the sync centre is open.
    pub(crate) sync_centre: Signal<bool>,
    /// Whether find and replace is open; it has the place of the sync centre.
    pub(crate) find_in_course: Signal<bool>,
    /// Whether the cache panel is open.
    pub(crate) cache: Signal<bool>,
    /// Whether the sidebar is out as a drawer (below 900 px).
    pub(crate) drawer: Signal<bool>,
    pub(crate) toasts: Signal<Vec<Toast>>,
    /// What assistive technology says, once.
    pub(crate) said: Signal<String>,
    /// Lessons with an edit that is not on disk yet.
    pub(crate) unsaved: Signal<BTreeSet<NodeId>>,
    /// How the island shows the open lesson; none until it is shown.
    pub(crate) mode: Signal<Option<(NodeId, Mode)>>,
    pub(crate) failed: Signal<Option<(NodeId, String)>>,
    pub(crate) frozen: Signal<Option<Frozen>>,
    /// Lessons with an edit that found no room on the disk; it is tried again.
    pub(crate) not_saved: Signal<BTreeSet<NodeId>>,
    /// Words and minutes of the open lesson.
    pub(crate) words: Signal<Option<(NodeId, u64, u64)>>,
    /// Person that the window follows.
    pub(crate) following: Signal<Option<Followed>>,
    /// Heading to show when the lesson is ready.
    pub(crate) fragment: Signal<Option<(NodeId, String)>>,
    /// What is to be looked for in a lesson; an empty text opens the bar as it was.
    pub(crate) find: Signal<Option<(NodeId, String)>>,
    next_toast: Signal<u64>,
    /// Rows of the outline that are selected together.
    pub(crate) selection: Signal<Selection>,
    /// What the author did, in order.
    pub(crate) history: Signal<History>,
    /// Ways through the history that were asked for and not gone yet.
    pub(crate) travels: Signal<Vec<Way>>,
}

impl Ui {
    /// Must be called once, in the root component.
    pub(crate) fn new() -> Self {
        let prefs = Prefs::parse(page::load_prefs().as_deref());
        let course = prefs.course.clone();
        let lesson = course.as_ref().and_then(|course| prefs.lessons.get(course).cloned());
        Self {
            prefs: Signal::new(prefs),
            course: Signal::new(course),
            row: Signal::new(lesson.clone()),
            lesson: Signal::new(lesson),
            in_tree: Signal::new(false),
            renaming_course: Signal::new(false),
            renaming: Signal::new(None),
            wanted: Signal::new(None),
            dialog: Signal::new(None),
            sync_centre: Signal::new(false),
            find_in_course: Signal::new(false),
            cache: Signal::new(false),
            drawer: Signal::new(false),
            toasts: Signal::new(Vec::new()),
            said: Signal::new(String::new()),
            unsaved: Signal::new(BTreeSet::new()),
            mode: Signal::new(None),
            failed: Signal::new(None),
            frozen: Signal::new(None),
            not_saved: Signal::new(BTreeSet::new()),
            words: Signal::new(None),
            following: Signal::new(None),
            fragment: Signal::new(None),
            find: Signal::new(None),
            next_toast: Signal::new(0),
            selection: Signal::new(Selection::default()),
            history: Signal::new(History::default()),
            travels: Signal::new(Vec::new()),
        }
    }

    /// Shows a course, with the lesson that was open in it last.
    pub(crate) fn open_course(mut self, course: Option<CourseId>) {
        let lesson = course.as_ref().and_then(|course| self.prefs.peek().lessons.get(course).cloned());
        self.row.set(lesson.clone());
        self.lesson.set(lesson);
        self.renaming.set(None);
        self.selection.write().clear();
        self.renaming_course.set(false);
        self.drawer.set(false);
        self.follow(None);
        self.course.set(course.clone());
        self.prefs.write().course = course;
    }

    /// Shows a lesson of the open course, as the user wants it: whoever was followed goes on alone.
    pub(crate) fn open_lesson(self, lesson: NodeId) {
        self.follow(None);
        self.show_lesson(lesson);
    }

    /// Follows a person, or nobody any more.
    pub(crate) fn follow(mut self, who: Option<Followed>) {
        if *self.following.peek() != who {
            self.following.set(who);
        }
    }

    /// The user took over.
    pub(crate) fn stop_following(self) {
        if self.following.peek().is_some() {
            self.follow(None);
            self.say(crate::i18n::follow::STOPPED.to_owned());
        }
    }

    /// Shows a lesson of the open course.
    pub(crate) fn show_lesson(mut self, lesson: NodeId) {
        if let Some(course) = self.course.peek().clone() {
            self.prefs.write().lessons.insert(course, lesson.clone());
        }
        self.row.set(Some(lesson.clone()));
        self.drawer.set(false);
        self.lesson.set(Some(lesson));
    }

    pub(crate) fn close_lesson(mut self) {
        if let Some(course) = self.course.peek().clone() {
            self.prefs.write().lessons.remove(&course);
        }
        self.lesson.set(None);
    }

    pub(crate) fn set_theme(mut self, theme: Theme) {
        self.prefs.write().theme = theme;
    }

    /// The sidebar comes or goes: a drawer in a narrow window, remembered in a wide one.
    pub(crate) fn toggle_sidebar(mut self) {
        if page::is_narrow() {
            let out = *self.drawer.peek();
            self.drawer.set(!out);
            // There is room for one of the two.
            self.sync_centre.set(false);
        } else {
            let mut prefs = self.prefs.write();
            prefs.sidebar_hidden = !prefs.sidebar_hidden;
        }
    }

    pub(crate) fn toggle_sync_centre(mut self) {
        let open = *self.sync_centre.peek();
        self.sync_centre.set(!open);
        self.find_in_course.set(false);
        self.drawer.set(false);
    }

    pub(crate) fn open_find(mut self) {
        self.find_in_course.set(true);
        self.sync_centre.set(false);
        self.drawer.set(false);
    }

    pub(crate) fn close_find(mut self) {
        self.find_in_course.set(false);
    }

    pub(crate) fn toggle_cache(mut self) {
        let open = *self.cache.peek();
        self.cache.set(!open);
    }

    pub(crate) fn ask(mut self, dialog: Dialog) {
        self.drawer.set(false);
        self.dialog.set(Some(dialog));
    }

    pub(crate) fn tell(self, text: impl Into<String>) {
        self.toast(text.into(), false, None, false);
    }

    pub(crate) fn trouble(self, text: impl Into<String>) {
        self.toast(text.into(), true, None, false);
    }

    pub(crate) fn fail(self, failure: &Failure) {
        self.trouble(failure.message.clone());
    }

    /// Says what was done, with a way back where there is one.
    pub(crate) fn tell_undoable(self, text: String, entry: Option<u64>) {
        self.toast(text, false, entry, false);
    }

    /// Says what the sync centre tells more of. It stays until it is read.
    pub(crate) fn tell_shown(self, text: String) {
        self.toast(text, false, None, true);
    }

    pub(crate) fn show_sync_centre(self) {
        if !*self.sync_centre.peek() {
            self.toggle_sync_centre();
        }
    }

    /// Only for assistive technology.
    pub(crate) fn say(mut self, text: String) {
        self.said.set(text);
    }

    fn toast(mut self, text: String, trouble: bool, undo: Option<u64>, shows: bool) {
        let id = *self.next_toast.peek() + 1;
        self.next_toast.set(id);
        {
            let mut toasts = self.toasts.write();
            // The same trouble twice is one message.
            toasts.retain(|toast| toast.text != text);
            toasts.push(Toast { id, text, trouble, undo, shows });
            let surplus = toasts.len().saturating_sub(3);
            toasts.drain(..surplus);
        }
        // Trouble stays until it is dismissed.
        if !trouble && !shows {
            dioxus::core::spawn_forever(async move {
                page::sleep(TOAST_MS).await;
                self.dismiss(id);
            });
        }
    }

    /// What was taken back already cannot be taken back by the message about it.
    pub(crate) fn dismiss_undo(mut self, entry: u64) {
        self.toasts.write().retain(|toast| toast.undo != Some(entry));
    }

    pub(crate) fn dismiss(mut self, id: u64) {
        self.toasts.write().retain(|toast| toast.id != id);
    }
}
