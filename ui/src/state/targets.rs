//! Where nodes can be moved or copied to, found by what is typed. Pure.

use super::tree::{Place, fits};
use inkhorn_protocol::NodeId;
use inkhorn_protocol::projection::{NodeKind, OutlineNode};
use std::collections::HashSet;

/// A place in a course, with its name for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Title of what holds it, or of the chapter before it; none: the beginning of the course.
    pub title: Option<String>,
    /// Title of the chapter around a section.
    pub within: Option<String>,
    /// Kind of what the title names.
    pub kind: NodeKind,
    /// Where it is.
    pub place: Place,
}

/// Kinds of these nodes, wherever they are.
pub fn kinds(nodes: &[OutlineNode], ids: &[NodeId]) -> HashSet<NodeKind> {
    let mut found = HashSet::new();
    let mut next: Vec<&OutlineNode> = nodes.iter().collect();
    while let Some(node) = next.pop() {
        if ids.contains(&node.id) {
            found.insert(node.kind);
        }
        next.extend(&node.children);
    }
    found
}

/// Places for nodes of these kinds whose names contain what was typed, those whose title begins with it first; none for
/// kinds that no place holds together. `moved` are the nodes themselves, which hold no place for themselves.
pub fn targets(
    nodes: &[OutlineNode],
    kinds: &HashSet<NodeKind>,
    moved: &[NodeId],
    typed: &str,
) -> Vec<Target> {
    let mut all = Vec::new();
    if kinds.iter().all(|kind| *kind == NodeKind::Chapter) {
        let before = nodes.first().map(|first| first.id.clone());
        all.push(Target {
            title: None,
            within: None,
            kind: NodeKind::Chapter,
            place: Place { to: None, before },
        });
        for (index, chapter) in nodes.iter().enumerate().filter(|(_, chapter)| !moved.contains(&chapter.id)) {
            let before = nodes.get(index + 1).map(|next| next.id.clone());
            let (title, kind) = (Some(chapter.title.clone()), NodeKind::Chapter);
            all.push(Target { title, within: None, kind, place: Place { to: None, before } });
        }
    } else {
        let holds =
            |node: &OutlineNode| kinds.iter().all(|kind| fits(node.kind, *kind)) && !moved.contains(&node.id);
        let end = |node: &OutlineNode, within: Option<&OutlineNode>| Target {
            title: Some(node.title.clone()),
            within: within.map(|chapter| chapter.title.clone()),
            kind: node.kind,
            place: Place { to: Some(node.id.clone()), before: None },
        };
        for chapter in nodes {
            all.extend(holds(chapter).then(|| end(chapter, None)));
            let sections = chapter.children.iter().filter(|section| holds(section));
            all.extend(sections.map(|section| end(section, Some(chapter))));
        }
    }
    let wanted = typed.trim().to_lowercase();
    let title = |target: &Target| target.title.as_deref().unwrap_or_default().to_lowercase();
    let within = |target: &Target| target.within.as_deref().unwrap_or_default().to_lowercase();
    all.retain(|target| {
        wanted.is_empty() || title(target).contains(&wanted) || within(target).contains(&wanted)
    });
    // Stable: equals stay in their order.
    all.sort_by_key(|target| {
        if title(target).starts_with(&wanted) { 0 } else { 1 + u8::from(!title(target).contains(&wanted)) }
    });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> NodeId {
        text.parse().expect("an id")
    }
    fn node(name: &str, kind: NodeKind, children: Vec<OutlineNode>) -> OutlineNode {
        OutlineNode { id: id(name), kind, title: name.to_owned(), children }
    }
    fn found(moved: &[&str], typed: &str) -> Vec<String> {
        let nodes = vec![
            node(
                "soil",
                NodeKind::Chapter,
                vec![
                    node("wet", NodeKind::Section, vec![node("rain", NodeKind::Lesson, vec![])]),
                    node("dry", NodeKind::Section, vec![]),
                ],
            ),
            node("water", NodeKind::Chapter, vec![]),
        ];
        let moved: Vec<NodeId> = moved.iter().map(|one| id(one)).collect();
        let kinds = kinds(&nodes, &moved);
        let name = |target: Target| {
            let place = target.place.to.or(target.place.before).map(|id| id.to_string()).unwrap_or_default();
            format!("{}:{place}", target.title.unwrap_or_default())
        };
        targets(&nodes, &kinds, &moved, typed).into_iter().map(name).collect()
    }

    #[test]
    fn each_kind_finds_the_places_that_hold_it() {
        assert_eq!(found(&["rain"], ""), ["soil:soil", "wet:wet", "dry:dry", "water:water"]);
        assert_eq!(found(&["rain", "wet"], ""), ["soil:soil", "water:water"]);
        assert_eq!(found(&["soil"], ""), [":soil", "water:"]);
        assert_eq!(found(&["soil", "rain"], ""), Vec::<String>::new());
    }

    #[test]
    fn what_is_typed_finds_titles_first_and_then_what_is_around_them() {
        assert_eq!(found(&["rain"], "W"), ["wet:wet", "water:water"]);
        assert_eq!(found(&["rain"], "so"), ["soil:soil", "wet:wet", "dry:dry"]);
        assert_eq!(found(&["rain"], "zzz"), Vec::<String>::new());
    }
}
