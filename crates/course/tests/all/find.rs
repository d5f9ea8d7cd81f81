//! Finding and replacing in lessons.

use inkhorn_course::Lesson;
use inkhorn_course::find::{Finder, NeedleError};
use inkhorn_protocol::body::{Mark, Node};
use inkhorn_protocol::find::Needle;
use proptest::prelude::*;

fn needle(text: &str) -> Needle {
    Needle { text: text.to_owned(), ..Needle::default() }
}

fn finder(text: &str) -> Finder {
    Finder::new(&needle(text)).unwrap()
}

fn paragraph(texts: Vec<Node>) -> Node {
    Node::new("paragraph", texts)
}

fn lesson(blocks: Vec<Node>) -> Lesson {
    Lesson::create(7, &Node::new("doc", blocks), 1, &[]).unwrap().0
}

fn plain(lesson: &Lesson) -> String {
    let mut text = String::new();
    lesson.body().unwrap().walk(|node| text += node.text.as_deref().unwrap_or_default());
    text
}

#[test]
fn places_are_found_across_marks_and_with_their_words_around_them() {
    let bold = Node::text("mois").marked(Mark::new("bold"));
    let lesson = lesson(vec![paragraph(vec![Node::text("Soil "), bold, Node::text("ture, and Moisture")])]);
    let places = lesson.find(&finder("moisture"), 1).unwrap();
    assert_eq!(places.count, 2);
    assert_eq!(places.first.len(), 1, "no more than asked for");
    let first = &places.first[0];
    assert_eq!((&*first.before, &*first.found, &*first.after), ("Soil ", "moisture", ", and Moisture"));
    let exact = Needle { match_case: true, ..needle("Moisture") };
    assert_eq!(lesson.find(&Finder::new(&exact).unwrap(), 9).unwrap().count, 1);
}

#[test]
fn whole_words_and_patterns_mean_what_they_say() {
    let count = |needle: &Needle, text: &str| {
        let lesson = lesson(vec![paragraph(vec![Node::text(text)])]);
        lesson.find(&Finder::new(needle).unwrap(), 0).unwrap().count
    };
    let word = |text| Needle { whole_word: true, ..needle(text) };
    assert_eq!(count(&word("soil"), "Soil, topsoil, soil. Soils"), 2);
    assert_eq!(count(&word("C++"), "C++ and C++11, (C++)"), 2, "beside what is no letter, too");
    assert_eq!(count(&word("für"), "für Fürst für"), 2);
    assert_eq!(count(&needle("."), "a.b"), 1, "a text is not a pattern");
    let pattern = |text| Needle { pattern: true, ..needle(text) };
    assert_eq!(count(&pattern(r"\d+ kg"), "12 kg, 7 kg, kg"), 2);
    assert_eq!(count(&pattern("x*"), "aaa"), 0, "nothing is not a place");
}

#[test]
fn what_cannot_be_looked_for_is_refused_with_a_reason() {
    let refused = |needle: &Needle| Finder::new(needle).unwrap_err();
    assert_eq!(refused(&needle("")), NeedleError::Empty);
    assert_eq!(refused(&needle(&"x".repeat(1_001))), NeedleError::TooLong);
    for bad in ["(", "a)|(b", r"(?<=a)b", r"(\w)\1", "[z-a]", "(a{1000}){1000}{1000}"] {
        let needle = Needle { pattern: true, whole_word: true, ..needle(bad) };
        let NeedleError::Pattern(why) = refused(&needle) else { panic!("{bad}") };
        assert!(!why.is_empty() && !why.contains('\n'), "{bad}: {why:?}");
    }
}

#[test]
fn a_replacement_keeps_marks_and_counts_as_yjs_does() {
    let bold = Mark::new("bold");
    let body = vec![paragraph(vec![
        Node::text("😀 Ink "),
        Node::text("ink").marked(bold.clone()),
        Node::text("horn 😀ink"),
    ])];
    let mut lesson = lesson(body.clone());
    let done = lesson.replace(&finder("ink"), "Tinte").unwrap().unwrap();
    assert_eq!(done.count, 3);
    let expected = vec![paragraph(vec![
        Node::text("😀 Tinte "),
        Node::text("Tinte").marked(bold),
        Node::text("horn 😀Tinte"),
    ])];
    assert_eq!(lesson.body().unwrap().content, expected);

    let (update, count, changed) = lesson.put_back(&done).unwrap();
    assert_eq!((count, changed), (3, 0));
    assert_eq!(lesson.body().unwrap().content, body, "the marks are back, too");
    // Another replica sees the same.
    let mut other = Lesson::load(9, &lesson.encode().unwrap()).unwrap();
    assert_eq!(other.body().unwrap().content, body);
    assert!(!other.apply(&update.unwrap()).unwrap());
}

#[test]
fn groups_of_a_pattern_can_be_used_and_a_text_is_taken_as_it_is() {
    let mut lesson = lesson(vec![paragraph(vec![Node::text("12 kg $1")])]);
    let pattern = Needle { pattern: true, ..needle(r"(\d+) kg") };
    lesson.replace(&Finder::new(&pattern).unwrap(), "$1 kilograms").unwrap().unwrap();
    assert_eq!(plain(&lesson), "12 kilograms $1");
    lesson.replace(&finder("$1"), "$2").unwrap().unwrap();
    assert_eq!(plain(&lesson), "12 kilograms $2");
    assert!(lesson.replace(&finder("absent"), "x").unwrap().is_none(), "no edit where there is no place");
    assert!(lesson.replace(&finder("$2"), "$2").unwrap().is_none(), "nor where it is the same");
}

#[test]
fn words_that_stand_in_attributes_are_found_and_replaced_and_others_are_left() {
    let callout = Node::new("callout", vec![paragraph(vec![])]).with("kind", "ink").with("title", "Old ink");
    let image = Node::new("image", vec![]).with("src", "https://example.org/ink.png").with("alt", "Ink");
    let mut lesson = lesson(vec![callout, image]);
    assert_eq!(lesson.find(&finder("ink"), 9).unwrap().count, 2);
    let done = lesson.replace(&finder("ink"), "oil").unwrap().unwrap();
    let body = lesson.body().unwrap();
    assert_eq!((body.content[0].attr("title"), body.content[0].attr("kind")), (Some("Old oil"), Some("ink")));
    assert_eq!(body.content[1].attr("src"), Some("https://example.org/ink.png"));
    assert_eq!(lesson.put_back(&done).unwrap().1, 2);
    assert_eq!(lesson.body().unwrap().content[0].attr("title"), Some("Old ink"));
}

#[test]
fn what_somebody_changed_since_is_not_put_back() {
    let mut ours =
        lesson(vec![paragraph(vec![Node::text("ink one")]), paragraph(vec![Node::text("ink two")])]);
    let mut theirs = Lesson::load(9, &ours.encode().unwrap()).unwrap();
    let done = ours.replace(&finder("ink"), "oil").unwrap().unwrap();
    theirs.apply(&done.update).unwrap();
    let edit = theirs.replace(&finder("two"), "three").unwrap().unwrap();
    ours.apply(&edit.update).unwrap();
    let (_, count, changed) = ours.put_back(&done).unwrap();
    assert_eq!((count, changed), (1, 1));
    assert_eq!(plain(&ours), "ink oneoil three");
}

proptest! {
    #[test]
    fn a_replacement_that_is_taken_back_leaves_the_lesson_as_it_was(
        texts in prop::collection::vec(("[abä😀 ]{0,12}", any::<bool>()), 0..8),
        text in "[abä😀]{1,2}",
        with in "[ab😀]{0,3}",
    ) {
        let nodes = texts.iter().filter(|(text, _)| !text.is_empty()).map(|(text, bold)| {
            let node = Node::text(text);
            if *bold { node.marked(Mark::new("bold")) } else { node }
        });
        let mut lesson = lesson(vec![paragraph(nodes.collect())]);
        let before = lesson.body().unwrap();
        let mut other = Lesson::load(9, &lesson.encode().unwrap()).unwrap();
        let whole = plain(&lesson);
        let expected = finder(&text);
        if let Some(done) = lesson.replace(&expected, &with).unwrap() {
            let regex = regex::RegexBuilder::new(&regex::escape(&text)).case_insensitive(true).build().unwrap();
            prop_assert_eq!(plain(&lesson), regex.replace_all(&whole, regex::NoExpand(&with)));
            prop_assert!(other.apply(&done.update).unwrap());
            prop_assert_eq!(other.body().unwrap(), lesson.body().unwrap());
            let (update, count, changed) = lesson.put_back(&done).unwrap();
            prop_assert_eq!((count, changed), (done.count, 0));
            other.apply(&update.unwrap_or_default()).unwrap();
            prop_assert_eq!(other.body().unwrap(), before.clone());
        }
        prop_assert_eq!(lesson.body().unwrap(), before);
    }
}

#[test]
fn a_formula_is_one_place_however_often_and_no_replacement_writes_it() {
    let formula = |kind: &str, latex: &str| Node::new(kind, vec![]).with("latex", latex);
    let mut lesson = lesson(vec![
        paragraph(vec![Node::text("water "), formula("inlineMath", "water_1 = water_2")]),
        formula("blockMath", "water"),
    ]);
    let places = lesson.find(&finder("water"), 9).unwrap();
    assert_eq!((places.count, places.fixed, places.first.len()), (3, 2, 3));
    assert_eq!(places.first[1].after, "_1 = water_2");
    let done = lesson.replace(&finder("water"), "w").unwrap().unwrap();
    assert_eq!(done.count, 1);
    let json = serde_json::to_string(&lesson.body().unwrap()).unwrap();
    assert!(
        json.contains("water_1 = water_2") && json.contains("\"w \"") && json.contains("\"latex\":\"water\""),
        "{json}"
    );
    assert!(lesson.replace(&finder("water"), "w").unwrap().is_none(), "nothing is left to replace");
}
