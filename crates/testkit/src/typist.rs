//! An author who types: a paragraph of their own in a lesson, one letter after the other, each an update.

use yrs::updates::decoder::Decode as _;
use yrs::{
    ClientID, Doc, OffsetKind, Options, Text as _, Transact as _, Update, WriteTxn as _, XmlElementPrelim,
    XmlFragment as _, XmlTextPrelim, XmlTextRef,
};

/// Somebody with an editor in one lesson.
pub struct Typist {
    doc: Doc,
    text: XmlTextRef,
}

impl Typist {
    /// An author who has this state of a lesson, writes as `client` and begins a paragraph behind the first block. Gives
    /// the update of that, too.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub fn begin(state: &[u8], client: u64) -> anyhow::Result<(Self, Vec<u8>)> {
        let options =
            Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(ClientID::new(client)) };
        let doc = Doc::with_options(options);
        doc.transact_mut().apply_update(Update::decode_v1(state)?)?;
        let (text, update) = {
            let mut txn = doc.transact_mut();
            let body = txn.get_or_insert_xml_fragment("body");
            let at = body.len(&txn).min(1);
            let paragraph = body.insert(&mut txn, at, XmlElementPrelim::empty("paragraph"));
            let text = paragraph.insert(&mut txn, 0, XmlTextPrelim::new(""));
            (text, txn.encode_update_v1())
        };
        Ok((Self { doc, text }, update))
    }

    /// Types behind what is there, and gives the update.
    pub fn types(&mut self, words: &str) -> Vec<u8> {
        let mut txn = self.doc.transact_mut();
        let end = self.text.len(&txn);
        self.text.insert(&mut txn, end, words);
        txn.encode_update_v1()
    }

    /// Types at the beginning of the own paragraph, and gives the update.
    pub fn types_before(&mut self, words: &str) -> Vec<u8> {
        let mut txn = self.doc.transact_mut();
        self.text.insert(&mut txn, 0, words);
        txn.encode_update_v1()
    }

    /// Puts a paragraph before all others, and gives the update.
    pub fn opens_with(&mut self, words: &str) -> Vec<u8> {
        let mut txn = self.doc.transact_mut();
        let body = txn.get_or_insert_xml_fragment("body");
        let paragraph = body.insert(&mut txn, 0, XmlElementPrelim::empty("paragraph"));
        paragraph.insert(&mut txn, 0, XmlTextPrelim::new(words));
        txn.encode_update_v1()
    }

    /// Adds a block of a type at the end, and gives the update.
    pub fn adds(&mut self, kind: &str) -> Vec<u8> {
        let mut txn = self.doc.transact_mut();
        let body = txn.get_or_insert_xml_fragment("body");
        body.push_back(&mut txn, XmlElementPrelim::empty(kind));
        txn.encode_update_v1()
    }

    /// Deletes everything in the lesson, and gives the update.
    pub fn deletes_all(&mut self) -> Vec<u8> {
        let mut txn = self.doc.transact_mut();
        let body = txn.get_or_insert_xml_fragment("body");
        let len = body.len(&txn);
        body.remove_range(&mut txn, 0, len);
        txn.encode_update_v1()
    }
}
