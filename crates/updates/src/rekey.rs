//! Giving one's own part of an update a new client id, after the server refused the old one.

use crate::delete_set::{self, DeleteSet};
use crate::error::{Invalid, Reason};
use crate::reader::{CLOCK_END, Reader, put_number};
use crate::structs::{self, Id};
use crate::validate::{self, Parsed};
use crate::write;

/// Rewrites everything of client `old` at or beyond `from_clock` to client `new`, clocks from 0 on: ids, origins,
/// right origins, parents, and the delete set. What is before `from_clock` keeps its id, also where that cuts a
/// struct. See [`rekey_to`] where `new` has structs already.
///
/// # Errors
/// [`Invalid`] where the bytes are not an update, or it holds structs of `new` already.
pub fn rekey(update: &[u8], old: u64, new: u64, from_clock: u32) -> Result<Vec<u8>, Invalid> {
    rekey_to(update, old, new, from_clock, 0)
}

/// As [`rekey`], with the first clock of the new id at `to_clock`.
///
/// # Errors
/// As [`rekey`], and where a clock would reach 2^31.
pub fn rekey_to(
    update: &[u8],
    old: u64,
    new: u64,
    from_clock: u32,
    to_clock: u32,
) -> Result<Vec<u8>, Invalid> {
    let mut reader = Reader::new(update);
    let parsed = Parsed::check(&mut reader, |_| {})?;
    let mut deletes = DeleteSet::default();
    let mut last = from_clock;
    delete_set::read(&mut Reader::at_offset(update, parsed.deletes_at), |client, from, to| {
        if client == old {
            deletes.insert(old, from, to.min(from_clock));
            last = last.max(to);
        } else {
            deletes.insert(client, from, to);
        }
        Ok::<_, Invalid>(())
    })?;

    let map = |id: Id| {
        if id.client == old && id.clock >= from_clock {
            // Clocks beyond the end are refused below.
            Id { client: new, clock: (id.clock - from_clock).saturating_add(to_clock) }
        } else {
            id
        }
    };
    let mut lists: Vec<(u64, u32, usize, Vec<u8>)> = Vec::new();
    for list in &parsed.lists {
        if list.client == new && old != new {
            return reader.fail(Reason::Client);
        }
        let mut kept = (0, Vec::new());
        let mut moved = (0, Vec::new());
        let mut structs = Reader::at_offset(update, list.at);
        let mut clock = list.from;
        for _ in 0..list.count {
            let item = structs::read::<false>(&mut structs, clock)?;
            let mine = list.client == old;
            // Where the struct is cut into what stays and what moves, in units.
            let cut = if mine { from_clock.clamp(item.clock, item.end()) - item.clock } else { item.len };
            if cut > 0 {
                kept.0 += 1;
                write::put_part(&mut kept.1, list.client, &item, 0, cut, map);
            }
            if cut < item.len {
                moved.0 += 1;
                write::put_part(&mut moved.1, list.client, &item, cut, item.len, map);
            }
            clock = item.end();
        }
        if list.client == old {
            last = last.max(clock);
        }
        lists.push((list.client, list.from, kept.0, kept.1));
        let from = list.from.max(from_clock) - from_clock;
        lists.push((new, from.saturating_add(to_clock), moved.0, moved.1));
    }
    if u64::from(last - from_clock) + u64::from(to_clock) >= CLOCK_END {
        return reader.fail(Reason::Clock);
    }
    delete_set::read(&mut Reader::at_offset(update, parsed.deletes_at), |client, from, to| {
        if client == old && to > from_clock {
            let from = from.max(from_clock);
            deletes.insert(new, from - from_clock + to_clock, to - from_clock + to_clock);
        }
        Ok::<_, Invalid>(())
    })?;

    lists.retain(|(_, _, count, _)| *count > 0);
    lists.sort_by_key(|(client, ..)| std::cmp::Reverse(*client));
    let mut out = Vec::with_capacity(update.len() + 16);
    put_number(&mut out, lists.len() as u64);
    for (client, from, count, body) in lists {
        put_number(&mut out, count as u64);
        put_number(&mut out, client);
        put_number(&mut out, u64::from(from));
        out.extend_from_slice(&body);
    }
    deletes.write(&mut out);
    // References may have become invalid only by a clock that is too great: say so rather than send it.
    validate::validate(&out)?;
    Ok(out)
}
