//! What was written, and what has to be there in the end.

use inkhorn_protocol::body::Node;
use inkhorn_protocol::projection::{OutlineNode, OutlineView};
use inkhorn_protocol::{DocId, NodeId};
use std::collections::{BTreeMap, BTreeSet};

/// Begins and ends a mark. Between them stand its number and a character of two UTF-16 units.
const OPEN: char = '‹';
pub(crate) const CLOSE: char = '›';

/// What became of an edit, as far as its author knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Queued; lost when the computer ends before it is said to be saved, or not.
    Open,
    /// Said to be saved: it has to survive everything.
    Saved,
}

/// Everything that was written.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// Marks in lessons.
    marks: BTreeMap<String, (DocId, Fate)>,
    /// Marks that somebody began to remove: they may be there, or not.
    erased: BTreeSet<String>,
    /// Nodes of the outline.
    nodes: BTreeMap<NodeId, Fate>,
    /// Edits so far.
    pub(crate) count: u64,
}

/// An edit that is under way.
#[derive(Debug, Clone)]
pub(crate) enum Written {
    Mark(String),
    Node(NodeId),
    Other,
}

impl Ledger {
    /// A mark that nobody has used.
    pub(crate) fn mark(&mut self, doc: &DocId) -> String {
        self.count += 1;
        let mark = format!("{OPEN}{}🖋{CLOSE}", self.count);
        self.marks.insert(mark.clone(), (doc.clone(), Fate::Open));
        mark
    }

    /// A node is to be added.
    pub(crate) fn node(&mut self, node: NodeId) {
        self.count += 1;
        self.nodes.insert(node, Fate::Open);
    }

    pub(crate) fn erase(&mut self, mark: String) {
        self.count += 1;
        self.erased.insert(mark);
    }

    /// The author was told that it is saved.
    pub(crate) fn saved(&mut self, written: &Written) {
        match written {
            Written::Mark(mark) => {
                if let Some((_, fate)) = self.marks.get_mut(mark) {
                    *fate = Fate::Saved;
                }
            }
            Written::Node(node) => {
                self.nodes.insert(node.clone(), Fate::Saved);
            }
            Written::Other => {}
        }
    }

    /// What has to be in a lesson and is not in this text.
    pub(crate) fn missing<'a>(&'a self, doc: &'a DocId, text: &'a str) -> impl Iterator<Item = &'a str> {
        let there: BTreeSet<String> = marks(text).into_iter().collect();
        self.marks
            .iter()
            .filter(move |(mark, (of, fate))| {
                of == doc && *fate == Fate::Saved && !self.erased.contains(*mark) && !there.contains(*mark)
            })
            .map(|(mark, _)| mark.as_str())
    }

    /// Nodes that have to be in the outline and are not in this view.
    pub(crate) fn missing_nodes(&self, view: &OutlineView) -> Vec<&NodeId> {
        let mut there = BTreeSet::new();
        for list in [&view.nodes, &view.recovered, &view.trash] {
            all(list, &mut there);
        }
        let saved = self.nodes.iter().filter(|(_, fate)| **fate == Fate::Saved);
        saved.map(|(node, _)| node).filter(|node| !there.contains(node)).collect()
    }
}

fn all<'a>(nodes: &'a [OutlineNode], into: &mut BTreeSet<&'a NodeId>) {
    for node in nodes {
        into.insert(&node.id);
        all(&node.children, into);
    }
}

/// The marks in a text.
pub(crate) fn marks(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for part in text.split(OPEN).skip(1) {
        if let Some(end) = part.find(CLOSE) {
            found.push(format!("{OPEN}{}{CLOSE}", part.get(..end).unwrap_or_default()));
        }
    }
    found
}

/// All text of a body.
pub(crate) fn text(body: &Node) -> String {
    let mut text = String::new();
    body.walk(|node| text.push_str(node.text.as_deref().unwrap_or_default()));
    text
}
