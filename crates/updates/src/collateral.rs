//! What an update takes away without naming it. Whoever deletes a container names all that they saw in it; what somebody else
//! put there and they had not seen goes with it, unnamed, on every replica that integrates the update.

use crate::container::Slot;
use crate::delete_set::{self, DeleteSet};
use crate::index::Index;
use crate::reader::Reader;
use crate::structs::{Id, Kind, Parent, Struct};
use crate::validate::Parsed;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The number of a string within a value of `ContentAny`.
const ANY_STRING: u8 = 119;

/// Text that an update takes away unseen, with what it deletes around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collateral {
    /// The outermost shared type that the update deletes around it: client and clock of the item that created it.
    pub container: (u64, u32),
    /// The text, in pieces: in the order of its writers' clocks.
    pub runs: Vec<Run>,
}

/// A piece of text that goes unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The attribute whose value it is; none for text.
    pub key: Option<String>,
    /// The text.
    pub text: String,
}

/// The shared types that an update deletes, and all that it names as deleted.
#[derive(Debug, Clone)]
pub struct Gone {
    named: DeleteSet,
    types: BTreeSet<(u64, u32)>,
}

impl Index {
    /// Which shared types an update is about to delete; none where it deletes only what holds nothing. Costs a look at the
    /// update alone.
    pub fn takes_away(&self, update: &[u8]) -> Option<Gone> {
        let named = deletes_of(update)?;
        let mut types = BTreeSet::new();
        for (client, from, to) in named.iter() {
            let Some(log) = self.logs.get(&client) else { continue };
            self.deletes.gaps(client, from, to.min(log.end()), |from, to| {
                let entries = log.entries(log.committed);
                let first = entries.partition_point(|entry| entry.clock < from);
                let within = entries.get(first..).unwrap_or_default();
                for entry in within.iter().take_while(|entry| entry.clock < to) {
                    if entry.kind == Kind::Type {
                        types.insert((client, entry.clock));
                    }
                }
            });
        }
        (!types.is_empty()).then_some(Gone { named, types })
    }

    /// What of these clients is visible now and goes with those types without being named. To be asked before the update is
    /// taken. Costs a look at each struct of the clients.
    pub fn collateral(&self, gone: &Gone, clients: &BTreeSet<u64>) -> Vec<Collateral> {
        let mut search = Search::new(self, &gone.named, &gone.types);
        for &client in clients {
            search.look(client, 0..u32::MAX, |fate| match fate {
                Fate::Goes(container) => Some(container),
                Fate::Hidden(_) | Fate::Stays => None,
            });
        }
        search.found()
    }

    /// Of structs that are here, the text that nobody sees because what it was put into is deleted; and in what it would be.
    pub fn hidden(&self, structs: &[(u64, u32, u32)]) -> Vec<Collateral> {
        let (named, types) = Default::default();
        let mut search = Search::new(self, &named, &types);
        for &(client, from, to) in structs {
            search.look(client, from..to, |fate| match fate {
                Fate::Hidden(container) => Some(container),
                Fate::Goes(_) | Fate::Stays => None,
            });
        }
        search.found()
    }
}

/// The delete set of an update; none where it is empty, or the bytes are not an update.
fn deletes_of(update: &[u8]) -> Option<DeleteSet> {
    // The usual end of an update: nothing is deleted.
    let parsed = Parsed::check(&mut Reader::new(update), |_| {}).ok()?;
    if parsed.deletes_end == parsed.deletes_at + 1 {
        return None;
    }
    let mut named = DeleteSet::default();
    delete_set::read(&mut Reader::at_offset(update, parsed.deletes_at), |client, from, to| {
        named.insert(client, from, to);
        Ok::<_, crate::Invalid>(())
    })
    .ok()?;
    Some(named)
}

/// Where an item sits: in which shared type (none: in a root), under which key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Home {
    parent: Option<(u64, u32)>,
    key: Option<String>,
}

/// What becomes of what sits in a shared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It is not visible: this type, the outermost that is deleted, was deleted before.
    Hidden((u64, u32)),
    Stays,
    /// It goes with this type, the outermost that goes.
    Goes((u64, u32)),
}

struct Search<'a> {
    index: &'a Index,
    named: &'a DeleteSet,
    gone: &'a BTreeSet<(u64, u32)>,
    runs: BTreeMap<(u64, u32), Vec<Run>>,
    /// By the first id of a struct.
    homes: HashMap<(u64, u32), Home>,
    fates: HashMap<(u64, u32), Fate>,
}

impl<'a> Search<'a> {
    fn new(index: &'a Index, named: &'a DeleteSet, gone: &'a BTreeSet<(u64, u32)>) -> Self {
        Self { index, named, gone, runs: BTreeMap::new(), homes: HashMap::new(), fates: HashMap::new() }
    }

    fn found(self) -> Vec<Collateral> {
        self.runs.into_iter().map(|(container, runs)| Collateral { container, runs }).collect()
    }

    /// Collects text of one client, within these clocks, by the container that `choose` tells from its fate.
    fn look(
        &mut self,
        client: u64,
        clocks: std::ops::Range<u32>,
        choose: impl Fn(Fate) -> Option<(u64, u32)>,
    ) {
        let Some(log) = self.index.logs.get(&client) else { return };
        let entries = log.entries(log.committed);
        let first = entries.partition_point(|entry| entry.clock <= clocks.start).saturating_sub(1);
        // The unit behind which the last run would go on, and where it was put.
        let mut last: Option<(u32, (u64, u32))> = None;
        for (position, entry) in entries.iter().enumerate().skip(first) {
            if entry.clock >= clocks.end {
                break;
            }
            // What lies in a root directly has no container.
            let has_home = entry.place.depth > 0 || entry.place.slot == Slot::Gone;
            if !matches!(entry.kind, Kind::Text | Kind::Any) || !has_home {
                continue;
            }
            let Some(item) = log.read(position) else { continue };
            for (from, to) in self.unnamed(client, &item) {
                let (from, to) = (from.max(clocks.start), to.min(clocks.end));
                let home = self.home((client, item.clock));
                let Some(container) = home.parent.map(|parent| self.fate(parent)).and_then(&choose) else {
                    continue;
                };
                let Some(text) = text(&item, from, to) else { continue };
                let runs = self.runs.entry(container).or_default();
                let follows = home.key.is_none()
                    && last == Some((from, container))
                    && (from > item.clock || item.origin == Some(Id { client, clock: from.wrapping_sub(1) }));
                match runs.last_mut().filter(|_| follows) {
                    Some(run) => run.text.push_str(&text),
                    None => runs.push(Run { key: home.key, text }),
                }
                last = Some((to, container));
            }
        }
    }

    /// The parts of an item that are there before, and that the update does not name.
    fn unnamed(&self, client: u64, item: &Struct<'_>) -> Vec<(u32, u32)> {
        let mut parts = Vec::new();
        self.index.deletes.gaps(client, item.clock, item.end(), |from, to| {
            self.named.gaps(client, from, to, |from, to| parts.push((from, to)));
        });
        parts
    }

    /// The struct that holds an id, with its first id.
    fn holder(&self, id: (u64, u32)) -> Option<Struct<'_>> {
        let log = self.index.logs.get(&id.0).filter(|log| id.1 < log.end())?;
        log.read(log.position(id.1))
    }

    /// Where a struct sits: its own word, or that of the neighbours that it was put between, and so on.
    fn home(&mut self, id: (u64, u32)) -> Home {
        let mut trail = Vec::new();
        let mut at = id;
        let home = loop {
            let Some(item) = self.holder(at) else { break Home::default() };
            let first = (at.0, item.clock);
            if let Some(home) = self.homes.get(&first) {
                break home.clone();
            }
            trail.push(first);
            match item.parent {
                Some(parent) => {
                    let parent = match parent {
                        Parent::Root(_) => None,
                        Parent::Item(id) => Some((id.client, id.clock)),
                    };
                    break Home { parent, key: item.sub.map(str::to_owned) };
                }
                None => {
                    // What was collected says nothing any more: the other neighbour does.
                    let knows = |id: &Id| {
                        let holder = self.holder((id.client, id.clock));
                        holder.is_some_and(|item| item.kind != Kind::Gc)
                    };
                    let near = [item.origin, item.right].into_iter().flatten().find(knows);
                    let Some(near) = near else { break Home::default() };
                    at = (near.client, near.clock);
                }
            }
        };
        for first in trail {
            self.homes.insert(first, home.clone());
        }
        home
    }

    fn fate(&mut self, container: (u64, u32)) -> Fate {
        let mut trail = Vec::new();
        let mut at = Some(container);
        let mut fate = loop {
            let Some(id) = at else { break Fate::Stays };
            if let Some(&fate) = self.fates.get(&id) {
                break fate;
            }
            trail.push(id);
            at = self.home(id).parent;
        };
        // From the outside in: the first that goes is the one with which all within it go. What was deleted before decides,
        // wherever it is.
        for id in trail.into_iter().rev() {
            if !matches!(fate, Fate::Hidden(_)) && self.index.deletes.contains(id.0, id.1) {
                fate = Fate::Hidden(id);
            } else if fate == Fate::Stays && self.gone.contains(&id) {
                fate = Fate::Goes(id);
            }
            self.fates.insert(id, fate);
        }
        fate
    }
}

/// The text of a part of an item, in UTF-16 units from its first clock; none where it holds no text.
fn text(item: &Struct<'_>, from: u32, to: u32) -> Option<String> {
    let mut reader = Reader::new(item.content);
    match item.kind {
        Kind::Text => {
            let (from, to) = ((from - item.clock) as usize, (to - item.clock) as usize);
            let units: Vec<u16> = std::str::from_utf8(reader.blob().ok()?).ok()?.encode_utf16().collect();
            let text = String::from_utf16_lossy(units.get(from..to)?);
            (!text.is_empty()).then_some(text)
        }
        Kind::Any => {
            // An attribute is one value.
            reader.count().ok().filter(|count| *count == 1)?;
            reader.byte().ok().filter(|byte| *byte == ANY_STRING)?;
            let text = std::str::from_utf8(reader.blob().ok()?).ok()?;
            (!text.is_empty()).then(|| text.to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{RootType, Schema};

    /// Client 1: a paragraph with the text `ab`, and one that stays. Client 2 types `xyz` between `a` and `b`.
    fn written() -> Index {
        let mut index = Index::new(Schema::new([("body", RootType::Xml)]));
        let blocks = [
            &[1, 4, 1, 0, 0x07, 1, 4][..],
            b"body",
            &[3, 1, b'p'],
            // Its text, and the other paragraph behind it.
            &[0x07, 0, 1, 0, 6, 0x04, 0, 1, 1, 2, b'a', b'b', 0x87, 1, 0, 3, 1, b'p', 0],
        ];
        index.add(&blocks.concat()).unwrap();
        index.add(&[1, 1, 2, 0, 0xc4, 1, 2, 1, 3, 3, b'x', b'y', b'z', 0]).unwrap();
        index
    }

    fn found(index: &Index, deletes: &[u8]) -> Vec<Collateral> {
        let gone = index.takes_away(&[&[0][..], deletes].concat());
        gone.map(|gone| index.collateral(&gone, &BTreeSet::from([2]))).unwrap_or_default()
    }

    fn one(container: (u64, u32), text: &str) -> Vec<Collateral> {
        vec![Collateral { container, runs: vec![Run { key: None, text: text.to_owned() }] }]
    }

    #[test]
    fn what_was_not_seen_goes_with_the_outermost_container() {
        let index = written();
        assert_eq!(
            found(&index, &[1, 1, 1, 0, 4]),
            one((1, 0), "xyz"),
            "paragraph, text, and what was in it"
        );
        assert_eq!(found(&index, &[1, 1, 1, 1, 3]), one((1, 1), "xyz"), "the text alone");
    }

    #[test]
    fn what_was_seen_and_what_stays_is_not_collateral() {
        let index = written();
        assert!(found(&index, &[1, 1, 1, 2, 2]).is_empty(), "characters only");
        assert!(found(&index, &[1, 1, 1, 4, 1]).is_empty(), "the other paragraph");
        assert!(found(&index, &[2, 2, 1, 0, 3, 1, 1, 0, 4]).is_empty(), "all of it was seen");
        assert_eq!(found(&index, &[2, 2, 1, 0, 1, 1, 1, 0, 4]), one((1, 0), "yz"), "some of it was seen");
        let gone = index.takes_away(&[0, 1, 1, 1, 0, 4]).unwrap();
        assert!(index.collateral(&gone, &BTreeSet::from([7])).is_empty(), "of others");
        assert!(index.takes_away(&[9]).is_none(), "no update");
    }

    #[test]
    fn once_it_is_gone_it_does_not_go_again() {
        let mut index = written();
        index.add(&[0, 1, 1, 1, 0, 1]).unwrap();
        assert!(found(&index, &[1, 1, 1, 0, 1]).is_empty(), "the same again");
        assert!(found(&index, &[1, 1, 1, 1, 1]).is_empty(), "what is in it was hidden already");
        assert_eq!(index.hidden(&[(2, 0, 3)]), one((1, 0), "xyz"), "and is told to be");
        index.add(&[1, 1, 2, 3, 0x84, 2, 2, 1, b'!', 0]).unwrap();
        assert_eq!(index.hidden(&[(2, 3, 4)]), one((1, 0), "!"), "what comes later too");
        assert!(written().hidden(&[(2, 0, 3)]).is_empty(), "what is visible is not");
    }
}
