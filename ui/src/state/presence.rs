//! Who else is here, as the avatars show it. Pure.

use crate::i18n::text;
use inkhorn_protocol::NodeId;
use inkhorn_protocol::projection::Peer;

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
    fn initials_are_the_first_and_the_last_word() {
        assert_eq!(initials("maría del carmen lópez"), "ML");
        assert_eq!(initials("张伟"), "张");
        assert_eq!(initials("(me) me@x.org"), "MM");
        assert_eq!(initials("…"), "");
    }
}
