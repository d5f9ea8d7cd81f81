//! Words that somebody takes away unseen: whoever types, deletes and moves at the same time, each word that nobody deleted
//! knowingly is in the lesson afterwards, or kept with its author.

use inkhorn_course::lost::plain;
use inkhorn_course::{Going, Lesson};
use inkhorn_protocol::body::Node;
use inkhorn_updates::{Index, RootType, Schema, StateVector};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use yrs::updates::decoder::Decode;
use yrs::{
    Doc, GetString, OffsetKind, Options, ReadTxn, Text, Transact, TransactionMut, Update, XmlElementPrelim,
    XmlElementRef, XmlFragment, XmlFragmentRef, XmlOut, XmlTextPrelim, XmlTextRef,
};

fn index() -> Index {
    let roots = [("body", RootType::Xml), ("meta", RootType::Map), ("assets", RootType::Map)];
    Index::new(Schema::new(roots))
}

/// An author's window and core.
struct Peer {
    client: u64,
    window: Doc,
    index: Index,
    lesson: Lesson,
    outbox: Vec<Vec<u8>>,
    known: usize,
    kept: Vec<Going>,
}

impl Peer {
    fn new(client: u64, first: &[u8]) -> Self {
        let mut options = Options::with_client_id(yrs::block::ClientID::new(client));
        options.offset_kind = OffsetKind::Utf16;
        let window = Doc::with_options(options);
        window.get_or_insert_xml_fragment("body");
        let mut peer = Self {
            client,
            window,
            index: index(),
            lesson: Lesson::new(client + 100),
            outbox: Vec::new(),
            known: 0,
            kept: Vec::new(),
        };
        peer.hear(first);
        peer
    }

    fn edit(&mut self, edit: impl FnOnce(&mut TransactionMut<'_>, &XmlFragmentRef)) {
        let body = self.window.get_or_insert_xml_fragment("body");
        let mut txn = self.window.transact_mut();
        edit(&mut txn, &body);
        txn.commit();
        let update = txn.encode_update_v1();
        if self.index.add(&update).unwrap().is_noop {
            return;
        }
        self.lesson.apply(&update).unwrap();
        self.outbox.push(update);
    }

    /// An update of others arrives.
    fn hear(&mut self, update: &[u8]) {
        let own = BTreeSet::from([self.client]);
        let gone = self.index.takes_away(update);
        let collateral = gone.map(|gone| self.index.collateral(&gone, &own)).unwrap_or_default();
        let before = self.lesson.before(&collateral).unwrap();
        self.index.add(update).unwrap();
        self.lesson.apply(update).unwrap();
        self.kept.extend(self.lesson.lost(&before).unwrap());
        self.window.transact_mut().apply_update(Update::decode_v1(update).unwrap()).unwrap();
    }

    fn text(&self) -> String {
        plain(&self.lesson.body().unwrap())
    }

    fn keeps(&self, word: &str) -> bool {
        self.kept.iter().any(|kept| plain(&kept.block).contains(word))
    }
}

/// One order of updates; what a peer that was away gets is cut from the whole.
struct Server {
    log: Vec<Vec<u8>>,
    index: Index,
}

impl Server {
    fn take(&mut self, update: Vec<u8>) {
        let added = self.index.add(&update).unwrap();
        if !added.is_noop {
            self.log.push(added.part.unwrap_or(update));
        }
    }

    /// An exchange: what each side lacks, edit by edit or as one, the one side first or the other.
    fn exchange(&mut self, peer: &mut Peer, as_one: bool, up_first: bool) {
        let has = self.index.state_vector();
        let down = |server: &mut Self, peer: &mut Peer| {
            if as_one {
                let lacks = server.index.diff(&peer.index.state_vector());
                peer.hear(&lacks);
            } else {
                for update in &server.log[peer.known..] {
                    peer.hear(update);
                }
            }
            peer.known = server.log.len();
        };
        if !up_first {
            down(self, peer);
        }
        let edits = std::mem::take(&mut peer.outbox);
        if as_one {
            self.take(peer.index.diff(&has));
        } else {
            edits.into_iter().for_each(|update| self.take(update));
        }
        if up_first {
            down(self, peer);
        }
    }
}

#[derive(Debug, Clone)]
struct Step {
    who: usize,
    what: u8,
    a: usize,
    b: usize,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step =
        (0..3usize, 0..10u8, 0..12usize, 0..12usize).prop_map(|(who, what, a, b)| Step { who, what, a, b });
    proptest::collection::vec(step, 1..40)
}

fn elements(txn: &impl ReadTxn, body: &XmlFragmentRef) -> Vec<(XmlElementRef, Option<XmlElementRef>, u32)> {
    let mut found = Vec::new();
    let mut stack: Vec<(XmlOut, Option<XmlElementRef>, u32)> =
        body.children(txn).enumerate().map(|(at, child)| (child, None, at as u32)).collect();
    while let Some((node, parent, at)) = stack.pop() {
        if let XmlOut::Element(element) = node {
            let children = element.children(txn).enumerate();
            stack.extend(children.map(|(at, child)| (child, Some(element.clone()), at as u32)));
            found.push((element, parent, at));
        }
    }
    found
}

fn texts(txn: &impl ReadTxn, body: &XmlFragmentRef) -> Vec<(XmlTextRef, XmlElementRef)> {
    let of = |(element, ..): (XmlElementRef, _, _)| {
        let first = element.get(txn, 0)?;
        Some((first.into_xml_text()?, element))
    };
    elements(txn, body).into_iter().filter_map(of).collect()
}

fn pick<T: Clone>(list: &[T], at: usize) -> Option<T> {
    list.get(at % list.len().max(1)).cloned()
}

/// All words below an element.
fn words(txn: &impl ReadTxn, element: &XmlElementRef) -> Vec<String> {
    let mut found = Vec::new();
    let mut stack = vec![element.clone()];
    while let Some(element) = stack.pop() {
        for child in element.children(txn) {
            match child {
                XmlOut::Element(element) => stack.push(element),
                XmlOut::Text(text) => {
                    found.extend(text.get_string(txn).split_whitespace().map(str::to_owned));
                }
                XmlOut::Fragment(_) => {}
            }
        }
    }
    found
}

fn act(peer: &mut Peer, step: &Step, new: &str, deleted: &mut BTreeSet<String>) -> bool {
    let mut typed = false;
    peer.edit(|txn, body| match step.what {
        // Types a word between two others.
        0..=4 => {
            let Some((text, _)) = pick(&texts(txn, body), step.a) else { return };
            let there = text.get_string(txn);
            let ends: Vec<u32> =
                there.char_indices().filter(|(_, c)| *c == ' ').map(|(at, _)| at as u32 + 1).collect();
            let at = if step.b == 0 { 0 } else { pick(&ends, step.b).unwrap_or(0) };
            text.insert(txn, at, &format!("{new} "));
            typed = true;
        }
        // Deletes a word.
        5 => {
            let Some((text, _)) = pick(&texts(txn, body), step.a) else { return };
            let there = text.get_string(txn);
            let Some(word) = pick(&there.split_whitespace().collect::<Vec<_>>(), step.b) else { return };
            let Some(at) = there.find(word) else { return };
            deleted.insert(word.to_owned());
            text.remove_range(txn, at as u32, word.len() as u32 + 1);
        }
        // Empties a paragraph: its text goes, as in y-prosemirror.
        6 => {
            let Some((_, element)) = pick(&texts(txn, body), step.a) else { return };
            deleted.extend(words(txn, &element));
            element.remove_range(txn, 0, 1);
        }
        // Moves a block at the top: a copy elsewhere.
        7 => {
            let top: Vec<XmlOut> = body.children(txn).collect();
            let Some(XmlOut::Element(element)) = pick(&top, step.a) else { return };
            let text = words(txn, &element).join(" ");
            body.remove(txn, (step.a % top.len()) as u32);
            let at = (step.b % top.len()) as u32;
            let copy = body.insert(txn, at, XmlElementPrelim::empty("paragraph"));
            copy.push_back(txn, XmlTextPrelim::new(format!("{text} ")));
        }
        // Deletes a block, a list, or an item of it.
        _ => {
            let Some((element, parent, at)) = pick(&elements(txn, body), step.a) else { return };
            deleted.extend(words(txn, &element));
            match parent {
                Some(parent) => parent.remove_range(txn, at, 1),
                None => body.remove_range(txn, at, 1),
            }
        }
    });
    typed
}

fn first() -> Vec<u8> {
    let line = |text: &str| Node::new("paragraph", vec![Node::text(text)]);
    let item = |text: &str| Node::new("listItem", vec![line(text)]);
    let list = Node::new("bulletList", vec![item("first "), item("second ")]);
    let doc = Node::new("doc", vec![line("one "), list, line("two "), line("three ")]);
    Lesson::create(1, &doc, 1, &[]).unwrap().1
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_word_that_nobody_deleted_knowingly_is_there_or_kept_with_its_author(
        steps in steps(),
        exchanges in proptest::collection::vec((0..3usize, any::<bool>(), any::<bool>()), 40),
    ) {
        let mut server = Server { log: Vec::new(), index: index() };
        server.take(first());
        let mut peers: Vec<Peer> = (0..3).map(|n| Peer::new(10 + n, &first())).collect();
        peers.iter_mut().for_each(|peer| peer.known = 1);
        let mut authors: BTreeMap<String, usize> = BTreeMap::new();
        let mut deleted = BTreeSet::new();
        for (number, (step, exchange)) in steps.iter().zip(exchanges).enumerate() {
            let new = format!("word{number}x");
            if act(&mut peers[step.who], step, &new, &mut deleted) {
                authors.insert(new, step.who);
            }
            // Most of the time nobody hears of it yet.
            if number % 3 == 0 {
                server.exchange(&mut peers[exchange.0], exchange.1, exchange.2);
            }
        }
        for round in 0..2 {
            for peer in &mut peers {
                server.exchange(peer, round == 0, true);
            }
        }
        let text = peers[0].text();
        for peer in &peers {
            prop_assert_eq!(peer.text(), text.clone());
        }
        for (word, author) in &authors {
            let there = text.contains(&format!("{word} ")) || text.contains(word);
            prop_assert!(
                there || deleted.contains(word) || peers[*author].keeps(word),
                "{} by {} is nowhere: {}", word, author, text
            );
        }
        // What stays untouched is not kept as well: each thing that is kept had a word that went.
        for kept in peers.iter().flat_map(|peer| &peer.kept) {
            let block = plain(&kept.block);
            prop_assert!(authors.keys().any(|word| block.contains(word.as_str())), "{} for nothing", block);
        }
    }
}

/// Ada and Ben with the same lesson; what Ada typed Ben has not seen.
fn apart(blocks: Vec<Node>) -> (Peer, Peer) {
    let (_, first) = Lesson::create(1, &Node::new("doc", blocks), 1, &[]).unwrap();
    (Peer::new(10, &first), Peer::new(11, &first))
}

fn line(text: &str) -> Node {
    Node::new("paragraph", vec![Node::text(text)])
}

fn deletes(peer: &mut Peer, at: u32) -> Vec<u8> {
    peer.edit(|txn, body| body.remove_range(txn, at, 1));
    peer.outbox.pop().unwrap()
}

fn types(peer: &mut Peer, text: usize, at: u32, word: &str) -> Vec<u8> {
    peer.edit(|txn, body| {
        let mut all = texts(txn, body);
        all.reverse();
        let (text, _) = all[text].clone();
        text.insert(txn, at, word);
    });
    peer.outbox.pop().unwrap()
}

#[test]
fn a_block_is_kept_as_it_was_and_goes_back_behind_its_neighbour() {
    let (mut ada, mut ben) = apart(vec![line("one"), line("two"), line("three")]);
    types(&mut ada, 1, 3, " and mine");
    let update = deletes(&mut ben, 1);
    ada.hear(&update);
    assert_eq!(ada.kept.len(), 1);
    let kept = ada.kept[0].clone();
    assert_eq!(kept.block, line("two and mine"));
    assert_eq!(ada.text(), "one\nthree");
    let blocks = [kept.block.clone()];
    ada.lesson.put_blocks(&kept.place, &blocks).unwrap().unwrap();
    assert_eq!(ada.text(), "one\ntwo and mine\nthree");
    // Where no neighbour is left, at the end.
    let (_, mut other) = apart(vec![line("other")]);
    other.lesson.put_blocks(&kept.place, &blocks).unwrap().unwrap();
    assert_eq!(other.text(), "other\ntwo and mine");
    ada.hear(&update);
    assert_eq!(ada.kept.len(), 1, "the same update again");
}

#[test]
fn an_item_of_a_list_is_kept_as_a_list_of_its_own() {
    let item = |text: &str| Node::new("listItem", vec![line(text)]);
    let list = |items: Vec<Node>| Node::new("orderedList", items).with("start", 3);
    let (mut ada, mut ben) = apart(vec![list(vec![item("one"), item("two")]), line("end")]);
    types(&mut ada, 1, 3, " words");
    ben.edit(|txn, body| {
        let list = body.get(txn, 0).unwrap().into_xml_element().unwrap();
        list.remove_range(txn, 1, 1);
    });
    ada.hear(&ben.outbox.pop().unwrap());
    assert_eq!(ada.kept[0].block, list(vec![item("two words")]));
    let kept = ada.kept[0].clone();
    ada.lesson.put_blocks(&kept.place, &[kept.block]).unwrap();
    assert_eq!(ada.text(), "one\ntwo words\nend", "behind the list that it was in");
}

#[test]
fn a_block_that_comes_again_with_the_words_is_not_kept_and_one_without_them_is() {
    for with_words in [true, false] {
        let (mut ada, mut ben) = apart(vec![line("one"), line("two")]);
        types(&mut ada, 0, 3, " words of hers");
        let copy = if with_words { "one words of hers" } else { "one" };
        ben.edit(|txn, body| {
            body.remove_range(txn, 0, 1);
            let moved = body.push_back(txn, XmlElementPrelim::empty("paragraph"));
            moved.push_back(txn, XmlTextPrelim::new(copy));
        });
        ada.hear(&ben.outbox.pop().unwrap());
        assert_eq!(ada.kept.is_empty(), with_words, "{copy}");
    }
}

#[test]
fn what_was_seen_is_not_kept_and_an_address_that_was_not_is() {
    let (mut ada, mut ben) = apart(vec![line("one"), line("two")]);
    let word = types(&mut ada, 0, 3, " words");
    ben.hear(&word);
    ada.hear(&deletes(&mut ben, 0));
    assert!(ada.kept.is_empty(), "Ben saw them, and deleted them");

    let column = |text: &str| Node::new("column", vec![line(text)]);
    let (mut ada, mut ben) = apart(vec![Node::new("columns", vec![column("a"), column("b")])]);
    ada.edit(|txn, body| {
        let columns = body.get(txn, 0).unwrap().into_xml_element().unwrap();
        let second = columns.get(txn, 1).unwrap().into_xml_element().unwrap();
        let image = second.push_back(txn, XmlElementPrelim::empty("image"));
        use yrs::Xml;
        image.insert_attribute(txn, "src", "asset:00");
    });
    ada.hear(&deletes(&mut ben, 0));
    let kept = serde_json::to_string(&ada.kept[0].block).unwrap();
    assert!(kept.contains("asset:00") && kept.contains("\"b\""), "{kept}");
    assert_eq!(StateVector::decode(&ada.lesson.state_vector().unwrap()).unwrap(), ada.index.state_vector());
}
