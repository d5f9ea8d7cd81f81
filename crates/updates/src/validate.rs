//! The validator: are these bytes an update that every replica can read? Looks at the bytes alone.

use std::collections::BTreeMap;

use crate::delete_set::{self, DeleteSet};
use crate::error::{Invalid, Reason};
use crate::reader::Reader;
use crate::structs::{self, Kind};

/// What a valid update holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// Per client, the first clock and the end (exclusive) of its structs; a Skip inside counts as part of it.
    pub clients: BTreeMap<u64, (u32, u32)>,
    /// What it deletes, as it is written.
    pub deletes: DeleteSet,
    /// Whether a Skip hides a part: such an update is a step 2, or was merged, with something missing.
    pub has_skip: bool,
}

impl Summary {
    /// Whether there are neither structs nor deletions.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty() && self.deletes.is_empty()
    }
}

/// Checks that `update` is a Yjs v1 update which every replica can read: numbers in their shortest form and in
/// range, counts within the bytes, known kinds of content, values and JSON at most 64 deep and well-formed,
/// nothing empty, distinct clients, sorted ranges, no bytes left over. Reads nothing but the bytes.
///
/// # Errors
/// [`Invalid`], with the place and the reason.
pub fn validate(update: &[u8]) -> Result<Summary, Invalid> {
    let mut summary = Summary::default();
    let mut reader = Reader::new(update);
    let mut clients = Distinct::default();
    for _ in 0..reader.count()? {
        let list = List::read(&mut reader)?;
        clients.push(list.client);
        let mut clock = list.from;
        for _ in 0..list.count {
            let item = structs::read::<true>(&mut reader, clock)?;
            summary.has_skip |= item.kind == Kind::Skip;
            clock = item.end();
        }
        summary.clients.insert(list.client, (list.from, clock));
    }
    clients.check(&reader)?;
    delete_set::read(&mut reader, |client, from, to| {
        summary.deletes.insert(client, from, to);
        Ok::<_, Invalid>(())
    })?;
    reader.end()?;
    Ok(summary)
}

/// Whether an update changes nothing whoever applies it: no structs (or only Skips) and no deletions.
///
/// # Errors
/// [`Invalid`] where the bytes are not an update.
pub fn is_noop(update: &[u8]) -> Result<bool, Invalid> {
    // What every answer to "nothing new" is; no need to look further.
    if update == [0, 0] {
        return Ok(true);
    }
    let mut noop = true;
    let mut reader = Reader::new(update);
    let parsed = Parsed::check(&mut reader, |item| noop &= item.kind == Kind::Skip)?;
    Ok(noop && parsed.deletes_end == parsed.deletes_at + 1)
}

/// Where the parts of a checked update lie.
pub(crate) struct Parsed {
    pub(crate) lists: Vec<List>,
    pub(crate) deletes_at: usize,
    pub(crate) deletes_end: usize,
}

/// The structs of one client within an update.
#[derive(Clone, Copy)]
pub(crate) struct List {
    pub(crate) client: u64,
    /// Clock of the first struct.
    pub(crate) from: u32,
    pub(crate) count: usize,
    /// Offset in bytes of the first struct.
    pub(crate) at: usize,
}

impl List {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Invalid> {
        let count = reader.count()?;
        let client = reader.number()?;
        let from = reader.clock()?;
        if count == 0 {
            return reader.fail(Reason::Empty);
        }
        Ok(Self { client, from, count, at: reader.at() })
    }
}

impl Parsed {
    /// Checks a whole update and remembers where its lists lie; `each` sees every struct.
    pub(crate) fn check<'a>(
        reader: &mut Reader<'a>,
        mut each: impl FnMut(&structs::Struct<'a>),
    ) -> Result<Self, Invalid> {
        let count = reader.count()?;
        // A list takes at least five bytes.
        let mut lists = Vec::with_capacity(count.min(reader.left() / 5 + 1));
        let mut clients = Distinct::default();
        for _ in 0..count {
            let list = List::read(reader)?;
            clients.push(list.client);
            lists.push(list);
            let mut clock = list.from;
            for _ in 0..list.count {
                let item = structs::read::<true>(reader, clock)?;
                each(&item);
                clock = item.end();
            }
        }
        clients.check(reader)?;
        let deletes_at = reader.at();
        delete_set::read(reader, |_, _, _| Ok::<_, Invalid>(()))?;
        let deletes_end = reader.at();
        reader.end()?;
        Ok(Self { lists, deletes_at, deletes_end })
    }
}

/// Finds a client that appears twice. Writers sort clients downwards, so nothing is kept until one does not.
#[derive(Default)]
pub(crate) struct Distinct {
    seen: Vec<u64>,
    last: Option<u64>,
    unsorted: bool,
}

impl Distinct {
    pub(crate) fn push(&mut self, client: u64) {
        self.unsorted |= self.last.is_some_and(|last| client >= last);
        if let Some(last) = self.last.replace(client) {
            self.seen.push(last);
        }
    }

    pub(crate) fn check(mut self, reader: &Reader<'_>) -> Result<(), Invalid> {
        if !self.unsorted {
            return Ok(());
        }
        self.seen.extend(self.last);
        self.seen.sort_unstable();
        if self.seen.windows(2).any(|pair| pair[0] == pair[1]) { reader.fail(Reason::Client) } else { Ok(()) }
    }
}
