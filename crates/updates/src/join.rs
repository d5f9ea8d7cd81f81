//! Several updates as one, for whoever took them in this order anyway.

use crate::delete_set::{self, DeleteSet};
use crate::error::Invalid;
use crate::reader::{Reader, put_number};
use crate::structs::{self, Kind};
use crate::validate::Parsed;
use crate::write;
use std::collections::BTreeMap;

/// The structs of one client, gap-free from `from` to `end`.
struct Run {
    from: u32,
    end: u32,
    count: u64,
    bytes: Vec<u8>,
}

/// One update that means what these updates mean one after the other. What a later one repeats is left out.
///
/// `None` where they do not follow each other: something is missing between two of them for some client, or one of
/// them hides a part behind a Skip. Then they have to travel one by one.
///
/// # Errors
/// [`Invalid`] where one of them is not an update.
pub fn try_join<'a>(updates: impl IntoIterator<Item = &'a [u8]>) -> Result<Option<Vec<u8>>, Invalid> {
    let mut runs: BTreeMap<u64, Run> = BTreeMap::new();
    let mut deletes = DeleteSet::default();
    for update in updates {
        let mut whole = true;
        let parsed = Parsed::check(&mut Reader::new(update), |item| whole &= item.kind != Kind::Skip)?;
        for list in &parsed.lists {
            let fresh = || Run { from: list.from, end: list.from, count: 0, bytes: Vec::new() };
            let run = runs.entry(list.client).or_insert_with(fresh);
            if !whole || list.from > run.end {
                return Ok(None);
            }
            // What lies before the run so far: a later update may bring all that its writer has.
            let (mut before, mut more) = (Vec::new(), 0);
            let mut structs = Reader::at_offset(update, list.at);
            let mut clock = list.from;
            for _ in 0..list.count {
                let item = structs::read::<false>(&mut structs, clock)?;
                clock = item.end();
                if item.clock < run.from {
                    let to = clock.min(run.from) - item.clock;
                    write::put_part(&mut before, list.client, &item, 0, to, |id| id);
                    more += 1;
                }
                if clock > run.end {
                    write::put_rest(&mut run.bytes, list.client, &item, run.end.max(item.clock) - item.clock);
                    run.end = clock;
                    run.count += 1;
                }
            }
            if clock < run.from {
                return Ok(None);
            }
            if more > 0 {
                before.append(&mut run.bytes);
                (run.bytes, run.from) = (before, list.from);
                run.count += more;
            }
        }
        delete_set::read(&mut Reader::at_offset(update, parsed.deletes_at), |client, from, to| {
            deletes.insert(client, from, to);
            Ok::<_, Invalid>(())
        })?;
    }
    let mut out = Vec::new();
    put_number(&mut out, runs.len() as u64);
    // Descending clients, as yjs writes them.
    for (client, run) in runs.iter().rev() {
        put_number(&mut out, run.count);
        put_number(&mut out, *client);
        put_number(&mut out, u64::from(run.from));
        out.extend_from_slice(&run.bytes);
    }
    deletes.write(&mut out);
    Ok(Some(out))
}

/// As [`try_join`], for updates that were checked when they came in.
pub fn join<'a>(updates: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<u8>> {
    try_join(updates).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Client 1 writes `text` at `clock`: the first at the root, later ones behind the unit before.
    fn typed(clock: u8, text: &str) -> Vec<u8> {
        let place = if clock == 0 { vec![0x04, 1, 1, b't'] } else { vec![0x84, 1, clock - 1] };
        [vec![1, 1, 1, clock], place, vec![text.len() as u8], text.as_bytes().to_vec(), vec![0]].concat()
    }

    #[test]
    fn what_follows_is_one_update_and_what_is_repeated_is_left_out() {
        let one = join([typed(0, "ab").as_slice(), &typed(1, "bc"), &typed(0, "abc")]);
        assert_eq!(
            one.as_deref(),
            Some(&[1, 2, 1, 0, 0x04, 1, 1, b't', 2, b'a', b'b', 0x84, 1, 1, 1, b'c', 0][..])
        );
    }

    #[test]
    fn updates_with_something_missing_between_them_stay_apart() {
        assert_eq!(join([typed(0, "ab").as_slice(), &typed(3, "d")]), None);
        assert_eq!(join([typed(2, "cd").as_slice(), &typed(0, "a")]), None);
        assert!(join([typed(2, "cd").as_slice(), &typed(0, "abcd")]).is_some_and(|one| one[3] == 0));
        let skip = [1, 2, 1, 0, 10, 2, 0x84, 1, 1, 1, b'c', 0];
        assert_eq!(join([&skip[..]]), None);
        assert!(try_join([&[9][..]]).is_err());
    }
}
