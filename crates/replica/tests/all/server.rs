//! A tiny server that keeps one order per document, in memory.

use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::{DocNotice, EventKind};
use inkhorn_protocol::{DocId, schema};
use inkhorn_updates::{Index, Refused, RootType, Schema, StateVector};
use std::collections::{BTreeMap, HashMap, VecDeque};

pub(crate) enum Down {
    Frame(DocId, Message),
    Notice(DocNotice),
    Session(u64, u64, EventKind),
}

#[derive(Default)]
pub(crate) struct Server {
    pub(crate) docs: BTreeMap<DocId, (Index, u64)>,
    /// (head after, document), one a commit.
    pub(crate) events: Vec<(u64, DocId)>,
    pub(crate) course_seq: u64,
    /// Per client: documents that it has open, with the frames counted and whether a step 1 of ours is out.
    pub(crate) open: HashMap<usize, HashMap<DocId, (u64, bool)>>,
    pub(crate) down: HashMap<usize, VecDeque<Down>>,
    /// Says that its content is another one than it is.
    pub(crate) lies: bool,
}

pub(crate) fn empty(doc: &DocId) -> Index {
    Index::new(Schema::new(schema::roots(doc).iter().map(|(name, kind)| {
        let kind = match kind {
            schema::RootType::Map => RootType::Map,
            schema::RootType::Array => RootType::Array,
            schema::RootType::Text => RootType::Text,
            schema::RootType::Xml => RootType::Xml,
        };
        (*name, kind)
    })))
}

impl Server {
    pub(crate) fn send(&mut self, client: usize, down: Down) {
        self.down.entry(client).or_default().push_back(down);
    }

    pub(crate) fn receive(&mut self, client: usize, doc: &DocId, message: Message) {
        match message {
            Message::Token(_) => {
                self.open.entry(client).or_default().insert(doc.clone(), (0, true));
                self.send(client, Down::Frame(doc.clone(), Message::Authenticated { read_only: false }));
                let vector = self.docs.get(doc).map_or(vec![0], |(index, _)| index.state_vector().encode());
                self.send(client, Down::Frame(doc.clone(), Message::Step1(vector)));
            }
            Message::Step1(vector) => {
                let Some((index, seq)) = self.docs.get(doc) else { panic!("{doc} is not registered") };
                let step2 = index.diff(&StateVector::decode(&vector).expect("vector"));
                let state = Some(if self.lies { "1:0".to_owned() } else { index.fingerprint().to_string() });
                let at = DocNotice::At { doc: doc.clone(), doc_seq: *seq, state };
                self.send(client, Down::Frame(doc.clone(), Message::Step2(step2)));
                self.send(client, Down::Notice(at));
            }
            Message::Step2(update) | Message::Update(update) => self.update(client, doc, update),
            Message::Close(_) => drop(self.open.entry(client).or_default().remove(doc)),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn update(&mut self, client: usize, doc: &DocId, update: Vec<u8>) {
        let Some((frames, asked)) = self.open.entry(client).or_default().get_mut(doc) else { return };
        *frames += 1;
        let (n, asked_before) = (*frames, std::mem::replace(asked, true));
        let (index, seq) = self.docs.get_mut(doc).expect("registered");
        let added = match index.add(&update) {
            Ok(added) => added,
            Err(Refused::Gap { .. } | Refused::UnknownReference { .. }) => {
                assert!(!asked_before || n > 1, "an answer to our step 1 leaves no gap");
                let vector = index.state_vector().encode();
                return self.send(client, Down::Frame(doc.clone(), Message::Step1(vector)));
            }
            Err(error) => panic!("{doc}: {error}"),
        };
        if !added.is_noop {
            *seq += 1;
            self.course_seq += 1;
            self.events.push((self.course_seq, doc.clone()));
        }
        let doc_seq = *seq;
        self.send(client, Down::Notice(DocNotice::Stored { doc: doc.clone(), doc_seq, n, state: None }));
        if added.is_noop {
            return;
        }
        let others: Vec<usize> = self.open.keys().copied().filter(|other| *other != client).collect();
        for other in others {
            if self.open[&other].contains_key(doc) {
                self.send(other, Down::Frame(doc.clone(), Message::Update(update.clone())));
                self.send(other, Down::Notice(DocNotice::At { doc: doc.clone(), doc_seq, state: None }));
            }
        }
        let (prev, now) = (self.course_seq - 1, self.course_seq);
        let connected: Vec<usize> = self.open.keys().copied().collect();
        for other in connected {
            self.send(other, Down::Session(prev, now, EventKind::Documents { docs: vec![doc.clone()] }));
        }
    }
}
