//! What the author did, in order: steps of text in lessons and changes of structure, so that both are taken back in the
//! order in which they were made. Pure: it says what comes next, and hears what became of it.

use inkhorn_protocol::change::Step;
use inkhorn_protocol::{CourseId, NodeId};

/// Entries that are kept each way. Far more than anybody goes back.
const MOST: usize = 500;

/// One thing that the author did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Number, never used twice.
    pub id: u64,
    /// Course in which it was done.
    pub course: CourseId,
    /// What it was.
    pub what: What,
}

/// What an entry takes back, or does again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// The newest step of this lesson's own stack.
    Text(NodeId),
    /// A change of structure, or of what the course says of itself.
    Structure {
        /// What it was, as part of a sentence: "the move of “Soil”".
        name: String,
        /// Its inverse.
        step: Step,
    },
}

/// A way through the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Taking back.
    Undo,
    /// Doing again.
    Redo,
}

/// The author's own changes, those that were made and those that were taken back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    done: Vec<Entry>,
    undone: Vec<Entry>,
    drawn: u64,
}

impl History {
    /// The author wrote in a lesson: a new step on its stack.
    pub fn wrote(&mut self, course: CourseId, lesson: NodeId) {
        self.push(course, What::Text(lesson));
    }

    /// The author changed the structure. The entry's number.
    pub fn changed(&mut self, course: CourseId, name: String, step: Step) -> u64 {
        self.push(course, What::Structure { name, step })
    }

    fn push(&mut self, course: CourseId, what: What) -> u64 {
        self.drawn += 1;
        // What was taken back does not fit on what was done since.
        self.undone.clear();
        self.done.push(Entry { id: self.drawn, course, what });
        let surplus = self.done.len().saturating_sub(MOST);
        self.done.drain(..surplus);
        self.drawn
    }

    /// What comes next this way.
    pub fn next(&self, way: Way) -> Option<&Entry> {
        match way {
            Way::Undo => self.done.last(),
            Way::Redo => self.undone.last(),
        }
    }

    /// An entry that was done and not taken back.
    pub fn find(&self, id: u64) -> Option<&Entry> {
        self.done.iter().find(|entry| entry.id == id)
    }

    /// An entry was taken back, or done again. `step` is what does a change of structure the other way; without it there
    /// was nothing to do any more, and the entry is gone.
    pub fn went(&mut self, way: Way, id: u64, step: Option<Step>) {
        let (from, to) = match way {
            Way::Undo => (&mut self.done, &mut self.undone),
            Way::Redo => (&mut self.undone, &mut self.done),
        };
        let Some(at) = from.iter().position(|entry| entry.id == id) else { return };
        let mut entry = from.remove(at);
        if let What::Structure { step: inverse, .. } = &mut entry.what {
            let Some(step) = step else { return };
            *inverse = step;
        }
        to.push(entry);
    }

    /// An entry cannot be taken back or done again: it leaves the history.
    pub fn drop_entry(&mut self, id: u64) {
        self.done.retain(|entry| entry.id != id);
        self.undone.retain(|entry| entry.id != id);
    }

    /// So many steps are left on a lesson's own stacks: entries beyond them, the newest, mean nothing any more.
    pub fn count(&mut self, lesson: &NodeId, undo: usize, redo: usize) {
        let is_its = |entry: &Entry| matches!(&entry.what, What::Text(of) if of == lesson);
        for (list, most) in [(&mut self.done, undo), (&mut self.undone, redo)] {
            let mut surplus = list.iter().filter(|entry| is_its(entry)).count().saturating_sub(most);
            while surplus > 0 {
                let Some(at) = list.iter().rposition(is_its) else { break };
                list.remove(at);
                surplus -= 1;
            }
        }
    }

    /// A lesson's own stacks are gone.
    pub fn lost(&mut self, lesson: &NodeId) {
        self.count(lesson, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course() -> CourseId {
        "c".parse().expect("an id")
    }
    fn id(text: &str) -> NodeId {
        text.parse().expect("an id")
    }
    fn step() -> Step {
        Step { course: course(), writes: vec![] }
    }
    fn shown(history: &History, way: Way) -> String {
        match history.next(way).map(|entry| &entry.what) {
            None => String::new(),
            Some(What::Text(lesson)) => lesson.to_string(),
            Some(What::Structure { name, .. }) => name.clone(),
        }
    }
    fn go(history: &mut History, way: Way) {
        let id = history.next(way).expect("an entry").id;
        history.went(way, id, Some(step()));
    }

    #[test]
    fn text_and_structure_go_back_and_forth_in_the_order_in_which_they_were_made() {
        let mut history = History::default();
        history.wrote(course(), id("a"));
        history.changed(course(), "move".to_owned(), step());
        history.wrote(course(), id("b"));
        let mut seen = vec![];
        for way in [Way::Undo, Way::Undo, Way::Undo, Way::Redo, Way::Redo, Way::Redo] {
            seen.push(shown(&history, way));
            go(&mut history, way);
        }
        assert_eq!(seen, ["b", "move", "a", "a", "move", "b"]);
        assert_eq!(shown(&history, Way::Redo), "");
    }

    #[test]
    fn what_is_done_after_taking_back_begins_a_new_future() {
        let mut history = History::default();
        history.changed(course(), "move".to_owned(), step());
        go(&mut history, Way::Undo);
        assert_eq!(shown(&history, Way::Redo), "move");
        history.wrote(course(), id("a"));
        assert_eq!((shown(&history, Way::Redo), shown(&history, Way::Undo)), (String::new(), "a".to_owned()));
    }

    #[test]
    fn entries_of_a_stack_that_is_gone_or_shorter_leave_and_others_stay() {
        let mut history = History::default();
        for lesson in ["a", "b", "a", "a"] {
            history.wrote(course(), id(lesson));
        }
        history.count(&id("a"), 1, 0);
        assert_eq!(shown(&history, Way::Undo), "b");
        history.lost(&id("b"));
        assert_eq!(shown(&history, Way::Undo), "a");
        history.lost(&id("a"));
        assert_eq!(history.next(Way::Undo), None);
    }

    #[test]
    fn one_that_has_nothing_to_take_back_any_more_is_gone_and_an_older_one_may_go_first() {
        let mut history = History::default();
        let first = history.changed(course(), "move".to_owned(), step());
        let second = history.changed(course(), "trash".to_owned(), step());
        assert!(history.find(first).is_some());
        history.went(Way::Undo, first, Some(step()));
        assert_eq!(
            (shown(&history, Way::Undo), shown(&history, Way::Redo)),
            ("trash".to_owned(), "move".to_owned())
        );
        history.went(Way::Undo, second, None);
        assert_eq!(shown(&history, Way::Undo), "");
        assert_eq!(shown(&history, Way::Redo), "move");
    }
}
