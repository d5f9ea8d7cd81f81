//! The byte-range index of one document: structs by client and clock, and what is deleted.

use std::collections::{BTreeMap, VecDeque};

use crate::admit;
use crate::compact;
use crate::container::Schema;
use crate::delete_set::DeleteSet;
use crate::diff;
use crate::error::Refused;
use crate::fingerprint::{self, Fingerprint};
use crate::log::{ClientLog, Mark};
use crate::state_vector::StateVector;

/// What an update brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Added {
    /// Clock ranges that were not known, as client, first clock, end (exclusive). Only these need the writer to
    /// own the client id: the rest is a duplicate.
    pub new: Vec<(u64, u32, u32)>,
    /// Whether it deletes something that was not known as deleted. A replica also reports what it deleted by
    /// integrating (children of something deleted, values that lost against a concurrent one), so this may be
    /// true for the full state of somebody who never edited.
    pub new_deletes: bool,
    /// Whether it changed nothing.
    pub is_noop: bool,
    /// Set where a Skip hid what should come next: what follows it was left out, and a re-sync is needed before
    /// all of the update is here.
    pub gap: Option<Gap>,
    /// The part that was new, as an update of its own, where that is not the whole update: store and relay this
    /// instead, so that no replica gets anything behind a gap. `None`: take the bytes as they came.
    pub part: Option<Vec<u8>>,
}

/// A range of a client that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// Whose structs are missing.
    pub client: u64,
    /// Clocks below this one are known.
    pub have: u32,
    /// The first clock behind the gap.
    pub need: u32,
}

/// An update in flight: where the logs stood after it, and what it deleted.
#[derive(Debug, Clone)]
pub(crate) struct Staged {
    pub(crate) marks: Vec<(u64, Mark)>,
    pub(crate) deletes: Vec<(u64, u32, u32)>,
}

/// The index of one document.
///
/// It has two levels. What is **committed** is what [`state_vector`](Index::state_vector), [`diff`](Index::diff)
/// and all other readers see. What is **in flight** ([`stage`](Index::stage)) is seen by the checks of later
/// updates only, until it is [committed](Index::commit) or [dropped](Index::rollback).
#[derive(Debug, Clone, Default)]
pub struct Index {
    pub(crate) schema: Schema,
    pub(crate) logs: BTreeMap<u64, ClientLog>,
    pub(crate) deletes: DeleteSet,
    pub(crate) staged_deletes: DeleteSet,
    pub(crate) staged: VecDeque<Staged>,
}

impl Index {
    /// An empty document whose roots have these types.
    pub fn new(schema: Schema) -> Self {
        Self { schema, ..Self::default() }
    }

    /// Takes an update at once. All or nothing: it is validated, must follow what is known without a gap, may
    /// refer to known ids only, and must pass the container check. Nothing is ever kept pending. Duplicates, and
    /// updates of which a prefix is known, pass.
    ///
    /// # Errors
    /// [`Refused`]; the index is then as before. [`Refused::InFlight`] while staged updates wait.
    pub fn add(&mut self, update: &[u8]) -> Result<Added, Refused> {
        if !self.staged.is_empty() {
            return Err(Refused::InFlight);
        }
        let (added, staged) = admit::admit(self, update)?;
        self.settle(staged);
        Ok(added)
    }

    /// Takes an update into flight: checked as by [`add`](Index::add) against all that is committed and in
    /// flight, and seen by later checks, not by readers. Each success is one update to commit, also a no-op.
    ///
    /// # Errors
    /// [`Refused`]; both levels are then as before.
    pub fn stage(&mut self, update: &[u8]) -> Result<Added, Refused> {
        let (added, staged) = admit::admit(self, update)?;
        for &(client, from, to) in &staged.deletes {
            self.staged_deletes.insert(client, from, to);
        }
        self.staged.push_back(staged);
        Ok(added)
    }

    /// Says what staging this update would bring, and leaves both levels as they are.
    ///
    /// # Errors
    /// [`Refused`], as by [`stage`](Index::stage).
    pub fn check(&mut self, update: &[u8]) -> Result<Added, Refused> {
        let (added, _) = admit::admit(self, update)?;
        for &(client, from, _) in &added.new {
            let before = self.logs.get(&client).map(|log| log.mark_at(from));
            self.truncate(client, before);
        }
        Ok(added)
    }

    /// Commits the `n` oldest updates in flight.
    pub fn commit(&mut self, n: usize) {
        for _ in 0..n {
            let Some(staged) = self.staged.pop_front() else { break };
            self.settle(staged);
        }
        if self.staged.is_empty() {
            self.staged_deletes.clear();
        }
    }

    fn settle(&mut self, staged: Staged) {
        for (client, mark) in staged.marks {
            if let Some(log) = self.logs.get_mut(&client) {
                log.committed = mark;
            }
        }
        for (client, from, to) in staged.deletes {
            self.deletes.insert(client, from, to);
        }
    }

    /// Drops everything in flight.
    pub fn rollback(&mut self) {
        for staged in std::mem::take(&mut self.staged) {
            for (client, _) in staged.marks {
                self.truncate(client, None);
            }
        }
        self.staged_deletes.clear();
    }

    /// Cuts a client's log back to `mark`, or to what is committed.
    pub(crate) fn truncate(&mut self, client: u64, mark: Option<Mark>) {
        if let Some(log) = self.logs.get_mut(&client) {
            log.truncate(mark.unwrap_or(log.committed));
            if log.end() == 0 {
                self.logs.remove(&client);
            }
        }
    }

    /// How many updates are in flight.
    pub fn in_flight(&self) -> usize {
        self.staged.len()
    }

    /// What is committed, per client.
    pub fn state_vector(&self) -> StateVector {
        self.logs.iter().map(|(&client, log)| (client, log.committed.end)).collect()
    }

    /// What is committed or in flight, per client.
    pub fn staged_state_vector(&self) -> StateVector {
        self.logs.iter().map(|(&client, log)| (client, log.end())).collect()
    }

    /// What is deleted, as far as committed: all that was said to be deleted, and all whose content is gone.
    pub fn delete_set(&self) -> DeleteSet {
        self.deletes.clone()
    }

    /// What somebody at `remote` lacks, as one update: byte ranges behind its clocks, and the whole delete set.
    /// Right for any state vector, also amid a struct. Gives at least the two bytes of an empty update.
    pub fn diff(&self, remote: &StateVector) -> Vec<u8> {
        diff::diff(self, remote)
    }

    /// As [`diff`](Index::diff), in the smallest form: neighbours are joined as by [`compact`](Index::compact). Costs
    /// a look at every struct where `diff` copies; ten thousand keystrokes become a tenth of their bytes.
    pub fn diff_compact(&self, remote: &StateVector) -> Vec<u8> {
        compact::diff(self, remote)
    }

    /// The whole committed state as one update.
    pub fn encode(&self) -> Vec<u8> {
        self.diff(&StateVector::new())
    }

    /// The whole committed state in the smallest form: neighbouring structs are joined where every replica would
    /// join them, and no deleted content is dropped. Same state, same future behaviour; other bytes.
    pub fn compact(&self) -> Vec<u8> {
        compact::compact(self)
    }

    /// A number for the committed state: two indexes that hold the same clocks, deletions and live content have the same,
    /// whatever their bytes. Reads all of it: a millisecond for some hundred kilobytes.
    pub fn fingerprint(&self) -> Fingerprint {
        fingerprint::of(self)
    }

    /// Roughly how many bytes of memory this index holds.
    pub fn byte_size(&self) -> usize {
        // A range of a delete set takes some 32 bytes within its B-tree.
        let deletes = (self.deletes.len() + self.staged_deletes.len()) * 32;
        self.logs.values().map(ClientLog::byte_size).sum::<usize>() + deletes + size_of::<Self>()
    }
}
