//! A window of an editor: a document of its own over another implementation of Yjs, as the island has one.

use crate::ledger::{self, marks};
use yrs::updates::decoder::Decode;
use yrs::{
    ClientID, Doc, GetString, OffsetKind, Options, ReadTxn, StateVector, Text, Transact, TransactionMut,
    Update, Xml, XmlElementPrelim, XmlFragment, XmlFragmentRef, XmlOut, XmlTextPrelim, XmlTextRef,
};

pub(crate) struct Window {
    doc: Doc,
    body: XmlFragmentRef,
    /// What is shown was pushed up to here.
    pushed: StateVector,
    /// Number under which the replica knows it.
    pub(crate) number: u64,
}

impl Window {
    /// A window that writes as this client.
    pub(crate) fn new(client: u64, number: u64) -> Self {
        let options =
            Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(ClientID::new(client)) };
        let doc = Doc::with_options(options);
        let body = doc.get_or_insert_xml_fragment("body");
        for root in ["meta", "assets", "quiz", "comments"] {
            doc.get_or_insert_map(root);
        }
        Self { doc, body, pushed: StateVector::default(), number }
    }

    /// Takes in the state of the replica.
    pub(crate) fn show(&mut self, state: &[u8]) -> Result<(), String> {
        let update = Update::decode_v1(state).map_err(|error| error.to_string())?;
        let mut txn = self.doc.transact_mut();
        txn.apply_update(update).map_err(|error| error.to_string())?;
        self.pushed = txn.state_vector();
        Ok(())
    }

    /// Types a mark somewhere, never within another one; gives the update.
    pub(crate) fn type_mark(&mut self, mark: &str, pick: u32) -> Vec<u8> {
        let body = self.body.clone();
        let mut txn = self.doc.transact_mut();
        let texts = texts(&body, &txn);
        match texts.get(pick as usize % (texts.len() + 1)) {
            Some(text) => {
                let ends = ends(&text.get_string(&txn));
                let at = ends.get(pick as usize / 7 % ends.len().max(1)).copied().unwrap_or(0);
                text.insert(&mut txn, at, mark);
            }
            None => {
                let paragraph = body.push_back(&mut txn, XmlElementPrelim::empty("paragraph"));
                paragraph.insert_attribute(&mut txn, "textAlign", "left");
                paragraph.push_back(&mut txn, XmlTextPrelim::new(mark));
            }
        }
        txn.encode_update_v1()
    }

    /// Removes one mark; gives the update and which one it was. None when there is none.
    pub(crate) fn erase_mark(&mut self, pick: u32) -> Option<(Vec<u8>, String)> {
        let body = self.body.clone();
        let mut txn = self.doc.transact_mut();
        let texts = texts(&body, &txn);
        let mut found = Vec::new();
        for text in &texts {
            let shown = text.get_string(&txn);
            found.extend(marks(&shown).into_iter().map(|mark| (text.clone(), shown.clone(), mark)));
        }
        if found.is_empty() {
            return None;
        }
        let (text, shown, mark) = found.swap_remove(pick as usize % found.len());
        let before = shown.split(&mark).next().unwrap_or_default();
        let units = |text: &str| text.encode_utf16().count() as u32;
        text.remove_range(&mut txn, units(before), units(&mark));
        Some((txn.encode_update_v1(), mark))
    }
}

/// Texts of the paragraphs.
fn texts(body: &XmlFragmentRef, txn: &TransactionMut<'_>) -> Vec<XmlTextRef> {
    let mut found = Vec::new();
    for child in body.children(txn) {
        if let XmlOut::Element(element) = child {
            for inner in element.children(txn) {
                if let XmlOut::Text(text) = inner {
                    found.push(text);
                }
            }
        }
    }
    found
}

/// Where something may be typed: at the start, and behind each mark; in UTF-16 units.
fn ends(text: &str) -> Vec<u32> {
    let mut ends = vec![0];
    let mut units = 0;
    for char in text.chars() {
        units += char.len_utf16() as u32;
        if char == ledger::CLOSE {
            ends.push(units);
        }
    }
    ends
}
