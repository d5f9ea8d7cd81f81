//! Tests of the outline as rows.

use super::*;

fn id(text: &str) -> NodeId {
    text.parse().expect("an id")
}
fn node(name: &str, kind: NodeKind, children: Vec<OutlineNode>) -> OutlineNode {
    OutlineNode { id: id(name), kind, title: name.to_uppercase(), children }
}
fn lesson(name: &str) -> OutlineNode {
    node(name, NodeKind::Lesson, vec![])
}
/// c1: l1, s1 (l2, l3), l4 · c2: l5
fn course() -> Vec<OutlineNode> {
    vec![
        node(
            "c1",
            NodeKind::Chapter,
            vec![lesson("l1"), node("s1", NodeKind::Section, vec![lesson("l2"), lesson("l3")]), lesson("l4")],
        ),
        node("c2", NodeKind::Chapter, vec![lesson("l5")]),
    ]
}
fn place(to: &str, before: &str) -> Option<Place> {
    let some = |text: &str| (!text.is_empty()).then(|| id(text));
    Some(Place { to: some(to), before: some(before) })
}

#[test]
fn a_closed_node_hides_what_is_below_it() {
    let all = rows(&course(), &HashSet::new());
    assert_eq!(all.len(), 8);
    assert_eq!(all[3].level, 3);
    let some = rows(&course(), &HashSet::from([id("s1"), id("c2")]));
    let names: Vec<_> = some.iter().map(|row| row.id.as_str()).collect();
    assert_eq!(names, ["c1", "l1", "s1", "l4", "c2"]);
    assert!(some[2].has_children && !some[2].expanded);
}

#[test]
fn arrows_walk_open_and_close_as_in_any_tree() {
    let rows = rows(&course(), &HashSet::from([id("s1")]));
    assert_eq!(step(&rows, &id("l1"), Arrow::Down), Step::Focus(id("s1")));
    assert_eq!(step(&rows, &id("s1"), Arrow::Right), Step::Expand(id("s1")));
    assert_eq!(step(&rows, &id("c1"), Arrow::Right), Step::Focus(id("l1")));
    assert_eq!(step(&rows, &id("l4"), Arrow::Left), Step::Focus(id("c1")));
    assert_eq!(step(&rows, &id("c1"), Arrow::Left), Step::Collapse(id("c1")));
    assert_eq!(step(&rows, &id("c1"), Arrow::Up), Step::Stay);
    assert_eq!(step(&rows, &id("gone"), Arrow::Down), Step::Focus(id("c1")));
}

#[test]
fn typing_finds_the_next_title_and_goes_round() {
    let rows = rows(&course(), &HashSet::new());
    assert_eq!(type_ahead(&rows, Some(&id("l1")), "l"), Some(id("l2")));
    assert_eq!(type_ahead(&rows, Some(&id("l5")), "l"), Some(id("l1")));
    assert_eq!(type_ahead(&rows, None, "x"), None);
}

#[test]
fn the_keyboard_moves_among_siblings_and_over_the_edge() {
    let course = course();
    let go = |name: &str, way| shift(&course, &id(name), way);
    assert_eq!(go("s1", Shift::Up), place("c1", "l1"));
    assert_eq!(go("l1", Shift::Down), place("c1", "l4"));
    assert_eq!(go("c1", Shift::Down), place("", ""));
    assert_eq!(go("l4", Shift::Down), place("c2", "l5"));
    assert_eq!(go("l5", Shift::Up), place("c1", ""));
    assert_eq!(go("l2", Shift::Up), place("c1", "s1"), "out of the section, before it");
    assert_eq!(go("l3", Shift::Down), place("c1", "l4"), "out of the section, behind it");
    assert_eq!(go("c1", Shift::Up), None);
    assert_eq!(go("l5", Shift::Down), None);
}

#[test]
fn indenting_goes_into_a_section_and_never_makes_an_impossible_parent() {
    let course = course();
    let go = |name: &str, way| shift(&course, &id(name), way);
    assert_eq!(go("l4", Shift::In), place("s1", ""));
    assert_eq!(go("s1", Shift::In), None, "a lesson holds nothing");
    assert_eq!(go("c2", Shift::In), None, "a chapter stands at the top");
    assert_eq!(go("l3", Shift::Out), place("c1", "l4"));
    assert_eq!(go("l1", Shift::Out), None);
}

#[test]
fn a_drop_says_where_it_goes_and_refuses_what_cannot_be() {
    let course = course();
    let on = |dragged: &str, over: &str, fraction: f64| {
        drop_on(&course, &HashSet::new(), &[id(dragged)], &id(over), fraction)
            .map(|drop| (drop.mark, drop.place))
    };
    assert_eq!(on("l5", "l1", 0.2), place("c1", "l1").map(|p| (Mark::Before, p)));
    assert_eq!(on("l5", "l1", 0.8), place("c1", "s1").map(|p| (Mark::After, p)));
    assert_eq!(on("l5", "s1", 0.5), place("s1", "l2").map(|p| (Mark::Into, p)));
    assert_eq!(on("l5", "s1", 0.1), place("c1", "s1").map(|p| (Mark::Before, p)));
    assert_eq!(on("s1", "c2", 0.1), place("c2", "l5").map(|p| (Mark::Into, p)));
    assert_eq!(on("c2", "l1", 0.1), None, "it stands behind that chapter already");
    assert_eq!(on("c2", "c1", 0.1), place("", "c1").map(|p| (Mark::Before, p)));
    assert_eq!(on("c1", "l2", 0.1), None, "not into itself");
    assert_eq!(on("l1", "l1", 0.1), None);
    assert_eq!(on("l1", "s1", 0.1), None, "it stays where it is");
}

#[test]
fn every_drop_and_shift_names_a_parent_of_the_right_kind() {
    let course = course();
    let all: Vec<_> = rows(&course, &HashSet::new()).into_iter().map(|row| row.id).collect();
    let check = |child: &NodeId, place: &Place| {
        let (_, child) = find(&course, child).expect("is there");
        match &place.to {
            None => assert_eq!(child.kind, NodeKind::Chapter),
            Some(to) => assert!(fits(find(&course, to).expect("is there").1.kind, child.kind)),
        }
        if let Some(before) = &place.before {
            let (above, _) = find(&course, before).expect("is there");
            assert_eq!(above.last().map(|node| &node.id), place.to.as_ref());
        }
    };
    for child in &all {
        for way in [Shift::Up, Shift::Down, Shift::In, Shift::Out] {
            shift(&course, child, way).iter().for_each(|place| check(child, place));
        }
        for over in &all {
            for fraction in [0.0, 0.3, 0.6, 1.0] {
                let drop = drop_on(&course, &HashSet::new(), std::slice::from_ref(child), over, fraction);
                drop.iter().for_each(|drop| check(child, &drop.place));
            }
        }
    }
}

#[test]
fn a_new_node_goes_behind_what_is_selected() {
    let course = course();
    let new = |at: Option<&str>, kind| place_for_new(&course, at.map(id).as_ref(), kind);
    assert_eq!(new(Some("l1"), NodeKind::Lesson), place("c1", "s1"));
    assert_eq!(new(Some("s1"), NodeKind::Lesson), place("s1", ""));
    assert_eq!(new(Some("l2"), NodeKind::Section), place("c1", "l4"));
    assert_eq!(new(Some("l2"), NodeKind::Chapter), place("", "c2"));
    assert_eq!(new(None, NodeKind::Lesson), place("c2", ""));
    assert_eq!(place_for_new(&[], None, NodeKind::Lesson), None, "a lesson needs a chapter first");
}

#[test]
fn focus_goes_to_what_stays_when_a_node_leaves() {
    let rows = rows(&course(), &HashSet::new());
    assert_eq!(neighbour(&rows, &[id("s1")]), Some(id("l4")));
    assert_eq!(neighbour(&rows, &[id("c2")]), Some(id("l4")));
    assert_eq!(neighbour(&rows, &[id("l2")]), Some(id("l3")));
    assert_eq!(neighbour(&rows, &[id("l1"), id("s1")]), Some(id("l4")));
    assert_eq!(neighbour(&rows, &[id("l4"), id("c2")]), Some(id("l3")));
}

#[test]
fn lessons_are_found_by_any_part_of_their_title_the_best_first() {
    let named = |name: &str, title: &str| OutlineNode { title: title.into(), ..lesson(name) };
    let nodes = [node(
        "c1",
        NodeKind::Chapter,
        vec![
            named("inside", "Subsoil"),
            named("word", "Dry soil"),
            node("s1", NodeKind::Section, vec![named("start", "SOIL moisture"), named("other", "Wind")]),
        ],
    )];
    let found = |typed: &str, most: usize| -> Vec<String> {
        find_lessons(&nodes, typed, most).into_iter().map(|(id, _)| id.as_str().to_owned()).collect()
    };
    assert_eq!(found(" Soil ", 8), ["start", "word", "inside"]);
    assert_eq!(found("soil", 2), ["start", "word"]);
    // Chapters and sections are no lessons, and nothing typed finds nothing.
    assert!(found("c1", 8).is_empty());
    assert!(found(" ", 8).is_empty());
}
