//! A number for a state: equal on two replicas exactly where they hold the same, however either side cut its structs and
//! whatever deleted content it has dropped.
//!
//! It is a sum over clients, deleted ranges and live units, so it depends on no order. A unit counts with its content and,
//! where it does not simply follow the unit before it, with its place. Nothing is integrated.

use crate::any;
use crate::index::Index;
use crate::json;
use crate::reader::Reader;
use crate::structs::{Id, Kind, Parent, Struct};

/// Version of the sum, in front of the number: two builds that count differently must not be compared.
const VERSION: u32 = 1;

/// What each half of a surrogate pair counts as: yjs writes this for both where it cut them apart.
const REPLACEMENT: u16 = 0xfffd;

/// A number for a whole state, to be compared with another one's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(u64);

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{VERSION}:{:016x}", self.0)
    }
}

/// Mixes a number (splitmix64: <https://prng.di.unimi.it/splitmix64.c>): equal inputs only give equal sums.
fn mix(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

fn both(left: u64, right: u64) -> u64 {
    mix(mix(left.wrapping_add(0x9e37_79b9_7f4a_7c15)) ^ right)
}

/// Kinds of summands, so that none can stand for another.
#[derive(Clone, Copy)]
enum What {
    Client = 1,
    Deleted,
    Text,
    Value,
    Place,
}

/// The committed state of an index.
pub(crate) fn of(index: &Index) -> Fingerprint {
    let mut sum = Sum { client: 0, total: 0 };
    for (&client, log) in &index.logs {
        if log.committed.end == 0 {
            continue;
        }
        sum.client = both(client, 0);
        sum.add(What::Client, log.committed.end, 0);
        for position in 0..log.entries(log.committed).len() {
            let Some(item) = log.read(position) else { continue };
            if matches!(item.kind, Kind::Gc | Kind::Deleted) {
                continue;
            }
            let end = item.end().min(log.committed.end);
            index.deletes.gaps(client, item.clock, end, |from, to| sum.live(client, &item, from, to));
        }
    }
    for (client, from, to) in index.deletes.iter() {
        sum.client = both(client, 0);
        sum.add(What::Deleted, from, u64::from(to));
    }
    Fingerprint(sum.total)
}

struct Sum {
    /// Of the client whose structs are added.
    client: u64,
    total: u64,
}

impl Sum {
    fn add(&mut self, what: What, clock: u32, value: u64) {
        let key = self.client ^ (u64::from(clock) << 8) ^ what as u64;
        self.total = self.total.wrapping_add(both(key, value));
    }

    /// Units `from..to` of a struct, all of them live.
    fn live(&mut self, client: u64, item: &Struct<'_>, from: u32, to: u32) {
        let before = Id { client, clock: item.clock.wrapping_sub(1) };
        if from == item.clock && item.origin != Some(before) {
            self.place(item);
        }
        match item.kind {
            Kind::Text => self.text(item, from, to),
            Kind::Any => {
                let mut values = Reader::new(item.content);
                let _ = values.number();
                for clock in item.clock..to {
                    if clock < from {
                        let _ = any::skip(&mut values);
                    } else if let Ok(value) = any::meaning(&mut values) {
                        self.add(What::Value, clock, value);
                    }
                }
            }
            Kind::Embed | Kind::Format => {
                let mut content = Reader::new(item.content);
                let key = if item.kind == Kind::Format { content.blob().unwrap_or_default() } else { &[] };
                let value = content.text().ok().and_then(|text| json::meaning(text).ok()).unwrap_or(0);
                self.add(What::Value, from, both(bytes(key), value));
            }
            _ => self.add(What::Value, from, bytes(item.content)),
        }
    }

    fn place(&mut self, item: &Struct<'_>) {
        let id = |id: Option<Id>| id.map_or(0, |id| both(id.client, u64::from(id.clock) + 1));
        let parent = match item.parent {
            Some(Parent::Root(name)) => both(1, bytes(name.as_bytes())),
            Some(Parent::Item(parent)) => both(2, id(Some(parent))),
            None => 0,
        };
        let sub = item.sub.map_or(0, |sub| bytes(sub.as_bytes()));
        self.add(What::Place, item.clock, both(both(id(item.origin), id(item.right)), both(parent, sub)));
    }

    fn text(&mut self, item: &Struct<'_>, from: u32, to: u32) {
        let text = Reader::new(item.content).blob().unwrap_or_default();
        let mut clock = item.clock;
        let mut unit = |sum: &mut Self, unit: u16| {
            if (from..to).contains(&clock) {
                let half = (0xd800..=0xdfff).contains(&unit);
                sum.add(What::Text, clock, u64::from(if half { REPLACEMENT } else { unit }));
            }
            clock += 1;
        };
        for char in std::str::from_utf8(text).unwrap_or_default().chars() {
            let mut pair = [0; 2];
            for half in char.encode_utf16(&mut pair) {
                unit(self, *half);
            }
        }
    }
}

/// A number for bytes (FNV-1a, then mixed).
fn bytes(bytes: &[u8]) -> u64 {
    let step = |sum: u64, byte: &u8| (sum ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
    mix(bytes.iter().fold(0xcbf2_9ce4_8422_2325, step))
}
