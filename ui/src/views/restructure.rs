//! Commands that change the structure of a course, and the way back through all that the author did.

use super::act::Act;
use crate::i18n::{structure, text};
use crate::island::{self, Mode};
use crate::page;
use crate::state::history::{Way, What};
use crate::state::tree::{self, Place};
use dioxus::core::spawn_forever;
use dioxus::prelude::*;
use inkhorn_protocol::change::Changed;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{NodeKind, OutlineView};
use inkhorn_protocol::settings::Change;
use inkhorn_protocol::window::Failure;
use inkhorn_protocol::{CourseId, NodeId};
use std::future::Future;

/// How long a lesson may take to be shown before a step in it is taken back, in tries and milliseconds between them.
const SHOWN_TRIES: usize = 100;
const SHOWN_MS: i32 = 50;

impl Act {
    /// Runs a change and keeps what takes it back under `name`. The entry of the history, if something was changed.
    async fn change(
        &self,
        course: Option<CourseId>,
        name: String,
        work: impl Future<Output = Result<Changed, Failure>>,
    ) -> Result<(Changed, Option<u64>), Failure> {
        // What is typed from now on comes after it.
        island::seal();
        let changed = work.await?;
        island::seal();
        let mut history = self.ui.history;
        let entry = changed.step.clone().map(|step| {
            let course = course.unwrap_or_else(|| step.course.clone());
            history.write().changed(course, name, step)
        });
        Ok((changed, entry))
    }

    /// The titles of nodes of the open course, as they are on screen.
    fn titles(&self, nodes: &[NodeId]) -> Vec<String> {
        let course = self.ui.course.peek().clone();
        let view = course.and_then(|course| self.client.last::<OutlineView>(&QueryKey::Outline { course }));
        let title = |node: &NodeId| {
            let view = view.as_ref()?;
            let all = [&view.nodes, &view.recovered, &view.trash];
            let found = all.into_iter().find_map(|nodes| tree::find(nodes, node));
            found.map(|(_, node)| node.title.clone())
        };
        nodes.iter().map(|node| title(node).unwrap_or_default()).collect()
    }

    fn opened(&self, parent: Option<&NodeId>) {
        let mut prefs = self.ui.prefs;
        if let Some(parent) = parent
            && prefs.peek().collapsed.contains(parent)
        {
            prefs.write().collapsed.remove(parent);
        }
    }

    pub(crate) fn rename_course(&self, course: CourseId, title: String) {
        let act = self.clone();
        self.run(async move { act.course_renamed(course, title).await });
    }

    /// The same for a form, which shows itself whether it was done.
    pub(crate) async fn course_renamed(&self, course: CourseId, title: String) -> Result<(), Failure> {
        let work = self.client.api.rename_course(&course, &title);
        self.change(Some(course.clone()), structure::course_rename(), work).await.map(drop)
    }

    /// Changes a setting of a course, for a form, which shows itself whether it was done.
    pub(crate) async fn setting_changed(&self, course: CourseId, change: Change) -> Result<(), Failure> {
        let work = self.client.api.change_settings(&course, &change);
        self.change(Some(course.clone()), structure::setting_of(&change), work).await.map(drop)
    }

    /// Makes an image the picture of a course, for a form.
    pub(crate) async fn cover_chosen(
        &self,
        course: CourseId,
        name: &str,
        bytes: &[u8],
    ) -> Result<(), Failure> {
        let work = self.client.api.set_cover(&course, name, bytes);
        self.change(Some(course.clone()), structure::cover(), work).await.map(drop)
    }

    /// Adds a node behind `selected` and lets the user name it at once.
    pub(crate) fn add(
        &self,
        course: &CourseId,
        view: &OutlineView,
        kind: NodeKind,
        selected: Option<&NodeId>,
    ) {
        let Some(place) = tree::place_for_new(&view.nodes, selected, kind) else { return };
        self.add_at(course.clone(), kind, place);
    }

    pub(crate) fn add_at(&self, course: CourseId, kind: NodeKind, place: Place) {
        let (act, mut ui) = (self.clone(), self.ui);
        self.run(async move {
            let Place { to, before } = place;
            let title = text::new_of(kind);
            let work = act.client.api.add(&course, kind, to.as_ref(), before.as_ref(), title);
            let name = structure::making_of(text::kind(kind));
            let (changed, _) = act.change(Some(course.clone()), name, work).await?;
            let Some(node) = changed.nodes.into_iter().next() else { return Ok(()) };
            act.opened(to.as_ref());
            ui.row.set(Some(node.clone()));
            ui.selection.write().clear();
            ui.renaming.set(Some(node.clone()));
            if kind == NodeKind::Lesson {
                ui.open_lesson(node);
            }
            Ok(())
        });
    }

    pub(crate) fn rename(&self, node: NodeId, title: String) {
        let act = self.clone();
        self.run(async move {
            let name = structure::rename_of(&title);
            act.change(None, name, act.client.api.rename(&node, &title)).await.map(drop)
        });
    }

    /// Moves nodes together. `said` is for assistive technology; `told` shows a message with the way back.
    pub(crate) fn move_to(&self, nodes: Vec<NodeId>, place: Place, said: String, told: bool) {
        let (act, mut ui) = (self.clone(), self.ui);
        let titles = self.titles(&nodes);
        self.run(async move {
            let work = act.client.api.move_nodes(&nodes, place.to.as_ref(), place.before.as_ref());
            let (_, entry) = act.change(None, structure::move_of(&titles), work).await?;
            act.opened(place.to.as_ref());
            let here = ui.row.peek().clone();
            if !here.is_some_and(|here| nodes.contains(&here)) {
                ui.row.set(nodes.first().cloned());
            }
            match entry {
                Some(_) if told => ui.tell_undoable(structure::moved_to(&titles), entry),
                _ => ui.say(said),
            }
            Ok(())
        });
    }

    pub(crate) fn trash(&self, nodes: Vec<NodeId>) {
        let (act, mut ui) = (self.clone(), self.ui);
        let titles = self.titles(&nodes);
        self.run(async move {
            // What was typed last must be in the lesson before it goes.
            island::flush().await;
            let work = act.client.api.trash(&nodes);
            let (_, entry) = act.change(None, structure::trash_of(&titles), work).await?;
            ui.selection.write().clear();
            ui.tell_undoable(structure::trashed(&titles), entry);
            Ok(())
        });
    }

    pub(crate) fn restore(&self, nodes: Vec<NodeId>) {
        let (act, mut ui) = (self.clone(), self.ui);
        let titles = self.titles(&nodes);
        self.run(async move {
            let work = act.client.api.restore(&nodes);
            let (_, entry) = act.change(None, structure::restore_of(&titles), work).await?;
            ui.row.set(nodes.first().cloned());
            ui.tell_undoable(structure::restored(&titles), entry);
            Ok(())
        });
    }

    pub(crate) fn duplicate(&self, nodes: Vec<NodeId>) {
        let (act, mut ui) = (self.clone(), self.ui);
        let titles = self.titles(&nodes);
        let field = crate::page::focused_field();
        self.run(async move {
            island::flush().await;
            let work = act.client.api.duplicate(&nodes);
            let (changed, entry) = act.change(None, structure::copy_of(&titles), work).await?;
            ui.selection.write().clear();
            if let Some(first) = changed.nodes.first() {
                super::tree::focus_row_from(ui, first.clone(), field);
            }
            ui.tell_undoable(structure::copied(&titles), entry);
            Ok(())
        });
    }

    /// Copies nodes into another course, named `title`.
    pub(crate) fn copy_to(&self, nodes: Vec<NodeId>, course: CourseId, title: String, under: Option<NodeId>) {
        let (act, ui) = (self.clone(), self.ui);
        let titles = self.titles(&nodes);
        self.run(async move {
            island::flush().await;
            let work = act.client.api.copy_to(&nodes, &course, under.as_ref());
            let (_, entry) = act.change(Some(course.clone()), structure::copy_of(&titles), work).await?;
            ui.tell_undoable(structure::copied_to(&titles, &title), entry);
            Ok(())
        });
    }

    /// Takes the author's last own change back, or does the last one that was taken back again, whatever it is. Asked
    /// for while one is under way, the next one follows it.
    pub(crate) fn travel(&self, way: Way) {
        let mut travels = self.ui.travels;
        travels.write().push(way);
        if travels.peek().len() > 1 {
            return;
        }
        let (act, ui) = (self.clone(), self.ui);
        spawn_forever(async move {
            loop {
                let Some(way) = travels.peek().first().copied() else { return };
                if let Err(failure) = act.go(way).await {
                    ui.fail(&failure);
                    // What was asked for behind it does not fit any more.
                    travels.write().clear();
                    return;
                }
                travels.write().remove(0);
            }
        });
    }

    /// Takes one change of structure back, which need not be the last one.
    pub(crate) fn undo_entry(&self, id: u64) {
        let act = self.clone();
        self.run(async move { act.go_structure(Way::Undo, id).await });
    }

    async fn go(&self, way: Way) -> Result<(), Failure> {
        let (ui, mut history) = (self.ui, self.ui.history);
        loop {
            let next = history.peek().next(way).cloned();
            let Some(entry) = next else {
                ui.tell(match way {
                    Way::Undo => structure::NOTHING_TO_UNDO,
                    Way::Redo => structure::NOTHING_TO_REDO,
                });
                return Ok(());
            };
            let lesson = match entry.what {
                What::Structure { .. } => return self.go_structure(way, entry.id).await,
                What::Text(lesson) => lesson,
            };
            let elsewhere = ui.lesson.peek().as_ref() != Some(&lesson);
            if ui.course.peek().as_ref() != Some(&entry.course) {
                ui.open_course(Some(entry.course.clone()));
            }
            if elsewhere {
                ui.open_lesson(lesson.clone());
            }
            let Some(steps) = self.step_when_shown(&lesson, way).await else {
                history.write().drop_entry(entry.id);
                ui.tell(structure::not_editable());
                return Ok(());
            };
            if steps.done {
                history.write().went(way, entry.id, None);
            } else {
                // Others have changed all that it was about: there is nothing of it left.
                history.write().drop_entry(entry.id);
            }
            history.write().count(&lesson, steps.undo, steps.redo);
            if steps.done {
                if elsewhere {
                    ui.tell(match way {
                        Way::Undo => structure::undid_text(),
                        Way::Redo => structure::redid_text(),
                    });
                }
                return Ok(());
            }
        }
    }

    /// A step of a lesson's own, as soon as the lesson is shown for editing.
    async fn step_when_shown(&self, lesson: &NodeId, way: Way) -> Option<island::Steps> {
        let ui = self.ui;
        for _ in 0..SHOWN_TRIES {
            if ui.lesson.peek().as_ref() != Some(lesson) {
                return None;
            }
            let mode = ui.mode.peek().clone().filter(|(of, _)| of == lesson).map(|(_, mode)| mode);
            match mode {
                Some(Mode::Edit) => return island::step(lesson, way),
                Some(Mode::Read | Mode::Newer) => return None,
                None => page::sleep(SHOWN_MS).await,
            }
        }
        None
    }

    async fn go_structure(&self, way: Way, id: u64) -> Result<(), Failure> {
        let (ui, mut history) = (self.ui, self.ui.history);
        let entry = match way {
            Way::Undo => history.peek().find(id).cloned(),
            Way::Redo => history.peek().next(way).cloned(),
        };
        let Some(What::Structure { name, step }) = entry.map(|entry| entry.what) else { return Ok(()) };
        // What was typed last is part of what it must find as it was left.
        island::flush().await;
        island::seal();
        let changed = self.client.api.take_back(&step).await?;
        history.write().went(way, id, changed.step);
        ui.dismiss_undo(id);
        ui.tell(changed.stayed.unwrap_or_else(|| match way {
            Way::Undo => structure::undid(&name),
            Way::Redo => structure::redid(&name),
        }));
        Ok(())
    }
}
