//! The one automatic write: a trashed lesson that holds content which the trasher had not seen comes back. Whoever finds
//! it writes the same value (`alive = del.t`), so doing it twice, or on two computers, does no harm; and since a lesson
//! that is alive is not looked at, it ends after one write for each trashing.

use crate::document;
use crate::effects::Effects;
use crate::job::EditFn;
use crate::replica::Edited;
use crate::writer::Writer;
use crate::{Origin, ReplicaError, rows};
use inkhorn_course::holds_more;
use inkhorn_protocol::{CourseId, DocId, NodeId};
use std::collections::{BTreeMap, BTreeSet};

impl Writer {
    /// Looks at what this commit changed, in the same transaction.
    pub(crate) async fn revive(
        &mut self,
        changed: Vec<(CourseId, DocId)>,
        effects: &mut Effects,
    ) -> Result<(), ReplicaError> {
        let mut outlines = BTreeSet::new();
        let mut lessons = BTreeSet::new();
        for (course, doc) in changed {
            match doc {
                DocId::Course(_) => outlines.insert(course),
                DocId::Lesson(lesson) => lessons.insert((course, lesson)),
            };
        }
        for course in &outlines {
            self.note_trash(course).await?;
        }
        for (course, lesson) in &lessons {
            if !self.trash.contains_key(course) {
                self.note_trash(course).await?;
            }
            if let Some((_, compared)) = self.trash.get_mut(course).and_then(|trash| trash.get_mut(lesson)) {
                *compared = false;
            }
        }
        let courses: BTreeSet<CourseId> =
            outlines.into_iter().chain(lessons.into_iter().map(|(course, _)| course)).collect();
        for course in courses {
            self.revive_in(&course, effects).await?;
        }
        Ok(())
    }

    /// Reads which lessons of a course are in Trash; what was compared with the same memory stays compared.
    async fn note_trash(&mut self, course: &CourseId) -> Result<(), ReplicaError> {
        let doc = DocId::Course(course.clone());
        let trashed = match self.with_random(&doc).await {
            Ok((document, random)) => {
                document.outline(random)?.trashed_seen().map_err(|error| document::damaged(&doc, &error))?
            }
            // A lesson may arrive before its outline.
            Err(ReplicaError::UnknownDoc(_)) => Vec::new(),
            Err(error) => return Err(error),
        };
        let before = self.trash.remove(course).unwrap_or_default();
        let now: BTreeMap<NodeId, (Vec<u8>, bool)> = trashed
            .into_iter()
            .map(|(lesson, seen)| {
                let compared = before.get(&lesson).is_some_and(|(old, compared)| *compared && *old == seen);
                (lesson, (seen, compared))
            })
            .collect();
        self.trash.insert(course.clone(), now);
        Ok(())
    }

    async fn revive_in(&mut self, course: &CourseId, effects: &mut Effects) -> Result<(), ReplicaError> {
        let due: Vec<(NodeId, Vec<u8>)> = self
            .trash
            .get(course)
            .into_iter()
            .flatten()
            .filter(|(_, (_, compared))| !compared)
            .map(|(lesson, (seen, _))| (lesson.clone(), seen.clone()))
            .collect();
        if due.is_empty() {
            return Ok(());
        }
        let row = rows::courses(&mut self.db).await?.into_iter().find(|row| row.id == *course);
        if !row.is_some_and(|row| !row.shared || row.role.is_some_and(|role| role.may_write())) {
            // A viewer's core writes nothing; the core of the editor who wrote does it.
            return Ok(());
        }
        let mut back = Vec::new();
        for (lesson, seen) in due {
            let vector = self.lesson_vector(&lesson).await?;
            if vector.is_some_and(|vector| holds_more(&vector, &seen)) {
                back.push(lesson);
            } else if let Some((_, compared)) = self.trash.get_mut(course).and_then(|t| t.get_mut(&lesson)) {
                *compared = true;
            }
        }
        if back.is_empty() {
            return Ok(());
        }
        tracing::info!(%course, lessons = back.len(), "trashed lessons hold edits that the trasher had not seen");
        let run: EditFn = EditFn::Outline(Box::new(move |outline, _| {
            let mut updates = Vec::new();
            for lesson in &back {
                updates.extend(outline.revive(lesson)?);
            }
            Ok(Edited::new(Box::new(()) as crate::job::Erased, updates))
        }));
        self.edit(&DocId::Course(course.clone()), Origin::Core, run, effects).await?;
        self.note_trash(course).await
    }
}
