//! One loaded document: the byte-range index that decides what is taken, and the model over yrs when somebody reads or
//! edits it. The index is the authority; a model that fails is thrown away and built anew from it.

use crate::ReplicaError;
use crate::rows::Entry;
use inkhorn_course::{Integrate, Lesson, Outline, Random, client_id};
use inkhorn_protocol::{CourseId, DocId, schema};
use inkhorn_updates::{Added, Collateral, Index, Refused, RootType, Schema, StateVector};
use std::collections::BTreeSet;

pub(crate) struct Document {
    pub(crate) doc: DocId,
    /// Row in the store.
    pub(crate) id: i64,
    pub(crate) course: CourseId,
    pub(crate) version: u64,
    index: Index,
    model: Option<Model>,
    /// Client ids under which this computer wrote.
    own: BTreeSet<u64>,
    /// When somebody else last took away a part of the body, in milliseconds since the Unix epoch; none as far as is known.
    lost_at_ms: Option<u64>,
    /// Rows of the log behind the snapshot, and their bytes: when they are many, a snapshot is due.
    pub(crate) log_rows: usize,
    pub(crate) log_bytes: usize,
    /// When it was last used, in jobs.
    pub(crate) used: u64,
}

pub(crate) enum Model {
    Outline(Outline),
    Lesson(Lesson),
}

/// New structs of an update: client, first clock, end (exclusive).
pub(crate) type Range = (u64, u32, u32);

/// What an index made of an update.
pub(crate) enum Taken {
    /// Nothing was new.
    Nothing,
    /// These bytes are new: log and relay them. `gap`: and something is missing behind them.
    New { bytes: Vec<u8>, gap: bool, new: Vec<Range> },
    /// Nothing could be taken since something is missing before it.
    Gap,
}

impl Document {
    /// From the rows of the store: they were all taken once, so one that is refused now was changed by something else.
    pub(crate) fn load(
        doc: DocId,
        id: i64,
        course: CourseId,
        version: u64,
        history: &[Entry],
        mut own: BTreeSet<u64>,
    ) -> Result<Self, ReplicaError> {
        let mut index = empty(&doc);
        for entry in history {
            let added = index.add(&entry.bytes).map_err(|refused| ReplicaError::Damaged {
                doc: doc.clone(),
                reason: format!("version {}: {refused}", entry.version),
            })?;
            if entry.local {
                own.extend(added.new.iter().map(|(client, ..)| *client));
            }
        }
        let log = || history.iter().filter(|entry| !entry.snapshot);
        let (log_rows, log_bytes) = (log().count(), log().map(|entry| entry.bytes.len()).sum());
        Ok(Self {
            doc,
            id,
            course,
            version,
            index,
            model: None,
            own,
            lost_at_ms: None,
            log_rows,
            log_bytes,
            used: 0,
        })
    }

    /// Takes an update into the index and the model.
    pub(crate) fn take(&mut self, update: Vec<u8>) -> Result<Taken, ReplicaError> {
        let taken = add(&mut self.index, &self.doc, update)?;
        if let Taken::New { bytes, .. } = &taken {
            let integrated = match &mut self.model {
                Some(Model::Outline(outline)) => outline.apply(bytes).map(drop),
                Some(Model::Lesson(lesson)) => lesson.apply(bytes).map(drop),
                None => Ok(()),
            };
            if let Err(error) = integrated {
                tracing::warn!(doc = %self.doc, %error, "the model is built anew from the index");
                self.model = None;
            }
        }
        Ok(taken)
    }

    /// Takes an update that the model made itself.
    pub(crate) fn take_own(&mut self, update: Vec<u8>) -> Result<Taken, ReplicaError> {
        let taken = add(&mut self.index, &self.doc, update);
        if !matches!(taken, Ok(Taken::New { .. } | Taken::Nothing)) {
            // The model holds what the index refused.
            self.model = None;
        }
        taken
    }

    /// Client ids under which this computer wrote, as far as is known.
    pub(crate) fn own(&self) -> &BTreeSet<u64> {
        &self.own
    }

    /// The log has a local row with these structs now.
    pub(crate) fn wrote(&mut self, new: &[Range]) {
        self.own.extend(new.iter().map(|(client, ..)| *client));
    }

    /// What of this computer's words an update is about to take away unseen.
    pub(crate) fn collateral(&mut self, update: &[u8], now_ms: u64) -> Option<Vec<Collateral>> {
        if self.own.is_empty() {
            return None;
        }
        let gone = self.index.takes_away(update)?;
        self.lost_at_ms = Some(now_ms);
        let collateral = self.index.collateral(&gone, &self.own);
        (!collateral.is_empty()).then_some(collateral)
    }

    /// Whether somebody else took away a part of the body since then.
    pub(crate) fn lost_since(&self, then_ms: u64) -> bool {
        self.lost_at_ms.is_some_and(|at_ms| at_ms >= then_ms)
    }

    /// Whether anything has arrived.
    pub(crate) fn has_content(&self) -> bool {
        self.version > 0
    }

    pub(crate) fn state_vector(&self) -> Vec<u8> {
        self.index.state_vector().encode()
    }

    /// Fingerprint of the content.
    pub(crate) fn fingerprint(&self) -> inkhorn_updates::Fingerprint {
        self.index.fingerprint()
    }

    pub(crate) fn diff(&self, state_vector: &[u8]) -> Result<Vec<u8>, ReplicaError> {
        let remote = StateVector::decode(state_vector)
            .map_err(|error| ReplicaError::Refused { doc: self.doc.clone(), reason: error.to_string() })?;
        Ok(self.index.diff_compact(&remote))
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    /// Holds the same in less memory from now on: an index keeps each struct as it came, one of a snapshot has them joined.
    pub(crate) fn shrink(&mut self, index: Index) {
        let same = index.state_vector() == self.index.state_vector()
            && index.delete_set() == self.index.delete_set();
        if same {
            self.index = index;
        }
    }

    /// Memory of the index, in bytes; a model takes a small multiple of it.
    pub(crate) fn byte_size(&self) -> usize {
        self.index.byte_size() * if self.model.is_some() { 6 } else { 1 }
    }

    pub(crate) fn has_model(&self) -> bool {
        self.model.is_some()
    }

    /// Forgets a model that was built for one question: while there is one, each update is integrated.
    pub(crate) fn drop_model_if(&mut self, is_done: bool) {
        if is_done {
            self.model = None;
        }
    }

    /// Forgets the model: the next use builds it from the index.
    pub(crate) fn drop_model(&mut self) {
        self.model = None;
    }

    /// The model, built when there is none.
    pub(crate) fn model(&mut self, random: &mut dyn Random) -> Result<&mut Model, ReplicaError> {
        if self.model.is_none() {
            self.model = Some(build(&self.doc, &self.index.encode(), random)?);
        }
        self.model.as_mut().ok_or(ReplicaError::Closed)
    }

    pub(crate) fn outline(&mut self, random: &mut dyn Random) -> Result<&mut Outline, ReplicaError> {
        let doc = self.doc.clone();
        match self.model(random)? {
            Model::Outline(outline) => Ok(outline),
            Model::Lesson(_) => Err(ReplicaError::UnknownDoc(doc)),
        }
    }

    pub(crate) fn lesson(&mut self, random: &mut dyn Random) -> Result<&mut Lesson, ReplicaError> {
        let doc = self.doc.clone();
        match self.model(random)? {
            Model::Lesson(lesson) => Ok(lesson),
            Model::Outline(_) => Err(ReplicaError::UnknownDoc(doc)),
        }
    }
}

/// A model of its own, written to by a fresh client.
pub(crate) fn build(doc: &DocId, state: &[u8], random: &mut dyn Random) -> Result<Model, ReplicaError> {
    let client = client_id(random);
    let built = match doc {
        DocId::Course(_) => Outline::load(client, state).map(Model::Outline),
        DocId::Lesson(_) => Lesson::load(client, state).map(Model::Lesson),
    };
    built.map_err(|error| damaged(doc, &error))
}

pub(crate) fn damaged(doc: &DocId, error: &Integrate) -> ReplicaError {
    ReplicaError::Damaged { doc: doc.clone(), reason: error.to_string() }
}

/// An empty index whose roots have the types of our schema.
pub(crate) fn empty(doc: &DocId) -> Index {
    Index::new(Schema::new(schema::roots(doc).iter().map(|(name, kind)| {
        let kind = match kind {
            schema::RootType::Map => RootType::Map,
            schema::RootType::Array => RootType::Array,
            schema::RootType::Text => RootType::Text,
            schema::RootType::Xml => RootType::Xml,
        };
        (*name, kind)
    })))
}

/// Takes an update into an index, and gives what is to be logged.
pub(crate) fn add(index: &mut Index, doc: &DocId, update: Vec<u8>) -> Result<Taken, ReplicaError> {
    match index.add(&update) {
        Ok(Added { is_noop: true, gap: None, .. }) => Ok(Taken::Nothing),
        Ok(Added { is_noop: true, gap: Some(_), .. }) => Ok(Taken::Gap),
        Ok(Added { part, gap, new, .. }) => {
            Ok(Taken::New { bytes: part.unwrap_or(update), gap: gap.is_some(), new })
        }
        Err(Refused::Gap { .. } | Refused::UnknownReference { .. }) => Ok(Taken::Gap),
        Err(refused) => Err(ReplicaError::Refused { doc: doc.clone(), reason: refused.to_string() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compact;

    /// A Yjs v1 update of one character, typed behind those before it. The first struct of the client is the text itself.
    fn typed(clock: u8) -> Vec<u8> {
        let mut update = vec![1, 1, 9, clock];
        match clock {
            0 => update.extend([7, 1, 4, b'b', b'o', b'd', b'y', 6]),
            1 => update.extend([4, 0, 9, 0, 1, b'a']),
            _ => update.extend([0x84, 9, clock - 1, 1, b'a']),
        }
        update.push(0);
        update
    }

    fn history(doc: &DocId, characters: u8) -> (Document, Vec<Entry>) {
        let entry = |clock| Entry {
            version: u64::from(clock) + 1,
            local: true,
            snapshot: false,
            bytes: typed(clock),
        };
        let history: Vec<Entry> = (0..=characters).map(entry).collect();
        let course = "course".parse().unwrap();
        (
            Document::load(doc.clone(), 1, course, u64::from(characters) + 1, &history, BTreeSet::new())
                .unwrap(),
            history,
        )
    }

    #[test]
    fn behind_its_snapshot_a_document_is_small_and_the_same() {
        let doc = DocId::Lesson("lesson".parse().unwrap());
        let (mut document, rows) = history(&doc, 120);
        let mut random = || [7; 16];
        let snapshot = compact::verified(&doc, &rows, &mut random).unwrap().expect("is the same");
        let (before, print) = (document.byte_size(), document.fingerprint());
        let (all, tail) = (document.diff(&[0]).unwrap(), document.diff(&[1, 9, 100]).unwrap());
        document.shrink(snapshot.index);
        assert!(document.byte_size() * 4 < before, "{} of {before}", document.byte_size());
        assert_eq!(document.fingerprint(), print);
        assert_eq!((document.diff(&[0]).unwrap(), document.diff(&[1, 9, 100]).unwrap()), (all, tail));
        assert!(matches!(document.take(typed(121)), Ok(Taken::New { gap: false, .. })), "and goes on");
    }

    #[test]
    fn what_holds_something_else_is_not_taken_for_it() {
        let doc = DocId::Lesson("lesson".parse().unwrap());
        let (mut document, _) = history(&doc, 20);
        let (shorter, _) = history(&doc, 19);
        let before = document.state_vector();
        document.shrink(shorter.index);
        assert_eq!(document.state_vector(), before);
    }
}
