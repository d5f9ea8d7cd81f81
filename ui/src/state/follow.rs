//! Following a person: where they are, from what is known of everybody. Pure: it reads presence and decides nothing else,
//! so two people who follow each other stay where they are.

use inkhorn_protocol::NodeId;
use inkhorn_protocol::projection::Peer;

/// The person that is followed. A name and its colour are one person, on however many devices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Followed {
    /// Name.
    pub name: String,
    /// Colour, 0 to 7.
    pub hue: u8,
}

/// Where they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// In this lesson.
    Lesson(NodeId),
    /// In the course, without a lesson.
    Outline,
    /// Not in this course, or not connected.
    Away,
}

impl Followed {
    /// Where they are. Of several devices the one counts that is in the lesson which is shown here (`here`), then the first
    /// one with a lesson.
    pub fn whereabouts(&self, peers: &[Peer], here: Option<&NodeId>) -> Whereabouts {
        let mut theirs = peers.iter().filter(|peer| self.is(&peer.name, peer.hue)).peekable();
        if theirs.peek().is_none() {
            return Whereabouts::Away;
        }
        let lessons: Vec<&NodeId> = theirs.filter_map(|peer| peer.lesson.as_ref()).collect();
        let found = lessons.iter().find(|lesson| Some(**lesson) == here).or(lessons.first());
        found.map_or(Whereabouts::Outline, |lesson| Whereabouts::Lesson((*lesson).clone()))
    }

    /// Whether this is the person of that name and colour.
    pub fn is(&self, name: &str, hue: u8) -> bool {
        self.name == name.trim() && self.hue == hue % 8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(text: &str) -> NodeId {
        text.parse().expect("an id")
    }

    fn peer(client: u64, name: &str, hue: u8, lesson: Option<&str>) -> Peer {
        Peer { client, name: name.into(), hue, lesson: lesson.map(id) }
    }

    #[test]
    fn a_person_is_where_one_of_their_devices_is_and_rather_here_than_elsewhere() {
        let ada = Followed { name: "Ada".into(), hue: 2 };
        let at = |peers: &[Peer], here: &str| ada.whereabouts(peers, Some(&id(here)));
        assert_eq!(at(&[], "a"), Whereabouts::Away);
        assert_eq!(at(&[peer(1, "Ada", 3, Some("a")), peer(2, "Ben", 2, Some("a"))], "a"), Whereabouts::Away);
        assert_eq!(at(&[peer(1, "Ada", 2, None)], "a"), Whereabouts::Outline);
        let two = [peer(1, "Ada", 2, None), peer(2, "Ada", 10, Some("b")), peer(3, " Ada ", 2, Some("c"))];
        assert_eq!(at(&two, "a"), Whereabouts::Lesson(id("b")));
        assert_eq!(at(&two, "c"), Whereabouts::Lesson(id("c")), "already with her");
        assert_eq!(ada.whereabouts(&two, None), Whereabouts::Lesson(id("b")));
    }

    #[test]
    fn two_who_follow_each_other_come_to_rest() {
        // Each goes where the other was, as the other's presence says; what they do is known with the next round.
        let (ada, ben) = (Followed { name: "Ada".into(), hue: 0 }, Followed { name: "Ben".into(), hue: 1 });
        let go = |who: &Followed, peer: Peer, here: &mut NodeId| {
            if let Whereabouts::Lesson(there) = who.whereabouts(&[peer], Some(here)) {
                *here = there;
            }
        };
        let (mut of_ada, mut of_ben) = (id("a"), id("b"));
        let mut moves = 0;
        for _ in 0..20 {
            let before = (of_ada.clone(), of_ben.clone());
            go(&ben, peer(2, "Ben", 1, Some(of_ben.as_str())), &mut of_ada);
            go(&ada, peer(1, "Ada", 0, Some(of_ada.as_str())), &mut of_ben);
            moves += u32::from((of_ada.clone(), of_ben.clone()) != before);
        }
        assert_eq!((moves, of_ada), (1, of_ben));
    }
}
