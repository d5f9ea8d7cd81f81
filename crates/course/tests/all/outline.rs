//! The outline's rules, one case each.

use crate::peers::{Peer, Server, flat, id, ids};
use inkhorn_course::{NewNode, OpError, Outline};
use inkhorn_protocol::projection::NodeKind::{self, Chapter, Lesson, Section};

fn add(peer: &mut Peer, kind: NodeKind, parent: Option<&str>, name: &str) {
    let parent = parent.map(id);
    let update = peer.outline.add(&mut peer.random, kind, parent.as_ref(), None, name, id(name)).unwrap();
    peer.log(update);
    if kind == Lesson {
        peer.create_lesson(&id(name));
    }
}

fn move_to(peer: &mut Peer, node: &str, to: Option<&str>, before: Option<&str>) {
    let (to, before) = (to.map(id), before.map(id));
    let update = peer.outline.move_node(&mut peer.random, &id(node), to.as_ref(), before.as_ref()).unwrap();
    peer.log(update);
}

/// Two chapters, a section, two lessons, on both computers.
fn two() -> (Peer, Peer, Server) {
    let (mut a, mut b, mut server) = (Peer::new(1), Peer::new(2), Server::default());
    add(&mut a, Chapter, None, "one");
    add(&mut a, Chapter, None, "two");
    add(&mut a, Section, Some("one"), "part");
    add(&mut a, Lesson, Some("part"), "deep");
    add(&mut a, Lesson, Some("one"), "lesson");
    a.sync(&mut server);
    b.sync(&mut server);
    assert_eq!(a.view(), b.view());
    (a, b, server)
}

/// Reconnects both, in the order given, until nothing moves.
fn settle<const N: usize>(mut peers: [&mut Peer; N], server: &mut Server) {
    for _ in 0..8 {
        if !peers.iter_mut().fold(false, |moved, peer| peer.sync(server) | moved) {
            let views: Vec<_> = peers.iter().map(|peer| peer.view()).collect();
            assert!(views.windows(2).all(|pair| pair[0] == pair[1]), "{views:#?}");
            return;
        }
    }
    panic!("automatic writes do not come to rest");
}

#[test]
fn nodes_stand_where_they_were_put_and_move_as_one() {
    let (mut a, ..) = two();
    assert_eq!(ids(&a.view().nodes), ["one", "part", "deep", "lesson", "two"]);
    move_to(&mut a, "two", None, Some("one"));
    assert_eq!(ids(&a.view().nodes), ["two", "one", "part", "deep", "lesson"]);
    move_to(&mut a, "lesson", None, Some("part"));
    assert_eq!(ids(&a.view().nodes), ["two", "one", "lesson", "part", "deep"]);
    move_to(&mut a, "part", Some("two"), None);
    assert_eq!(ids(&a.view().nodes), ["two", "part", "deep", "one", "lesson"]);
    let same = a.outline.move_node(&mut a.random, &id("part"), Some(&id("two")), None).unwrap();
    assert_eq!(same, None, "to move a node where it is writes nothing");
}

#[test]
fn siblings_that_share_a_position_make_room_between_them() {
    // Two people whose randomness is the same put their chapters at the same position.
    let (mut a, mut b) = (Outline::new(1), Outline::new(2));
    let mut random = || [7; 16];
    for (outline, name) in [(&mut a, "x"), (&mut b, "y")] {
        outline.add(&mut random, Chapter, None, None, "", id(name)).unwrap();
    }
    a.apply(&b.encode().unwrap()).unwrap();
    let order = |outline: &Outline| ids(&outline.view().unwrap().nodes).join(" ");
    assert_eq!(order(&a), "x y", "ties stand in the order of their ids");
    a.add(&mut random, Chapter, None, Some(&id("y")), "", id("z")).unwrap();
    assert_eq!(order(&a), "x z y");
    b.apply(&a.encode().unwrap()).unwrap();
    b.add(&mut random, Chapter, None, None, "", id("w")).unwrap();
    b.move_node(&mut random, &id("w"), None, Some(&id("y"))).unwrap();
    assert_eq!(order(&b), "x z w y");
}

#[test]
fn a_kind_stands_only_where_it_belongs() {
    let (mut a, ..) = two();
    let mut add = |kind, parent: Option<&str>| {
        let parent = parent.map(id);
        a.outline.add(&mut a.random, kind, parent.as_ref(), None, "", id("new")).map(drop)
    };
    assert_eq!(add(Lesson, None), Err(OpError::WrongParent(Lesson)));
    assert_eq!(add(Section, Some("part")), Err(OpError::WrongParent(Section)));
    assert_eq!(add(Chapter, Some("one")), Err(OpError::WrongParent(Chapter)));
    assert_eq!(add(Lesson, Some("lesson")), Err(OpError::WrongParent(Lesson)));
    assert_eq!(add(Lesson, Some("nobody")), Err(OpError::UnknownNode(id("nobody"))));
    let taken = a.outline.add(&mut a.random, Chapter, None, None, "", id("one"));
    assert_eq!(taken, Err(OpError::Taken(id("one"))));
    let stranger = a.outline.move_node(&mut a.random, &id("two"), None, Some(&id("lesson")));
    assert_eq!(stranger, Err(OpError::NotASibling(id("lesson"))));
}

#[test]
fn a_trashed_chapter_takes_all_that_it_shows_with_it_and_brings_it_back() {
    let (mut a, mut b, mut server) = two();
    a.trash(&id("lesson"));
    a.trash(&id("one"));
    let view = a.view();
    assert_eq!(ids(&view.nodes), ["two"]);
    assert_eq!(
        view.trash.iter().map(|node| node.id.as_str()).collect::<Vec<_>>(),
        ["one", "lesson"],
        "two actions"
    );
    assert_eq!(ids(&view.trash[..1]), ["one", "part", "deep"]);
    settle([&mut a, &mut b], &mut server);

    let update = b.outline.restore(&id("one")).unwrap();
    b.log(update);
    settle([&mut a, &mut b], &mut server);
    assert_eq!(ids(&a.view().nodes), ["one", "part", "deep", "two"]);
    assert_eq!(ids(&a.view().trash), ["lesson"], "it had gone before, by an action of its own");
    assert_eq!(a.outline.restore(&id("one")).unwrap(), None, "to restore twice writes nothing");
}

#[test]
fn a_chapter_goes_to_trash_in_one_transaction() {
    let (mut a, mut b, mut server) = two();
    let before = server.logs[&crate::peers::course()].len();
    a.trash(&id("one"));
    a.sync(&mut server);
    assert_eq!(server.logs[&crate::peers::course()].len(), before + 1, "one update");
    b.sync(&mut server);
    assert_eq!(ids(&b.view().trash), ["one", "part", "deep", "lesson"]);
}

#[test]
fn a_lesson_that_is_not_fully_loaded_cannot_be_trashed() {
    let (mut a, ..) = two();
    let refused =
        a.outline.trash(&mut a.random, &id("one"), &|lesson| (*lesson != id("deep")).then(|| vec![0]));
    assert_eq!(refused, Err(OpError::NotLoaded(id("deep"))));
    assert!(a.view().trash.is_empty(), "nothing went");
}

#[test]
fn a_move_out_wins_over_a_concurrent_trash_also_after_a_move_back() {
    for back in [false, true] {
        for a_first in [true, false] {
            let (mut a, mut b, mut server) = two();
            a.trash(&id("lesson"));
            move_to(&mut b, "lesson", Some("two"), None);
            if back {
                move_to(&mut b, "lesson", Some("one"), None);
            }
            if a_first {
                settle([&mut a, &mut b], &mut server);
            } else {
                settle([&mut b, &mut a], &mut server);
            }
            let view = a.view();
            assert!(
                view.trash.is_empty() && view.recovered.is_empty(),
                "back {back}, a first {a_first}: {view:?}"
            );
            let parent = if back { "one" } else { "two" };
            let parent = view.nodes.iter().find(|node| node.id == id(parent)).unwrap();
            assert!(parent.children.iter().any(|child| child.id == id("lesson")));
        }
    }
}

#[test]
fn to_reorder_within_a_parent_does_not_rescue_from_a_concurrent_trash() {
    let (mut a, mut b, mut server) = two();
    a.trash(&id("lesson"));
    move_to(&mut b, "lesson", None, Some("part"));
    settle([&mut b, &mut a], &mut server);
    assert_eq!(ids(&a.view().trash), ["lesson"]);
}

#[test]
fn an_edit_that_the_trasher_had_not_seen_revives_the_lesson_in_both_orders_of_reconnecting() {
    for a_first in [true, false] {
        for whole_chapter in [false, true] {
            let (mut a, mut b, mut server) = two();
            a.trash(&id(if whole_chapter { "one" } else { "lesson" }));
            b.edit_lesson(&id("lesson"), "written offline");
            if a_first {
                settle([&mut a, &mut b], &mut server);
            } else {
                settle([&mut b, &mut a], &mut server);
            }
            let view = a.view();
            if whole_chapter {
                assert_eq!(ids(&view.recovered), ["lesson"], "its chapter is in Trash");
                assert_eq!(ids(&view.trash), ["one", "part", "deep"]);
            } else {
                assert!(view.trash.is_empty());
                assert!(ids(&view.nodes).contains(&"lesson"));
            }
            let body = a.lessons[&id("lesson")].body().unwrap();
            assert_eq!(body.content.len(), 2);
            assert_eq!(body, b.lessons[&id("lesson")].body().unwrap());
        }
    }
}

#[test]
fn whoever_revives_a_lesson_writes_the_same() {
    let (mut a, mut b, mut server) = two();
    a.trash(&id("lesson"));
    a.sync(&mut server);
    // B knows of the trash and had edited before: both find the edit, each on its own.
    b.edit_lesson(&id("lesson"), "written offline");
    b.sync(&mut server);
    let written = server.logs[&crate::peers::course()].len();
    settle([&mut a, &mut b], &mut server);
    assert_eq!(server.logs[&crate::peers::course()].len(), written, "A had nothing left to write");
    assert!(a.view().trash.is_empty());
}

#[test]
fn an_edit_that_the_trasher_had_seen_stays_in_trash() {
    let (mut a, mut b, mut server) = two();
    b.edit_lesson(&id("lesson"), "seen");
    settle([&mut b, &mut a], &mut server);
    a.trash(&id("lesson"));
    settle([&mut a, &mut b], &mut server);
    assert_eq!(ids(&b.view().trash), ["lesson"]);
}

#[test]
fn a_lesson_trashed_again_stays_in_trash_although_somebody_restored_the_first_time() {
    for a_first in [true, false] {
        let (mut a, mut b, mut server) = two();
        a.trash(&id("lesson"));
        settle([&mut a, &mut b], &mut server);
        let update = a.outline.restore(&id("lesson")).unwrap();
        a.log(update);
        a.trash(&id("lesson"));
        let update = b.outline.restore(&id("lesson")).unwrap();
        b.log(update);
        if a_first {
            settle([&mut a, &mut b], &mut server);
        } else {
            settle([&mut b, &mut a], &mut server);
        }
        assert_eq!(ids(&a.view().trash), ["lesson"], "a first: {a_first}");
    }
}

#[test]
fn a_lesson_added_to_a_chapter_that_was_trashed_meanwhile_is_recovered() {
    let (mut a, mut b, mut server) = two();
    a.trash(&id("one"));
    add(&mut b, Lesson, Some("part"), "new");
    settle([&mut a, &mut b], &mut server);
    assert_eq!(ids(&a.view().recovered), ["new"]);
    move_to(&mut a, "new", Some("two"), None);
    assert_eq!(ids(&a.view().nodes), ["two", "new"]);
    assert!(a.view().recovered.is_empty());
}

#[test]
fn nothing_is_put_into_trash_by_adding_or_moving() {
    let (mut a, ..) = two();
    a.trash(&id("one"));
    let refused = a.outline.add(&mut a.random, Lesson, Some(&id("one")), None, "", id("new"));
    assert_eq!(refused, Err(OpError::Trashed(id("one"))));
    let refused = a.outline.move_node(&mut a.random, &id("one"), None, Some(&id("two")));
    assert_eq!(refused, Err(OpError::Trashed(id("one"))), "restore it first");
}

#[test]
fn the_last_of_two_concurrent_titles_wins_and_a_concurrent_move_keeps_it() {
    let (mut a, mut b, mut server) = two();
    let rename = |peer: &mut Peer, title: &str| {
        let update = peer.outline.rename(&id("lesson"), title).unwrap();
        peer.log(update);
    };
    rename(&mut a, "by a");
    move_to(&mut a, "lesson", Some("two"), None);
    rename(&mut b, "by b");
    settle([&mut a, &mut b], &mut server);
    let view = a.view();
    let lesson = flat(&view.nodes).into_iter().find(|node| node.id == id("lesson")).unwrap();
    assert!(lesson.title == "by a" || lesson.title == "by b");
    assert_eq!(view.nodes[1].children[0].id, id("lesson"));
    rename(&mut b, "later");
    settle([&mut a, &mut b], &mut server);
    assert!(flat(&a.view().nodes).iter().any(|node| node.title == "later"));
    assert_eq!(a.outline.rename(&id("lesson"), "later").unwrap(), None, "the same title writes nothing");
}

#[test]
fn the_course_has_a_title() {
    let mut outline = Outline::new(1);
    assert_eq!(outline.title().unwrap(), "");
    assert!(outline.set_title("Ink 🖋").unwrap().is_some());
    assert_eq!(outline.set_title("Ink 🖋").unwrap(), None);
    assert_eq!(outline.view().unwrap().title, "Ink 🖋");
}

#[test]
fn a_loaded_outline_says_the_same_and_loading_writes_nothing() {
    let (mut a, ..) = two();
    a.trash(&id("deep"));
    let state = a.outline.encode().unwrap();
    let loaded = Outline::load(9, &state).unwrap();
    assert_eq!(loaded.view().unwrap(), a.view());
    assert_eq!(loaded.lessons().unwrap(), [id("deep"), id("lesson")]);
    // Byte by byte neither is stable (clients and keys come in any order): compare what a reader lacks.
    assert_eq!(
        loaded.diff(&a.outline.state_vector().unwrap()).unwrap().first(),
        Some(&0),
        "no structs beyond"
    );
    assert_eq!(a.outline.diff(&loaded.state_vector().unwrap()).unwrap().first(), Some(&0));
}

#[test]
fn a_thousand_lessons_are_added_at_once_and_listed_in_order() {
    let mut outline = Outline::new(1);
    let mut random = crate::peers::seeded(1);
    outline.add(&mut random, Chapter, None, None, "", id("before")).unwrap();
    let new = |name: String, kind, parent: Option<&str>| NewNode {
        id: id(&name),
        kind,
        parent: parent.map(id),
        title: format!("title of {name}"),
    };
    let chapter = new("c".to_owned(), Chapter, None);
    let nodes: Vec<_> =
        std::iter::once(chapter).chain((0..1000).map(|n| new(format!("l{n}"), Lesson, Some("c")))).collect();
    assert!(outline.add_all(&mut random, &nodes).unwrap().is_some());
    let view = outline.view().unwrap();
    let names: Vec<&str> = nodes.iter().map(|node| node.id.as_str()).collect();
    assert_eq!(ids(&view.nodes)[1..], names);
    assert_eq!(view.nodes[1].children[7].title, "title of l7");

    outline.add(&mut random, Lesson, Some(&id("c")), Some(&id("l500")), "", id("between")).unwrap();
    assert_eq!(outline.view().unwrap().nodes[1].children[500].id, id("between"));

    let again = [new("fresh".to_owned(), Chapter, None), new("c".to_owned(), Chapter, None)];
    assert_eq!(outline.add_all(&mut random, &again), Err(OpError::Taken(id("c"))));
    assert!(!ids(&outline.view().unwrap().nodes).contains(&"fresh"), "all or nothing");
}
