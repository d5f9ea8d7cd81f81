//! A lesson's document, without yjs.

use crate::peers::paragraph;
use inkhorn_course::{BodyError, Integrate, Lesson, lesson::MAX_DEPTH};
use inkhorn_protocol::body::{Attrs, Mark, Node};
use inkhorn_protocol::projection::AssetRef;
use serde_json::json;

pub(crate) fn body() -> Node {
    serde_json::from_value(json!({"type": "doc", "content": [
        {"type": "heading", "attrs": {"level": 2}, "content": [{"type": "text", "text": "Ink 🖋 漢字"}]},
        {"type": "paragraph", "content": [
            {"type": "text", "text": "plain "},
            {"type": "text", "text": "bold", "marks": [{"type": "bold"}]},
            {"type": "text", "text": " both", "marks": [{"type": "bold"}, {"type": "italic"}]},
            {"type": "hardBreak"},
            {"type": "text", "text": "link", "marks": [{"type": "link", "attrs": {"href": "lesson:abc#part", "title": "T"}}]}
        ]},
        {"type": "taskList", "content": [{"type": "taskItem", "attrs": {"checked": true}, "content": [{"type": "paragraph"}]}]},
        {"type": "codeBlock", "attrs": {"language": "rust"}, "content": [{"type": "text", "text": "fn main() {}\n"}]},
        {"type": "image", "attrs": {"src": "asset:0", "alt": "a"}},
        {"type": "table", "content": [{"type": "tableRow", "content": [
            {"type": "tableHeader", "attrs": {"colspan": 2, "rowspan": 1, "colwidth": [120, 80]}, "content": [{"type": "paragraph"}]}
        ]}]},
        {"type": "callout", "attrs": {"kind": "tip", "title": "T"}, "content": [
            {"type": "bulletList", "content": [{"type": "listItem", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "x"}]}]}]}
        ]},
        {"type": "htmlBlock", "attrs": {"html": "<b>hi</b>"}},
        {"type": "horizontalRule"},
        {"type": "details", "content": [
            {"type": "detailsSummary", "content": [{"type": "text", "text": "Why "}, {"type": "text", "text": "ink", "marks": [{"type": "bold"}]}]},
            {"type": "detailsContent", "content": [{"type": "paragraph"}]}
        ]},
        {"type": "columns", "content": [
            {"type": "column", "content": [{"type": "paragraph"}]}, {"type": "column", "content": [{"type": "horizontalRule"}]}
        ]},
        {"type": "instructorNote", "content": [{"type": "blockMath", "attrs": {"latex": "\\frac{a}{b}\n+ 𝛼"}}]},
        {"type": "paragraph", "content": [
            {"type": "text", "text": "area "},
            {"type": "inlineMath", "attrs": {"latex": "\\pi r^2"}},
            {"type": "footnote", "attrs": {"text": "of \"old\""}},
            {"type": "text", "text": " so"}
        ]}
    ]}))
    .unwrap()
}

fn asset(digit: u8) -> AssetRef {
    let hash = char::from(b'0' + digit).to_string().repeat(64).parse().unwrap();
    AssetRef { hash, mime: "image/png".to_owned(), bytes: 5_000_000_000, name: "ä.png".to_owned() }
}

#[test]
fn a_created_lesson_says_the_same_to_whoever_reads_its_first_update() {
    let (ours, update) = Lesson::create(1, &body(), 1, &[asset(1), asset(0)]).unwrap();
    let mut theirs = Lesson::new(2);
    assert_eq!(theirs.schema_version().unwrap(), None, "not arrived yet");
    assert!(theirs.apply(&update).unwrap());
    assert!(!theirs.apply(&update).unwrap(), "a second time changes nothing");
    for lesson in [&ours, &theirs, &Lesson::load(3, &ours.encode().unwrap()).unwrap()] {
        assert_eq!(lesson.body().unwrap(), body());
        assert_eq!(lesson.schema_version().unwrap(), Some(1));
        assert_eq!(lesson.assets().unwrap(), [asset(0), asset(1)]);
        assert!(!lesson.has_unknown_content().unwrap());
    }
}

fn with_front(front: serde_json::Value) -> Result<(Lesson, Vec<u8>), BodyError> {
    let front: Attrs = serde_json::from_value(front).unwrap();
    Lesson::create_with_front_matter(1, &body(), 1, &[asset(1)], &front)
}

#[test]
fn front_matter_comes_back_as_it_was_whatever_it_holds() {
    let nested = |depth: usize| (0..depth).fold(json!(1), |inner, _| json!([inner]));
    for front in [
        json!({}),
        json!({"title": "Ink 🖋 漢字\u{0} \"x\"\n", "teaching": 10, "tags": ["a", "b"], "": "", "ключ": "e\u{301}"}),
        json!({"deep": {"er": [{"still": [[], {}]}, null, true, false]}}),
        json!({"n": [0, -1, 0.1, 0.5, -2.5e300, 5e-324, 2147483648_u64, -2147483649_i64, 9007199254740991_u64]}),
        // What a JavaScript number cannot hold, what no key may be called, and what is nested too deeply.
        json!({"id": 12345678901234567890_u64, "low": i64::MIN, "version": 2.0, "zero": -0.0}),
        json!({"a": [{"__proto__": 1}], "b": "__proto__"}),
        json!({"__proto__": {}}),
        json!({"a": nested(60)}),
        json!({"a": nested(110)}),
    ] {
        let want: Attrs = serde_json::from_value(front.clone()).unwrap();
        let (ours, update) = with_front(front).unwrap();
        let theirs = Lesson::load(2, &update).unwrap();
        for lesson in [&ours, &theirs, &Lesson::load(3, &theirs.encode().unwrap()).unwrap()] {
            assert_eq!(lesson.front_matter().unwrap(), want);
            assert_eq!(lesson.schema_version().unwrap(), Some(1));
            assert!(!lesson.has_unknown_content().unwrap());
        }
    }
    assert_eq!(with_front(json!({"a": nested(200)})).err(), Some(BodyError::TooDeep), "never lost unsaid");
    let named = |update: &[u8]| update.windows(11).any(|part| part == b"frontMatter");
    assert!(!named(&with_front(json!({})).unwrap().1), "without settings, no key");
    assert!(named(&with_front(json!({"a": 1})).unwrap().1));
    let (plain, _) = Lesson::create(1, &body(), 1, &[asset(1)]).unwrap();
    assert_eq!(plain.front_matter().unwrap(), Attrs::new());
    assert_eq!(Lesson::new(1).front_matter().unwrap(), Attrs::new());
}

#[test]
fn front_matter_outlasts_every_edit_of_the_lesson() {
    let (mut a, first) = with_front(json!({"teaching": 10, "tags": ["a", "b"]})).unwrap();
    let front = a.front_matter().unwrap();
    let mut b = Lesson::load(2, &first).unwrap();
    let from_b = b.append(&[paragraph("from b")]).unwrap().unwrap();
    let from_a = a.set_body(&Node::new("doc", vec![paragraph("restored")])).unwrap().unwrap();
    let named = a.add_asset(&asset(2)).unwrap().unwrap();
    a.apply(&from_b).unwrap();
    b.apply(&from_a).unwrap();
    b.apply(&named).unwrap();
    assert_eq!((a.front_matter().unwrap(), b.front_matter().unwrap()), (front.clone(), front));
}

#[test]
fn opening_and_reading_a_lesson_writes_nothing() {
    let mut empty = Lesson::new(1);
    assert_eq!(empty.body().unwrap(), Node::new("doc", vec![]));
    assert_eq!(empty.state_vector().unwrap(), [0]);
    assert_eq!(empty.append(&[]).unwrap(), None);

    let (source, update) = Lesson::create(1, &body(), 1, &[asset(1)]).unwrap();
    let (vector, deleted) = (source.state_vector().unwrap(), source.delete_set().unwrap());
    let mut lesson = Lesson::load(2, &update).unwrap();
    let _ = (
        lesson.body().unwrap(),
        lesson.assets().unwrap(),
        lesson.front_matter().unwrap(),
        lesson.has_unknown_content().unwrap(),
        lesson.encode().unwrap(),
    );
    assert_eq!(lesson.add_asset(&asset(1)).unwrap(), None, "it is named already");
    assert_eq!((lesson.state_vector().unwrap(), lesson.delete_set().unwrap()), (vector, deleted));
}

#[test]
fn blocks_are_appended_behind_what_others_wrote_and_a_body_is_replaced_as_new_edits() {
    let (mut a, first) = Lesson::create(1, &body(), 1, &[]).unwrap();
    let mut b = Lesson::load(2, &first).unwrap();
    let from_a = a.append(&[paragraph("from a")]).unwrap().unwrap();
    let from_b = b.append(&[paragraph("from b"), Node::text("bare text gets a block")]).unwrap().unwrap();
    a.apply(&from_b).unwrap();
    b.apply(&from_a).unwrap();
    assert_eq!(a.body().unwrap(), b.body().unwrap());
    assert_eq!(a.body().unwrap().content.len(), body().content.len() + 3);
    assert!(a.body().unwrap().content.contains(&paragraph("bare text gets a block")));
    assert_eq!(a.append(&[Node::text("")]).unwrap(), None, "no text, no block");

    let replaced = a.set_body(&Node::new("doc", vec![paragraph("restored")])).unwrap().unwrap();
    b.apply(&replaced).unwrap();
    assert_eq!(b.body().unwrap().content, [paragraph("restored")]);
}

#[test]
fn unknown_nodes_and_marks_are_kept_and_said() {
    let newer = Node::new(
        "doc",
        vec![Node::new("hologram", vec![paragraph("inside")]).with("depth", 3).with("on", true)],
    );
    let (lesson, _) = Lesson::create(1, &newer, 1, &[]).unwrap();
    assert_eq!(lesson.body().unwrap(), newer);
    assert!(lesson.has_unknown_content().unwrap());

    let marks = |ids: &[i32]| ids.iter().map(|id| Mark::new("comment").with("id", *id)).collect();
    let text = Node { marks: marks(&[1, 2]), ..Node::text("said twice") };
    let twice = Node::new("doc", vec![Node::new("paragraph", vec![text])]);
    let (lesson, _) = Lesson::create(1, &twice, 1, &[]).unwrap();
    assert_eq!(lesson.body().unwrap(), twice, "a text may have several marks of one type");
    assert!(lesson.has_unknown_content().unwrap());

    let (lesson, _) = Lesson::create(1, &body(), 2, &[]).unwrap();
    assert!(lesson.has_unknown_content().unwrap(), "a newer schema");
}

#[test]
fn a_body_nested_beyond_the_bound_is_refused_before_anything_is_written() {
    let nested = |depth: usize| {
        (1..depth).fold(Node::new("blockquote", vec![]), |inner, _| Node::new("blockquote", vec![inner]))
    };
    let mut lesson = Lesson::new(1);
    assert_eq!(lesson.append(&[nested(MAX_DEPTH + 1)]), Err(BodyError::TooDeep));
    assert_eq!(lesson.state_vector().unwrap(), [0]);
    assert!(lesson.append(&[nested(MAX_DEPTH)]).is_ok());
    assert_eq!(lesson.body().unwrap().content, [nested(MAX_DEPTH)]);

    let value = (0..100).fold(json!(1), |inner, _| json!([inner]));
    assert_eq!(lesson.append(&[paragraph("").with("deep", value)]), Err(BodyError::TooDeep));
}

#[test]
fn an_update_that_builds_on_what_is_not_here_is_refused_and_can_come_again() {
    let (mut a, first) = Lesson::create(1, &body(), 1, &[]).unwrap();
    let second = a.append(&[paragraph("second")]).unwrap().unwrap();
    let mut b = Lesson::new(2);
    assert_eq!(b.apply(&second), Err(Integrate::MissingUpdates));
    assert_eq!(b.state_vector().unwrap(), [0], "nothing is kept pending");
    b.apply(&first).unwrap();
    assert_eq!(b.body().unwrap(), body(), "what was refused does not come in by itself");
    b.apply(&second).unwrap();
    assert_eq!(b.body().unwrap(), a.body().unwrap());
    assert!(matches!(b.diff(&[0xff]), Err(Integrate::Invalid { .. })), "not a state vector");
}

#[test]
fn documents_go_from_thread_to_thread() {
    fn send<T: Send>() {}
    send::<Lesson>();
    send::<inkhorn_course::Outline>();
}
