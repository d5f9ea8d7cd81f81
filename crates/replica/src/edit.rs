//! How the writer changes documents: updates of editors and of the server, edits on the live model, new courses, and the
//! rebuilding of a document whose client id was refused.

use crate::document::{self, Document, Range, Taken};
use crate::effects::Effects;
use crate::job::{Apply, EditFn, Erased};
use crate::replica::Edited;
use crate::state::*;
use crate::writer::Writer;
use crate::{ReplicaError, rows};
use inkhorn_course::{OpError, client_id};
use inkhorn_protocol::projection::AssetRef;
use inkhorn_protocol::session::Reason;
use inkhorn_protocol::{CourseId, DocId, NodeId};
use inkhorn_updates::StateVector;

/// The name of the lessons' root of assets. It stands in every update that adds to it, so that other updates need no look
/// at the model.
const ASSETS_ROOT: &[u8] = b"assets";

/// The same of an outline: the key of the course's picture.
const COVER: &[u8] = b"cover";

/// An update: its document, its bytes, who made it, and up to which mark the document is caught up after it.
pub(crate) type Arrived = (DocId, Vec<u8>, Origin, Option<u64>);

impl Writer {
    /// An update from an editor or from the server.
    pub(crate) async fn apply(
        &mut self,
        job: Arrived,
        effects: &mut Effects,
    ) -> Result<(Applied, u64), ReplicaError> {
        let (doc, update, origin, caught_up) = job;
        let stake = if origin.is_local() { None } else { self.at_stake(&doc, &update).await? };
        let document = self.document(&doc).await?;
        let (id, course, before) = (document.id, document.course.clone(), document.version);
        let taken = document.take(update)?;
        let (applied, version) = match taken {
            Taken::Nothing => (Applied::Nothing, before),
            Taken::Gap => return Ok((Applied::Gap, before)),
            Taken::New { bytes, gap, new } => {
                let version = self.changed(&doc, origin, bytes, effects).await?;
                if origin.is_local() {
                    self.wrote(&doc, &new, effects).await?;
                }
                if let Some(stake) = stake {
                    self.keep(&doc, stake, effects).await?;
                }
                // What came before the gap is kept; the rest comes with the next step 2.
                if gap {
                    return Ok((Applied::Gap, version));
                }
                (Applied::Changed(version), version)
            }
        };
        if let Some(mark) = caught_up
            && rows::caught_up(&mut self.db, id, mark).await?
        {
            effects.sync_state(&course, &doc);
        }
        Ok((applied, version))
    }

    /// What follows from new structs of this computer.
    async fn wrote(&mut self, doc: &DocId, new: &[Range], effects: &mut Effects) -> Result<(), ReplicaError> {
        self.document(doc).await?.wrote(new);
        self.keep_late(doc, new, effects).await
    }

    /// Logs what a document took, and keeps what is derived from it in step.
    async fn changed(
        &mut self,
        doc: &DocId,
        origin: Origin,
        bytes: Vec<u8>,
        effects: &mut Effects,
    ) -> Result<u64, ReplicaError> {
        let has = |word: &[u8]| bytes.windows(word.len()).any(|part| part == word);
        let (names_assets, names_cover) = (has(ASSETS_ROOT), has(COVER));
        let version = self.log(doc, origin, bytes, effects).await?;
        match doc {
            DocId::Course(course) => {
                self.title_may_have_changed(doc, course, effects).await?;
                if names_cover {
                    self.cover_may_have_changed(doc, effects).await?;
                }
            }
            DocId::Lesson(_) if names_assets => self.assets_may_have_changed(doc, effects).await?,
            DocId::Lesson(_) => {}
        }
        Ok(version)
    }

    async fn title_may_have_changed(
        &mut self,
        doc: &DocId,
        course: &CourseId,
        effects: &mut Effects,
    ) -> Result<(), ReplicaError> {
        let (document, random) = self.with_random(doc).await?;
        let title = document.outline(random)?.title().map_err(|error| document::damaged(doc, &error))?;
        if !title.is_empty() && rows::set_title(&mut self.db, course, &title).await? {
            effects.courses();
        }
        Ok(())
    }

    async fn cover_may_have_changed(
        &mut self,
        doc: &DocId,
        effects: &mut Effects,
    ) -> Result<(), ReplicaError> {
        let (document, random) = self.with_random(doc).await?;
        let (id, course) = (document.id, document.course.clone());
        let settings =
            document.outline(random)?.settings().map_err(|error| document::damaged(doc, &error))?;
        self.name_assets(id, &course, settings.cover.as_slice(), effects).await
    }

    async fn assets_may_have_changed(
        &mut self,
        doc: &DocId,
        effects: &mut Effects,
    ) -> Result<(), ReplicaError> {
        let (document, random) = self.with_random(doc).await?;
        let (id, course) = (document.id, document.course.clone());
        let assets = document.lesson(random)?.assets().map_err(|error| document::damaged(doc, &error))?;
        self.name_assets(id, &course, &assets, effects).await
    }

    async fn name_assets(
        &mut self,
        id: i64,
        course: &CourseId,
        assets: &[AssetRef],
        effects: &mut Effects,
    ) -> Result<(), ReplicaError> {
        for asset in assets {
            let here = self.files.has(&asset.hash);
            if rows::name_asset(&mut self.db, id, course, asset, here).await? {
                effects.asset(course, &asset.hash);
            }
        }
        Ok(())
    }

    /// An edit on the live model.
    pub(crate) async fn edit(
        &mut self,
        doc: &DocId,
        origin: Origin,
        run: EditFn,
        effects: &mut Effects,
    ) -> Result<Erased, ReplicaError> {
        let (document, random) = self.with_random(doc).await.map_err(|error| match (error, doc) {
            (ReplicaError::UnknownDoc(_), DocId::Course(course)) => {
                ReplicaError::UnknownCourse(course.clone())
            }
            (error, _) => error,
        })?;
        let edited = match run {
            EditFn::Outline(edit) => {
                edit(document.outline(random)?, random).map_err(|error| operation(doc, error))
            }
            EditFn::Lesson(edit) => edit(document.lesson(random)?, random),
        };
        let Edited { value, updates, created, assets, put_back } = match edited {
            Ok(edited) => edited,
            Err(error) => {
                // The closure may have got half-way.
                document.drop_model();
                return Err(error);
            }
        };
        let course = document.course.clone();
        for update in updates {
            let document = self.document(doc).await?;
            match document.take_own(update)? {
                Taken::Nothing => {}
                Taken::New { bytes, gap: false, new } => {
                    self.changed(doc, origin, bytes, effects).await?;
                    self.wrote(doc, &new, effects).await?;
                }
                Taken::New { .. } | Taken::Gap => return Err(ReplicaError::Gap { doc: doc.clone() }),
            }
        }
        for (lesson, first) in created {
            self.create_document(&course, &lesson, first, origin, effects).await?;
        }
        for (lesson, asset) in assets {
            let id = self.document(&DocId::Lesson(lesson)).await?.id;
            self.name_assets(id, &course, &[asset], effects).await?;
        }
        if let Some(id) = put_back {
            self.forget_kept(id, effects).await?;
        }
        Ok(value)
    }

    /// A document with its first update; one that exists takes what it lacks.
    async fn create_document(
        &mut self,
        course: &CourseId,
        doc: &DocId,
        first: Vec<u8>,
        origin: Origin,
        effects: &mut Effects,
    ) -> Result<(), ReplicaError> {
        if !rows::add_doc(&mut self.db, doc, course).await? && self.document(doc).await?.course != *course {
            let reason = "it belongs to another course on this computer".to_owned();
            return Err(ReplicaError::Refused { doc: doc.clone(), reason });
        }
        match self.apply((doc.clone(), first, origin, None), effects).await? {
            (Applied::Gap, _) => Err(ReplicaError::Gap { doc: doc.clone() }),
            _ => Ok(()),
        }
    }

    /// A course with all its documents: whole or not at all.
    pub(crate) async fn create(
        &mut self,
        course: NewCourse,
        effects: &mut Effects,
    ) -> Result<(), ReplicaError> {
        let NewCourse { id, title, outline, lessons, assets } = course;
        rows::add_course(&mut self.db, &id, &title).await?;
        for (lesson, first) in lessons {
            self.create_document(&id, &DocId::Lesson(lesson), first, Origin::Core, effects).await?;
        }
        for (lesson, asset) in assets {
            let doc = self.document(&DocId::Lesson(lesson)).await?.id;
            self.name_assets(doc, &id, &[asset], effects).await?;
        }
        self.create_document(&id, &DocId::Course(id.clone()), outline, Origin::Core, effects).await?;
        effects.courses();
        Ok(())
    }

    /// The document becomes the server's order, with what the server lacks on top.
    pub(crate) async fn rebuild(
        &mut self,
        doc: &DocId,
        server: Vec<u8>,
        why: Rebuild,
        (mark, at_ms): (u64, u64),
        effects: &mut Effects,
    ) -> Result<Applied, ReplicaError> {
        let fresh = client_id(&mut self.random);
        let stake = self.at_stake(doc, &server).await?;
        let document = self.document(doc).await?;
        let writers = document.own().clone();
        let refuse = |reason: String| ReplicaError::Refused { doc: doc.clone(), reason };

        let mut order = document::empty(doc);
        order.add(&server).map_err(|error| refuse(error.to_string()))?;
        // What the server lacks: beyond its clocks, and of a refused client from the refused clock on, also where the
        // server has something else there.
        let mut known = order.state_vector();
        let mut kept = None;
        let own = match why {
            Rebuild::Rekey { client, from_clock } => {
                known.set(client, known.get(client).min(from_clock));
                let own = document.index().diff(&known);
                inkhorn_updates::rekey(&own, client, fresh, from_clock).map_err(|e| refuse(e.to_string()))?
            }
            Rebuild::Repair => {
                let whole = document.index().diff(&StateVector::default());
                let mut both = document::empty(doc);
                both.add(&server).map_err(|error| refuse(error.to_string()))?;
                kept = both.add(&whole).is_err().then_some(whole);
                document.index().diff(&known)
            }
        };
        let added = order.add(&own).map_err(|error| refuse(error.to_string()))?;

        let (id, course, before) = (document.id, document.course.clone(), document.version);
        if let Some(whole) = kept {
            rows::keep_refused(&mut self.db, id, &Reason::Differed, at_ms, &whole).await?;
        }
        let own = (!added.is_noop).then_some(own);
        let version = before + 1 + u64::from(own.is_some());
        rows::keep_writers(&mut self.db, id, &writers).await?;
        rows::replace_history(&mut self.db, id, before + 1, &server, own.as_deref()).await?;
        rows::caught_up(&mut self.db, id, mark).await?;
        self.loaded.remove(doc);
        self.document(doc).await?;
        if let Some(stake) = stake {
            self.keep(doc, stake, effects).await?;
        }
        effects.change(Change {
            course: course.clone(),
            doc: doc.clone(),
            version,
            origin: Origin::Server,
            kind: ChangeKind::Reset,
        });
        effects.sync_state(&course, doc);
        Ok(Applied::Changed(version))
    }

    /// State vector of a lesson, if anything of it has arrived.
    pub(crate) async fn lesson_vector(&mut self, lesson: &NodeId) -> Result<Option<Vec<u8>>, ReplicaError> {
        match self.document(&DocId::Lesson(lesson.clone())).await {
            Ok(document) if document.has_content() => Ok(Some(Document::state_vector(document))),
            Ok(_) | Err(ReplicaError::UnknownDoc(_) | ReplicaError::Damaged { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A document that cannot be read is not an operation that was refused.
fn operation(doc: &DocId, error: OpError) -> ReplicaError {
    match error {
        OpError::Document(error) => document::damaged(doc, &error),
        error => ReplicaError::Operation(error),
    }
}

impl Apply {
    pub(crate) fn split(self) -> (Arrived, crate::effects::Answer<(Applied, u64)>) {
        ((self.doc, self.update, self.origin, self.caught_up), self.done)
    }
}
