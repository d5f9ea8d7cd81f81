//! A replica with one course, and edits on it.

use inkhorn_course::{Lesson, Outline, client_id};
use inkhorn_events::{Subscriber, spine};
use inkhorn_protocol::body::Node;
use inkhorn_protocol::projection::NodeKind;
use inkhorn_protocol::{CourseId, DocId, NodeId};
use inkhorn_replica::{Edited, NewCourse, Options, Origin, Replica, ReplicaError};
use rand::{RngCore, SeedableRng, rngs::StdRng};
use std::cell::Cell;
use std::path::Path;

pub(crate) fn course() -> CourseId {
    "course".parse().expect("id")
}
pub(crate) fn chapter() -> NodeId {
    "chapter".parse().expect("id")
}
pub(crate) fn lesson() -> NodeId {
    "lesson".parse().expect("id")
}
pub(crate) fn lesson_doc() -> DocId {
    DocId::Lesson(lesson())
}

/// Random bytes that a test can replay.
pub(crate) fn source(seed: u64) -> impl FnMut() -> [u8; 16] + Send + 'static {
    let mut rng = StdRng::seed_from_u64(seed);
    move || {
        let mut bytes = [0; 16];
        rng.fill_bytes(&mut bytes);
        bytes
    }
}

thread_local! {
    /// The time of all replicas of a test (each test runs on one thread of its own).
    static NOW: Cell<u64> = const { Cell::new(1_700_000_000_000) };
}

/// It is so late now.
pub(crate) fn clock(now_ms: u64) {
    NOW.with(|now| now.set(now_ms));
}

pub(crate) async fn try_open(dir: &Path, seed: u64) -> Result<(Replica, Subscriber), ReplicaError> {
    let (publisher, subscriber) = spine(1024);
    let clock = Box::new(|| NOW.with(Cell::get));
    let options = Options { clock, random: Box::new(source(seed)) };
    Ok((Replica::open(dir, publisher, options).await?, subscriber))
}

pub(crate) async fn open(dir: &Path, seed: u64) -> Replica {
    try_open(dir, seed).await.expect("opens").0
}

/// A course with one chapter and one empty lesson.
pub(crate) fn a_course(seed: u64) -> NewCourse {
    let mut random = source(seed);
    let mut outline = Outline::new(client_id(&mut random));
    outline.set_title("Ink").expect("title");
    outline.add(&mut random, NodeKind::Chapter, None, None, "Quills", chapter()).expect("chapter");
    outline.add(&mut random, NodeKind::Lesson, Some(&chapter()), None, "Cutting", lesson()).expect("lesson");
    let empty = Node::new("doc", vec![]);
    let (_, first) = Lesson::create(client_id(&mut random), &empty, 1, &[]).expect("lesson");
    NewCourse {
        id: course(),
        title: "Ink".into(),
        outline: outline.encode().expect("outline"),
        lessons: vec![(lesson(), first)],
        assets: vec![],
    }
}

/// Adds a paragraph to a lesson.
pub(crate) async fn write_in(replica: &Replica, lesson: &NodeId, text: &str) -> Result<(), ReplicaError> {
    let block = Node::new("paragraph", vec![Node::text(text)]);
    let edit = move |lesson: &mut Lesson, _: &mut dyn inkhorn_course::Random| {
        Ok(Edited::new((), lesson.append(&[block])?))
    };
    replica.edit_lesson(lesson, Origin::Core, edit).await
}

pub(crate) async fn write(replica: &Replica, text: &str) -> Result<(), ReplicaError> {
    write_in(replica, &lesson(), text).await
}

/// The paragraphs of a lesson.
pub(crate) async fn texts_of(replica: &Replica, lesson: &NodeId) -> Vec<String> {
    let body = replica.body(lesson).await.expect("body");
    let text = |node: &Node| node.content.iter().filter_map(|node| node.text.clone()).collect();
    // A lesson begins with an empty line.
    body.content.iter().map(text).filter(|text: &String| !text.is_empty()).collect()
}

pub(crate) async fn texts(replica: &Replica) -> Vec<String> {
    texts_of(replica, &lesson()).await
}
