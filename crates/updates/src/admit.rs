//! Taking an update into an index: order, references, containers, forks.
//!
//! Within one update the lists of several clients may depend on each other, so each list is taken as far as its
//! references are known and waits for the client that it needs, as yjs does when it integrates; here nothing is
//! integrated, and nothing waits beyond the end of the update.

use std::collections::BTreeMap;

use crate::container::{MAX_NESTING, Place, Slot};
use crate::delete_set::{self, DeleteSet};
use crate::error::{Invalid, Misplaced, Refused};
use crate::index::{Added, Gap, Index, Staged};
use crate::log::{ClientLog, Mark};
use crate::overlap::Overlap;
use crate::reader::{Reader, put_number};
use crate::structs::{self, Id, Kind, Parent, Struct};
use crate::validate::{List, Parsed};
use crate::write;

/// Takes an update into the logs; its deletions are left to the caller. On refusal the index is as it was.
pub(crate) fn admit(index: &mut Index, update: &[u8]) -> Result<(Added, Staged), Refused> {
    let parsed = Parsed::check(&mut Reader::new(update), |_| {})?;
    let before: Vec<(u64, Mark)> = parsed
        .lists
        .iter()
        .map(|list| (list.client, index.logs.get(&list.client).map(|log| log.mark()).unwrap_or_default()))
        .collect();
    let mut deletes = Vec::new();
    let added = match take(index, update, &parsed, &before, &mut deletes) {
        Ok(added) => added,
        Err(refused) => {
            for &(client, mark) in &before {
                index.truncate(client, Some(mark));
            }
            return Err(refused);
        }
    };
    let mut marks = Vec::with_capacity(added.new.len());
    for &(client, ..) in &added.new {
        marks.extend(index.logs.get(&client).map(|log| (client, log.mark())));
    }
    Ok((added, Staged { marks, deletes }))
}

fn take(
    index: &mut Index,
    update: &[u8],
    parsed: &Parsed,
    before: &[(u64, Mark)],
    deletes: &mut Vec<(u64, u32, u32)>,
) -> Result<Added, Refused> {
    let mut cursors = Vec::with_capacity(parsed.lists.len());
    let mut own_deletes = None;
    let mut overlaps = false;
    for (list, &(_, mark)) in parsed.lists.iter().zip(before) {
        let mut cursor = Cursor::new(list);
        if list.from < mark.end {
            overlaps = true;
            let own = match &own_deletes {
                Some(own) => own,
                None => own_deletes.insert(delete_set_of(update, parsed)?),
            };
            pass_known(index, update, &mut cursor, own)?;
        }
        cursors.push(cursor);
    }
    let gap = take_lists(index, update, &mut cursors, deletes)?;
    let dead = deletes.len();
    take_deletes(index, update, parsed, gap.is_some(), deletes)?;

    let mut added = Added { gap, new_deletes: deletes.len() > dead, ..Added::default() };
    for &(client, mark) in before {
        let end = index.logs.get(&client).map_or(0, |log| log.end());
        if end > mark.end {
            added.new.push((client, mark.end, end));
        }
    }
    added.is_noop = added.new.is_empty() && !added.new_deletes;
    if overlaps || gap.is_some() {
        added.part = Some(part(index, before, deletes));
    }
    Ok(added)
}

/// One list of an update, and how far it was taken.
struct Cursor {
    client: u64,
    clock: u32,
    at: usize,
    left: usize,
}

/// Why a list could not be taken to its end.
enum Stop {
    Needs(Id),
    Hidden(Gap),
}

impl Cursor {
    fn new(list: &List) -> Self {
        Self { client: list.client, clock: list.from, at: list.at, left: list.count }
    }

    fn read<'a>(&self, update: &'a [u8]) -> Result<Struct<'a>, Invalid> {
        structs::read::<false>(&mut Reader::at_offset(update, self.at), self.clock)
    }

    fn pass(&mut self, item: &Struct<'_>) {
        self.clock = item.end();
        self.at += item.bytes.len();
        self.left -= 1;
    }
}

fn delete_set_of(update: &[u8], parsed: &Parsed) -> Result<DeleteSet, Invalid> {
    let mut set = DeleteSet::default();
    delete_set::read(&mut Reader::at_offset(update, parsed.deletes_at), |client, from, to| {
        set.insert(client, from, to);
        Ok::<_, Invalid>(())
    })?;
    Ok(set)
}

/// Passes the structs that are known already, and compares them; also the known part of the first that is not.
fn pass_known(index: &Index, update: &[u8], cursor: &mut Cursor, own: &DeleteSet) -> Result<(), Refused> {
    let Some(log) = index.logs.get(&cursor.client) else { return Ok(()) };
    let dead = [&index.deletes, &index.staged_deletes, own];
    let mut overlap = Overlap::new(cursor.client, log, &dead);
    while cursor.left > 0 && cursor.clock < log.end() {
        let item = cursor.read(update)?;
        overlap.compare(&item).map_err(|clock| Refused::Fork { client: cursor.client, clock })?;
        if item.end() > log.end() {
            break;
        }
        cursor.pass(&item);
    }
    Ok(())
}

/// Takes every list as far as possible. Gives the first gap that a Skip left.
fn take_lists(
    index: &mut Index,
    update: &[u8],
    cursors: &mut [Cursor],
    deletes: &mut Vec<(u64, u32, u32)>,
) -> Result<Option<Gap>, Refused> {
    // Lists in the order of the update: yjs writes them so that few have to wait.
    let mut ready: Vec<usize> = (0..cursors.len()).rev().collect();
    // By the id that they wait for, so that waking touches only those that can go on.
    let mut waiting: BTreeMap<(u64, u32), Vec<usize>> = BTreeMap::new();
    let mut gap = None;
    while let Some(number) = ready.pop() {
        let Some(cursor) = cursors.get_mut(number) else { continue };
        match take_list(index, update, cursor, deletes)? {
            None => {}
            Some(Stop::Needs(id)) => waiting.entry((id.client, id.clock)).or_default().push(number),
            Some(Stop::Hidden(hidden)) => gap = gap.or(Some(hidden)),
        }
        if waiting.is_empty() {
            continue;
        }
        let client = cursor.client;
        let end = index.logs.get(&client).map_or(0, |log| log.end());
        while let Some((&id, _)) = waiting.range((client, 0)..(client, end)).next() {
            ready.extend(waiting.remove(&id).unwrap_or_default());
        }
    }
    match waiting.keys().next() {
        // What depends on the hidden part is left out with it.
        Some(&(client, clock)) if gap.is_none() => Err(Refused::UnknownReference { client, clock }),
        _ => Ok(gap),
    }
}

fn take_list(
    index: &mut Index,
    update: &[u8],
    cursor: &mut Cursor,
    deletes: &mut Vec<(u64, u32, u32)>,
) -> Result<Option<Stop>, Refused> {
    let client = cursor.client;
    while cursor.left > 0 {
        let item = cursor.read(update)?;
        let have = index.logs.get(&client).map_or(0, |log| log.end());
        if item.kind == Kind::Skip {
            if have < item.end() {
                return Ok(Some(Stop::Hidden(Gap { client, have, need: item.end() })));
            }
            cursor.pass(&item);
            continue;
        }
        if item.clock > have {
            return Err(Refused::Gap { client, have, need: item.clock });
        }
        if let Some(id) = missing(index, client, &item)? {
            return Ok(Some(Stop::Needs(id)));
        }
        let offset = have - item.clock;
        let place = place(index, client, &item, offset).map_err(|reason| Refused::Container {
            client,
            clock: have,
            reason,
        })?;
        if matches!(item.kind, Kind::Gc | Kind::Deleted) {
            deletes.push((client, have, item.end()));
        }
        let log = index.logs.entry(client).or_insert_with(|| ClientLog::with_structs(cursor.left));
        log.push(item.kind, place, item.len - offset, |out| write::put_rest(out, client, &item, offset))?;
        cursor.pass(&item);
    }
    Ok(None)
}

/// The first id that an item refers to and that is not known yet.
fn missing(index: &Index, client: u64, item: &Struct<'_>) -> Result<Option<Id>, Refused> {
    let parent = match item.parent {
        Some(Parent::Item(id)) => Some(id),
        _ => None,
    };
    for id in [item.origin, item.right, parent].into_iter().flatten() {
        if id.client == client {
            // Own ids come before it, or never.
            if id.clock >= item.clock {
                return Err(Refused::UnknownReference { client, clock: id.clock });
            }
        } else if index.logs.get(&id.client).is_none_or(|log| id.clock >= log.end()) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// Where an item sits, by its parent, else its origin, else its right origin; and whether it may sit there.
fn place(index: &Index, client: u64, item: &Struct<'_>, offset: u32) -> Result<Place, Misplaced> {
    if item.kind == Kind::Gc {
        return Ok(Place::GONE);
    }
    let at = |id: Id| index.logs.get(&id.client).and_then(|log| log.entry(id.clock));
    // Behind a cut, the origin is the unit before it.
    let origin = if offset > 0 { Some(Id { client, clock: item.clock + offset - 1 }) } else { item.origin };
    let (slot, depth) = match item.parent {
        Some(parent) if origin.is_none() => {
            let (slot, depth) = match parent {
                Parent::Root(name) => (index.schema.root(name), 0),
                Parent::Item(id) => match at(id) {
                    Some(entry) if entry.kind == Kind::Type => {
                        (entry.place.inside, entry.place.depth.saturating_add(1))
                    }
                    Some(entry) if matches!(entry.kind, Kind::Gc | Kind::Deleted) => (Slot::Gone, 0),
                    _ => return Err(Misplaced::Parent),
                },
            };
            (if item.sub.is_some() { slot.keyed()? } else { slot }, depth)
        }
        _ => {
            let mut near = Place::GONE;
            // Where the origin is gone, yjs drops the item and yrs looks to the right: the right one decides.
            for id in [origin, item.right].into_iter().flatten() {
                if near.slot == Slot::Gone {
                    near = at(id).map_or(Place::GONE, |entry| entry.place);
                }
            }
            (near.slot, near.depth)
        }
    };
    let number = item.type_number();
    if !slot.takes(item.kind, number) {
        return Err(Misplaced::Kind);
    }
    if depth > MAX_NESTING {
        return Err(Misplaced::Nesting);
    }
    Ok(Place { slot, inside: number.map_or(Slot::Gone, Slot::inside), depth })
}

/// Collects what the update deletes and was not deleted before.
fn take_deletes(
    index: &Index,
    update: &[u8],
    parsed: &Parsed,
    has_gap: bool,
    deletes: &mut Vec<(u64, u32, u32)>,
) -> Result<(), Refused> {
    // Nothing to delete: the usual end of an update, one byte.
    if parsed.deletes_end == parsed.deletes_at + 1 {
        return Ok(());
    }
    // What came in without content is deleted by that: no news.
    let mut dead = DeleteSet::default();
    for &(client, from, to) in deletes.iter() {
        dead.insert(client, from, to);
    }
    let mut reader = Reader::at_offset(update, parsed.deletes_at);
    delete_set::read(&mut reader, |client, from, to| {
        let end = index.logs.get(&client).map_or(0, |log| log.end());
        if to > end && !has_gap {
            return Err(Refused::UnknownReference { client, clock: end.max(from) });
        }
        index.deletes.gaps(client, from, to.min(end), |from, to| {
            index.staged_deletes.gaps(client, from, to, |from, to| {
                dead.gaps(client, from, to, |from, to| deletes.push((client, from, to)));
            });
        });
        Ok(())
    })
}

/// What was new, as an update of its own.
fn part(index: &Index, before: &[(u64, Mark)], deletes: &[(u64, u32, u32)]) -> Vec<u8> {
    let mut out = Vec::new();
    let grown = || {
        before.iter().filter_map(|&(client, mark)| {
            let log = index.logs.get(&client)?;
            (log.end() > mark.end).then_some((client, mark, log))
        })
    };
    put_number(&mut out, grown().count() as u64);
    for (client, mark, log) in grown() {
        put_number(&mut out, u64::from(log.mark().entries - mark.entries));
        put_number(&mut out, client);
        put_number(&mut out, u64::from(mark.end));
        out.extend_from_slice(log.bytes_from(mark.entries as usize, log.mark()));
    }
    let mut set = DeleteSet::default();
    for &(client, from, to) in deletes {
        set.insert(client, from, to);
    }
    set.write(&mut out);
    out
}
