//! Which ids are deleted: sorted, disjoint clock ranges per client.

use std::collections::BTreeMap;

use crate::error::{Invalid, Reason};
use crate::reader::{Reader, put_number};

/// Per client, the clock ranges that are deleted: sorted, disjoint, and joined where they touch.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeleteSet {
    /// Client and first clock, to the end (exclusive). One tree for all clients: a tree of their own would cost
    /// the many clients with one range a node each; a sorted list would make an insertion in its midst dear.
    ranges: BTreeMap<(u64, u32), u32>,
}

impl DeleteSet {
    /// Whether nothing is deleted.
    pub fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether one id is deleted.
    pub fn contains(&self, client: u64, clock: u32) -> bool {
        self.deleted_to(client, clock).is_some()
    }

    /// The ranges, as client, first clock, end (exclusive); clients and clocks ascending.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u32, u32)> + '_ {
        self.ranges.iter().map(|(&(client, from), &to)| (client, from, to))
    }

    /// Adds `from..to`, joining it with what it touches. An empty range changes nothing.
    pub fn insert(&mut self, client: u64, mut from: u32, mut to: u32) {
        if from >= to {
            return;
        }
        if let Some((&(_, before), &end)) = self.ranges.range((client, 0)..=(client, from)).next_back()
            && end >= from
        {
            if end >= to {
                return;
            }
            from = before;
        }
        while let Some((&key, &end)) = self.ranges.range((client, from)..=(client, to)).next() {
            to = to.max(end);
            self.ranges.remove(&key);
        }
        self.ranges.insert((client, from), to);
    }

    /// Calls `each` with every part of `from..to` that is not deleted.
    pub(crate) fn gaps(&self, client: u64, from: u32, to: u32, mut each: impl FnMut(u32, u32)) {
        let mut at = self.deleted_to(client, from).unwrap_or(from);
        for (&(_, start), &end) in self.ranges.range((client, at)..(client, to.max(at))) {
            if start > at {
                each(at, start);
            }
            at = end;
        }
        if at < to {
            each(at, to);
        }
    }

    /// The end of the deleted range that holds this id.
    pub(crate) fn deleted_to(&self, client: u64, clock: u32) -> Option<u32> {
        let before = self.ranges.range((client, 0)..=(client, clock)).next_back();
        before.map(|(_, &end)| end).filter(|&end| clock < end)
    }

    /// The first clock at or after this one at which a deleted range begins.
    pub(crate) fn next_after(&self, client: u64, clock: u32) -> Option<u32> {
        self.ranges.range((client, clock)..=(client, u32::MAX)).next().map(|(&(_, from), _)| from)
    }

    pub(crate) fn clear(&mut self) {
        self.ranges.clear();
    }

    /// Ranges in all.
    pub(crate) fn len(&self) -> usize {
        self.ranges.len()
    }

    /// The encoding at the end of an update, clients in descending order as yjs writes them.
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        self.write(&mut out);
        out
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        // Clients and how many ranges each has, descending.
        let mut clients: Vec<(u64, u64)> = Vec::new();
        for &(client, _) in self.ranges.keys().rev() {
            match clients.last_mut() {
                Some((last, count)) if *last == client => *count += 1,
                _ => clients.push((client, 1)),
            }
        }
        put_number(out, clients.len() as u64);
        for (client, count) in clients {
            put_number(out, client);
            put_number(out, count);
            for (&(_, from), &to) in self.ranges.range((client, 0)..=(client, u32::MAX)) {
                put_number(out, u64::from(from));
                put_number(out, u64::from(to - from));
            }
        }
    }
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
