//! Rich text written by several yjs clients and by yrs at once, delivered in one order: all end equal, by meaning.

use crate::peers::seeded;
use crate::yjs::{Yjs, canonical};
use inkhorn_course::Lesson;
use inkhorn_updates::StateVector;
use serde_json::json;
use yrs::{
    Any, Doc, OffsetKind, Options, ReadTxn, Text, Transact, TransactionMut, Update, Xml, XmlFragment, XmlOut,
};
use yrs::{
    XmlElementPrelim, XmlTextPrelim, XmlTextRef, block::ClientID, types::Attrs, updates::decoder::Decode,
};

const YJS: usize = 3;

/// A peer that edits from Rust below the product's API: in the middle of texts, with formatting.
struct Writer {
    doc: Doc,
    known: usize,
}

struct Dice(Box<dyn FnMut() -> [u8; 16]>);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        let [a, b, c, d, ..] = (self.0)();
        u32::from_le_bytes([a, b, c, d]) as usize % n.max(1)
    }
    /// A place in a text that is not inside a surrogate pair, in UTF-16 units.
    fn boundary(&mut self, text: &str) -> u32 {
        let at = self.below(text.chars().count() + 1);
        text.chars().take(at).map(|c| c.len_utf16() as u32).sum()
    }
}

impl Writer {
    fn new(client: u64) -> Self {
        let mut options = Options::with_client_id(ClientID::new(client));
        options.offset_kind = OffsetKind::Utf16;
        let doc = Doc::with_options(options);
        doc.get_or_insert_xml_fragment("body");
        Self { doc, known: 0 }
    }

    fn edit(&mut self, dice: &mut Dice) -> Option<Vec<u8>> {
        let mut txn = self.doc.transact_mut();
        let fragment = txn.get_xml_fragment("body").unwrap();
        let texts: Vec<XmlTextRef> = fragment.successors(&txn).filter_map(XmlOut::into_xml_text).collect();
        let elements: Vec<_> = fragment.successors(&txn).filter_map(XmlOut::into_xml_element).collect();
        match (dice.below(8), texts.is_empty()) {
            (0, _) | (_, true) => {
                let at = dice.below(fragment.len(&txn) as usize + 1) as u32;
                let element = fragment.insert(&mut txn, at, XmlElementPrelim::empty("paragraph"));
                element.push_back(&mut txn, XmlTextPrelim::new("Rust 🦀"));
            }
            (1, _) => {
                let element = &elements[dice.below(elements.len())];
                element.insert_attribute(&mut txn, "level", Any::from(dice.below(7) as i64));
            }
            (what, _) => self_text(&mut txn, &texts[dice.below(texts.len())], what, dice),
        }
        txn.commit();
        txn.has_changes().then(|| txn.encode_update_v1())
    }
}

fn self_text(txn: &mut TransactionMut<'_>, text: &XmlTextRef, what: usize, dice: &mut Dice) {
    let parts = text.diff(txn, yrs::types::text::YChange::identity);
    let string: String = parts.into_iter().map(|part| part.insert.to_string(txn)).collect();
    let (a, b) = (dice.boundary(&string), dice.boundary(&string));
    let (from, len) = (a.min(b), a.abs_diff(b));
    let bold = |value: Any| Attrs::from([("bold".into(), value)]);
    match what {
        2 | 3 => text.insert(txn, a, "é🦀"),
        4 => text.insert_with_attributes(txn, a, "fett", bold(Any::from(true))),
        5 if len > 0 => text.remove_range(txn, from, len),
        6 if len > 0 => text.format(txn, from, len, bold(Any::from(true))),
        7 if len > 0 => text.format(txn, from, len, bold(Any::Null)),
        _ => {}
    }
}

/// One run. Clients of yjs: documents 0 to 2 of the oracle; the yrs writer; a lesson of the product that only reads;
/// one that also appends.
fn run(yjs: &mut Yjs, seed: u64, steps: usize) {
    let mut dice = Dice(Box::new(seeded(seed)));
    yjs.ask("new", json!({"clients": [101, 7, 4_000_000_000_u32]}));
    let mut log: Vec<Vec<u8>> = Vec::new();
    let mut known = [0; YJS];
    let mut waiting: [Vec<Vec<u8>>; YJS] = Default::default();
    let mut writer = Writer::new(55);
    let mut reader = Lesson::new(1);
    let mut appender = Lesson::new(2);
    let (mut read, mut appended) = (0, 0);

    // What others did comes first, then our own goes behind it: the order of the server.
    let catch_up =
        |yjs: &mut Yjs, log: &mut Vec<Vec<u8>>, at: usize, known: &mut usize, waiting: &mut Vec<Vec<u8>>| {
            for update in &log[*known..] {
                waiting.extend(yjs.apply(at, update));
            }
            log.append(waiting);
            *known = log.len();
        };
    for _ in 0..steps {
        match dice.below(10) {
            who @ 0..6 => {
                let edit_seed = dice.below(1 << 30);
                let answer = yjs.ask("edit", json!({"doc": who % YJS, "seed": edit_seed}));
                waiting[who % YJS].extend(Yjs::updates(&answer));
            }
            who @ 6..8 => catch_up(yjs, &mut log, who % YJS, &mut known[who % YJS], &mut waiting[who % YJS]),
            8 => {
                for update in &log[writer.known..] {
                    let update = Update::decode_v1(update).unwrap();
                    writer.doc.transact_mut().apply_update(update).unwrap();
                }
                log.extend(writer.edit(&mut dice));
                writer.known = log.len();
            }
            _ => {
                for update in &log[appended..] {
                    appender.apply(update).unwrap();
                }
                log.extend(appender.append(&[crate::peers::paragraph("appended 🖋")]).unwrap());
                appended = log.len();
            }
        }
        for update in &log[read..] {
            reader.apply(update).unwrap();
        }
        read = log.len();
    }
    // Clean-up that yjs writes on its own when it hears of formatting ends after a few rounds.
    for round in 0.. {
        assert!(round < 20, "seed {seed}: clean-up does not come to rest");
        let before = log.len();
        for at in 0..YJS {
            catch_up(yjs, &mut log, at, &mut known[at], &mut waiting[at]);
        }
        if log.len() == before && known.iter().all(|known| *known == before) {
            break;
        }
    }
    for update in &log[read..] {
        reader.apply(update).unwrap();
    }
    let ours = canonical(reader.body().unwrap());
    for at in 0..YJS {
        assert_eq!(yjs.dump(at), ours, "seed {seed}: yjs client {at} and yrs differ");
    }
    // The strict index takes the same log, and the document is the sum of it: applying writes nothing of its own.
    let mut index = crate::hostile::index(inkhorn_protocol::schema::LESSON_ROOTS);
    for update in &log {
        index.add(update).unwrap();
    }
    assert_eq!(
        StateVector::decode(&reader.state_vector().unwrap()).unwrap(),
        index.state_vector(),
        "seed {seed}"
    );
    // Both delete a little more than the log says (losers of concurrent writes to one key, children of what was
    // deleted), and both the same. A delete set behind zero structs is an update.
    let deleted = [vec![0], reader.delete_set().unwrap()].concat();
    let deleted: Vec<_> = inkhorn_updates::validate(&deleted).unwrap().deletes.iter().collect();
    let theirs = yjs.ask("deleted", json!({"doc": 0}))["ranges"].clone();
    assert_eq!(serde_json::from_value::<Vec<(u64, u32, u32)>>(theirs).unwrap(), deleted, "seed {seed}");

    // From the log at once, and from a compacted state.
    let mut replayed = Lesson::new(3);
    for update in &log {
        replayed.apply(update).unwrap();
    }
    assert_eq!(canonical(replayed.body().unwrap()), ours, "seed {seed}: replay");
    let loaded = Lesson::load(4, &index.compact()).unwrap();
    assert_eq!(canonical(loaded.body().unwrap()), ours, "seed {seed}: compacted");
    let loaded = Lesson::load(4, &reader.encode().unwrap()).unwrap();
    assert_eq!(canonical(loaded.body().unwrap()), ours, "seed {seed}: reload");
    yjs.ask("new", json!({"clients": [102]}));
    yjs.apply(0, &reader.encode().unwrap());
    assert_eq!(yjs.dump(0), ours, "seed {seed}: what yrs encodes, yjs reads");
}

#[test]
fn several_yjs_clients_and_yrs_that_edit_one_rich_text_end_equal() {
    let mut yjs = Yjs::start();
    for seed in 0..40 {
        run(&mut yjs, seed, 120);
    }
}

#[test]
fn applying_what_others_formatted_deletes_nothing_on_its_own() {
    let (_, first) = Lesson::create(1, &crate::lesson::body(), 1, &[]).unwrap();
    let mut reader = Lesson::load(2, &first).unwrap();
    // Two people make the same words bold while apart: one of each pair of marks is then redundant.
    for client in [11, 12] {
        let writer = Writer::new(client);
        let mut txn = writer.doc.transact_mut();
        txn.apply_update(Update::decode_v1(&first).unwrap()).unwrap();
        let before = txn.state_vector();
        let fragment = txn.get_xml_fragment("body").unwrap();
        let text = fragment.successors(&txn).find_map(XmlOut::into_xml_text).unwrap();
        text.format(&mut txn, 0, 3, Attrs::from([("bold".into(), Any::from(true))]));
        let update = txn.encode_state_as_update_v1(&before);
        assert!(reader.apply(&update).unwrap());
    }
    assert_eq!(reader.delete_set().unwrap(), [0], "the document is the sum of its log, no more");
}
