//! What Rust writes, the editor reads, and the reverse: through the real y-prosemirror (Tiptap's), not a description of it.

use crate::lesson::body;
use crate::yjs::{Yjs, base64, bytes, canonical};
use inkhorn_course::Lesson;
use inkhorn_protocol::body::Node;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::cell::RefCell;

/// Attributes that say what holds anyway (Tiptap fills in its defaults) are left out of both sides.
fn explicit(mut node: Node) -> Node {
    let default = |kind: &str, name: &str, value: &Value| {
        value.is_null()
            || match (kind, name) {
                ("tableCell" | "tableHeader", "colspan" | "rowspan") | ("orderedList", "start") => {
                    *value == json!(1)
                }
                ("link", name) => !matches!(name, "href" | "title"),
                _ => false,
            }
    };
    let kind = node.kind.clone();
    node.attrs.retain(|name, value| !default(&kind, name, value));
    for mark in &mut node.marks {
        let kind = mark.kind.clone();
        mark.attrs.retain(|name, value| !default(&kind, name, value));
    }
    node.content = node.content.into_iter().map(explicit).collect();
    node
}

/// Both ways at once: Rust → editor → Rust.
fn check(yjs: &mut Yjs, body: &Node) -> Result<(), TestCaseError> {
    let (_, update) =
        Lesson::create(1, body, 1, &[]).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let read = yjs.ask("read", json!({"update": base64(&update)}));
    prop_assert_eq!(&read["invalid"], &Value::Null, "the editor's schema refuses it");
    prop_assert_eq!(&read["writes"], &json!(0), "to open it is to write to it");
    prop_assert_eq!(&read["meta"], &json!({"schema": 1}));
    let theirs: Node = serde_json::from_value(read["body"].clone()).unwrap();
    prop_assert_eq!(canonical(explicit(theirs.clone())), canonical(explicit(body.clone())));

    // The other way: the body as the editor completed it, written by the editor.
    let written = yjs.ask("write", json!({ "body": theirs }));
    let lesson = Lesson::load(2, &bytes(&written["update"]))
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    let ours = lesson.body().map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(canonical(explicit(ours.clone())), canonical(explicit(body.clone())));

    // Element for element and attribute for attribute, what Rust writes from it is what the editor writes.
    let (_, again) =
        Lesson::create(3, &ours, 1, &[]).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let plain =
        |yjs: &mut Yjs, update: &[u8]| yjs.ask("read", json!({"update": base64(update)}))["plain"].clone();
    let as_node = |plain: Value| canonical(serde_json::from_value(plain).unwrap());
    prop_assert_eq!(as_node(plain(yjs, &again)), as_node(plain(yjs, &bytes(&written["update"]))));
    Ok(())
}

#[test]
fn every_kind_of_node_goes_to_the_editor_and_comes_back() {
    check(&mut Yjs::start(), &body()).unwrap();
}

#[test]
fn an_empty_lesson_has_the_paragraph_that_the_editor_needs() {
    check(&mut Yjs::start(), &Node::new("doc", vec![Node::new("paragraph", vec![])])).unwrap();
    let (lesson, _) = Lesson::create(1, &Node::new("doc", vec![]), 1, &[]).unwrap();
    assert_eq!(lesson.body().unwrap().content, [Node::new("paragraph", vec![])]);
}

#[test]
fn several_marks_of_one_type_are_read_under_their_hashed_names() {
    let mut yjs = Yjs::start();
    let body = json!({"type": "doc", "content": [{"type": "paragraph", "content": [{"type": "text", "text": "said", "marks": [
        {"type": "comment", "attrs": {"id": 1}}, {"type": "comment", "attrs": {"id": 2}}]}]}]});
    let written = yjs.ask("write", json!({ "body": body }));
    let lesson = Lesson::load(1, &bytes(&written["update"])).unwrap();
    let read = lesson.body().unwrap();
    assert_eq!(read, serde_json::from_value(body).unwrap());
    assert!(lesson.has_unknown_content().unwrap(), "this build does not know comments");

    let (_, update) = Lesson::create(2, &read, 1, &[]).unwrap();
    let back = yjs.ask("read", json!({"update": base64(&update)}));
    assert_eq!(canonical(serde_json::from_value(back["body"].clone()).unwrap()), canonical(read));
}

#[test]
fn numbers_stay_numbers_and_truths_truths_in_javascript() {
    let mut yjs = Yjs::start();
    let hash = "ab".repeat(32);
    let asset = inkhorn_protocol::projection::AssetRef {
        hash: hash.parse().unwrap(),
        mime: "image/png".to_owned(),
        bytes: 5_000_000_000,
        name: "ä.png".to_owned(),
    };
    let mut body = body();
    body.content.push(Node::new("image", vec![]).with("src", "asset:1").with("alt", Value::Null));
    let (_, update) = Lesson::create(1, &body, 1, &[asset]).unwrap();
    let read = yjs.ask("read", json!({"update": base64(&update)}));
    assert_eq!(
        read["assets"],
        json!({ hash: {"mime": "image/png", "bytes": 5_000_000_000_u64, "name": "ä.png"} })
    );
    let plain: Node = serde_json::from_value(read["plain"].clone()).unwrap();
    assert_eq!(plain.content[0].attrs["level"], json!(2));
    assert_eq!(plain.content[2].content[0].attrs["checked"], json!(true));
    assert_eq!(plain.content[5].content[0].content[0].attrs["colwidth"], json!([120, 80]));
    let attrs = &plain.content.last().unwrap().attrs;
    assert!(
        attrs.contains_key("src") && !attrs.contains_key("alt"),
        "the editor never writes null: {attrs:?}"
    );
}

fn inline() -> impl Strategy<Value = Vec<Node>> {
    let text = prop_oneof!["[a-z ]{1,8}", Just("🖋️".to_owned()), Just("漢字 é".to_owned()), "\\PC{1,6}"];
    let marks = proptest::sample::subsequence(vec!["bold", "italic", "strike", "link"], 0..3);
    let run = (text, marks, any::<bool>()).prop_map(|(text, marks, coded)| {
        let marks = if coded { vec!["code"] } else { marks };
        let mark = |kind: &str| match kind {
            "link" => inkhorn_protocol::body::Mark::new(kind).with("href", "https://example.org/?a=1"),
            kind => inkhorn_protocol::body::Mark::new(kind),
        };
        Node { marks: marks.into_iter().map(mark).collect(), ..Node::text(text) }
    });
    let leaf = prop_oneof![
        8 => run,
        1 => Just(Node::new("hardBreak", vec![])),
        1 => "\\PC{0,9}".prop_map(|latex| Node::new("inlineMath", vec![]).with("latex", latex)),
        1 => "\\PC{0,9}".prop_map(|text| Node::new("footnote", vec![]).with("text", text)),
    ];
    proptest::collection::vec(leaf, 0..6)
}

fn block() -> impl Strategy<Value = Node> {
    let paragraph = inline().prop_map(|content| Node::new("paragraph", content));
    let leaf = prop_oneof![
        4 => paragraph,
        2 => (1..7u8, inline()).prop_map(|(level, content)| Node::new("heading", content).with("level", level)),
        1 => "[a-z]{1,4}".prop_map(|code| Node::new("codeBlock", vec![Node::text(code)]).with("language", "sh")),
        1 => Just(Node::new("horizontalRule", vec![])),
        1 => "\\PC{0,9}".prop_map(|latex| Node::new("blockMath", vec![]).with("latex", latex)),
        1 => "\\PC{0,9}".prop_map(|html| Node::new("htmlBlock", vec![]).with("html", html)),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let blocks = proptest::collection::vec(inner, 1..3);
        let item = |kind: &'static str| {
            move |mut blocks: Vec<Node>| {
                blocks.insert(0, Node::new("paragraph", vec![]));
                Node::new(kind, blocks)
            }
        };
        prop_oneof![
            blocks.clone().prop_map(|blocks| Node::new("blockquote", blocks)),
            blocks.clone().prop_map(|blocks| Node::new("callout", blocks).with("kind", "tip")),
            blocks.clone().prop_map(|blocks| Node::new("instructorNote", blocks)),
            blocks.clone().prop_map(|blocks| Node::new("columns", vec![Node::new("column", blocks)])),
            ("[a-z]{1,4}", blocks.clone()).prop_map(|(summary, blocks)| Node::new(
                "details",
                vec![
                    Node::new("detailsSummary", vec![Node::text(summary)]),
                    Node::new("detailsContent", blocks)
                ]
            )),
            blocks.clone().prop_map(item("listItem")).prop_map(|item| Node::new("bulletList", vec![item])),
            (1..20i32, blocks.clone().prop_map(item("listItem"))).prop_map(|(start, item)| Node::new(
                "orderedList",
                vec![item]
            )
            .with("start", start)),
            (any::<bool>(), blocks.prop_map(item("taskItem")))
                .prop_map(|(done, item)| Node::new("taskList", vec![item.with("checked", done)])),
        ]
    })
}

#[test]
fn any_body_goes_to_the_editor_and_comes_back() {
    let yjs = RefCell::new(Yjs::start());
    let config = ProptestConfig { cases: 128, ..ProptestConfig::with_source_file(file!()) };
    let bodies = proptest::collection::vec(block(), 1..5).prop_map(|blocks| Node::new("doc", blocks));
    let outcome = proptest::test_runner::TestRunner::new(config)
        .run(&bodies, |body| check(&mut yjs.borrow_mut(), &body));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
