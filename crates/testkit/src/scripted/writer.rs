//! The other writer: works in one lesson, in a paragraph of its own.

use anyhow::Context;
use yrs::updates::decoder::Decode as _;
use yrs::{
    ClientID, Doc, OffsetKind, Options, Text as _, Transact as _, Update, WriteTxn as _, XmlElementPrelim,
    XmlFragment as _, XmlTextPrelim, XmlTextRef,
};

/// Client id of every other writer: one a document, and nobody else draws so small a number.
const CLIENT: u64 = 7;

pub(super) struct Writer {
    doc: Doc,
    text: Option<XmlTextRef>,
}

impl Writer {
    /// A writer who has this state of the lesson.
    pub(super) fn new(state: &[u8]) -> anyhow::Result<Self> {
        let options =
            Options { offset_kind: OffsetKind::Utf16, ..Options::with_client_id(ClientID::new(CLIENT)) };
        let doc = Doc::with_options(options);
        doc.transact_mut().apply_update(Update::decode_v1(state)?)?;
        Ok(Self { doc, text: None })
    }

    /// Replaces what the paragraph says, and gives the update.
    pub(super) fn say(&mut self, words: &str) -> anyhow::Result<Vec<u8>> {
        let mut txn = self.doc.transact_mut();
        let text = match &self.text {
            Some(text) => text.clone(),
            None => {
                let body = txn.get_or_insert_xml_fragment("body");
                let paragraph = body.insert(&mut txn, 0, XmlElementPrelim::empty("paragraph"));
                let text = paragraph.insert(&mut txn, 0, XmlTextPrelim::new(""));
                self.text = Some(text.clone());
                text
            }
        };
        let len = text.len(&txn);
        text.insert(&mut txn, len, words);
        if len > 0 {
            text.remove_range(&mut txn, 0, len);
        }
        let update = txn.encode_update_v1();
        drop(txn);
        (!update.is_empty()).then_some(update).context("an empty update")
    }
}
