//! Events of courses on their way into the replica: one step at a time. What comes while a step is being committed waits,
//! and content changes of one course that follow each other are joined, as the server joins them; so a storm of events
//! costs as many commits as the disk makes, and the link is read all the time.

use inkhorn_protocol::session::EventKind;
use inkhorn_protocol::{CourseId, DocId};
use std::collections::{BTreeSet, VecDeque};

/// An event as the replica takes it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) course: CourseId,
    pub(super) prev_seq: u64,
    pub(super) course_seq: u64,
    pub(super) kind: EventKind,
}

struct Waiting {
    item: Item,
    /// Of content changes: the documents of all that were joined.
    docs: BTreeSet<DocId>,
}

/// What waits, and how many steps are being committed.
#[derive(Default)]
pub(super) struct News {
    waiting: VecDeque<Waiting>,
    out: usize,
}

impl News {
    /// An event came.
    pub(super) fn came(&mut self, item: Item) {
        let EventKind::Documents { docs } = &item.kind else {
            return self.waiting.push_back(Waiting { item, docs: BTreeSet::new() });
        };
        let last = self.waiting.iter_mut().rev().find(|waiting| waiting.item.course == item.course);
        match last {
            // Only what follows without a gap: the replica has to see one.
            Some(last)
                if matches!(last.item.kind, EventKind::Documents { .. })
                    && last.item.course_seq == item.prev_seq =>
            {
                last.docs.extend(docs.iter().cloned());
                last.item.course_seq = item.course_seq;
            }
            _ => {
                let docs = docs.iter().cloned().collect();
                self.waiting.push_back(Waiting { item, docs });
            }
        }
    }

    /// The next step, in the order in which its events came; none while one is being committed or nothing waits.
    pub(super) fn take(&mut self) -> Option<Vec<Item>> {
        if self.out > 0 { None } else { self.take_now() }
    }

    /// What waits, also behind a step that is being committed: an answer to hello has come, which knows of all of it, and
    /// no step may reach across that.
    pub(super) fn take_now(&mut self) -> Option<Vec<Item>> {
        if self.waiting.is_empty() {
            return None;
        }
        self.out += 1;
        let items = self.waiting.drain(..).map(|Waiting { mut item, docs }| {
            if let EventKind::Documents { docs: joined } = &mut item.kind {
                *joined = docs.into_iter().collect();
            }
            item
        });
        Some(items.collect())
    }

    /// A step was committed, or failed.
    pub(super) fn taken_in(&mut self) {
        self.out = self.out.saturating_sub(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn documents(course: &str, prev_seq: u64, docs: &[&str]) -> Item {
        let docs = docs.iter().map(|doc| doc.parse().unwrap()).collect();
        let course = course.parse().unwrap();
        Item { course, prev_seq, course_seq: prev_seq + 1, kind: EventKind::Documents { docs } }
    }

    fn title(prev_seq: u64) -> Item {
        let kind = EventKind::Title { title: "Ink".to_owned() };
        Item { course: "c".parse().unwrap(), prev_seq, course_seq: prev_seq + 1, kind }
    }

    #[test]
    fn what_comes_during_a_commit_is_one_step_afterwards() {
        let mut news = News::default();
        news.came(documents("c", 0, &["lesson:a"]));
        assert_eq!(news.take(), Some(vec![documents("c", 0, &["lesson:a"])]));
        for seq in 1..1_000 {
            news.came(documents("c", seq, &[["lesson:a", "lesson:b"][seq as usize % 2]]));
            assert_eq!(news.take(), None);
        }
        news.taken_in();
        let joined = Item { course_seq: 1_000, ..documents("c", 1, &["lesson:a", "lesson:b"]) };
        assert_eq!(news.take(), Some(vec![joined]));
        news.taken_in();
        assert_eq!(news.take(), None);
    }

    #[test]
    fn what_came_before_an_answer_to_hello_does_not_wait_and_is_not_joined_with_what_comes_behind_it() {
        let mut news = News::default();
        news.came(documents("c", 0, &["lesson:a"]));
        assert!(news.take().is_some());
        news.came(documents("c", 1, &["lesson:a"]));
        assert_eq!(news.take_now(), Some(vec![documents("c", 1, &["lesson:a"])]));
        news.came(documents("c", 2, &["lesson:a"]));
        news.taken_in();
        assert_eq!(news.take(), None, "the second step is still out");
        news.taken_in();
        assert_eq!(news.take(), Some(vec![documents("c", 2, &["lesson:a"])]));
    }

    #[test]
    fn only_content_changes_of_one_course_without_a_gap_are_joined() {
        let all = [
            documents("c", 0, &["lesson:a"]),
            documents("d", 7, &["lesson:x"]),
            title(1),
            documents("c", 2, &["lesson:a"]),
            documents("c", 9, &["lesson:b"]),
        ];
        let mut news = News::default();
        for item in &all {
            news.came(item.clone());
        }
        assert_eq!(news.take(), Some(all.to_vec()));
    }
}
