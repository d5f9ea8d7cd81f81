//! Taking changes of an outline back, while somebody else changes it too.

use crate::peers::{Peer, Server, flat, id, ids};
use inkhorn_course::{Done, Lessons, OpError, Outline};
use inkhorn_protocol::NodeId;
use inkhorn_protocol::change::{Kept, Write};
use inkhorn_protocol::projection::{NodeKind, OutlineNode};
use inkhorn_protocol::settings::{Change, List};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Runs an operation that asks about lessons.
fn with<T>(peer: &mut Peer, run: impl FnOnce(&mut Peer, &Lessons<'_>) -> T) -> T {
    let look = |peer: &Peer| -> BTreeMap<NodeId, (Vec<u8>, String)> {
        let of = |(id, lesson): (&NodeId, &inkhorn_course::Lesson)| {
            let body = serde_json::to_string(&lesson.body().unwrap()).unwrap();
            (id.clone(), (lesson.state_vector().unwrap(), body))
        };
        peer.lessons.iter().map(of).collect()
    };
    let known = look(peer);
    let seen = |id: &NodeId| Some(known.get(id)?.0.clone());
    let holds = |id: &NodeId| Some(known.get(id)?.1.clone());
    run(peer, &Lessons { seen: &seen, holds: &holds })
}

fn done(peer: &mut Peer, outcome: Result<Done, OpError>) -> Vec<Write> {
    match outcome {
        Ok(Done { update, back }) => {
            peer.log(update);
            back
        }
        Err(OpError::Document(error)) => panic!("{error}"),
        Err(_) => vec![],
    }
}

fn take_back(peer: &mut Peer, writes: &[Write]) -> (Vec<Write>, Vec<Kept>) {
    let outcome = with(peer, |peer, lessons| peer.outline.take_back(&mut peer.random, writes, lessons));
    let (Done { update, back }, kept) = outcome.unwrap();
    peer.log(update);
    (back, kept.into_iter().map(|(_, kept)| kept).collect())
}

/// Chapters `a` and `b`, lessons `a1`, `a2`, `a3` in the first, as two people have them.
fn two() -> (Peer, Peer, Server) {
    let (mut ada, mut ben, mut server) = (Peer::new(1), Peer::new(2), Server::default());
    for chapter in ["a", "b"] {
        let new = id(chapter);
        let update = ada.outline.add(&mut ada.random, NodeKind::Chapter, None, None, chapter, new).unwrap();
        ada.log(update);
    }
    for lesson in ["a1", "a2", "a3"] {
        let (random, under, new) = (&mut ada.random, id("a"), id(lesson));
        let update =
            ada.outline.add(random, NodeKind::Lesson, Some(&under), None, lesson, new.clone()).unwrap();
        ada.log(update);
        ada.create_lesson(&new);
    }
    ada.sync(&mut server);
    ben.sync(&mut server);
    (ada, ben, server)
}

fn move_all(peer: &mut Peer, nodes: &[&str], to: &str, before: Option<&str>) -> Vec<Write> {
    let nodes: Vec<NodeId> = nodes.iter().map(|node| id(node)).collect();
    let before = before.map(id);
    let outcome = peer.outline.move_all(&mut peer.random, &nodes, Some(&id(to)), before.as_ref());
    done(peer, outcome)
}

fn trash_all(peer: &mut Peer, nodes: &[&str]) -> Vec<Write> {
    let nodes: Vec<NodeId> = nodes.iter().map(|node| id(node)).collect();
    let outcome = with(peer, |peer, lessons| peer.outline.trash_all(&mut peer.random, &nodes, lessons.seen));
    done(peer, outcome)
}

#[test]
fn several_move_together_in_their_order_and_back_and_again() {
    let (mut ada, ..) = two();
    let before = ada.view();
    let back = move_all(&mut ada, &["a3", "a1"], "b", None);
    assert_eq!(ids(&ada.view().nodes), ["a", "a2", "b", "a3", "a1"]);
    let (again, kept) = take_back(&mut ada, &back);
    assert_eq!((ada.view(), kept), (before, vec![]));
    take_back(&mut ada, &again);
    assert_eq!(ids(&ada.view().nodes), ["a", "a2", "b", "a3", "a1"]);
    // Beside each other already, and before one of themselves.
    assert_eq!(move_all(&mut ada, &["a3", "a1"], "b", Some("a1")), vec![]);
    move_all(&mut ada, &["a2"], "b", Some("a1"));
    assert_eq!(ids(&ada.view().nodes), ["a", "b", "a3", "a2", "a1"]);
    move_all(&mut ada, &["a1", "a3"], "b", Some("a3"));
    assert_eq!(ids(&ada.view().nodes), ["a", "b", "a1", "a3", "a2"]);
    assert_eq!(
        ada.outline.move_all(&mut ada.random, &[id("a1"), id("a")], Some(&id("b")), None),
        Err(OpError::WrongParent(NodeKind::Chapter))
    );
    assert_eq!(ids(&ada.view().nodes), ["a", "b", "a1", "a3", "a2"], "all or nothing");
}

#[test]
fn a_move_that_somebody_else_went_on_with_is_not_taken_back() {
    let (mut ada, mut ben, mut server) = two();
    let back = move_all(&mut ada, &["a1", "a2"], "b", None);
    ada.sync(&mut server);
    ben.sync(&mut server);
    move_all(&mut ben, &["a2"], "b", Some("a1"));
    ben.sync(&mut server);
    ada.sync(&mut server);
    let (_, kept) = take_back(&mut ada, &back);
    assert_eq!(kept, [Kept::Moved]);
    assert_eq!(ids(&ada.view().nodes), ["a", "a1", "a3", "b", "a2"]);
}

#[test]
fn what_went_to_trash_at_once_comes_back_at_once_but_for_what_is_back_already() {
    let (mut ada, mut ben, mut server) = two();
    let back = trash_all(&mut ada, &["a1", "a2", "b"]);
    assert_eq!(ids(&ada.view().nodes), ["a", "a3"]);
    ada.sync(&mut server);
    ben.sync(&mut server);
    let update = ben.outline.restore(&id("a2")).unwrap();
    ben.log(update);
    move_all(&mut ben, &["a2"], "a", None);
    ben.sync(&mut server);
    ada.sync(&mut server);
    let (again, kept) = take_back(&mut ada, &back);
    assert_eq!(kept, [Kept::Restored]);
    assert_eq!(ids(&ada.view().nodes), ["a", "a1", "a3", "a2", "b"]);
    take_back(&mut ada, &again);
    assert_eq!(ids(&ada.view().nodes), ["a", "a3", "a2"], "again without what was not part of it");
}

#[test]
fn what_was_made_stays_when_somebody_else_wrote_renamed_or_filled_it() {
    #[allow(clippy::type_complexity, reason = "a table of cases, read once")]
    let changes: [(fn(&mut Peer), Kept); 3] = [
        (|ben| ben.edit_lesson(&id("l"), "Ben's"), Kept::Written),
        (
            |ben| {
                let update = ben.outline.rename(&id("l"), "Ben's").unwrap();
                ben.log(update);
            },
            Kept::Renamed,
        ),
        (|ben| drop(move_all(ben, &["a1"], "c", None)), Kept::Filled),
    ];
    for (change, why) in changes {
        let (mut ada, mut ben, mut server) = two();
        ada.create_lesson(&id("l"));
        let node = |name: &str, kind, parent: Option<&str>| inkhorn_course::NewNode {
            id: id(name),
            kind,
            parent: parent.map(id),
            title: name.to_owned(),
        };
        let tree = vec![node("c", NodeKind::Chapter, None), node("l", NodeKind::Lesson, Some("c"))];
        let outcome = with(&mut ada, |ada, lessons| {
            ada.outline.add_trees(&mut ada.random, &[(Some(id("a")), tree)], lessons)
        });
        let back = done(&mut ada, outcome);
        assert_eq!(ids(&ada.view().nodes), ["a", "a1", "a2", "a3", "c", "l", "b"]);
        ada.sync(&mut server);
        ben.sync(&mut server);
        change(&mut ben);
        ben.sync(&mut server);
        ada.sync(&mut server);
        let before = ada.view();
        let (again, kept) = take_back(&mut ada, &back);
        assert!(kept.contains(&why), "{kept:?}");
        assert!(flat(&ada.view().nodes).iter().any(|node| node.id == id("c")), "the chapter stays");
        if why == Kept::Filled {
            take_back(&mut ada, &again);
        }
        assert_eq!(ada.view().nodes, before.nodes, "{why:?}");
    }
}

/// Everything that a person could have changed of a node.
fn facts(outline: &Outline) -> BTreeMap<NodeId, (String, Option<NodeId>, bool)> {
    fn walk(
        nodes: &[OutlineNode],
        above: Option<&NodeId>,
        trash: bool,
        all: &mut BTreeMap<NodeId, (String, Option<NodeId>, bool)>,
    ) {
        for node in nodes {
            all.insert(node.id.clone(), (node.title.clone(), above.cloned(), trash));
            walk(&node.children, Some(&node.id), trash, all);
        }
    }
    let view = outline.view().unwrap();
    let mut all = BTreeMap::new();
    walk(&view.nodes, None, false, &mut all);
    walk(&view.recovered, None, false, &mut all);
    walk(&view.trash, None, true, &mut all);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Ada changes and takes back, Ben changes: nothing of Ben's that Ada has seen is written over by taking back,
    /// no node is lost, and both see the same.
    #[test]
    fn taking_back_never_writes_over_what_somebody_else_did_since(
        plan in proptest::collection::vec((0..9u8, 0..8usize, 0..8usize), 1..40)
    ) {
        let (mut ada, mut ben, mut server) = two();
        let mut history: Vec<Vec<Write>> = vec![];
        let mut undone: Vec<Vec<Write>> = vec![];
        // Lessons that Ben wrote in since Ada changed anything herself.
        let mut written: BTreeSet<NodeId> = BTreeSet::new();
        for (turn, (what, a, b)) in plan.into_iter().enumerate() {
            let pick = |peer: &Peer, at: usize| {
                let all: Vec<NodeId> = facts(&peer.outline).into_keys().collect();
                all[at % all.len()].clone()
            };
            match what {
                0..=2 => {
                    let (node, next, to) = (pick(&ada, a), pick(&ada, a + 1), pick(&ada, b));
                    let outcome = match what {
                        0 => ada.outline.change_name(&node, &format!("ada {turn}")),
                        1 => ada.outline.move_all(&mut ada.random, &[node, next], Some(&to), None),
                        _ => with(&mut ada, |ada, lessons| {
                            ada.outline.trash_all(&mut ada.random, &[node], lessons.seen)
                        }),
                    };
                    let back = done(&mut ada, outcome);
                    if !back.is_empty() {
                        history.push(back);
                        undone.clear();
                        written.clear();
                    }
                }
                3..=5 => {
                    let (node, to) = (pick(&ben, a), pick(&ben, b));
                    match what {
                        3 => {
                            let outcome = ben.outline.change_name(&node, &format!("ben {turn}"));
                            done(&mut ben, outcome);
                        }
                        4 => {
                            let outcome = ben.outline.move_all(&mut ben.random, &[node], Some(&to), None);
                            done(&mut ben, outcome);
                        }
                        _ => {
                            ben.edit_lesson(&node, "Ben's");
                            if ben.lessons.contains_key(&node) {
                                written.insert(node);
                            }
                        }
                    }
                }
                6 => {
                    ben.sync(&mut server);
                    ada.sync(&mut server);
                    ben.sync(&mut server);
                }
                _ => {
                    // All of Ben's is with Ada: what she takes back from now on must leave it alone.
                    ben.sync(&mut server);
                    ada.sync(&mut server);
                    let before = facts(&ada.outline);
                    let (from, to) = if what == 7 { (&mut history, &mut undone) } else { (&mut undone, &mut history) };
                    let Some(step) = from.pop() else { continue };
                    let (again, _) = take_back(&mut ada, &step);
                    if !again.is_empty() { to.push(again); }
                    let after = facts(&ada.outline);
                    prop_assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
                    let mut titles: BTreeMap<NodeId, &str> = BTreeMap::new();
                    for write in &step {
                        match write {
                            // What is not as Ada left it stays as it is.
                            Write::Title { node, ours, back } if before[node].0 == *ours => {
                                titles.insert(node.clone(), back);
                            }
                            Write::Place { node, ours, .. } if before[node].1 != ours.parent => {
                                prop_assert_eq!(&before[node].1, &after[node].1, "a place of Ben's");
                            }
                            _ => {}
                        }
                    }
                    for (id, (title, ..)) in &before {
                        let expected = titles.get(id).copied().unwrap_or(title);
                        prop_assert_eq!(&after[id].0, expected);
                    }
                    // A lesson that Ben wrote in since does not go to Trash by doing anything again.
                    for id in &written {
                        prop_assert!(before[id].2 || !after[id].2, "{id} holds Ben's words");
                    }
                    ada.sync(&mut server);
                    ben.sync(&mut server);
                }
            }
        }
        for _ in 0..4 {
            ada.sync(&mut server);
            ben.sync(&mut server);
        }
        prop_assert_eq!(ada.view(), ben.view());
        prop_assert_eq!(facts(&ada.outline).len(), 5);
    }
}

fn setting(peer: &mut Peer, change: &Change) -> Vec<Write> {
    let outcome = peer.outline.alter_settings(&mut peer.random, change);
    done(peer, outcome)
}

#[test]
fn a_setting_is_taken_back_and_done_again_and_stays_where_somebody_changed_it_since() {
    let (mut ada, mut ben, mut server) = two();
    let licence = |value: &str| Change::Licence { value: value.to_owned() };
    let back = setting(&mut ada, &licence("CC BY 4.0"));
    let (again, kept) = take_back(&mut ada, &back);
    assert_eq!((ada.outline.settings().unwrap().licence.as_str(), kept), ("", vec![]));
    let (back, _) = take_back(&mut ada, &again);
    assert_eq!(ada.outline.settings().unwrap().licence, "CC BY 4.0");
    ada.sync(&mut server);
    ben.sync(&mut server);
    setting(&mut ben, &licence("CC0"));
    ben.sync(&mut server);
    ada.sync(&mut server);
    let (again, kept) = take_back(&mut ada, &back);
    assert_eq!((again, kept), (vec![], vec![Kept::Changed]));
    assert_eq!(ada.outline.settings().unwrap().licence, "CC0");
}

#[test]
fn an_entry_comes_back_at_its_place_and_one_that_somebody_rewrote_is_not_torn_apart() {
    let (mut ada, mut ben, mut server) = two();
    let list = List::Objectives;
    let texts = |peer: &Peer| -> Vec<String> {
        peer.outline.settings().unwrap().objectives.into_iter().map(|entry| entry.text).collect()
    };
    for name in ["x", "y", "z"] {
        setting(&mut ada, &Change::Add { list, id: id(name), text: name.to_owned() });
    }
    let back = setting(&mut ada, &Change::Remove { list, id: id("y") });
    assert_eq!(texts(&ada), ["x", "z"]);
    let (again, _) = take_back(&mut ada, &back);
    assert_eq!(texts(&ada), ["x", "y", "z"]);
    ada.sync(&mut server);
    ben.sync(&mut server);
    setting(&mut ben, &Change::Text { list, id: id("y"), text: "theirs".to_owned() });
    ben.sync(&mut server);
    ada.sync(&mut server);
    // Its place is as it was, its text is not: neither goes.
    assert_eq!(take_back(&mut ada, &again), (vec![], vec![Kept::Changed]));
    assert_eq!(texts(&ada), ["x", "theirs", "z"]);
}

#[test]
fn a_step_writes_settings_and_nothing_else_of_what_a_course_says() {
    let (mut ada, ..) = two();
    let back = Some(serde_json::json!("taken over"));
    for key in ["title", "schema", "authority:1", "later"] {
        let write = Write::Setting { key: key.to_owned(), ours: None, back: back.clone() };
        assert_eq!(take_back(&mut ada, &[write]).1, vec![Kept::Changed], "{key}");
    }
}
