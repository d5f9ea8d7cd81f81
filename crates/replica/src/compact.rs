//! Snapshots. A log grows by a row with each commit; from time to time its rows are folded into one state. No row goes
//! before a fresh replay of the rows has been shown to equal the snapshot: state vector, delete set and content.

use crate::ReplicaError;
use crate::document::{self, Model};
use crate::rows::Entry;
use inkhorn_course::{Integrate, Random};
use inkhorn_protocol::DocId;
use inkhorn_updates::{Index, StateVector};

/// Rows behind a snapshot from which the next one is due. Loading costs some microseconds a row.
pub(crate) const ROWS: usize = 256;

/// Bytes behind a snapshot from which the next one is due.
pub(crate) const BYTES: usize = 1 << 20;

/// A snapshot that was shown to hold what its history holds.
pub(crate) struct Snapshot {
    pub(crate) bytes: Vec<u8>,
    /// An index that took nothing but the snapshot.
    pub(crate) index: Index,
}

/// The snapshot of a history, if it could be verified: two replicas that take the snapshot, and the rows one by one, are
/// the same for the index and for yrs.
pub(crate) fn verified(
    doc: &DocId,
    history: &[Entry],
    random: &mut dyn Random,
) -> Result<Option<Snapshot>, ReplicaError> {
    let mut replayed = document::empty(doc);
    for entry in history {
        document::add(&mut replayed, doc, entry.bytes.clone())?;
    }
    let snapshot = replayed.compact();
    let mut restored = document::empty(doc);
    document::add(&mut restored, doc, snapshot.clone())?;
    let same = restored.state_vector() == replayed.state_vector()
        && restored.delete_set() == replayed.delete_set()
        && restored.compact() == snapshot;
    if !same {
        return Ok(None);
    }
    // The same question to yrs, which knows nothing of our index: rows in their order on one side, the snapshot on the
    // other.
    let mut from_rows = document::build(doc, &[0, 0], random)?;
    for entry in history {
        let applied = match &mut from_rows {
            Model::Outline(outline) => outline.apply(&entry.bytes),
            Model::Lesson(lesson) => lesson.apply(&entry.bytes),
        };
        if applied.is_err() {
            return Ok(None);
        }
    }
    let from_snapshot = document::build(doc, &snapshot, random)?;
    let equal = match (&from_rows, &from_snapshot) {
        (Model::Outline(a), Model::Outline(b)) => {
            vector(a.state_vector()) == vector(b.state_vector()) && a.view() == b.view()
        }
        (Model::Lesson(a), Model::Lesson(b)) => {
            vector(a.state_vector()) == vector(b.state_vector())
                && a.body() == b.body()
                && a.assets() == b.assets()
        }
        _ => false,
    };
    Ok(equal.then_some(Snapshot { bytes: snapshot, index: restored }))
}

/// yrs writes the clients of a state vector in any order.
fn vector(bytes: Result<Vec<u8>, Integrate>) -> Option<StateVector> {
    StateVector::decode(&bytes.ok()?).ok()
}
