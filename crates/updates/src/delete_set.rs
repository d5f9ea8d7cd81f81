//! Which ids are deleted: sorted, disjoint clock ranges per client.

use std::collections::BTreeMap;

use crate::error::{Invalid, Reason};
use crate::reader::{Reader, put_number};

/// Per client, the clock ranges that are deleted: sorted, disjoint, and joined where they touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteSet {
    /// Start to end (exclusive), so that adding a range in the midst of many stays cheap.
    clients: BTreeMap<u64, BTreeMap<u32, u32>>,
}

impl DeleteSet {
    /// Whether nothing is deleted.
    pub fn is_empty(&self) -> bool {
        self.clients.is_empty()
    }

    /// Whether one id is deleted.
    pub fn contains(&self, client: u64, clock: u32) -> bool {
        self.clients.get(&client).is_some_and(|ranges| range_at(ranges, clock).is_some())
    }

    /// The ranges, as client, first clock, end (exclusive); clients and clocks ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u32, u32)> + '_ {
        self.clients
            .iter()
            .flat_map(|(&client, ranges)| ranges.iter().map(move |(&from, &to)| (client, from, to)))
    }

    /// Adds `from..to`, joining it with what it touches. An empty range changes nothing.
    pub fn insert(&mut self, client: u64, mut from: u32, mut to: u32) {
        if from >= to {
            return;
        }
        let ranges = self.clients.entry(client).or_default();
        if let Some((&before, &end)) = ranges.range(..=from).next_back()
            && end >= from
        {
            if end >= to {
                return;
            }
            from = before;
        }
        while let Some((&start, &end)) = ranges.range(from..=to).next() {
            to = to.max(end);
            ranges.remove(&start);
        }
        ranges.insert(from, to);
    }

    /// Calls `each` with every part of `from..to` that is not deleted.
    pub(crate) fn gaps(&self, client: u64, from: u32, to: u32, mut each: impl FnMut(u32, u32)) {
        let mut at = from;
        if let Some(ranges) = self.clients.get(&client) {
            if let Some((_, end)) = range_at(ranges, at) {
                at = end;
            }
            for (&start, &end) in ranges.range(at..to.max(at)) {
                if start > at {
                    each(at, start);
                }
                at = end;
            }
        }
        if at < to {
            each(at, to);
        }
    }

    /// The end of the deleted range that holds this id.
    pub(crate) fn deleted_to(&self, client: u64, clock: u32) -> Option<u32> {
        self.clients.get(&client).and_then(|ranges| range_at(ranges, clock)).map(|(_, end)| end)
    }

    /// The first deleted clock after this one.
    pub(crate) fn next_after(&self, client: u64, clock: u32) -> Option<u32> {
        self.clients.get(&client).and_then(|ranges| ranges.range(clock..).next()).map(|(&from, _)| from)
    }

    pub(crate) fn clear(&mut self) {
        self.clients.clear();
    }

    /// Ranges in all.
    pub(crate) fn len(&self) -> usize {
        self.clients.values().map(BTreeMap::len).sum()
    }

    /// The encoding at the end of an update, clients in descending order as yjs writes them.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        put_number(out, self.clients.len() as u64);
        for (&client, ranges) in self.clients.iter().rev() {
            put_number(out, client);
            put_number(out, ranges.len() as u64);
            for (&from, &to) in ranges {
                put_number(out, u64::from(from));
                put_number(out, u64::from(to - from));
            }
        }
    }
}

fn range_at(ranges: &BTreeMap<u32, u32>, clock: u32) -> Option<(u32, u32)> {
    ranges.range(..=clock).next_back().map(|(&from, &to)| (from, to)).filter(|&(_, to)| clock < to)
}

/// Reads the delete set of an update, calling `each` with client, first clock and end of every range.
pub(crate) fn read<E: From<Invalid>>(
    reader: &mut Reader<'_>,
    mut each: impl FnMut(u64, u32, u32) -> Result<(), E>,
) -> Result<(), E> {
    let mut clients = crate::validate::Distinct::default();
    for _ in 0..reader.count()? {
        let client = reader.number()?;
        clients.push(client);
        let count = reader.count()?;
        if count == 0 {
            reader.fail(Reason::Empty)?;
        }
        let mut last = 0;
        for _ in 0..count {
            let from = reader.clock()?;
            if from < last {
                reader.fail(Reason::Ranges)?;
            }
            last = from + reader.length(from)?;
            each(client, from, last)?;
        }
    }
    clients.check(reader)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(ranges: &[(u32, u32)]) -> DeleteSet {
        let mut set = DeleteSet::default();
        for &(from, to) in ranges {
            set.insert(1, from, to);
        }
        set
    }

    #[test]
    fn ranges_join_where_they_touch() {
        assert_eq!(set(&[(0, 2), (4, 6), (2, 4)]), set(&[(0, 6)]));
        assert_eq!(set(&[(4, 6), (0, 10), (10, 11), (20, 21)]), set(&[(20, 21), (0, 11)]));
        assert_eq!(set(&[(3, 5), (3, 4), (4, 5)]).iter().collect::<Vec<_>>(), [(1, 3, 5)]);
    }

    #[test]
    fn gaps_are_what_is_not_deleted() {
        let mut gaps = Vec::new();
        set(&[(2, 4), (6, 8)]).gaps(1, 3, 10, |from, to| gaps.push((from, to)));
        assert_eq!(gaps, [(4, 6), (8, 10)]);
        gaps.clear();
        set(&[(2, 4)]).gaps(1, 2, 4, |from, to| gaps.push((from, to)));
        assert!(gaps.is_empty());
    }

    #[test]
    fn a_set_comes_back_and_knows_its_ids() {
        let written = set(&[(1, 3), (7, 9)]);
        let bytes = written.encode();
        let mut back = DeleteSet::default();
        read(&mut Reader::new(&bytes), |client, from, to| {
            back.insert(client, from, to);
            Ok::<_, Invalid>(())
        })
        .unwrap();
        assert_eq!(back, written);
        assert!(back.contains(1, 1) && back.contains(1, 8) && !back.contains(1, 3) && !back.contains(2, 1));
    }
}
