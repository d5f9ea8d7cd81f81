//! What is there at the start: two courses, one of them shared, and people in it.

use super::cache::Cache;
use super::store;
use super::world::{Course, World};
use inkhorn_protocol::carrier::Carrier;
use inkhorn_protocol::event::Status;
use inkhorn_protocol::projection::{
    Account, NodeKind, OutlineNode, OutlineView, Peer, Storage, SyncCount, SyncSummary,
};
use inkhorn_protocol::rest::Member;
use inkhorn_protocol::session::Role;
use inkhorn_protocol::settings::CourseSettings;
use inkhorn_protocol::{CourseId, NodeId};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Afternoon of a working day, so that pictures say the same whenever they are taken.
const SYNCED_AT_MS: u64 = 1_760_000_520_000;

pub(super) fn world() -> World {
    let courses =
        [("soil", "Soil and water", Some(Role::Owner), SOIL), ("notes", "Notes on bread", None, BREAD)];
    World {
        courses: courses
            .into_iter()
            .filter_map(|(id, title, role, chapters)| course(id, title, role, chapters))
            .collect(),
        account: Some(Account {
            server: "https://courses.example.org".to_owned(),
            email: "maria@example.org".to_owned(),
            name: "Maria Silva".to_owned(),
        }),
        sync: SyncSummary {
            status: Status::Connected { since_ms: SYNCED_AT_MS, carrier: Carrier::WebSocket },
            count: SyncCount::default(),
            synced_at_ms: Some(SYNCED_AT_MS),
            rejected: vec![],
            differed: vec![],
        },
        operations: vec![],
        transfers: vec![],
        waiting: vec![],
        kept_words: vec![],
        storage: Storage {
            database: 12_340_000,
            assets: 48_900_000,
            folder: "/home/maria/.local/share/inkhorn".to_owned(),
            ..Storage::default()
        },
        cache: Cache::default(),
        chosen: None,
        delays: BTreeMap::new(),
        failing: BTreeMap::new(),
        calls: BTreeMap::new(),
        log: vec![],
        drawn: 0,
        was: vec![],
    }
}

type Chapter = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const SOIL: &[Chapter] = &[
    ("part-1", "The ground", &[("layers", "What a soil is made of"), ("texture", "Sand, silt and clay")]),
    (
        "part-2",
        "Water in the soil",
        &[
            ("moisture", "Soil moisture"),
            ("field", "Measuring in the field"),
            ("plants", "What plants can take up"),
        ],
    ),
    ("part-3", "Working with it", &[("irrigation", "When to irrigate")]),
];
const BREAD: &[Chapter] = &[("flour", "Flour", &[("rye", "Rye and wheat")])];

/// A chapter of so many lessons.
pub(super) fn many(lessons: u32) -> Option<OutlineNode> {
    let children = (1..=lessons).filter_map(|number| {
        let (id, title) = (format!("many-{number}"), format!("Number {number}"));
        store::seed(&id, &body(&title).to_string());
        node(&id, NodeKind::Lesson, &title, vec![])
    });
    node("many", NodeKind::Chapter, "Many", children.collect())
}

fn course(id: &str, title: &str, role: Option<Role>, chapters: &[Chapter]) -> Option<Course> {
    let nodes = chapters.iter().filter_map(|(id, title, lessons)| {
        let children = lessons.iter().filter_map(|(id, title)| {
            store::seed(id, &body(title).to_string());
            node(id, NodeKind::Lesson, title, vec![])
        });
        node(id, NodeKind::Chapter, title, children.collect())
    });
    let view = OutlineView { title: title.to_owned(), nodes: nodes.collect(), ..OutlineView::default() };
    let id: CourseId = id.parse().ok()?;
    let shared = role.is_some();
    let members = [
        ("Maria Silva", "maria", Role::Owner),
        ("Ben Okafor", "ben", Role::Editor),
        ("Åsa Lind", "asa", Role::Viewer),
    ];
    Some(Course {
        id,
        view,
        settings: CourseSettings::default(),
        role,
        owners: if shared { vec!["Maria Silva".to_owned()] } else { vec![] },
        members: members
            .into_iter()
            .filter(|_| shared)
            .map(|(name, email, role)| Member {
                email: format!("{email}@example.org"),
                name: name.to_owned(),
                role,
            })
            .collect(),
        peers: [("Ben Okafor", 5, "layers"), ("Åsa Lind", 2, "moisture")]
            .into_iter()
            .zip(1..)
            .filter(|_| shared)
            .map(|((name, hue, lesson), client)| Peer {
                client,
                name: name.to_owned(),
                hue,
                lesson: lesson.parse().ok(),
            })
            .collect(),
    })
}

fn node(id: &str, kind: NodeKind, title: &str, children: Vec<OutlineNode>) -> Option<OutlineNode> {
    let id: NodeId = id.parse().ok()?;
    Some(OutlineNode { id, kind, title: title.to_owned(), children })
}

fn body(title: &str) -> Value {
    let text = |text: &str| json!({ "type": "text", "text": text });
    let item = |line: &str| json!({ "type": "listItem", "content": [{ "type": "paragraph", "content": [text(line)] }] });
    json!([
        { "type": "paragraph", "content": [
            text(&format!("{title} decides what grows. ")),
            { "type": "text", "text": "A handful tells a lot", "marks": [{ "type": "bold" }] },
            text(": squeeze it, and see whether it keeps its shape, crumbles, or leaves a film on the skin."),
        ] },
        { "type": "heading", "attrs": { "level": 2 }, "content": [text("What to look for")] },
        { "type": "bulletList", "content": [
            item("Colour, and how it changes with depth"),
            item("Roots and worms, and how far down they reach"),
            item("The smell after rain"),
        ] },
        { "type": "paragraph", "content": [
            text("Write down what you see before you measure. Numbers are easier to read beside a description."),
        ] },
    ])
}
