//! The structs of one client: their bytes one after another, and where each begins.

use crate::container::Place;
use crate::error::Refused;
use crate::reader::Reader;
use crate::structs::{self, Kind, Struct};

/// How many bytes of structs one client may have in one document; offsets are 32 bits wide.
pub const MAX_CLIENT_BYTES: usize = 1 << 31;

/// Where one struct begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry {
    pub(crate) clock: u32,
    pub(crate) at: u32,
    pub(crate) kind: Kind,
    pub(crate) place: Place,
}

/// How far a log reaches: everything before belongs to some level.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Mark {
    pub(crate) entries: u32,
    pub(crate) bytes: u32,
    /// The first clock that is missing.
    pub(crate) end: u32,
}

/// All structs of one client, gap-free from clock 0. Only ever appended to, so that a level is a prefix.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClientLog {
    entries: Vec<Entry>,
    bytes: Vec<u8>,
    end: u32,
    pub(crate) committed: Mark,
}

impl ClientLog {
    /// An empty log with room for as many structs as its first update brings: most clients of a document write
    /// little, and a growing list would begin at four times that.
    pub(crate) fn with_structs(count: usize) -> Self {
        Self { entries: Vec::with_capacity(count), ..Self::default() }
    }

    pub(crate) fn end(&self) -> u32 {
        self.end
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark { entries: self.entries.len() as u32, bytes: self.bytes.len() as u32, end: self.end }
    }

    /// The mark at a clock at which a struct begins.
    pub(crate) fn mark_at(&self, clock: u32) -> Mark {
        let entries = self.entries.partition_point(|entry| entry.clock < clock);
        let bytes = self.entries.get(entries).map_or(self.bytes.len() as u32, |entry| entry.at);
        Mark { entries: entries as u32, bytes, end: clock }
    }

    pub(crate) fn truncate(&mut self, mark: Mark) {
        self.entries.truncate(mark.entries as usize);
        self.bytes.truncate(mark.bytes as usize);
        self.end = mark.end;
    }

    /// Appends what `write` writes as the struct that follows.
    pub(crate) fn push(
        &mut self,
        kind: Kind,
        place: Place,
        len: u32,
        write: impl FnOnce(&mut Vec<u8>),
    ) -> Result<(), Refused> {
        let at = self.bytes.len();
        write(&mut self.bytes);
        if self.bytes.len() > MAX_CLIENT_BYTES {
            self.bytes.truncate(at);
            return Err(Refused::TooLarge);
        }
        self.entries.push(Entry { clock: self.end, at: at as u32, kind, place });
        self.end += len;
        Ok(())
    }

    /// Number of the entry that holds `clock`, which must be known.
    pub(crate) fn position(&self, clock: u32) -> usize {
        // Most references go to the latest struct.
        if self.entries.last().is_some_and(|last| last.clock <= clock) {
            return self.entries.len() - 1;
        }
        self.entries.partition_point(|entry| entry.clock <= clock).saturating_sub(1)
    }

    pub(crate) fn entry(&self, clock: u32) -> Option<&Entry> {
        if clock < self.end { self.entries.get(self.position(clock)) } else { None }
    }

    pub(crate) fn entries(&self, to: Mark) -> &[Entry] {
        self.entries.get(..to.entries as usize).unwrap_or_default()
    }

    /// The struct of entry number `position`.
    pub(crate) fn read(&self, position: usize) -> Option<Struct<'_>> {
        let entry = self.entries.get(position)?;
        structs::read::<false>(&mut Reader::at_offset(&self.bytes, entry.at as usize), entry.clock).ok()
    }

    /// The bytes from entry number `position` up to `to`.
    pub(crate) fn bytes_from(&self, position: usize, to: Mark) -> &[u8] {
        let from = self.entries.get(position).map_or(to.bytes, |entry| entry.at);
        self.bytes.get(from as usize..to.bytes as usize).unwrap_or_default()
    }

    /// Bytes of memory that this log holds.
    pub(crate) fn byte_size(&self) -> usize {
        self.bytes.capacity() + self.entries.capacity() * size_of::<Entry>() + size_of::<Self>()
    }
}
