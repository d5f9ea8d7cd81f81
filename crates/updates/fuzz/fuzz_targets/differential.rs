//! What the index takes, yrs decodes, integrates and reads without a panic or a hang, with nothing left pending and
//! with the same state vector.
#![no_main]

use inkhorn_updates::{Index, RootType, Schema};
use libfuzzer_sys::fuzz_target;
use yrs::types::ToJson;
use yrs::updates::decoder::Decode;
use yrs::{ClientID, Doc, GetString, OffsetKind, Options, ReadTxn, Transact, Update};

/// The input as updates, each behind its length in two bytes (little endian): `node oracle.mjs corpus` writes such
/// files from real histories.
fn updates(mut bytes: &[u8]) -> Vec<&[u8]> {
    let mut updates = Vec::new();
    while let Some((length, rest)) = bytes.split_first_chunk::<2>() {
        let (update, rest) = rest.split_at(rest.len().min(usize::from(u16::from_le_bytes(*length))));
        updates.push(update);
        bytes = rest;
    }
    updates
}

fuzz_target!(|bytes: &[u8]| {
    let roots = [("text", RootType::Text), ("map", RootType::Map), ("list", RootType::Array), ("body", RootType::Xml)];
    let mut index = Index::new(Schema::new(roots));
    let options = Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(ClientID::new(1 << 40)) };
    let doc = Doc::with_options(options);
    let (text, map) = (doc.get_or_insert_text("text"), doc.get_or_insert_map("map"));
    let (list, body) = (doc.get_or_insert_array("list"), doc.get_or_insert_xml_fragment("body"));
    for update in updates(bytes) {
        let Ok(added) = index.add(update) else { continue };
        let part = added.part.unwrap_or_else(|| update.to_vec());
        let decoded = Update::decode_v1(&part).expect("yrs decodes what was taken");
        doc.transact_mut().apply_update(decoded).expect("yrs applies what was taken");
    }
    let txn = doc.transact();
    let _ = (text.get_string(&txn), map.to_json(&txn), list.to_json(&txn), body.get_string(&txn));
    assert!(!txn.has_missing_updates());
    for (client, clock) in index.state_vector().iter() {
        assert_eq!(txn.state_vector().get(&ClientID::new(client)), clock);
    }
});
