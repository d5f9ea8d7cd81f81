//! Changes of the mock's outlines: as simple as they can be, for one writer.

use inkhorn_protocol::NodeId;
use inkhorn_protocol::projection::{OutlineNode, OutlineView};

/// The node with this id, anywhere.
pub(super) fn find<'a>(nodes: &'a mut [OutlineNode], id: &NodeId) -> Option<&'a mut OutlineNode> {
    for node in nodes {
        if &node.id == id {
            return Some(node);
        }
        if let Some(found) = find(&mut node.children, id) {
            return Some(found);
        }
    }
    None
}

/// Takes a node out, with what is below it.
pub(super) fn take(nodes: &mut Vec<OutlineNode>, id: &NodeId) -> Option<OutlineNode> {
    if let Some(at) = nodes.iter().position(|node| &node.id == id) {
        return Some(nodes.remove(at));
    }
    nodes.iter_mut().find_map(|node| take(&mut node.children, id))
}

/// Puts a node under another, before a sibling or at the end.
pub(super) fn put(
    view: &mut OutlineView,
    node: OutlineNode,
    under: Option<&NodeId>,
    before: Option<&NodeId>,
) {
    let among = match under {
        None => Some(&mut view.nodes),
        Some(parent) => find(&mut view.nodes, parent).map(|parent| &mut parent.children),
    };
    // A parent that is gone: the node is not.
    let Some(among) = among else { return view.recovered.push(node) };
    let at = before.and_then(|before| among.iter().position(|one| &one.id == before));
    among.insert(at.unwrap_or(among.len()), node);
}
