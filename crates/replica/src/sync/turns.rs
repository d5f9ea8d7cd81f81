//! What the driver of a link keeps beside the engine: whose turn hello, the question for work and a local edit is. Pure,
//! so that the session of the app and the simulation obey the same rules.

use super::Event;
use super::detour::Detour;
use crate::{Change, ChangeKind, DocWork};
use std::sync::Arc;

/// Turns of one link. Make a new one for each link.
#[derive(Debug, Default)]
pub struct Turns {
    greeted: bool,
    /// Hello is out and not answered: one at a time.
    hello_out: bool,
    hello_again: bool,
    /// The replica is to be asked what there is to do.
    work_due: bool,
    work_out: bool,
    detour: Detour,
}

/// What follows an answer to hello.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Greeted {
    /// It was the first one of this link: from now on the engine may be fed.
    pub first: bool,
    /// Somebody wanted hello to be said meanwhile: say it now.
    pub again: bool,
}

impl Turns {
    /// Hello is wanted. Whether it is to be said now; else it is said behind the answer that is under way.
    pub fn hello(&mut self) -> bool {
        self.hello_again = self.hello_out;
        !std::mem::replace(&mut self.hello_out, true)
    }

    /// Hello was answered, and the replica has taken the answer in.
    pub fn greeted(&mut self) -> Greeted {
        self.hello_out = false;
        self.work_due = true;
        let first = !std::mem::replace(&mut self.greeted, true);
        Greeted { first, again: std::mem::take(&mut self.hello_again) }
    }

    /// Whether hello was answered on this link: before that, the engine is fed nothing.
    pub fn is_greeted(&self) -> bool {
        self.greeted
    }

    /// A change was committed here. What the engine is to be told of it, if anything: what came from the server it knows
    /// already, and what may have to wait for something else goes by way of the question for work.
    pub fn changed(&mut self, change: &Change) -> Option<Event> {
        let ChangeKind::Update(update) = &change.kind else {
            self.work_due = true;
            return None;
        };
        // One of the server may have brought documents or assets that nobody knew of.
        if !change.origin.is_local() || self.detour.takes(&change.doc, update) {
            self.work_due = true;
            return None;
        }
        let (doc, version, update) = (change.doc.clone(), change.version, Arc::clone(update));
        Some(Event::Committed { doc, version, update })
    }

    /// Changes were missed: more was committed at once than the stream holds.
    pub fn missed(&mut self) {
        self.detour.missed();
        self.work_due = true;
    }

    /// What there is to do may have changed.
    pub fn work_due(&mut self) {
        self.work_due = true;
    }

    /// Whether a question for work is due or under way.
    pub fn is_asking(&self) -> bool {
        self.work_due || self.work_out
    }

    /// Whether the replica is to be asked now, one question at a time. When it says so, ask.
    pub fn ask(&mut self) -> bool {
        if !self.greeted || !self.work_due || self.work_out {
            return false;
        }
        (self.work_due, self.work_out) = (false, true);
        self.detour.ask();
        true
    }

    /// The replica has answered; feed the engine its answer after this.
    pub fn answered(&mut self, work: &[DocWork]) {
        self.work_out = false;
        self.detour.answered(work.iter().map(|item| &item.doc));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hello_is_said_one_at_a_time() {
        let mut turns = Turns::default();
        assert!(turns.hello());
        assert!(!turns.hello() && !turns.hello());
        assert_eq!(turns.greeted(), Greeted { first: true, again: true });
        assert!(turns.hello());
        assert_eq!(turns.greeted(), Greeted { first: false, again: false });
    }

    #[test]
    fn work_is_asked_for_after_hello_and_one_question_at_a_time() {
        let mut turns = Turns::default();
        turns.work_due();
        assert!(!turns.ask(), "before hello nothing is known");
        turns.hello();
        turns.greeted();
        assert!(turns.ask() && !turns.ask());
        turns.work_due();
        assert!(!turns.ask());
        turns.answered(&[]);
        assert!(turns.ask());
    }
}
