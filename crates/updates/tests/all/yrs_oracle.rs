//! yrs as oracle: random histories of several writers, and state vectors wherever they may fall.

use std::collections::HashMap;
use std::sync::Arc;

use inkhorn_updates::{Index, StateVector, join, rekey, thin, validate};
use proptest::prelude::*;
use yrs::types::ToJson;
use yrs::updates::decoder::Decode;
use yrs::updates::encoder::Encode;
use yrs::{
    Any, Array, ArrayPrelim, ClientID, Doc, GetString, Map, MapPrelim, OffsetKind, Options, ReadTxn, Text,
    TextPrelim, Transact, TransactionMut, Update, Xml, XmlElementPrelim, XmlFragment, XmlFragmentRef, XmlOut,
    XmlTextPrelim,
};

use crate::index;

/// What one writer does next: who, what, and two numbers that say where and with what.
pub(crate) type Step = (u8, u8, u16, u16);

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    prop::collection::vec((0u8..5, 0u8..28, any::<u16>(), any::<u16>()), 1..160)
}

pub(crate) fn doc(client: u64, skip_gc: bool) -> Doc {
    let options = Options {
        offset_kind: OffsetKind::Utf16,
        skip_gc,
        cleanup_formatting: false,
        ..Options::with_client_id(ClientID::new(client))
    };
    let doc = Doc::with_options(options);
    // Roots first, with their types: a root is never read as another type.
    doc.get_or_insert_text("text");
    doc.get_or_insert_xml_fragment("body");
    doc.get_or_insert_map("map");
    doc.get_or_insert_array("list");
    doc
}

struct Writer {
    doc: Doc,
    received: usize,
    queue: Vec<Vec<u8>>,
}

/// A total order of updates, as writers with these ids would give to a server.
pub(crate) fn history(steps: &[Step]) -> Vec<Vec<u8>> {
    let mut writers: Vec<Writer> = (0u64..5)
        .map(|number| Writer {
            doc: doc(number * 1_000_003 + 1, number.is_multiple_of(2)),
            received: 0,
            queue: Vec::new(),
        })
        .collect();
    let mut log: Vec<Vec<u8>> = Vec::new();
    for &(who, what, first, second) in steps {
        let writer = &mut writers[who as usize];
        match what {
            24 | 25 => {
                let until = writer.received + usize::from(first) % (log.len() - writer.received + 1);
                receive(writer, &log, until);
            }
            26 => log.append(&mut writer.queue),
            27 => {
                // Step 2 instead of what waits: everything that this writer has.
                if !std::mem::take(&mut writer.queue).is_empty() {
                    log.push(writer.doc.transact().encode_state_as_update_v1(&yrs::StateVector::default()));
                }
            }
            _ => {
                let mut txn = writer.doc.transact_mut();
                edit(&mut txn, what, u32::from(first), u32::from(second));
                writer.queue.push(txn.encode_update_v1());
            }
        }
    }
    for writer in &mut writers {
        log.append(&mut writer.queue);
    }
    log
}

fn receive(writer: &mut Writer, log: &[Vec<u8>], until: usize) {
    for update in &log[writer.received..until] {
        apply(&writer.doc, update);
    }
    writer.received = until;
}

pub(crate) fn apply(doc: &Doc, update: &[u8]) {
    doc.transact_mut().apply_update(Update::decode_v1(update).expect("decodes")).expect("applies");
}

fn edit(txn: &mut TransactionMut<'_>, what: u8, first: u32, second: u32) {
    const WORDS: [&str; 6] = ["a", "ink", "é漢", " horn", "\n", "lorem ipsum dolor"];
    let word = WORDS[second as usize % WORDS.len()];
    let key = ["a", "b", "title"][second as usize % 3];
    let text = txn.get_text("text").expect("a root");
    let map = txn.get_map("map").expect("a root");
    let list = txn.get_array("list").expect("a root");
    let body = txn.get_xml_fragment("body").expect("a root");
    match what {
        0..=5 => text.insert(txn, first % (text.len(txn) + 1), word),
        6..=8 => {
            let len = text.len(txn);
            if len > 0 {
                let at = first % len;
                text.remove_range(txn, at, (second % 5 + 1).min(len - at));
            }
        }
        9 => {
            let len = text.len(txn);
            if len > 0 {
                let at = first % len;
                let bold = HashMap::from([(Arc::from("bold"), Any::Bool(second.is_multiple_of(2)))]);
                text.format(txn, at, (second % 5 + 1).min(len - at), bold.into_iter().collect());
            }
        }
        10 => {
            let embed = Any::from_json(r#"{"image":"a.png","wide":[1,null]}"#).expect("JSON");
            text.insert_embed(txn, first % (text.len(txn) + 1), embed);
        }
        11..=13 => {
            map.insert(txn, key, Any::from(f64::from(first) / 3.0));
        }
        14 => {
            map.insert(txn, key, MapPrelim::from([("k", Any::from(word))]));
        }
        15 => {
            map.remove(txn, key);
        }
        16 => list.insert_range(
            txn,
            first % (list.len(txn) + 1),
            [Any::from(word), Any::from(first), Any::Null],
        ),
        17 => {
            list.insert(txn, first % (list.len(txn) + 1), ArrayPrelim::from([Any::from(1), Any::from(word)]));
        }
        18 => {
            list.insert(txn, first % (list.len(txn) + 1), TextPrelim::new(word));
        }
        19 => {
            let len = list.len(txn);
            if len > 0 {
                let at = first % len;
                list.remove_range(txn, at, (second % 3 + 1).min(len - at));
            }
        }
        20 | 21 => {
            let at = first % (body.len(txn) + 1);
            let element = body.insert(txn, at, XmlElementPrelim::empty("paragraph"));
            element.insert_attribute(txn, "level", word);
            element.insert(txn, 0, XmlTextPrelim::new(word));
        }
        22 => {
            let len = body.len(txn);
            if let Some(XmlOut::Element(element)) = body.get(txn, first % len.max(1))
                && let Some(XmlOut::Text(inner)) = element.get(txn, 0)
            {
                let at = second % (inner.len(txn) + 1);
                inner.insert(txn, at, word);
            }
        }
        _ => {
            let len = body.len(txn);
            if len > 0 {
                body.remove_range(txn, first % len, 1);
            }
        }
    }
}

/// All that a document says, in one form.
pub(crate) fn meaning(doc: &Doc) -> String {
    let txn = doc.transact();
    // yrs keeps no order of keys, and neither does JSON where another crate asks for the order of insertion.
    let sorted = |any: Any| {
        let mut value = serde_json::to_value(&any).expect("a value");
        value.sort_all_objects();
        value.to_string()
    };
    let text = txn.get_text("text").expect("a root").get_string(&txn);
    let map = sorted(txn.get_map("map").expect("a root").to_json(&txn));
    let list = sorted(txn.get_array("list").expect("a root").to_json(&txn));
    let mut body = String::new();
    xml(&txn, &txn.get_xml_fragment("body").expect("a root"), &mut body);
    format!("{text:?} {map} {list} {body}")
}

fn xml<T: ReadTxn>(txn: &T, root: &XmlFragmentRef, out: &mut String) {
    for child in root.children(txn) {
        match child {
            XmlOut::Element(element) => {
                let mut attributes: Vec<_> = element
                    .attributes(txn)
                    .map(|(key, value)| format!("{key}={}", value.to_string(txn)))
                    .collect();
                attributes.sort();
                out.push_str(&format!("<{} {attributes:?}>", element.tag()));
                for inner in element.children(txn) {
                    if let XmlOut::Text(text) = inner {
                        out.push_str(&text.get_string(txn));
                    }
                }
            }
            XmlOut::Text(text) => out.push_str(&text.get_string(txn)),
            XmlOut::Fragment(_) => out.push_str("<fragment>"),
        }
    }
}

/// A replica that took the same updates in the same order has the same structs; so does one that takes the state.
fn copy_of(replica: &Doc) -> Doc {
    let copy = doc(1 << 42, false);
    apply(&copy, &replica.transact().encode_state_as_update_v1(&yrs::StateVector::default()));
    copy
}

fn vector(doc: &Doc) -> StateVector {
    StateVector::decode(&doc.transact().state_vector().encode_v1()).expect("a state vector")
}

fn indexed(log: &[Vec<u8>]) -> Index {
    let mut index = index();
    for update in log {
        index.add(update).expect("an honest update is taken");
    }
    index
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn the_index_gives_back_what_yrs_integrates(steps in steps()) {
        let log = history(&steps);
        let whole = doc(1 << 40, true);
        log.iter().for_each(|update| apply(&whole, update));
        let index = indexed(&log);
        prop_assert_eq!(index.state_vector(), vector(&whole));
        for (bytes, skip_gc) in [(index.encode(), false), (index.compact(), false), (index.compact(), true)] {
            let copy = doc(1 << 41, skip_gc);
            apply(&copy, &bytes);
            prop_assert_eq!(meaning(&copy), meaning(&whole));
            prop_assert_eq!(copy.transact().snapshot(), whole.transact().snapshot());
            prop_assert!(!copy.transact().has_missing_updates());
        }
    }

    #[test]
    fn a_diff_for_any_replica_brings_it_up_to_date(steps in steps(), at in any::<prop::sample::Index>()) {
        let log = history(&steps);
        let index = indexed(&log);
        let replica = doc(1 << 40, false);
        let known = at.index(log.len() + 1);
        log[..known].iter().for_each(|update| apply(&replica, update));
        prop_assert_eq!(indexed(&log[..known]).state_vector(), vector(&replica));
        let whole = doc(1 << 41, false);
        log.iter().for_each(|update| apply(&whole, update));
        let (plain, compact) = (index.diff(&vector(&replica)), index.diff_compact(&vector(&replica)));
        prop_assert!(compact.len() <= plain.len());
        // Whoever takes the compact form into an index has the same state, too.
        let mut other = indexed(&log[..known]);
        other.add(&compact).expect("a compact diff is taken");
        prop_assert_eq!(other.compact(), index.compact());
        for diff in [plain, compact] {
            let replica = copy_of(&replica);
            apply(&replica, &diff);
            prop_assert_eq!(meaning(&replica), meaning(&whole));
            prop_assert_eq!(replica.transact().snapshot(), whole.transact().snapshot());
        }
    }

    #[test]
    fn a_diff_at_any_state_vector_is_what_yrs_makes_of_the_same_bytes(
        steps in steps(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 5),
    ) {
        let index = indexed(&history(&steps));
        let cut: StateVector = index
            .state_vector()
            .iter()
            .zip(cuts)
            .map(|((client, clock), cut)| (client, cut.index(clock as usize + 1) as u32))
            .collect();
        let diff = index.diff(&cut);
        validate(&diff).expect("a diff is valid");
        let theirs = yrs::diff_updates_v1(&index.encode(), &cut.encode()).expect("yrs diffs");
        prop_assert_eq!(Update::decode_v1(&diff).expect("decodes"), Update::decode_v1(&theirs).expect("decodes"));
    }

    #[test]
    fn updates_that_follow_each_other_can_travel_as_one(steps in steps(), sizes in prop::collection::vec(1usize..9, 1..40)) {
        let log = history(&steps);
        let (one_by_one, joined) = (doc(1 << 40, false), doc(1 << 41, false));
        let (mut rest, mut sizes) = (log.as_slice(), sizes.iter().cycle());
        let mut known = index();
        while !rest.is_empty() {
            let (some, others) = rest.split_at(rest.len().min(*sizes.next().expect("a cycle")));
            some.iter().for_each(|update| apply(&one_by_one, update));
            // A writer who sends all that it has may know less of another than the order does: those stay apart.
            let update = join(some.iter().map(Vec::as_slice));
            let updates = update.as_ref().map_or(some, std::slice::from_ref);
            for update in updates {
                validate(update).expect("valid");
                apply(&joined, update);
                known.add(update).expect("a joined update is taken");
            }
            prop_assert!(!joined.transact().has_missing_updates());
            rest = others;
        }
        prop_assert_eq!(meaning(&joined), meaning(&one_by_one));
        prop_assert_eq!(joined.transact().snapshot(), one_by_one.transact().snapshot());
        prop_assert_eq!(known.compact(), indexed(&log).compact());
    }

    #[test]
    fn an_update_without_what_it_deletes_itself_leads_to_the_same(steps in steps(), sizes in prop::collection::vec(1usize..30, 1..20)) {
        let log = history(&steps);
        let (whole, thinned) = (doc(1 << 40, false), doc(1 << 41, false));
        let (mut rest, mut sizes) = (log.as_slice(), sizes.iter().cycle());
        let mut known = index();
        while !rest.is_empty() {
            let (some, others) = rest.split_at(rest.len().min(*sizes.next().expect("a cycle")));
            let joined = join(some.iter().map(Vec::as_slice));
            for update in joined.as_ref().map_or(some, std::slice::from_ref) {
                apply(&whole, update);
                let thin = thin(update).expect("valid");
                validate(&thin).expect("valid");
                prop_assert!(thin.len() <= update.len());
                apply(&thinned, &thin);
                known.add(&thin).expect("a thin update is taken");
            }
            prop_assert_eq!(meaning(&thinned), meaning(&whole));
            rest = others;
        }
        prop_assert_eq!(thinned.transact().snapshot(), whole.transact().snapshot());
        prop_assert_eq!(known.state_vector(), indexed(&log).state_vector());
        // Who has a thin replica and who has a whole one go on together.
        let diff = whole.transact().encode_state_as_update_v1(&yrs::StateVector::default());
        apply(&thinned, &diff);
        prop_assert_eq!(meaning(&thinned), meaning(&whole));
    }

    #[test]
    fn staging_and_rolling_back_in_any_rhythm_equals_adding(steps in steps(), rhythm in prop::collection::vec(0u8..6, 200)) {
        let log = history(&steps);
        let whole = indexed(&log);
        let mut index = index();
        let mut next = 0;
        let mut committed = 0;
        for beat in rhythm.iter().cycle().take(20 * log.len() + 20) {
            match beat {
                0 => {
                    index.rollback();
                    next = committed;
                }
                1 => {
                    let n = index.in_flight().min(2);
                    index.commit(n);
                    committed += n;
                }
                _ if next < log.len() => {
                    index.check(&log[next]).expect("an honest update is taken");
                    index.stage(&log[next]).expect("an honest update is taken");
                    next += 1;
                }
                _ => {}
            }
            if committed == log.len() {
                break;
            }
        }
        while committed < log.len() {
            index.rollback();
            index.add(&log[committed]).expect("an honest update is taken");
            committed += 1;
        }
        index.rollback();
        prop_assert_eq!(index.encode(), whole.encode());
        prop_assert_eq!(index.staged_state_vector(), whole.state_vector());
    }

    #[test]
    fn rekeying_the_unacked_part_keeps_what_the_document_says(steps in steps(), cut in any::<prop::sample::Index>()) {
        // One writer alone, so that no concurrent edit is ordered by the client id.
        let steps: Vec<Step> = steps.into_iter().map(|(_, what, a, b)| (1, what, a, b)).collect();
        let log = history(&steps);
        let index = indexed(&log);
        let old = 1_000_004;
        let from = cut.index(index.state_vector().get(old) as usize + 1) as u32;
        let moved = rekey(&index.encode(), old, 77, from).expect("an update");
        validate(&moved).expect("valid");
        let (before, after) = (doc(1 << 40, true), doc(1 << 41, true));
        apply(&before, &index.encode());
        apply(&after, &moved);
        prop_assert_eq!(meaning(&after), meaning(&before));
        let vector = vector(&after);
        prop_assert_eq!((vector.get(old), vector.get(77)), (from, index.state_vector().get(old) - from));
        // A server that has the acked part takes it as a writer's first own update.
        let mut server = self::index();
        server.add(&moved).expect("taken");
        prop_assert_eq!(server.state_vector(), vector);
    }

    #[test]
    fn a_server_takes_a_rekeyed_part_on_top_of_its_order_and_no_letter_is_lost(
        steps in steps(),
        at in any::<prop::sample::Index>(),
    ) {
        let log = history(&steps);
        let client = indexed(&log);
        let mut server = indexed(&log[..at.index(log.len() + 1)]);
        let old = 1_000_004;
        let acked = server.state_vector();
        let moved = rekey(&client.diff(&acked), old, 77, acked.get(old)).expect("an update");
        server.add(&moved).expect("a rekeyed part is taken");
        let vector = server.state_vector();
        prop_assert_eq!(vector.get(old), acked.get(old));
        prop_assert_eq!(vector.get(77), client.state_vector().get(old) - acked.get(old));
        // Concurrent insertions may stand in another order now; which letters there are may not change.
        let letters = |index: &Index| {
            let doc = doc(1 << 40, true);
            apply(&doc, &index.encode());
            let txn = doc.transact();
            let mut letters: Vec<char> = txn.get_text("text").expect("a root").get_string(&txn).chars().collect();
            letters.sort_unstable();
            (letters, txn.has_missing_updates())
        };
        prop_assert_eq!(letters(&server), letters(&client));
    }
}
