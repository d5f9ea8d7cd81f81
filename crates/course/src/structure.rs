//! Changes of many nodes at once, each one transaction, and what takes a change back.
//!
//! What takes a change back is a list of [`Write`]s, each with what must be there for it: an inverse writes only where
//! the outline is still as its author left it, so it never undoes what somebody else did since.

use crate::error::{Integrate, OpError};
use crate::outline::{NODES, NewNode, Outline, check_parent, find, insert, reposition, set, siblings};
use crate::position;
use crate::random::{Random, token};
use crate::record::{self, Del, Place, Record, Records};
use crate::view::Tree;
use inkhorn_protocol::NodeId;
use inkhorn_protocol::change::{Kept, Spot, Write};
use inkhorn_protocol::projection::NodeKind;
use std::collections::{BTreeMap, BTreeSet};
use yrs::WriteTxn;

/// What a change did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Done {
    /// The update to log and send; `None` when there was nothing to do.
    pub update: Option<Vec<u8>>,
    /// What takes it back.
    pub back: Vec<Write>,
}

/// What is known of the lessons' own documents, which an outline does not hold.
pub struct Lessons<'a> {
    /// State vector of a lesson that is fully loaded.
    pub seen: &'a dyn Fn(&NodeId) -> Option<Vec<u8>>,
    /// A short text that is equal only while the lesson holds the same; `None` when it is not fully loaded.
    pub holds: &'a dyn Fn(&NodeId) -> Option<String>,
}

/// A change and the nodes that it left as they were, with why.
pub type TakenBack = (Done, Vec<(Option<NodeId>, Kept)>);

impl Outline {
    /// Renames the course.
    pub fn change_title(&mut self, title: &str) -> Result<Done, OpError> {
        let before = self.title()?;
        let update = self.set_title(title)?;
        let back = Write::CourseTitle { ours: title.to_owned(), back: before };
        Ok(Done { back: update.iter().map(|_| back.clone()).collect(), update })
    }

    /// Gives a node another title; the last writer wins.
    pub fn change_name(&mut self, id: &NodeId, title: &str) -> Result<Done, OpError> {
        let before = find(&self.records()?, id)?.title.clone();
        let update = self.rename(id, title)?;
        let back = Write::Title { node: id.clone(), ours: title.to_owned(), back: before };
        Ok(Done { back: update.iter().map(|_| back.clone()).collect(), update })
    }

    /// Moves nodes, in the order given, under `to` (`None`: where the first of them is), before a sibling or to the end.
    /// All or nothing. A sibling that moves too stands for the next one that does not.
    pub fn move_all(
        &mut self,
        random: &mut dyn Random,
        ids: &[NodeId],
        to: Option<&NodeId>,
        before: Option<&NodeId>,
    ) -> Result<Done, OpError> {
        let records = self.records()?;
        let Some(first) = ids.first() else { return Ok(Done::default()) };
        let parent = to.or(find(&records, first)?.parent());
        let moving: BTreeSet<&NodeId> = ids.iter().collect();
        for id in ids {
            let record = find(&records, id)?;
            if record.trashed().is_some() {
                return Err(OpError::Trashed(id.clone()));
            }
            check_parent(&records, record.kind, parent)?;
        }
        let now = siblings(&records, parent, None);
        let mut at = match before {
            None => now.len(),
            Some(before) => now
                .iter()
                .position(|(id, _)| id == before)
                .ok_or_else(|| OpError::NotASibling(before.clone()))?,
        };
        while now.get(at).is_some_and(|(id, _)| moving.contains(id)) {
            at += 1;
        }
        let staying: Vec<_> = now.iter().filter(|(id, _)| !moving.contains(id)).cloned().collect();
        let before = now.get(at).map(|(id, _)| id);
        let index = before.map_or(staying.len(), |before| {
            staying.iter().position(|(id, _)| id == before).unwrap_or(staying.len())
        });
        let (head, tail) = staying.split_at(index);
        let wanted = head.iter().map(|(id, _)| id).chain(ids).chain(tail.iter().map(|(id, _)| id));
        if now.iter().map(|(id, _)| id).eq(wanted) {
            return Ok(Done::default());
        }
        let (end, tied) = position::make_room(&staying, before, random)
            .ok_or_else(|| OpError::NotASibling(before.unwrap_or(first).clone()))?;
        let low = head.last().map(|(_, position)| position.as_str());
        // The room's own position is the first of them or, where there are more, the end of their span.
        let high = tied.first().or(tail.first()).map(|(_, position)| position.as_str());
        let positions = match ids {
            [_] => vec![end],
            _ => position::spread(low, high, ids.len(), random)
                .ok_or_else(|| OpError::NotASibling(first.clone()))?,
        };
        let mut places = Vec::with_capacity(ids.len());
        let mut back = Vec::new();
        for (id, position) in ids.iter().zip(positions) {
            let record = find(&records, id)?;
            let stays = record.place.as_ref().is_some_and(|place| place.parent.as_ref() == parent);
            // Only a change of parent takes a new token: to reorder is not to rescue from Trash.
            let token = if stays { record.token().to_owned() } else { token(random) };
            let place = Place { parent: parent.cloned(), position, token };
            if let Some(before) = &record.place {
                back.push(Write::Place { node: id.clone(), ours: spot(&place), back: spot(before) });
            }
            places.push((id, place));
        }
        let update = self.write(|txn| {
            for (id, place) in &places {
                set(txn, id, record::PLACE, record::place_value(place));
            }
            let nodes = txn.get_or_insert_map(NODES);
            reposition(txn, &nodes, &records, tied);
        })?;
        // The last first, so that a chain of places is left as it was made.
        back.reverse();
        Ok(Done { update, back })
    }

    /// Puts nodes and all that they show into Trash, as one action. A lesson that is not fully loaded refuses all of it.
    pub fn trash_all(
        &mut self,
        random: &mut dyn Random,
        ids: &[NodeId],
        seen: &dyn Fn(&NodeId) -> Option<Vec<u8>>,
    ) -> Result<Done, OpError> {
        let records = self.records()?;
        let tree = Tree::new(&records);
        let mut all = BTreeSet::new();
        for id in ids {
            let (id, record) = records.get_key_value(id).ok_or_else(|| OpError::UnknownNode(id.clone()))?;
            if record.trashed().is_none() {
                all.extend(tree.subtree(id));
            }
        }
        let action = token(random);
        let marks = marks(&records, all.into_iter(), &action, seen)?;
        self.mark(&marks, action)
    }

    /// Takes nodes out of Trash, each with all that went there with it.
    pub fn restore_all(&mut self, ids: &[NodeId], lessons: &Lessons<'_>) -> Result<Done, OpError> {
        let records = self.records()?;
        let tree = Tree::new(&records);
        let mut back = Vec::new();
        for id in ids {
            let (id, record) = records.get_key_value(id).ok_or_else(|| OpError::UnknownNode(id.clone()))?;
            if record.trashed().is_some() {
                back.extend(tree.subtree(id));
            }
        }
        let restored: Vec<NodeId> = back.iter().map(|id| (*id).clone()).collect();
        let update = self.set_alive(&records, &back)?;
        Ok(Done { update, back: self.trash_of(&restored, lessons)? })
    }

    /// Adds trees of nodes, each tree's first node right behind the node named with it (or at the end of its parent),
    /// the others at the end of theirs, which may be one of those before. All or nothing.
    pub fn add_trees(
        &mut self,
        random: &mut dyn Random,
        trees: &[(Option<NodeId>, Vec<NewNode>)],
        lessons: &Lessons<'_>,
    ) -> Result<Done, OpError> {
        let mut records = self.records()?;
        let mut ends: BTreeMap<NodeId, String> = BTreeMap::new();
        let mut moved = Vec::new();
        let mut places = Vec::new();
        for (after, nodes) in trees {
            for (index, node) in nodes.iter().enumerate() {
                check_parent(&records, node.kind, node.parent.as_ref())?;
                self.check_free(&node.id)?;
                let new_parent = node.parent.as_ref().and_then(|parent| ends.get(parent));
                let position = match (index, new_parent) {
                    // What is below a new node has no other siblings.
                    (1.., Some(end)) => {
                        position::between(Some(end.as_str()).filter(|end| !end.is_empty()), None, random)
                            .unwrap_or_default()
                    }
                    _ => {
                        let now = siblings(&records, node.parent.as_ref(), None);
                        let behind = after.as_ref().filter(|_| index == 0);
                        let at = behind.and_then(|behind| now.iter().position(|(id, _)| id == behind));
                        let before = at.and_then(|at| now.get(at + 1)).map(|(id, _)| id);
                        let (position, tied) = position::make_room(&now, before, random)
                            .ok_or_else(|| OpError::NotASibling(node.id.clone()))?;
                        for (id, position) in &tied {
                            if let Some(place) = records.get_mut(id).and_then(|record| record.place.as_mut())
                            {
                                place.position.clone_from(position);
                            }
                        }
                        moved.extend(tied);
                        position
                    }
                };
                if let Some(parent) = &node.parent
                    && let Some(end) = ends.get_mut(parent)
                {
                    end.clone_from(&position);
                }
                ends.insert(node.id.clone(), String::new());
                let place = Place { parent: node.parent.clone(), position, token: token(random) };
                places.push((node, place.clone()));
                let title = node.title.clone();
                let record = Record { kind: node.kind, title, place: Some(place), del: None, alive: None };
                if records.insert(node.id.clone(), record).is_some() {
                    return Err(OpError::Taken(node.id.clone()));
                }
            }
        }
        let update = self.write(|txn| {
            let map = txn.get_or_insert_map(NODES);
            for (node, place) in &places {
                insert(txn, &map, &node.id, node.kind, &node.title, place);
            }
            reposition(txn, &map, &records, moved);
        })?;
        let added: Vec<NodeId> = places.iter().map(|(node, _)| node.id.clone()).collect();
        Ok(Done { update, back: self.trash_of(&added, lessons)? })
    }

    /// What puts these nodes into Trash while they are as they are now. Parents come before their children.
    pub fn trash_of(&self, ids: &[NodeId], lessons: &Lessons<'_>) -> Result<Vec<Write>, Integrate> {
        let records = self.records()?;
        let write = |id: &NodeId| {
            let record = records.get(id)?;
            let holds = if record.kind == NodeKind::Lesson { (lessons.holds)(id) } else { None };
            let spot = spot(record.place.as_ref()?);
            // It goes back by the action that it came from, so that what took it there can be taken back in its turn.
            let came = record.del.as_ref().filter(|del| record.alive.as_ref() == Some(&del.action));
            let action = came.map(|del| del.action.clone());
            Some(Write::Trash { node: id.clone(), title: record.title.clone(), spot, holds, action })
        };
        Ok(ids.iter().filter_map(write).collect())
    }

    /// Does these writes where the outline is still as it must be for them, in one transaction, and says which were not
    /// done. What takes that back comes with it.
    pub fn take_back(
        &mut self,
        random: &mut dyn Random,
        writes: &[Write],
        lessons: &Lessons<'_>,
    ) -> Result<TakenBack, OpError> {
        let records = self.records()?;
        let title = self.title()?;
        let mut kept = Vec::new();
        let mut back = Vec::new();
        let mut sets = Vec::new();
        let mut renamed = None;
        let mut revived = Vec::new();
        for write in writes {
            let outcome = match write {
                Write::CourseTitle { ours, back: old } => {
                    if *ours == title {
                        renamed = Some(old.clone());
                        back.push(Write::CourseTitle { ours: old.clone(), back: title.clone() });
                        Ok(())
                    } else {
                        Err((None, Kept::Renamed))
                    }
                }
                Write::Title { node, ours, back: old } => title_back(&records, node, ours).map(|()| {
                    sets.push((node, record::TITLE, record::string(old)));
                    back.push(Write::Title { node: node.clone(), ours: old.clone(), back: ours.clone() });
                }),
                Write::Place { node, ours, back: old } => {
                    place_back(&records, node, ours, old).map(|record| {
                        let stays = ours.parent == old.parent;
                        let token = if stays { record.token().to_owned() } else { token(random) };
                        let (parent, position) = (old.parent.clone(), old.position.clone());
                        let place = Place { parent, position, token };
                        sets.push((node, record::PLACE, record::place_value(&place)));
                        back.push(Write::Place { node: node.clone(), ours: old.clone(), back: ours.clone() });
                    })
                }
                Write::Restore { node, action } => restore_back(&records, node, action).map(|()| {
                    sets.push((node, record::ALIVE, record::string(action)));
                    revived.push(node.clone());
                }),
                // Those of a step go together, below.
                Write::Setting { .. } | Write::Trash { .. } => Ok(()),
            };
            kept.extend(outcome.err());
        }
        let settings = self.settings_back(writes)?;
        if settings.is_none() {
            kept.push((None, Kept::Changed));
        }
        let (settings, unset) = settings.unwrap_or_default();
        back.extend(unset);
        let (gone, left) = trash_back(&records, writes, lessons);
        kept.extend(left);
        let fresh = token(random);
        for (id, mut del) in marks(&records, gone.into_iter(), &fresh, lessons.seen)? {
            let came = writes.iter().find_map(|write| match write {
                Write::Trash { node, action, .. } if node == id => action.clone(),
                _ => None,
            });
            del.action = came.unwrap_or(del.action);
            if find(&records, id)?.alive.as_ref() == Some(&del.action) {
                sets.push((id, record::ALIVE, record::string("")));
            }
            sets.push((id, record::DEL, record::del_value(&del)));
            back.push(Write::Restore { node: id.clone(), action: del.action });
        }
        let update = if sets.is_empty() && settings.is_empty() && renamed.is_none() {
            None
        } else {
            self.write(|txn| {
                if let Some(title) = &renamed {
                    crate::outline::name_course(txn, title);
                }
                if !settings.is_empty() {
                    crate::settings::write_settings(txn, settings);
                }
                for (id, key, value) in sets {
                    set(txn, id, key, value);
                }
            })?
        };
        back.reverse();
        back.extend(self.trash_of(&revived, lessons)?);
        Ok((Done { update, back }, kept))
    }

    fn mark(&mut self, marks: &[(&NodeId, Del)], action: String) -> Result<Done, OpError> {
        if marks.is_empty() {
            return Ok(Done::default());
        }
        let back = |(id, _): &(&NodeId, Del)| Write::Restore { node: (*id).clone(), action: action.clone() };
        let back = marks.iter().map(back).collect();
        let update = self.write(|txn| {
            for (id, del) in marks {
                set(txn, id, record::DEL, record::del_value(del));
            }
        })?;
        Ok(Done { update, back })
    }
}

type Stays = (Option<NodeId>, Kept);

fn spot(place: &Place) -> Spot {
    Spot { parent: place.parent.clone(), position: place.position.clone() }
}

fn marks<'a>(
    records: &Records,
    ids: impl Iterator<Item = &'a NodeId>,
    action: &str,
    seen: &dyn Fn(&NodeId) -> Option<Vec<u8>>,
) -> Result<Vec<(&'a NodeId, Del)>, OpError> {
    ids.map(|id| {
        let record = find(records, id)?;
        let seen = match record.kind {
            NodeKind::Lesson => Some(seen(id).ok_or_else(|| OpError::NotLoaded(id.clone()))?),
            NodeKind::Chapter | NodeKind::Section => None,
        };
        Ok((id, Del { token: record.token().to_owned(), seen, action: action.to_owned() }))
    })
    .collect()
}

fn known<'a>(records: &'a Records, node: &NodeId) -> Result<&'a Record, Stays> {
    records.get(node).ok_or_else(|| (Some(node.clone()), Kept::Unknown))
}

fn title_back(records: &Records, node: &NodeId, ours: &str) -> Result<(), Stays> {
    if known(records, node)?.title == ours { Ok(()) } else { Err((Some(node.clone()), Kept::Renamed)) }
}

fn place_back<'a>(records: &'a Records, node: &NodeId, ours: &Spot, old: &Spot) -> Result<&'a Record, Stays> {
    let stays = |why| (Some(node.clone()), why);
    let record = known(records, node)?;
    if record.trashed().is_some() {
        return Err(stays(Kept::Trashed));
    }
    if record.place.as_ref().map(spot).as_ref() != Some(ours) {
        return Err(stays(Kept::Moved));
    }
    check_parent(records, record.kind, old.parent.as_ref()).map_err(|_| stays(Kept::NoPlace))?;
    Ok(record)
}

fn restore_back(records: &Records, node: &NodeId, action: &str) -> Result<(), Stays> {
    match known(records, node)?.trashed() {
        Some(del) if del.action == action => Ok(()),
        Some(_) => Err((Some(node.clone()), Kept::Trashed)),
        None => Err((Some(node.clone()), Kept::Restored)),
    }
}

/// Which of the nodes that these writes put into Trash may go there, and why the others may not.
fn trash_back<'a>(
    records: &Records,
    writes: &'a [Write],
    lessons: &Lessons<'_>,
) -> (Vec<&'a NodeId>, Vec<Stays>) {
    let tree = Tree::new(records);
    let (mut gone, mut left) = (BTreeSet::new(), Vec::new());
    let mut asked: Vec<_> = writes
        .iter()
        .filter_map(|write| match write {
            Write::Trash { node, title, spot, holds, .. } => Some((node, title, spot, holds)),
            _ => None,
        })
        .collect();
    // A parent's kind is above its child's: so children are decided before what they stand in.
    asked.sort_by_key(|(node, ..)| std::cmp::Reverse(records.get(*node).map(|record| record.kind)));
    for (node, title, ours, holds) in asked {
        let why = match records.get(node) {
            None => Some(Kept::Unknown),
            Some(record) if record.trashed().is_some() => Some(Kept::Trashed),
            Some(record) if record.title != *title => Some(Kept::Renamed),
            Some(record) if record.place.as_ref().map(spot).as_ref() != Some(ours) => Some(Kept::Moved),
            Some(record) if record.kind == NodeKind::Lesson => {
                let now = (lessons.holds)(node);
                (now.is_none() || now != *holds).then_some(Kept::Written)
            }
            Some(_) => tree.children(node).iter().any(|child| !gone.contains(*child)).then_some(Kept::Filled),
        };
        match why {
            None => drop(gone.insert(node)),
            Some(why) => left.push((Some(node.clone()), why)),
        }
    }
    (gone.into_iter().collect(), left)
}
