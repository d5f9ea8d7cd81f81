//! Settings of a course merge field by field, entry by entry.

use inkhorn_course::Outline;
use inkhorn_protocol::NodeId;
use inkhorn_protocol::projection::{AssetRef, NodeKind};
use inkhorn_protocol::settings::{Change, CourseSettings, Direction, Entry, List};
use proptest::prelude::*;

fn random(seed: u8) -> impl FnMut() -> [u8; 16] {
    let mut count = 0_u32;
    move || {
        count += 1;
        let mut bytes = [seed; 16];
        bytes[..4].copy_from_slice(&count.wrapping_mul(2_654_435_761).to_le_bytes());
        bytes
    }
}

fn id(text: &str) -> NodeId {
    text.parse().expect("id")
}

fn add(list: List, one: &str, text: &str) -> Change {
    Change::Add { list, id: id(one), text: text.into() }
}

fn texts(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.text.as_str()).collect()
}

struct Pair {
    a: Outline,
    b: Outline,
    random: Box<dyn FnMut() -> [u8; 16]>,
}

impl Pair {
    fn new() -> Self {
        Self { a: Outline::new(1), b: Outline::new(2), random: Box::new(random(7)) }
    }
    fn change(&mut self, first: bool, change: &Change) {
        let outline = if first { &mut self.a } else { &mut self.b };
        outline.change_settings(&mut self.random, change).expect("changes");
    }
    fn merge(&mut self) -> CourseSettings {
        let (to_b, to_a) = (self.a.encode().expect("state"), self.b.encode().expect("state"));
        self.a.apply(&to_a).expect("merges");
        self.b.apply(&to_b).expect("merges");
        let settings = self.a.settings().expect("reads");
        assert_eq!(settings, self.b.settings().expect("reads"), "both read the same");
        settings
    }
}

#[test]
fn settings_are_read_as_they_were_set_and_beside_the_title_and_the_nodes() {
    let mut outline = Outline::new(1);
    let mut draw = random(1);
    assert_eq!(outline.settings().expect("reads"), CourseSettings::default());
    outline.set_title("Soil").expect("titled");
    outline.add(&mut draw, NodeKind::Chapter, None, None, "One", id("c1")).expect("adds");
    let cover = AssetRef {
        hash: "a".repeat(64).parse().expect("hash"),
        mime: "image/png".into(),
        bytes: 4_000_000_000,
        name: "soil.png".into(),
    };
    for change in [
        Change::Language { value: "pt-BR".into() },
        Change::Direction { value: Direction::Rtl },
        Change::Licence { value: "CC BY 4.0".into() },
        add(List::Authors, "m", "Maria"),
        add(List::Authors, "b", "Ben"),
        add(List::Objectives, "m", "Tell sand from silt"),
        Change::Cover { cover: Some(cover.clone()) },
    ] {
        assert!(outline.change_settings(&mut draw, &change).expect("changes").is_some(), "{change:?}");
        if !matches!(change, Change::Add { .. }) {
            assert_eq!(
                outline.change_settings(&mut draw, &change).expect("again"),
                None,
                "{change:?} is so already"
            );
        }
    }
    let read = Outline::load(9, &outline.encode().expect("state")).expect("loads").settings().expect("reads");
    assert_eq!(
        (read.language.as_str(), read.direction, read.licence.as_str()),
        ("pt-BR", Direction::Rtl, "CC BY 4.0")
    );
    assert_eq!(
        (texts(&read.authors), texts(&read.objectives)),
        (vec!["Maria", "Ben"], vec!["Tell sand from silt"])
    );
    assert_eq!(read.cover, Some(cover));
    let view = outline.view().expect("view");
    assert_eq!((view.title.as_str(), view.nodes.len()), ("Soil", 1));
    for change in [
        Change::Language { value: String::new() },
        Change::Direction { value: Direction::Auto },
        Change::Licence { value: String::new() },
        Change::Remove { list: List::Authors, id: id("m") },
        Change::Remove { list: List::Authors, id: id("b") },
        Change::Remove { list: List::Objectives, id: id("m") },
        Change::Cover { cover: None },
    ] {
        outline.change_settings(&mut draw, &change).expect("changes");
    }
    assert_eq!(outline.settings().expect("reads"), CourseSettings::default(), "all of it can be taken back");
}

#[test]
fn two_authors_who_add_at_once_both_stay_and_fields_do_not_touch_each_other() {
    let mut pair = Pair::new();
    pair.change(true, &add(List::Objectives, "one", "First"));
    pair.merge();
    pair.change(true, &add(List::Objectives, "two", "Mine"));
    pair.change(false, &add(List::Objectives, "three", "Theirs"));
    pair.change(true, &Change::Language { value: "de".into() });
    pair.change(false, &Change::Licence { value: "CC0 1.0".into() });
    let merged = pair.merge();
    assert_eq!(merged.objectives.len(), 3);
    assert_eq!(merged.objectives[0].text, "First");
    assert_eq!((merged.language.as_str(), merged.licence.as_str()), ("de", "CC0 1.0"));
}

#[test]
fn who_rewrites_does_not_undo_a_move_and_what_was_rewritten_is_not_lost_by_a_removal() {
    let mut pair = Pair::new();
    for one in ["a", "b", "c"] {
        pair.change(true, &add(List::Authors, one, one));
    }
    pair.merge();
    pair.change(true, &Change::Move { list: List::Authors, id: id("c"), before: Some(id("a")) });
    pair.change(false, &Change::Text { list: List::Authors, id: id("c"), text: "C, rewritten".into() });
    assert_eq!(texts(&pair.merge().authors), ["C, rewritten", "a", "b"]);

    pair.change(true, &Change::Remove { list: List::Authors, id: id("a") });
    pair.change(false, &Change::Text { list: List::Authors, id: id("a"), text: "A, rewritten".into() });
    assert_eq!(texts(&pair.merge().authors).iter().filter(|text| text.starts_with("A,")).count(), 1);
    pair.change(true, &Change::Move { list: List::Authors, id: id("a"), before: Some(id("c")) });
    assert_eq!(
        texts(&pair.merge().authors),
        ["A, rewritten", "C, rewritten", "b"],
        "and it can be moved again"
    );
    // One that is gone is no longer moved, and no error.
    pair.change(true, &Change::Remove { list: List::Authors, id: id("b") });
    pair.change(true, &Change::Move { list: List::Authors, id: id("b"), before: None });
    assert_eq!(pair.merge().authors.len(), 2);
}

fn change() -> impl Strategy<Value = Change> {
    let one = prop::sample::select(vec!["a", "b", "c", "d", "e"]);
    let list = prop::sample::select(vec![List::Authors, List::Objectives]);
    (0_u8..5, list, one.clone(), one, "[a-z]{0,3}").prop_map(|(kind, list, one, other, text)| match kind {
        0 => Change::Add { list, id: id(one), text },
        1 => Change::Text { list, id: id(one), text },
        2 => Change::Move { list, id: id(one), before: (one != other).then(|| id(other)) },
        3 => Change::Remove { list, id: id(one) },
        _ => Change::Licence { value: text },
    })
}

proptest! {
    #[test]
    fn whatever_two_do_at_once_both_read_the_same_and_each_entry_once(
        rounds in prop::collection::vec(prop::collection::vec((any::<bool>(), change()), 0..8), 1..6)
    ) {
        let mut pair = Pair::new();
        for round in rounds {
            for (first, change) in round {
                let outline = if first { &mut pair.a } else { &mut pair.b };
                // An id that is taken is refused, and that is all.
                let _ = outline.change_settings(&mut pair.random, &change);
            }
            let merged = pair.merge();
            for list in [&merged.authors, &merged.objectives] {
                let mut ids: Vec<_> = list.iter().map(|entry| &entry.id).collect();
                ids.sort();
                ids.dedup();
                prop_assert_eq!(ids.len(), list.len());
            }
        }
    }
}
