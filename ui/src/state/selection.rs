//! Rows that are selected together. Pure.

use super::tree::Row;
use inkhorn_protocol::NodeId;
use inkhorn_protocol::projection::OutlineNode;
use std::collections::HashSet;

/// What is selected; nothing means that commands are about the row that the user is at.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    nodes: HashSet<NodeId>,
    /// Row from which a range reaches.
    anchor: Option<NodeId>,
}

impl Selection {
    /// Whether a row is selected.
    pub fn has(&self, id: &NodeId) -> bool {
        self.nodes.contains(id)
    }

    /// Number of selected rows.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether nothing is selected.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Selects a row or takes it out. The row that the user was at (`from`) is the first of a new selection.
    pub fn toggle(&mut self, id: &NodeId, from: Option<&NodeId>) {
        if self.nodes.is_empty() {
            self.nodes.extend(from.filter(|from| *from != id).cloned());
        }
        if !self.nodes.remove(id) {
            self.nodes.insert(id.clone());
        }
        self.anchor = Some(id.clone());
    }

    /// Selects from the anchor (at first the row `from`) to a row.
    pub fn extend(&mut self, rows: &[Row], from: &NodeId, to: &NodeId) {
        let anchor = self.anchor.get_or_insert_with(|| from.clone());
        let at = |id: &NodeId| rows.iter().position(|row| row.id == *id);
        let Some(end) = at(to) else { return };
        // An anchor that is gone or hidden: the range begins anew.
        let start = at(anchor).or_else(|| at(from)).unwrap_or(end);
        let range = start.min(end)..=start.max(end);
        self.nodes = rows.get(range).unwrap_or_default().iter().map(|row| row.id.clone()).collect();
    }

    /// Selects every row.
    pub fn all(&mut self, rows: &[Row]) {
        self.nodes = rows.iter().map(|row| row.id.clone()).collect();
    }

    /// Nothing is selected any more.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// What a command is about: the selected nodes in their order, those below another one left out, since they go with
    /// it; the row that the user is at when nothing is selected.
    pub fn acting(&self, nodes: &[OutlineNode], at: Option<&NodeId>) -> Vec<NodeId> {
        fn walk(nodes: &[OutlineNode], wanted: &dyn Fn(&NodeId) -> bool, out: &mut Vec<NodeId>) {
            for node in nodes {
                if wanted(&node.id) {
                    out.push(node.id.clone());
                } else {
                    walk(&node.children, wanted, out);
                }
            }
        }
        let mut out = Vec::new();
        walk(nodes, &|id| if self.nodes.is_empty() { Some(id) == at } else { self.has(id) }, &mut out);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::tree::rows;
    use inkhorn_protocol::projection::NodeKind;

    fn id(text: &str) -> NodeId {
        text.parse().expect("an id")
    }
    fn node(name: &str, kind: NodeKind, children: Vec<OutlineNode>) -> OutlineNode {
        OutlineNode { id: id(name), kind, title: name.to_owned(), children }
    }
    fn course() -> Vec<OutlineNode> {
        let lesson = |name| node(name, NodeKind::Lesson, vec![]);
        vec![
            node("c1", NodeKind::Chapter, vec![lesson("l1"), lesson("l2"), lesson("l3")]),
            node("c2", NodeKind::Chapter, vec![lesson("l4")]),
        ]
    }
    fn acting(selection: &Selection, at: &str) -> Vec<String> {
        selection.acting(&course(), Some(&id(at))).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn commands_are_about_the_selection_in_its_order_or_about_the_row() {
        let rows = rows(&course(), &HashSet::new());
        let mut selection = Selection::default();
        assert_eq!(acting(&selection, "l2"), ["l2"]);
        selection.toggle(&id("l4"), Some(&id("l3")));
        selection.toggle(&id("l1"), Some(&id("l4")));
        assert_eq!(acting(&selection, "l2"), ["l1", "l3", "l4"]);
        selection.toggle(&id("l3"), None);
        assert_eq!(acting(&selection, "l2"), ["l1", "l4"]);
        selection.clear();
        selection.extend(&rows, &id("l2"), &id("l3"));
        selection.extend(&rows, &id("l3"), &id("l4"));
        assert_eq!(acting(&selection, "l1"), ["l2", "l3", "c2"], "what is below goes with it");
        selection.extend(&rows, &id("l4"), &id("l1"));
        assert_eq!(acting(&selection, "l1"), ["l1", "l2"], "the anchor stays");
        selection.all(&rows);
        assert_eq!((selection.len(), acting(&selection, "l1")), (6, vec!["c1".to_owned(), "c2".to_owned()]));
    }
}
