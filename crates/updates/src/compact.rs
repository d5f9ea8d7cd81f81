//! The smallest form of a state: neighbours that every replica would join are joined.
//!
//! A unit that hangs on the unit before it, with the same right origin, is what the second half of a cut struct
//! looks like; so the joined struct and its parts mean the same, whatever was put between them since.

use crate::container::Slot;
use crate::index::Index;
use crate::log::{ClientLog, Entry};
use crate::reader::{Reader, put_number};
use crate::state_vector::StateVector;
use crate::structs::{Id, Kind, Struct};
use crate::write;

pub(crate) fn compact(index: &Index) -> Vec<u8> {
    let mut out = Vec::new();
    let lists = || index.logs.iter().rev().filter(|(_, log)| log.committed.end > 0);
    put_number(&mut out, lists().count() as u64);
    let mut body = Vec::new();
    for (&client, log) in lists() {
        body.clear();
        let count = join(client, log, 0, &mut body);
        put_number(&mut out, count as u64);
        put_number(&mut out, client);
        put_number(&mut out, 0);
        out.extend_from_slice(&body);
    }
    index.deletes.write(&mut out);
    out
}

/// As [`crate::diff::diff`], with neighbours joined: what somebody typed key by key is a few structs again.
pub(crate) fn diff(index: &Index, remote: &StateVector) -> Vec<u8> {
    let lacking = || index.logs.iter().rev().filter(|&(&client, log)| remote.get(client) < log.committed.end);
    let mut out = Vec::new();
    put_number(&mut out, lacking().count() as u64);
    let mut body = Vec::new();
    for (&client, log) in lacking() {
        body.clear();
        let from = remote.get(client);
        let mut first = log.position(from);
        let mut count = 0;
        // A struct of which the other side has a part: the rest of it stays by itself.
        if let Some(item) = log.read(first).filter(|item| item.clock < from) {
            write::put_rest(&mut body, client, &item, from - item.clock);
            first += 1;
            count += 1;
        }
        count += join(client, log, first, &mut body);
        put_number(&mut out, count as u64);
        put_number(&mut out, client);
        put_number(&mut out, u64::from(from));
        out.extend_from_slice(&body);
    }
    index.deletes.write(&mut out);
    out
}

/// Writes the joined structs of one client from entry number `first` on; gives their number.
fn join(client: u64, log: &ClientLog, first: usize, out: &mut Vec<u8>) -> usize {
    let mut count = 0;
    let mut run: Option<Run<'_>> = None;
    // The content of the run so far; one buffer for all runs.
    let mut content = Vec::new();
    for (position, entry) in log.entries(log.committed).iter().enumerate().skip(first) {
        let Some(item) = log.read(position) else { continue };
        match &mut run {
            Some(run) if run.takes(client, &item, entry) => run.push(&item, &mut content),
            _ => {
                if let Some(run) = run.take() {
                    run.write(&mut content, out);
                }
                count += 1;
                if joins(item.kind) {
                    run = Some(Run::new(item, entry.place.slot, &mut content));
                } else {
                    out.extend_from_slice(item.bytes);
                }
            }
        }
    }
    if let Some(run) = run {
        run.write(&mut content, out);
    }
    count
}

fn joins(kind: Kind) -> bool {
    matches!(kind, Kind::Gc | Kind::Deleted | Kind::Text | Kind::Any)
}

/// Structs that become one.
struct Run<'a> {
    first: Struct<'a>,
    slot: Slot,
    /// Length in clocks.
    len: u32,
}

impl<'a> Run<'a> {
    fn new(first: Struct<'a>, slot: Slot, content: &mut Vec<u8>) -> Self {
        content.clear();
        let mut run = Self { first, slot, len: 0 };
        run.push(&first, content);
        run
    }

    fn takes(&self, client: u64, item: &Struct<'_>, entry: &Entry) -> bool {
        if item.kind != self.first.kind {
            return false;
        }
        if item.kind == Kind::Gc {
            return true;
        }
        // Under a key each value is an entry of its own, of which the last one counts.
        let list = match entry.place.slot {
            Slot::Key | Slot::FreeKey | Slot::Gone => item.kind == Kind::Deleted,
            _ => true,
        };
        list && self.slot == entry.place.slot
            && item.origin == Some(Id { client, clock: item.clock.wrapping_sub(1) })
            && item.right == self.first.right
    }

    fn push(&mut self, item: &Struct<'_>, content: &mut Vec<u8>) {
        self.len += item.len;
        if matches!(item.kind, Kind::Text | Kind::Any) {
            let mut reader = Reader::new(item.content);
            let _ = reader.number();
            content.extend_from_slice(item.content.get(reader.at()..).unwrap_or_default());
        }
    }

    fn write(self, content: &mut Vec<u8>, out: &mut Vec<u8>) {
        let head = self.first.bytes.len() - self.first.content.len();
        out.extend_from_slice(self.first.bytes.get(..head).unwrap_or_default());
        match self.first.kind {
            Kind::Text => put_number(out, content.len() as u64),
            _ => put_number(out, u64::from(self.len)),
        }
        out.append(content);
    }
}
