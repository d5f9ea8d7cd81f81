//! Three people add, rename, move, trash, restore and edit while apart; whatever they did, all see the same afterwards,
//! every node exactly once.

use crate::peers::{Peer, Server, flat, id};
use inkhorn_course::{OpError, Outline, holds_more};
use inkhorn_protocol::NodeId;
use inkhorn_protocol::projection::{NodeKind, OutlineNode};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use yrs::updates::decoder::Decode;
use yrs::{Any, Doc, Map, Transact, Update, types::ToJson};

/// One step of a plan: what, who, and which of the nodes that they see. Small numbers, so that a failing plan shrinks.
#[derive(Debug, Clone)]
struct Step {
    what: u8,
    who: usize,
    a: usize,
    b: usize,
    c: usize,
}

fn step() -> impl Strategy<Value = Step> {
    (0..14u8, 0..3usize, 0..24usize, 0..24usize, 0..24usize).prop_map(|(what, who, a, b, c)| Step {
        what,
        who,
        a,
        b,
        c,
    })
}

fn pick<T>(list: &[T], at: usize) -> Option<&T> {
    list.get(at % list.len().max(1))
}

/// Refusals are part of the game; failures of the document are not.
fn tolerate<T: Default>(outcome: Result<T, OpError>) -> T {
    match outcome {
        Err(OpError::Document(error)) => panic!("{error}"),
        outcome => outcome.unwrap_or_default(),
    }
}

fn act(peer: &mut Peer, step: &Step, name: &str) -> Option<NodeId> {
    let view = peer.view();
    let seen: Vec<OutlineNode> = flat(&view.nodes)
        .into_iter()
        .chain(flat(&view.recovered))
        .chain(flat(&view.trash))
        .cloned()
        .collect();
    let ids: Vec<NodeId> = seen.iter().map(|node| node.id.clone()).collect();
    let target = pick(&ids, step.a).cloned();
    let other = pick(&ids, step.b).cloned();
    // Half of the time "at the end".
    let before = step.c.is_multiple_of(2).then(|| pick(&ids, step.c / 2).cloned()).flatten();
    match (step.what, target) {
        (0..=3, _) => {
            let new = id(name);
            let kind = [NodeKind::Chapter, NodeKind::Section, NodeKind::Lesson][step.a % 3];
            let parent = if kind == NodeKind::Chapter { None } else { other };
            let mut add = |before: Option<&NodeId>| {
                let title = format!("title of {name}");
                peer.outline.add(&mut peer.random, kind, parent.as_ref(), before, &title, new.clone())
            };
            let update = add(before.as_ref()).or_else(|_| add(None)).ok()?;
            peer.log(update);
            if kind == NodeKind::Lesson {
                peer.create_lesson(&new);
            }
            return Some(new);
        }
        (4, Some(target)) => {
            let update = tolerate(peer.outline.rename(&target, name));
            peer.log(update);
        }
        (5..=7, Some(target)) => {
            let to = (!step.b.is_multiple_of(3)).then_some(other).flatten();
            let update = peer.outline.move_node(&mut peer.random, &target, to.as_ref(), before.as_ref());
            let update = tolerate(update);
            peer.log(update);
        }
        (8..=9, Some(target)) => {
            let lessons = &peer.lessons;
            let seen = |id: &NodeId| Some(lessons.get(id)?.state_vector().unwrap());
            let update = tolerate(peer.outline.trash(&mut peer.random, &target, &seen));
            peer.log(update);
        }
        (10, Some(target)) => {
            let update = tolerate(peer.outline.restore(&target));
            peer.log(update);
        }
        (11, Some(target)) => peer.edit_lesson(&target, name),
        _ => {}
    }
    None
}

/// The trash rule, read anew from the raw document: what stands in the maps, not what the product made of it.
fn raw_trash(state: &[u8]) -> BTreeMap<String, bool> {
    let doc = Doc::new();
    let nodes = doc.get_or_insert_map("nodes");
    doc.transact_mut().apply_update(Update::decode_v1(state).unwrap()).unwrap();
    let txn = doc.transact();
    let nodes = nodes.iter(&txn).map(|(id, node)| (id.to_owned(), node.to_json(&txn)));
    let text = |node: &Any, key: &str, at: Option<usize>| -> Option<String> {
        let Any::Map(fields) = node else { return None };
        match (fields.get(key)?, at) {
            (Any::Array(items), Some(at)) => match items.get(at)? {
                Any::String(text) => Some(text.to_string()),
                _ => None,
            },
            (Any::String(text), None) => Some(text.to_string()),
            _ => None,
        }
    };
    nodes
        .map(|(id, node)| {
            let trashed_where_it_is =
                text(&node, "del", Some(0)).is_some_and(|m| Some(m) == text(&node, "place", Some(2)));
            let restored = text(&node, "alive", None) == text(&node, "del", Some(2));
            (id, trashed_where_it_is && !restored)
        })
        .collect()
}

fn run(steps: &[Step]) -> Result<(), TestCaseError> {
    let mut peers = [Peer::new(11), Peer::new(22), Peer::new(33)];
    let mut server = Server::default();
    let mut added = BTreeSet::new();

    // Something to quarrel about from the start, known to all.
    let seeds = [(0, 0, "c1"), (0, 0, "c2"), (1, 0, "s1"), (2, 0, "l1"), (2, 1, "l2"), (2, 2, "l3")];
    for (kind, parent, name) in seeds {
        let step = Step { what: 0, who: 0, a: kind, b: parent, c: 1 };
        added.extend(act(&mut peers[0], &step, name));
    }
    assert!(peers.iter_mut().all(|peer| peer.sync(&mut server)));

    for (at, step) in steps.iter().enumerate() {
        let peer = &mut peers[step.who];
        match step.what {
            12.. => _ = peer.sync(&mut server),
            _ => added.extend(act(peer, step, &format!("n{at}"))),
        }
    }

    // Everybody reconnects; automatic writes must come to rest by themselves.
    let mut rounds = 0;
    while peers.iter_mut().fold(false, |moved, peer| peer.sync(&mut server) | moved) {
        rounds += 1;
        prop_assert!(rounds < 10, "automatic writes do not come to rest");
    }

    let view = peers[0].view();
    for peer in &peers {
        prop_assert_eq!(&peer.view(), &view, "replicas differ");
    }
    // Whole states in any order say the same as single updates in the server's.
    for order in [[0, 1, 2], [2, 0, 1], [1, 2, 0]] {
        let mut other = Outline::new(44);
        for at in order {
            other.apply(&peers[at].outline.encode().unwrap()).unwrap();
        }
        prop_assert_eq!(&other.view().unwrap(), &view);
    }

    let shown: Vec<&OutlineNode> =
        [&view.nodes, &view.recovered, &view.trash].into_iter().flat_map(|list| flat(list)).collect();
    let unique: BTreeSet<NodeId> = shown.iter().map(|node| node.id.clone()).collect();
    prop_assert_eq!(shown.len(), unique.len(), "a node twice: {:?}", view);
    prop_assert_eq!(&unique, &added, "a node lost");
    for node in &shown {
        let fits = |child: &OutlineNode| node.kind < child.kind && child.kind != NodeKind::Chapter;
        prop_assert!(node.children.iter().all(fits), "{:?}", node);
    }
    let rule = raw_trash(&peers[0].outline.encode().unwrap());
    let trash: BTreeSet<&str> = flat(&view.trash).into_iter().map(|node| node.id.as_str()).collect();
    for (id, trashed) in &rule {
        prop_assert_eq!(trash.contains(id.as_str()), *trashed, "{}", id);
    }
    // No edit that the trasher had not seen is in Trash, and every peer has every edit.
    for (id, seen) in peers[0].outline.trashed_seen().unwrap() {
        prop_assert!(
            !holds_more(&peers[0].lessons[&id].state_vector().unwrap(), &seen),
            "{} holds more than was seen",
            id
        );
    }
    for (id, lesson) in &peers[0].lessons {
        for peer in &peers {
            prop_assert_eq!(peer.lessons[id].body().unwrap(), lesson.body().unwrap());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]
    #[test]
    fn three_people_who_edit_one_outline_apart_see_the_same_afterwards(
        steps in proptest::collection::vec(step(), 1..70),
    ) {
        run(&steps)?;
    }
}
