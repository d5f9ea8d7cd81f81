//! Words of finding and replacing.

use inkhorn_protocol::find::{FindView, PutBack, Replaced};

pub(crate) const FIND: &str = "Find in course";
pub(crate) const WHAT: &str = "Find";
pub(crate) const WITH: &str = "Replace with";
pub(crate) const OPTIONS: &str = "How to look";
pub(crate) const MATCH_CASE: &str = "Match capital letters";
pub(crate) const WHOLE_WORD: &str = "Whole words";
pub(crate) const PATTERN: &str = "Regular expression";
pub(crate) const REPLACE_ALL: &str = "Replace all";
pub(crate) const UNDO: &str = "Undo";
pub(crate) const REPLACE_HERE: &str = "Replace in this lesson";

fn number(count: u32, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// How much was found.
pub(crate) fn count(view: &FindView) -> String {
    let lessons = u32::try_from(view.lessons.len()).unwrap_or(u32::MAX);
    let mut said = match view.count {
        0 => format!("Not in any of {}.", number(view.looked_at, "lesson", "lessons")),
        count => {
            let stop = if view.fixed + view.not_here > 0 { "." } else { "" };
            format!("{} in {}{stop}", number(count, "place", "places"), number(lessons, "lesson", "lessons"))
        }
    };
    match view.fixed {
        0 => {}
        1 => said += " 1 of them is in a formula, which is not replaced.",
        many => said += &format!(" {many} of them are in formulas, which are not replaced."),
    }
    match view.not_here {
        0 => {}
        1 => said += " 1 lesson has not arrived and was not looked at.",
        many => said += &format!(" {many} lessons have not arrived and were not looked at."),
    }
    said
}

/// What a replacement did.
pub(crate) fn replaced(done: &Replaced) -> String {
    let mut said = match done.count {
        0 => "Nothing was replaced.".to_owned(),
        count => format!(
            "Replaced {} in {}. Saved on this computer.",
            number(count, "place", "places"),
            number(done.lessons, "lesson", "lessons")
        ),
    };
    if done.left_alone > 0 {
        let lessons = number(done.left_alone, "lesson was", "lessons were");
        said += &format!(" {lessons} left alone, since a newer Inkhorn made part of it.");
    }
    if let Some(why) = &done.stopped {
        said += &format!(" Then it stopped: {why}");
    }
    said
}

/// What came of taking it back.
pub(crate) fn put_back(back: &PutBack) -> String {
    let mut said = format!("{} as before.", number(back.count, "place is", "places are"));
    if back.changed_since > 0 {
        let places = number(back.changed_since, "place stays", "places stay");
        said += &format!(" {places} as it is, since somebody has changed the paragraph.");
    }
    said
}

/// The button for more lessons.
pub(crate) fn more(lessons: usize) -> String {
    format!("{lessons} more {}", if lessons == 1 { "lesson" } else { "lessons" })
}

/// Places of a lesson that are not shown.
pub(crate) fn more_here(places: usize) -> String {
    format!("and {places} more")
}

#[cfg(test)]
mod tests {
    use super::*;
    use inkhorn_protocol::find::FoundIn;

    #[test]
    fn what_was_found_and_done_is_said_exactly() {
        let found = FindView { looked_at: 3, not_here: 1, ..FindView::default() };
        assert_eq!(count(&found), "Not in any of 3 lessons. 1 lesson has not arrived and was not looked at.");
        let lesson = FoundIn {
            lesson: "l".parse().expect("an id"),
            title: String::new(),
            count: 3,
            fixed: 1,
            places: vec![],
            editable: true,
        };
        let found = FindView { lessons: vec![lesson], count: 3, fixed: 1, ..FindView::default() };
        assert_eq!(count(&found), "3 places in 1 lesson. 1 of them is in a formula, which is not replaced.");
        let done = Replaced { id: Some(1), count: 1, lessons: 1, ..Replaced::default() };
        assert_eq!(replaced(&done), "Replaced 1 place in 1 lesson. Saved on this computer.");
        let back = PutBack { count: 2, changed_since: 1 };
        assert_eq!(
            put_back(&back),
            "2 places are as before. 1 place stays as it is, since somebody has changed the paragraph."
        );
    }
}
