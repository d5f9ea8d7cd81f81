//! Settings of a course, in the `meta` map of its outline: see [`inkhorn_protocol::settings`] for the keys and for why each
//! entry of a list is a key of its own. Read leniently: what cannot be read counts as absent, and is kept.

use crate::any;
use crate::error::{Integrate, OpError};
use crate::outline::{Edit, META, Outline};
use crate::position;
use crate::random::Random;
use crate::record::{string, text};
use crate::structure::Done;
use inkhorn_protocol::NodeId;
use inkhorn_protocol::change::Write;
use inkhorn_protocol::settings::{Change, CourseSettings, Direction, Entry, List};
use std::collections::BTreeMap;
use yrs::{Any, Map, MapRef, Out, ReadTxn, TransactionMut, WriteTxn};

const LANGUAGE: &str = "language";
const DIRECTION: &str = "direction";
const LICENCE: &str = "licence";
const COVER: &str = "cover";

/// A key of `meta` with what is written there; none removes it.
pub(crate) type Setting = (String, Option<Any>);

/// What a step writes, and what takes that back.
type Back = (Vec<Setting>, Vec<Write>);

/// An entry with its place; none when that does not read.
type Placed = (Entry, Option<String>);

fn name(list: List) -> &'static str {
    match list {
        List::Authors => "author",
        List::Objectives => "objective",
    }
}

fn text_key(list: List, id: &NodeId) -> String {
    format!("{}:{id}", name(list))
}

fn place_key(list: List, id: &NodeId) -> String {
    format!("{}@{id}", name(list))
}

/// All of `meta` that is plain.
fn read_meta<T: ReadTxn>(txn: &T) -> BTreeMap<String, Any> {
    let Some(meta) = txn.get_map(META) else { return BTreeMap::new() };
    let plain = |(key, value): (&str, Out)| match value {
        Out::Any(value) => Some((key.to_owned(), value)),
        _ => None,
    };
    meta.iter(txn).filter_map(plain).collect()
}

/// Entries of a list, in order. Those without a place come last, all replicas in the same order.
fn entries(meta: &BTreeMap<String, Any>, list: List) -> Vec<Placed> {
    let prefix = format!("{}:", name(list));
    let mut found: Vec<Placed> = meta
        .range(prefix.clone()..)
        .take_while(|(key, _)| key.starts_with(&prefix))
        .filter_map(|(key, value)| {
            let id: NodeId = key[prefix.len()..].parse().ok()?;
            let place = meta.get(&place_key(list, &id)).and_then(text);
            let place = place.filter(|place| position::readable(place)).map(str::to_owned);
            Some((Entry { id, text: text(value)?.to_owned() }, place))
        })
        .collect();
    found.sort_by(|(a, at), (b, bt)| (at.is_none(), at, &a.id).cmp(&(bt.is_none(), bt, &b.id)));
    found
}

impl Outline {
    /// Settings of the course.
    pub fn settings(&self) -> Result<CourseSettings, Integrate> {
        let meta = self.document.read(|txn| read_meta(txn))?;
        let plain = |key: &str| meta.get(key).and_then(text).unwrap_or_default();
        let list = |list| entries(&meta, list).into_iter().map(|(entry, _)| entry).collect();
        Ok(CourseSettings {
            language: plain(LANGUAGE).to_owned(),
            direction: Direction::of(plain(DIRECTION)),
            licence: plain(LICENCE).to_owned(),
            authors: list(List::Authors),
            objectives: list(List::Objectives),
            cover: meta.get(COVER).and_then(|cover| serde_json::from_value(any::to_json(cover)).ok()),
        })
    }

    /// Changes the settings; nothing is written when it is so already.
    pub fn change_settings(&mut self, random: &mut dyn Random, change: &Change) -> Edit {
        Ok(self.alter_settings(random, change)?.update)
    }

    /// The same, with what takes it back.
    pub fn alter_settings(&mut self, random: &mut dyn Random, change: &Change) -> Result<Done, OpError> {
        let meta = self.document.read(|txn| read_meta(txn))?;
        let mut writes: Vec<Setting> = Vec::new();
        let some = |value: &str| (!value.is_empty()).then(|| string(value));
        match change {
            Change::Language { value } => writes.push((LANGUAGE.into(), some(value))),
            Change::Licence { value } => writes.push((LICENCE.into(), some(value))),
            Change::Direction { value } => {
                let value = (*value != Direction::Auto).then(|| string(value.as_str()));
                writes.push((DIRECTION.into(), value));
            }
            Change::Cover { cover } => {
                let value = cover.as_ref().and_then(|cover| serde_json::to_value(cover).ok());
                writes.push((COVER.into(), value.as_ref().map(any::from_json)));
            }
            Change::Add { list, id, text } => {
                if meta.contains_key(&text_key(*list, id)) {
                    return Err(OpError::Taken(id.clone()));
                }
                writes.push((text_key(*list, id), Some(string(text))));
                writes.extend(place(&meta, *list, id, None, random));
            }
            Change::Text { list, id, text } => {
                writes.push((text_key(*list, id), Some(string(text))));
                // Somebody removed it meanwhile: at the end, since where it was is not known any more.
                if !meta.contains_key(&place_key(*list, id)) {
                    writes.extend(place(&meta, *list, id, None, random));
                }
            }
            Change::Move { list, id, before } => {
                let all = entries(&meta, *list);
                let at = |wanted: &NodeId| all.iter().position(|(entry, _)| entry.id == *wanted);
                // Gone meanwhile, or there already.
                let Some(from) = at(id) else { return Ok(Done::default()) };
                let next = all.get(from + 1).map(|(entry, _)| &entry.id);
                let before = before.as_ref().filter(|before| at(before).is_some());
                if before == Some(id) || next == before {
                    return Ok(Done::default());
                }
                writes.extend(place(&meta, *list, id, before, random));
            }
            Change::Remove { list, id } => {
                writes.extend([(text_key(*list, id), None), (place_key(*list, id), None)]);
            }
        }
        writes.retain(|(key, value)| meta.get(key) != value.as_ref());
        if writes.is_empty() {
            return Ok(Done::default());
        }
        let back = writes.iter().map(|(key, value)| inverse(&meta, key, value.as_ref())).collect();
        let update = self.write(|txn| write_settings(txn, writes))?;
        Ok(Done { update, back })
    }

    /// What the writes of a step do to the settings, and what takes that back: all of them, or none where one of them
    /// has another value by now.
    pub(crate) fn settings_back(&self, writes: &[Write]) -> Result<Option<Back>, Integrate> {
        let meta = self.document.read(|txn| read_meta(txn))?;
        let (mut sets, mut back) = (Vec::new(), Vec::new());
        for write in writes {
            let Write::Setting { key, ours, back: old } = write else { continue };
            if !is_setting(key) || meta.get(key).map(any::to_json) != *ours {
                return Ok(None);
            }
            let value = old.as_ref().map(any::from_json);
            back.push(inverse(&meta, key, value.as_ref()));
            sets.push((key.clone(), value));
        }
        Ok(Some((sets, back)))
    }
}

/// Whether a key of `meta` is a setting: the course's title, and what a newer app keeps there, are none.
fn is_setting(key: &str) -> bool {
    let of_list = |list| key.strip_prefix(name(list)).is_some_and(|rest| rest.starts_with([':', '@']));
    matches!(key, LANGUAGE | DIRECTION | LICENCE | COVER)
        || of_list(List::Authors)
        || of_list(List::Objectives)
}

fn inverse(meta: &BTreeMap<String, Any>, key: &str, value: Option<&Any>) -> Write {
    let (ours, back) = (value.map(any::to_json), meta.get(key).map(any::to_json));
    Write::Setting { key: key.to_owned(), ours, back }
}

/// Writes settings.
pub(crate) fn write_settings(txn: &mut TransactionMut<'_>, writes: Vec<Setting>) {
    let map: MapRef = txn.get_or_insert_map(META);
    for (key, value) in writes {
        match value {
            Some(value) => {
                map.insert(txn, key, value);
            }
            None => {
                map.remove(txn, &key);
            }
        }
    }
}

/// The place before an entry or at the end, and other places for entries that shared one or have none.
fn place(
    meta: &BTreeMap<String, Any>,
    list: List,
    id: &NodeId,
    before: Option<&NodeId>,
    random: &mut dyn Random,
) -> Vec<Setting> {
    let mut writes = Vec::new();
    let mut siblings: Vec<(NodeId, String)> = Vec::new();
    for (entry, place) in entries(meta, list).into_iter().filter(|(entry, _)| entry.id != *id) {
        let place = place.unwrap_or_else(|| {
            let last = siblings.last().map(|(_, last)| last.as_str());
            let drawn = position::between(last, None, random).unwrap_or_default();
            writes.push((place_key(list, &entry.id), Some(string(&drawn))));
            drawn
        });
        siblings.push((entry.id, place));
    }
    if let Some((place, moved)) = position::make_room(&siblings, before, random) {
        writes.push((place_key(list, id), Some(string(&place))));
        writes.extend(moved.into_iter().map(|(id, place)| (place_key(list, &id), Some(string(&place)))));
    }
    writes
}
