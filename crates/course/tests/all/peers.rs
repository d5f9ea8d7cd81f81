//! Several people with a course each, and a server that orders their updates: the model of the world for the tests
//! that merge. Everything random comes from one seed.

use inkhorn_course::{Lesson, Outline, holds_more};
use inkhorn_protocol::body::Node;
use inkhorn_protocol::projection::{OutlineNode, OutlineView};
use inkhorn_protocol::{DocId, NodeId};
use std::collections::BTreeMap;

/// SplitMix64, so that a run can be replayed from its seed.
pub(crate) fn seeded(seed: u64) -> impl FnMut() -> [u8; 16] {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)).to_le_bytes()
    };
    move || {
        let mut bytes = [0; 16];
        bytes.chunks_mut(8).for_each(|half| half.copy_from_slice(&next()));
        bytes
    }
}

pub(crate) fn id(text: &str) -> NodeId {
    text.parse().unwrap()
}

pub(crate) fn paragraph(text: &str) -> Node {
    Node::new("paragraph", vec![Node::text(text)])
}

/// One total order for each document, as the real server keeps it.
#[derive(Default)]
pub(crate) struct Server {
    pub(crate) logs: BTreeMap<DocId, Vec<Vec<u8>>>,
}

/// One person's computer.
pub(crate) struct Peer {
    pub(crate) outline: Outline,
    pub(crate) lessons: BTreeMap<NodeId, Lesson>,
    pub(crate) random: Box<dyn FnMut() -> [u8; 16]>,
    client: u64,
    outbox: Vec<(DocId, Vec<u8>)>,
    /// How much of each log is here.
    known: BTreeMap<DocId, usize>,
}

pub(crate) fn course() -> DocId {
    DocId::Course("course".parse().unwrap())
}

impl Peer {
    pub(crate) fn new(client: u64) -> Self {
        Self {
            outline: Outline::new(client),
            lessons: BTreeMap::new(),
            random: Box::new(seeded(client)),
            client,
            outbox: vec![],
            known: BTreeMap::new(),
        }
    }

    /// Keeps what an operation on the outline wrote, to be sent at the next sync.
    pub(crate) fn log(&mut self, update: impl Into<Option<Vec<u8>>>) {
        self.outbox.extend(update.into().map(|update| (course(), update)));
    }

    pub(crate) fn create_lesson(&mut self, id: &NodeId) {
        let body = Node::new("doc", vec![paragraph("first")]);
        let (lesson, update) = Lesson::create(self.client, &body, 1, &[]).unwrap();
        self.lessons.insert(id.clone(), lesson);
        self.outbox.push((DocId::Lesson(id.clone()), update));
    }

    pub(crate) fn edit_lesson(&mut self, id: &NodeId, text: &str) {
        let Some(lesson) = self.lessons.get_mut(id) else { return };
        let update = lesson.append(&[paragraph(text)]).unwrap().unwrap();
        self.outbox.push((DocId::Lesson(id.clone()), update));
    }

    pub(crate) fn trash(&mut self, id: &NodeId) {
        let lessons = &self.lessons;
        let seen = |id: &NodeId| Some(lessons.get(id)?.state_vector().unwrap());
        let update = self.outline.trash(&mut self.random, id, &seen).unwrap();
        self.log(update);
    }

    pub(crate) fn view(&self) -> OutlineView {
        self.outline.view().unwrap()
    }

    /// Sends what waits, takes what is new, and revives what must not be in Trash.
    /// Returns true when anything moved, either way.
    pub(crate) fn sync(&mut self, server: &mut Server) -> bool {
        let mut moved = self.exchange(server);
        for (id, seen) in self.outline.trashed_seen().unwrap() {
            let held = self.lessons.get(&id).map(|lesson| lesson.state_vector().unwrap());
            if held.is_some_and(|held| holds_more(&held, &seen)) {
                let update = self.outline.revive(&id).unwrap();
                assert!(update.is_some(), "to revive is to write");
                self.log(update);
                moved |= self.exchange(server);
            }
        }
        moved
    }

    fn exchange(&mut self, server: &mut Server) -> bool {
        let mut moved = false;
        // As on the wire: first what others did, then our own behind it.
        for (doc, log) in &server.logs {
            let known = self.known.entry(doc.clone()).or_default();
            for update in &log[*known..] {
                moved = true;
                match doc {
                    DocId::Course(_) => self.outline.apply(update).unwrap(),
                    DocId::Lesson(id) => {
                        let new = || Lesson::new(self.client);
                        self.lessons.entry(id.clone()).or_insert_with(new).apply(update).unwrap()
                    }
                };
            }
            *known = log.len();
        }
        for (doc, update) in self.outbox.drain(..) {
            moved = true;
            let log = server.logs.entry(doc.clone()).or_default();
            log.push(update);
            self.known.insert(doc, log.len());
        }
        moved
    }
}

/// All nodes of a list of trees, parents first.
pub(crate) fn flat(nodes: &[OutlineNode]) -> Vec<&OutlineNode> {
    nodes.iter().flat_map(|node| std::iter::once(node).chain(flat(&node.children))).collect()
}

pub(crate) fn ids(nodes: &[OutlineNode]) -> Vec<&str> {
    flat(nodes).into_iter().map(|node| node.id.as_str()).collect()
}
