//! Who else is here, as the avatars show it. Pure.

use super::tree;
use crate::i18n::text;
use inkhorn_protocol::NodeId;
use inkhorn_protocol::projection::{OutlineNode, Peer};
use std::collections::{HashMap, HashSet};

/// Avatars at most; who is beyond is counted (LOOK: presence).
pub const MOST_AVATARS: usize = 4;

/// A person, however many devices they have the course open on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Name, never empty.
    pub name: String,
    /// One or two letters.
    pub initials: String,
    /// Colour, 0 to 7.
    pub hue: u8,
    /// Whether the same lesson is open there.
    pub same_lesson: bool,
}

/// The people behind `peers`: those in `lesson` first, otherwise in the given order.
pub fn people(peers: &[Peer], lesson: Option<&NodeId>) -> Vec<Person> {
    let mut all: Vec<Person> = Vec::new();
    for peer in peers {
        let name = if peer.name.trim().is_empty() { text::SOMEBODY } else { peer.name.trim() };
        let same_lesson = lesson.is_some() && peer.lesson.as_ref() == lesson;
        // The colour belongs to the person, so two people of one name stay two.
        match all.iter_mut().find(|person| person.name == name && person.hue == peer.hue % 8) {
            Some(person) => person.same_lesson |= same_lesson,
            None => all.push(Person {
                name: name.to_owned(),
                initials: initials(name),
                hue: peer.hue % 8,
                same_lesson,
            }),
        }
    }
    all.sort_by_key(|person| !person.same_lesson);
    all
}

/// Who is in which row of an outline: at the lesson that is open there, or at the closed row that hides it. A person with
/// two devices may be in two places.
pub fn at_rows(
    peers: &[Peer],
    nodes: &[OutlineNode],
    collapsed: &HashSet<NodeId>,
) -> HashMap<NodeId, Vec<Person>> {
    let mut there: HashMap<NodeId, Vec<Peer>> = HashMap::new();
    for peer in peers {
        let Some(lesson) = &peer.lesson else { continue };
        // A lesson that is in Trash, or that is not here yet, has no row.
        let Some((above, _)) = tree::find(nodes, lesson) else { continue };
        let hidden_by = above.iter().map(|node| &node.id).find(|id| collapsed.contains(id));
        there.entry(hidden_by.unwrap_or(lesson).clone()).or_default().push(peer.clone());
    }
    there.into_iter().map(|(row, peers)| (row, people(&peers, None))).collect()
}

/// Up to two letters of a name: of its first and its last word.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace().filter_map(|word| word.chars().find(|c| c.is_alphanumeric()));
    let first = words.next();
    first.into_iter().chain(words.next_back()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(client: u64, name: &str, hue: u8, lesson: Option<&str>) -> Peer {
        Peer { client, name: name.into(), hue, lesson: lesson.map(|id| id.parse().expect("an id")) }
    }

    #[test]
    fn a_person_with_two_devices_is_one_avatar_and_who_reads_the_same_lesson_comes_first() {
        let here: NodeId = "a".parse().expect("an id");
        let peers = [
            peer(1, "Ben", 1, None),
            peer(2, "Maria Silva", 2, Some("b")),
            peer(3, "Maria Silva", 2, Some("a")),
        ];
        let people = people(&peers, Some(&here));
        let shown: Vec<_> = people.iter().map(|it| (it.initials.as_str(), it.same_lesson)).collect();
        assert_eq!(shown, [("MS", true), ("B", false)]);
    }

    #[test]
    fn two_people_of_one_name_stay_two_and_nobody_is_without_a_name() {
        let people = people(
            &[
                peer(1, "Ben", 1, None),
                peer(2, "Ben", 9, None),
                peer(3, "Ben", 3, None),
                peer(4, " ", 0, None),
            ],
            None,
        );
        assert_eq!(people.len(), 3, "hue 9 is hue 1");
        assert_eq!(people[2].name, text::SOMEBODY);
        assert!(people.iter().all(|person| !person.same_lesson), "no lesson is open here");
    }

    #[test]
    fn people_are_at_the_row_of_their_lesson_or_at_the_closed_one_that_hides_it() {
        use inkhorn_protocol::projection::NodeKind;
        let id = |text: &str| text.parse::<NodeId>().expect("an id");
        let node =
            |name: &str, kind, children| OutlineNode { id: id(name), kind, title: name.to_owned(), children };
        let lesson = |name: &str| node(name, NodeKind::Lesson, vec![]);
        let section = node("s", NodeKind::Section, vec![lesson("b")]);
        let nodes = [node("c", NodeKind::Chapter, vec![lesson("a"), section])];
        let peers = [
            peer(1, "Ben", 1, Some("a")),
            peer(2, "Maria", 2, Some("b")),
            peer(3, "Ben", 1, Some("b")),
            peer(4, "Ben", 1, Some("b")),
            peer(5, "Åsa", 3, None),
            peer(6, "Chen", 4, Some("in-trash")),
        ];
        let shown = |collapsed: &[&str]| {
            let collapsed = collapsed.iter().map(|name| id(name)).collect();
            let mut rows: Vec<(String, String)> = at_rows(&peers, &nodes, &collapsed)
                .into_iter()
                .map(|(row, people)| {
                    (row.to_string(), people.iter().map(|it| it.initials.as_str()).collect())
                })
                .collect();
            rows.sort();
            rows
        };
        let said = |rows: &[(&str, &str)]| {
            rows.iter().map(|(row, letters)| ((*row).to_owned(), (*letters).to_owned())).collect::<Vec<_>>()
        };
        assert_eq!(shown(&[]), said(&[("a", "B"), ("b", "MB")]));
        assert_eq!(shown(&["s"]), said(&[("a", "B"), ("s", "MB")]));
        assert_eq!(shown(&["s", "c"]), said(&[("c", "BM")]), "the outermost one that is closed");
    }

    #[test]
    fn initials_are_the_first_and_the_last_word() {
        assert_eq!(initials("maría del carmen lópez"), "ML");
        assert_eq!(initials("张伟"), "张");
        assert_eq!(initials("(me) me@x.org"), "MM");
        assert_eq!(initials("…"), "");
    }
}
