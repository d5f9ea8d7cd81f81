//! Finding and replacing in a whole course. What was found in a lesson is remembered until the lesson changes, so that a
//! search that is shown costs one lesson for each edit, not the course.

use crate::{Code, Core, CoreError, Result};
use futures_util::stream::{self, StreamExt as _};
use inkhorn_course::find::{Finder, Places, Replacement};
use inkhorn_protocol::find::{FindView, FoundIn, Needle, PutBack, Replaced};
use inkhorn_protocol::projection::{NodeKind, OutlineNode};
use inkhorn_protocol::{CourseId, DocId, NodeId};
use inkhorn_replica::{Edited, Origin, ReplicaError};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Places that are told of each lesson; all are counted.
const PLACES: usize = 5;

/// Lessons that are asked for at once: enough that the writer never waits for us, few enough that others get between.
const AT_ONCE: usize = 64;

/// Lessons that are written at once, so that a commit takes many.
const WRITTEN_AT_ONCE: usize = 256;

/// Replacements that can be taken back.
const KEPT: usize = 20;

/// What is remembered of searches and replacements.
#[derive(Default)]
pub(crate) struct Finds {
    memo: Mutex<Memo>,
    done: Mutex<Done>,
}

#[derive(Default)]
struct Memo {
    of: Option<(CourseId, Needle)>,
    /// By lesson: the version that was looked at, and what it has.
    lessons: HashMap<NodeId, (u64, Looked)>,
}

#[derive(Clone)]
struct Looked {
    places: Places,
    /// Whether this version of Inkhorn can edit it.
    known: bool,
}

#[derive(Default)]
struct Done {
    last: u64,
    replacements: Vec<(u64, Vec<(NodeId, Replacement)>)>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Core {
    /// What a course has of a text, lesson by lesson in the order of its outline. Trash is not looked at.
    ///
    /// # Errors
    /// [`Code::Invalid`] for what cannot be looked for, [`Code::NotFound`], and the store's.
    pub async fn find(&self, course: &CourseId, needle: &Needle) -> Result<FindView> {
        let finder = finder(needle)?;
        let view = self.outline(course).await?;
        let rows = self.replica().docs(Some(course)).await?;
        let versions: HashMap<NodeId, u64> = rows
            .into_iter()
            .filter_map(|row| match row.doc {
                DocId::Lesson(lesson) if row.version > 0 => Some((lesson, row.version)),
                _ => None,
            })
            .collect();
        let mut lessons = Vec::new();
        view.nodes.iter().chain(&view.recovered).for_each(|node| collect(node, &mut lessons));
        let total = lessons.len();
        lessons.retain(|(lesson, _)| versions.contains_key(lesson));
        let editable = self.may_write(course).await.is_ok();

        let of = Some((course.clone(), needle.clone()));
        let mut known = {
            let mut memo = locked(&self.inner.finds.memo);
            if memo.of != of {
                *memo = Memo { of: of.clone(), lessons: HashMap::new() };
            }
            memo.lessons.clone()
        };
        known.retain(|lesson, (version, _)| versions.get(lesson) == Some(version));
        let unknown: Vec<NodeId> = lessons
            .iter()
            .map(|(lesson, _)| lesson)
            .filter(|lesson| !known.contains_key(*lesson))
            .cloned()
            .collect();
        let mut looks = stream::iter(unknown)
            .map(|lesson| {
                let finder = finder.clone();
                async move {
                    let looked = self.replica().with_lesson(&lesson, move |lesson| {
                        let places = lesson.find(&finder, PLACES)?;
                        // Only where there is something to edit.
                        let known = places.count == 0 || !lesson.has_unknown_content().unwrap_or(true);
                        Ok::<_, inkhorn_course::Integrate>(Looked { places, known })
                    });
                    let looked = looked.await;
                    (lesson, looked)
                }
            })
            .buffered(AT_ONCE);
        let mut not_here = u32::try_from(total - lessons.len()).unwrap_or(u32::MAX);
        while let Some((lesson, looked)) = looks.next().await {
            match looked {
                Ok(Ok(looked)) => {
                    let version = versions.get(&lesson).copied().unwrap_or_default();
                    known.insert(lesson, (version, looked));
                }
                // It cannot be read; the lesson says so itself when it is opened.
                Ok(Err(_)) | Err(ReplicaError::UnknownDoc(_) | ReplicaError::Damaged { .. }) => not_here += 1,
                Err(error) => return Err(error.into()),
            }
        }
        let mut found = FindView { not_here, ..FindView::default() };
        for (lesson, title) in lessons {
            let Some((_, looked)) = known.get(&lesson) else { continue };
            found.looked_at += 1;
            let Places { count, fixed, first } = looked.places.clone();
            if count > 0 {
                found.count += count;
                found.fixed += fixed;
                let editable = editable && looked.known;
                found.lessons.push(FoundIn { lesson, title, count, fixed, places: first, editable });
            }
        }
        let mut memo = locked(&self.inner.finds.memo);
        if memo.of == of {
            memo.lessons = known;
        }
        Ok(found)
    }

    /// Puts something else in every place, in the lessons named or in all of the course. Each lesson's edit is durable
    /// when this returns. What cannot be edited is left alone and counted.
    ///
    /// # Errors
    /// [`Code::Invalid`], [`Code::Denied`], [`Code::NotFound`], and the store's before anything was replaced; later the
    /// answer says what stopped it.
    pub async fn replace(
        &self,
        course: &CourseId,
        needle: &Needle,
        with: &str,
        only: Option<&[NodeId]>,
    ) -> Result<Replaced> {
        self.may_write(course).await?;
        if with.chars().count() > inkhorn_protocol::find::MAX_NEEDLE || with.contains('\0') {
            let most = inkhorn_protocol::find::MAX_NEEDLE;
            let message = format!("What is put in its place can have at most {most} characters.");
            return Err(CoreError::new(Code::Invalid, message));
        }
        let finder = finder(needle)?;
        let found = self.find(course, needle).await?;
        let wanted = |lesson: &NodeId| only.is_none_or(|only| only.contains(lesson));
        let (edit, leave): (Vec<_>, Vec<_>) =
            found.lessons.into_iter().filter(|found| wanted(&found.lesson)).partition(|found| found.editable);
        let mut replaced =
            Replaced { left_alone: u32::try_from(leave.len()).unwrap_or(u32::MAX), ..Replaced::default() };
        let mut edits = stream::iter(edit)
            .map(|FoundIn { lesson, .. }| {
                let (finder, with) = (finder.clone(), with.to_owned());
                async move {
                    let edit = self.replica().edit_lesson(&lesson, Origin::Core, move |lesson, _| {
                        let mut done = lesson.replace(&finder, &with)?;
                        let update = done.as_mut().map(|done| std::mem::take(&mut done.update));
                        Ok(Edited::new(done, update))
                    });
                    let outcome = edit.await;
                    (lesson, outcome)
                }
            })
            .buffered(WRITTEN_AT_ONCE);
        let mut done = Vec::new();
        while let Some((lesson, outcome)) = edits.next().await {
            match outcome {
                Ok(Some(replacement)) => {
                    replaced.count += replacement.count;
                    replaced.lessons += 1;
                    done.push((lesson, replacement));
                }
                Ok(None) => {}
                Err(error) if done.is_empty() && replaced.stopped.is_none() => return Err(error.into()),
                Err(error) => replaced.stopped = Some(CoreError::from(error).message),
            }
        }
        if !done.is_empty() {
            let mut kept = locked(&self.inner.finds.done);
            kept.last += 1;
            let id = kept.last;
            replaced.id = Some(id);
            kept.replacements.push((id, done));
            let surplus = kept.replacements.len().saturating_sub(KEPT);
            kept.replacements.drain(..surplus);
        }
        Ok(replaced)
    }

    /// Takes a replacement back, wherever its text is still as it left it.
    ///
    /// # Errors
    /// [`Code::NotFound`] when it is not known any more; [`Code::Denied`], and the store's.
    pub async fn put_back(&self, id: u64) -> Result<PutBack> {
        let taken = {
            let mut kept = locked(&self.inner.finds.done);
            let at = kept.replacements.iter().position(|(known, _)| *known == id);
            at.map(|at| kept.replacements.remove(at))
        };
        let Some((_, lessons)) = taken else {
            let message =
                "This replacement cannot be taken back any more. Replace the other way round instead.";
            return Err(CoreError::new(Code::NotFound, message));
        };
        if let Some((lesson, _)) = lessons.first() {
            self.writable(lesson).await?;
        }
        let mut edits = stream::iter(lessons.clone())
            .map(|(lesson, replacement)| async move {
                let edit = self.replica().edit_lesson(&lesson, Origin::Core, move |lesson, _| {
                    let (update, count, changed) = lesson.put_back(&replacement)?;
                    Ok(Edited::new((count, changed), update))
                });
                edit.await
            })
            .buffered(WRITTEN_AT_ONCE);
        let (mut back, mut failed) = (PutBack::default(), None);
        while let Some(outcome) = edits.next().await {
            match outcome {
                Ok((count, changed)) => {
                    back.count += count;
                    back.changed_since += changed;
                }
                Err(error) => failed = Some(error),
            }
        }
        match failed {
            None => Ok(back),
            Some(error) => {
                // Where it was done already, a second try finds nothing to do.
                locked(&self.inner.finds.done).replacements.push((id, lessons));
                Err(error.into())
            }
        }
    }
}

fn finder(needle: &Needle) -> Result<Finder> {
    Finder::new(needle)
        .map_err(|error| CoreError::new(Code::Invalid, format!("This cannot be looked for: {error}.")))
}

fn collect(node: &OutlineNode, lessons: &mut Vec<(NodeId, String)>) {
    if node.kind == NodeKind::Lesson {
        lessons.push((node.id.clone(), node.title.clone()));
    }
    node.children.iter().for_each(|child| collect(child, lessons));
}
