//! Which local edits go to the engine as they are, and which by way of the replica's word on what there is to do.

use inkhorn_protocol::DocId;
use std::collections::HashSet;

/// The root under which a lesson names its assets, as its bytes name it.
const ASSETS_ROOT: &[u8] = b"assets";

/// Documents that the engine was told of, and those whose edits wait for the replica's word (`Work`).
#[derive(Debug, Default)]
pub(super) struct Detour {
    known: HashSet<DocId>,
    waiting: HashSet<DocId>,
    /// Those whose turn the question under way is.
    asked: HashSet<DocId>,
}

impl Detour {
    /// Whether an edit has to take the detour. What follows an edit that took it must not overtake it.
    pub(super) fn takes(&mut self, doc: &DocId, update: &[u8]) -> bool {
        let takes = !self.known.contains(doc)
            || self.waiting.contains(doc)
            || self.asked.contains(doc)
            || may_have_to_wait(doc, update);
        if takes {
            self.waiting.insert(doc.clone());
        }
        takes
    }

    /// Edits went by unseen. One that comes now must not be sent by itself: its ack would count for those, too.
    pub(super) fn missed(&mut self) {
        self.waiting.extend(self.known.iter().cloned());
    }

    /// The replica is asked.
    pub(super) fn ask(&mut self) {
        self.asked = std::mem::take(&mut self.waiting);
    }

    /// It answered, and named these documents.
    pub(super) fn answered<'a>(&mut self, named: impl Iterator<Item = &'a DocId>) {
        self.asked.clear();
        self.known.extend(named.cloned());
    }
}

/// Whether an edit may have to wait for something else: an outline follows the lessons that it names, a lesson the
/// assets that it names. Only the replica knows whether there is anything to wait for. A lesson whose text has the word
/// in it takes the detour too, which costs a few milliseconds.
fn may_have_to_wait(doc: &DocId, update: &[u8]) -> bool {
    match doc {
        DocId::Course(_) => true,
        DocId::Lesson(_) => update.windows(ASSETS_ROOT.len()).any(|part| part == ASSETS_ROOT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lesson() -> DocId {
        "lesson:l1".parse().unwrap()
    }

    #[test]
    fn an_edit_of_a_known_lesson_goes_straight() {
        let mut detour = Detour::default();
        assert!(detour.takes(&lesson(), b"text"), "the engine does not know it yet");
        detour.ask();
        assert!(detour.takes(&lesson(), b"text"), "the question is under way");
        detour.answered([lesson()].iter());
        assert!(detour.takes(&lesson(), b"text"), "it came behind the question");
        detour.ask();
        detour.answered([lesson()].iter());
        assert!(!detour.takes(&lesson(), b"text"));
        assert!(detour.takes(&lesson(), b"names assets"));
    }

    #[test]
    fn after_edits_that_went_by_unseen_nothing_is_sent_by_itself_until_the_replica_was_asked() {
        let mut detour = Detour::default();
        detour.answered([lesson()].iter());
        // A question that is under way may be older than what was missed.
        detour.ask();
        detour.missed();
        detour.answered([lesson()].iter());
        assert!(detour.takes(&lesson(), b"text"));
        detour.ask();
        detour.answered(std::iter::empty());
        assert!(!detour.takes(&lesson(), b"text"));
    }
}
