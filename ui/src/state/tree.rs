//! The outline as the rows that are on screen, and where a row may go. Pure, so that it is tested without a window.

use inkhorn_protocol::NodeId;
use inkhorn_protocol::projection::{NodeKind, OutlineNode};
use std::collections::HashSet;

/// One visible row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Node.
    pub id: NodeId,
    /// Its kind.
    pub kind: NodeKind,
    /// Its title.
    pub title: String,
    /// Depth, from 1.
    pub level: usize,
    /// Whether something is below it.
    pub has_children: bool,
    /// Whether what is below it is shown.
    pub expanded: bool,
    /// Node above it in the hierarchy.
    pub parent: Option<NodeId>,
    /// Place among its siblings, from 0.
    pub index: usize,
    /// Number of siblings, itself included.
    pub siblings: usize,
}

/// The rows that are visible while the nodes in `collapsed` are closed.
pub fn rows(nodes: &[OutlineNode], collapsed: &HashSet<NodeId>) -> Vec<Row> {
    fn walk(
        nodes: &[OutlineNode],
        parent: Option<&NodeId>,
        level: usize,
        collapsed: &HashSet<NodeId>,
        out: &mut Vec<Row>,
    ) {
        for (index, node) in nodes.iter().enumerate() {
            let expanded = !node.children.is_empty() && !collapsed.contains(&node.id);
            out.push(Row {
                id: node.id.clone(),
                kind: node.kind,
                title: node.title.clone(),
                level,
                has_children: !node.children.is_empty(),
                expanded,
                parent: parent.cloned(),
                index,
                siblings: nodes.len(),
            });
            if expanded {
                // Depth is at most three by type; deeper input would only come from a newer app.
                walk(&node.children, Some(&node.id), level + 1, collapsed, out);
            }
        }
    }
    let mut out = Vec::new();
    walk(nodes, None, 1, collapsed, &mut out);
    out
}

/// What an arrow key does in a tree (WAI-ARIA authoring practices, tree view).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// Focus goes there.
    Focus(NodeId),
    /// This node opens.
    Expand(NodeId),
    /// This node closes.
    Collapse(NodeId),
    /// Nothing.
    Stay,
}

/// Keys that walk through a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrow {
    /// Next row.
    Down,
    /// Previous row.
    Up,
    /// Opens, else goes to the first child.
    Right,
    /// Closes, else goes to the parent.
    Left,
    /// First row.
    Home,
    /// Last row.
    End,
}

/// Where an arrow key leads from the row `at`.
pub fn step(rows: &[Row], at: &NodeId, arrow: Arrow) -> Step {
    let focus = |row: Option<&Row>| row.map_or(Step::Stay, |row| Step::Focus(row.id.clone()));
    let Some(here) = rows.iter().position(|row| &row.id == at) else { return focus(rows.first()) };
    let row = &rows[here];
    match arrow {
        Arrow::Down => focus(rows.get(here + 1)),
        Arrow::Up => focus(here.checked_sub(1).and_then(|i| rows.get(i))),
        Arrow::Home => focus(rows.first()),
        Arrow::End => focus(rows.last()),
        Arrow::Right if row.expanded => focus(rows.get(here + 1)),
        Arrow::Right if row.has_children => Step::Expand(row.id.clone()),
        Arrow::Right => Step::Stay,
        Arrow::Left if row.expanded => Step::Collapse(row.id.clone()),
        Arrow::Left => row.parent.clone().map_or(Step::Stay, Step::Focus),
    }
}

/// The row whose title starts with what was typed, searched from behind `at` and round.
pub fn type_ahead(rows: &[Row], at: Option<&NodeId>, typed: &str) -> Option<NodeId> {
    let typed = typed.to_lowercase();
    let start = rows.iter().position(|row| Some(&row.id) == at).map_or(0, |i| i + 1);
    let round = rows.iter().cycle().skip(start).take(rows.len());
    round.into_iter().find(|row| row.title.to_lowercase().starts_with(&typed)).map(|row| row.id.clone())
}

/// A place in the outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// New parent; none = the course itself.
    pub to: Option<NodeId>,
    /// Sibling that it stands before; none = at the end.
    pub before: Option<NodeId>,
}

/// Directions in which the keyboard moves a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// Before its previous sibling, or to the end of the previous parent.
    Up,
    /// Behind its next sibling, or to the start of the next parent.
    Down,
    /// Into the section before it.
    In,
    /// Out of its section, right behind it.
    Out,
}

/// Whether a node of kind `child` may stand under one of kind `parent`.
pub(super) fn fits(parent: NodeKind, child: NodeKind) -> bool {
    matches!(
        (parent, child),
        (NodeKind::Chapter, NodeKind::Section | NodeKind::Lesson) | (NodeKind::Section, NodeKind::Lesson)
    )
}

/// Path of positions from the top to a node.
fn path(nodes: &[OutlineNode], id: &NodeId) -> Option<Vec<usize>> {
    nodes.iter().enumerate().find_map(|(index, node)| {
        if &node.id == id {
            return Some(vec![index]);
        }
        let mut below = path(&node.children, id)?;
        below.insert(0, index);
        Some(below)
    })
}

fn at<'a>(nodes: &'a [OutlineNode], path: &[usize]) -> Option<&'a OutlineNode> {
    let (first, rest) = path.split_first()?;
    let node = nodes.get(*first)?;
    if rest.is_empty() { Some(node) } else { at(&node.children, rest) }
}

/// A node anywhere below, with its ancestors, the outermost first.
pub fn find<'a>(nodes: &'a [OutlineNode], id: &NodeId) -> Option<(Vec<&'a OutlineNode>, &'a OutlineNode)> {
    let path = path(nodes, id)?;
    let ancestors = (1..path.len()).filter_map(|n| at(nodes, &path[..n])).collect();
    Some((ancestors, at(nodes, &path)?))
}

/// The first lesson, in reading order.
pub fn first_lesson(nodes: &[OutlineNode]) -> Option<NodeId> {
    nodes.iter().find_map(|node| {
        if node.kind == NodeKind::Lesson { Some(node.id.clone()) } else { first_lesson(&node.children) }
    })
}

/// Lessons whose title contains what was typed, whatever the case of its letters: titles that begin with it first, then
/// those with a word that does, then the others, each in reading order; `most` of them.
pub fn find_lessons(nodes: &[OutlineNode], typed: &str, most: usize) -> Vec<(NodeId, String)> {
    fn walk<'a>(nodes: &'a [OutlineNode], wanted: &str, out: &mut Vec<(u8, &'a OutlineNode)>) {
        for node in nodes {
            if node.kind == NodeKind::Lesson {
                let title = node.title.to_lowercase();
                let starts_word = |(at, _): (usize, &str)| {
                    title[..at].chars().next_back().is_some_and(|before| !before.is_alphanumeric())
                };
                if title.starts_with(wanted) {
                    out.push((0, node));
                } else if title.match_indices(wanted).any(starts_word) {
                    out.push((1, node));
                } else if title.contains(wanted) {
                    out.push((2, node));
                }
            }
            walk(&node.children, wanted, out);
        }
    }
    let wanted = typed.trim().to_lowercase();
    if wanted.is_empty() {
        return Vec::new();
    }
    let mut found = Vec::new();
    walk(nodes, &wanted, &mut found);
    // Stable: equals stay in reading order.
    found.sort_by_key(|(rank, _)| *rank);
    found.into_iter().take(most).map(|(_, node)| (node.id.clone(), node.title.clone())).collect()
}

/// Number of lessons at and below these nodes.
pub fn count_lessons(nodes: &[OutlineNode]) -> usize {
    nodes.iter().map(|node| usize::from(node.kind == NodeKind::Lesson) + count_lessons(&node.children)).sum()
}

/// Where the keyboard takes a node; `None` when it cannot go further that way.
pub fn shift(nodes: &[OutlineNode], id: &NodeId, shift: Shift) -> Option<Place> {
    let path = path(nodes, id)?;
    let node = at(nodes, &path)?;
    let (&index, above) = path.split_last()?;
    let parent = at(nodes, above);
    let siblings = parent.map_or(nodes, |parent| parent.children.as_slice());
    let to = parent.map(|parent| parent.id.clone());
    let name = |node: &OutlineNode| node.id.clone();
    match shift {
        Shift::Up if index > 0 => Some(Place { to, before: siblings.get(index - 1).map(name) }),
        Shift::Down if index + 1 < siblings.len() => {
            Some(Place { to, before: siblings.get(index + 2).map(name) })
        }
        Shift::Up | Shift::Down => {
            // At the edge: over into the neighbour of the parent, or out of the section.
            let parent = parent?;
            let (&parent_index, grand) = above.split_last()?;
            let uncles = at(nodes, grand).map_or(nodes, |grand| grand.children.as_slice());
            let next = if shift == Shift::Up {
                parent_index.checked_sub(1).and_then(|i| uncles.get(i))
            } else {
                uncles.get(parent_index + 1)
            };
            match next {
                Some(uncle) if fits(uncle.kind, node.kind) && uncle.kind == parent.kind => Some(Place {
                    to: Some(uncle.id.clone()),
                    before: if shift == Shift::Up { None } else { uncle.children.first().map(name) },
                }),
                _ if parent.kind == NodeKind::Section => Some(Place {
                    to: at(nodes, grand).map(name),
                    before: if shift == Shift::Up { Some(parent.id.clone()) } else { next.map(name) },
                }),
                _ => None,
            }
        }
        Shift::In => {
            let previous = index.checked_sub(1).and_then(|i| siblings.get(i))?;
            fits(previous.kind, node.kind).then(|| Place { to: Some(previous.id.clone()), before: None })
        }
        Shift::Out => {
            let parent = parent.filter(|parent| parent.kind == NodeKind::Section)?;
            let (&parent_index, grand) = above.split_last()?;
            let chapter = at(nodes, grand)?;
            Some(Place {
                to: Some(chapter.id.clone()),
                before: chapter.children.get(parent_index + 1).filter(|_| parent.id != node.id).map(name),
            })
        }
    }
}

/// Where the keyboard takes nodes together: where it takes the first of them (up, in, out) or the last (down), if all of
/// them may stand there.
pub fn shift_all(nodes: &[OutlineNode], ids: &[NodeId], way: Shift) -> Option<Place> {
    let end = if way == Shift::Down { ids.last() } else { ids.first() }?;
    let place = shift(nodes, end, way)?;
    let parent = place.to.as_ref().and_then(|to| find(nodes, to)).map(|(_, parent)| parent.kind);
    let fit = |id: &NodeId| {
        find(nodes, id).is_some_and(|(_, node)| {
            parent.map_or(node.kind == NodeKind::Chapter, |parent| fits(parent, node.kind))
        })
    };
    (!ids.contains(place.to.as_ref().unwrap_or(end)) || place.to.is_none()).then_some(())?;
    ids.iter().all(fit).then_some(place)
}

/// How a drop is drawn on the row under the pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A line above it.
    Before,
    /// A line below it.
    After,
    /// A frame around it.
    Into,
}

/// A place to drop on, and how it is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drop {
    /// Row that carries the mark.
    pub row: NodeId,
    /// How.
    pub mark: Mark,
    /// Where the node goes.
    pub place: Place,
}

/// Where `dragged` would go together when they are dropped on the row `over`, `fraction` (0 top … 1 bottom) down that
/// row. `None` when one of them may not go there or the only one would stay where it is.
pub fn drop_on(
    nodes: &[OutlineNode],
    collapsed: &HashSet<NodeId>,
    dragged: &[NodeId],
    over: &NodeId,
    fraction: f64,
) -> Option<Drop> {
    let from: Vec<Vec<usize>> = dragged.iter().filter_map(|id| path(nodes, id)).collect();
    let kinds: HashSet<NodeKind> = from.iter().filter_map(|path| Some(at(nodes, path)?.kind)).collect();
    let mut target = path(nodes, over)?;
    if from.is_empty() || from.iter().any(|from| target.starts_with(from)) {
        return None;
    }
    let all_fit = |parent: NodeKind| kinds.iter().all(|kind| fits(parent, *kind));
    let all_chapters = kinds.iter().all(|kind| *kind == NodeKind::Chapter);
    // The innermost ancestor of the row (or the row itself) beside or into which the kind may go.
    loop {
        let row = at(nodes, &target)?;
        let (&index, above) = target.split_last()?;
        let parent = at(nodes, above);
        let siblings = parent.map_or(nodes, |parent| parent.children.as_slice());
        let beside = parent.map_or(all_chapters, |parent| all_fit(parent.kind));
        let exact = &row.id == over;
        let open = !row.children.is_empty() && !collapsed.contains(&row.id);
        let into = exact && all_fit(row.kind) && (fraction > 0.25 || !beside);
        let drop = if into {
            let before = open.then(|| row.children.first().map(|child| child.id.clone())).flatten();
            Some((row.id.clone(), Mark::Into, Place { to: Some(row.id.clone()), before }))
        } else if beside {
            let to = parent.map(|parent| parent.id.clone());
            if exact && fraction < 0.5 {
                Some((row.id.clone(), Mark::Before, Place { to, before: Some(row.id.clone()) }))
            } else {
                let before = siblings.get(index + 1).map(|next| next.id.clone());
                Some((over.clone(), Mark::After, Place { to, before }))
            }
        } else {
            None
        };
        if let Some((row, mark, place)) = drop {
            let stays = matches!(from.as_slice(), [from] if stays(nodes, from, &place));
            return (!stays).then_some(Drop { row, mark, place });
        }
        target.pop();
        if target.is_empty() {
            return None;
        }
    }
}

/// Whether a place is where the node stands already.
fn stays(nodes: &[OutlineNode], from: &[usize], place: &Place) -> bool {
    let Some((&index, above)) = from.split_last() else { return true };
    let parent = at(nodes, above);
    let siblings = parent.map_or(nodes, |parent| parent.children.as_slice());
    let id = |i: usize| siblings.get(i).map(|node| &node.id);
    parent.map(|parent| &parent.id) == place.to.as_ref()
        && (place.before.as_ref() == id(index + 1) || place.before.as_ref() == id(index))
}

/// Where a new node of a kind goes when `selected` is the node that the user is at:
/// behind it where that is possible, else at the end of the nearest parent that may hold it.
pub fn place_for_new(nodes: &[OutlineNode], selected: Option<&NodeId>, kind: NodeKind) -> Option<Place> {
    if let Some(mut path) = selected.and_then(|id| path(nodes, id)) {
        let here = at(nodes, &path)?;
        if fits(here.kind, kind) {
            return Some(Place { to: Some(here.id.clone()), before: None });
        }
        while let Some((&index, above)) = path.split_last() {
            let parent = at(nodes, above);
            if parent.map_or(kind == NodeKind::Chapter, |parent| fits(parent.kind, kind)) {
                let siblings = parent.map_or(nodes, |parent| parent.children.as_slice());
                return Some(Place {
                    to: parent.map(|parent| parent.id.clone()),
                    before: siblings.get(index + 1).map(|next| next.id.clone()),
                });
            }
            path.pop();
        }
    }
    match kind {
        NodeKind::Chapter => Some(Place { to: None, before: None }),
        NodeKind::Section | NodeKind::Lesson => {
            nodes.last().map(|chapter| Place { to: Some(chapter.id.clone()), before: None })
        }
    }
}

/// The row that takes the focus when these leave the tree: the next one that stays behind the first, else the last one
/// before it.
pub fn neighbour(rows: &[Row], gone: &[NodeId]) -> Option<NodeId> {
    let here = rows.iter().position(|row| gone.contains(&row.id))?;
    // Rows below one that goes leave with it.
    let mut level = usize::MAX;
    let mut stays = rows.iter().enumerate().filter(|(_, row)| {
        if row.level <= level {
            level = if gone.contains(&row.id) { row.level } else { usize::MAX };
        }
        level == usize::MAX
    });
    let mut before = None;
    let next = stays.find(|(index, row)| {
        if *index < here {
            before = Some(*row);
        }
        *index > here
    });
    next.map(|(_, row)| row).or(before).map(|row| row.id.clone())
}

#[cfg(test)]
mod tests;
