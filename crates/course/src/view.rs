//! The tree that an outline shows: a pure function of its records. Every readable node is in it exactly once.

use crate::record::{Record, Records, fits};
use inkhorn_protocol::{NodeId, projection::OutlineNode};
use std::collections::BTreeMap;

/// Where every node is shown.
pub(crate) struct Tree<'a> {
    records: &'a Records,
    /// Chapters outside Trash, in order.
    pub(crate) top: Vec<&'a NodeId>,
    /// Nodes outside Trash whose place cannot be shown.
    pub(crate) recovered: Vec<&'a NodeId>,
    /// Trashed nodes on which somebody chose "Trash", not those that went with them.
    pub(crate) trash: Vec<&'a NodeId>,
    /// Both outside and inside Trash; a node's children are on its own side.
    children: BTreeMap<&'a NodeId, Vec<&'a NodeId>>,
}

impl<'a> Tree<'a> {
    pub(crate) fn new(records: &'a Records) -> Self {
        let mut tree =
            Self { records, top: vec![], recovered: vec![], trash: vec![], children: BTreeMap::new() };
        for (id, record) in records {
            let list = match home(records, record) {
                Home::Top => &mut tree.top,
                Home::Recovered => &mut tree.recovered,
                Home::Trash => &mut tree.trash,
                Home::Under(parent) => tree.children.entry(parent).or_default(),
            };
            list.push(id);
        }
        let order = |id: &&'a NodeId| {
            let record = records.get(*id);
            let position =
                record.and_then(|record| record.place.as_ref()).map(|place| place.position.as_str());
            (record.map(|record| record.kind), position, *id)
        };
        // Below one parent kinds mix by position; in the two lists of strays position means little without a parent.
        for list in tree.children.values_mut().chain([&mut tree.top]) {
            list.sort_by_cached_key(|id| (order(id).1, *id));
        }
        for list in [&mut tree.recovered, &mut tree.trash] {
            list.sort_by_cached_key(order);
        }
        tree
    }

    /// Children on the same side of Trash, in order.
    pub(crate) fn children(&self, parent: &NodeId) -> &[&'a NodeId] {
        self.children.get(parent).map_or(&[], Vec::as_slice)
    }

    /// A node with everything that is shown below it, parents first.
    pub(crate) fn subtree(&self, id: &'a NodeId) -> Vec<&'a NodeId> {
        let mut found = vec![id];
        let mut next = 0;
        while let Some(id) = found.get(next) {
            found.extend_from_slice(self.children(id));
            next += 1;
        }
        found
    }

    pub(crate) fn project(&self, ids: &[&NodeId]) -> Vec<OutlineNode> {
        // Recursion ends after three levels: a parent's kind is always above its child's.
        let project = |id: &&NodeId| {
            let record = self.records.get(*id)?;
            let children = self.project(self.children(id));
            Some(OutlineNode { id: (*id).clone(), kind: record.kind, title: record.title.clone(), children })
        };
        ids.iter().filter_map(project).collect()
    }
}

enum Home<'a> {
    Top,
    Recovered,
    Trash,
    Under(&'a NodeId),
}

fn home<'a>(records: &'a Records, record: &'a Record) -> Home<'a> {
    let parent = record.parent().and_then(|id| Some((id, records.get(id)?)));
    let parent = parent.filter(|(_, parent)| fits(record.kind, Some(parent.kind)));
    if let Some(del) = record.trashed() {
        return match parent {
            // What went in one action stays one tree there, and comes back as one.
            Some((id, parent)) if parent.trashed().is_some_and(|above| above.action == del.action) => {
                Home::Under(id)
            }
            _ => Home::Trash,
        };
    }
    match (&record.place, parent) {
        (Some(place), _) if place.parent.is_none() && fits(record.kind, None) => Home::Top,
        (_, Some((id, parent))) if parent.trashed().is_none() => Home::Under(id),
        _ => Home::Recovered,
    }
}
