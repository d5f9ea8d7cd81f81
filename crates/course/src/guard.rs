//! Guarded transactions. yrs can panic on hostile input, and then panics again while its transaction is dropped,
//! which aborts the process. So every transaction sits in `ManuallyDrop` under `catch_unwind`; after a panic,
//! transaction and document are forgotten (leaked, on purpose) and every later call says so.

use crate::error::Integrate;
use inkhorn_protocol::schema::RootType;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use yrs::block::ClientID;
use yrs::error::UpdateError;
use yrs::updates::{decoder::Decode, encoder::Encode};
use yrs::{
    Doc, OffsetKind, Options, ReadTxn, StateVector, Transact, Transaction, TransactionMut, Update, WriteTxn,
};

/// Client ids have 53 bits, JavaScript's integers.
const CLIENT_BITS: u64 = (1 << 53) - 1;

pub(crate) struct Guarded {
    /// Always there until this is dropped.
    doc: Option<Doc>,
    poisoned: AtomicBool,
}

impl Guarded {
    /// An empty document whose roots have their types from the start: a root is never read as another type.
    pub(crate) fn new(client: u64, roots: &[(&str, RootType)]) -> Self {
        let mut options = Options::with_client_id(ClientID::new(client & CLIENT_BITS));
        // yjs counts in UTF-16; with bytes, yrs panics on the first emoji.
        options.offset_kind = OffsetKind::Utf16;
        options.skip_gc = false;
        // Clean-up would delete on its own while it applies the edits of others; the core's document must stay the
        // sum of its log.
        options.cleanup_formatting = false;
        let doc = Doc::with_options(options);
        for (name, kind) in roots {
            match kind {
                RootType::Map => drop(doc.get_or_insert_map(*name)),
                RootType::Array => drop(doc.get_or_insert_array(*name)),
                RootType::Text => drop(doc.get_or_insert_text(*name)),
                RootType::Xml => drop(doc.get_or_insert_xml_fragment(*name)),
            }
        }
        Self { doc: Some(doc), poisoned: AtomicBool::new(false) }
    }

    pub(crate) fn load(client: u64, roots: &[(&str, RootType)], state: &[u8]) -> Result<Self, Integrate> {
        let mut guarded = Self::new(client, roots);
        guarded.apply(state)?;
        Ok(guarded)
    }

    /// Reads under the guard.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Transaction<'_>) -> T) -> Result<T, Integrate> {
        let doc = self.sound()?;
        let outcome = catch_unwind(AssertUnwindSafe(|| doc.try_transact().ok().map(|txn| look(&txn))));
        match outcome {
            Ok(Some(value)) => Ok(value),
            // A lock that is held although nobody writes means that an earlier failure left it so.
            Ok(None) | Err(_) => Err(self.poison()),
        }
    }

    /// One transaction; returns its update, `None` when it changed nothing.
    pub(crate) fn write(
        &mut self,
        edit: impl FnOnce(&mut TransactionMut<'_>),
    ) -> Result<Option<Vec<u8>>, Integrate> {
        self.transact(|txn| {
            edit(txn);
            txn.commit();
            txn.has_changes().then(|| txn.encode_update_v1())
        })
    }

    /// Integrates an update of others (or of our own log). `false` when it held nothing new.
    pub(crate) fn apply(&mut self, update: &[u8]) -> Result<bool, Integrate> {
        self.sound()?;
        let update = decode(update)?;
        let outcome = self.transact(|txn| {
            txn.apply_update(update)?;
            if txn.has_missing_updates() {
                // yrs sometimes keeps back what is complete; a second try takes it.
                if let Some(pending) = txn.prune_pending() {
                    txn.apply_update(pending)?;
                }
            }
            let missing = txn.has_missing_updates();
            if missing {
                drop(txn.prune_pending());
            }
            txn.commit();
            Ok::<_, UpdateError>((missing, txn.has_changes()))
        })?;
        match outcome {
            Ok((false, changed)) => Ok(changed),
            Ok((true, _)) => Err(Integrate::MissingUpdates),
            // Half of the update may be in: the document no longer equals any log.
            Err(_) => Err(self.poison()),
        }
    }

    fn transact<T>(&mut self, work: impl FnOnce(&mut TransactionMut<'_>) -> T) -> Result<T, Integrate> {
        let Ok(txn) = self.sound()?.try_transact_mut() else {
            return Err(self.poison());
        };
        let mut txn = ManuallyDrop::new(txn);
        match catch_unwind(AssertUnwindSafe(|| work(&mut txn))) {
            Ok(value) => {
                // To drop a transaction is to commit it, if the work ended early.
                match catch_unwind(AssertUnwindSafe(|| txn.commit())) {
                    Ok(()) => drop(ManuallyDrop::into_inner(txn)),
                    Err(_) => return Err(self.poison()),
                }
                Ok(value)
            }
            Err(_) => Err(self.poison()),
        }
    }

    pub(crate) fn state_vector(&self) -> Result<Vec<u8>, Integrate> {
        self.read(|txn| txn.state_vector().encode_v1())
    }

    pub(crate) fn diff(&self, state_vector: &[u8]) -> Result<Vec<u8>, Integrate> {
        let known = inkhorn_updates::StateVector::decode(state_vector)
            .map_err(|error| Integrate::Invalid { reason: error.to_string() })?;
        let known: StateVector =
            known.iter().map(|(client, clock)| (ClientID::new(client & CLIENT_BITS), clock)).collect();
        self.read(|txn| txn.encode_state_as_update_v1(&known))
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, Integrate> {
        self.read(|txn| txn.encode_state_as_update_v1(&StateVector::default()))
    }

    pub(crate) fn delete_set(&self) -> Result<Vec<u8>, Integrate> {
        self.read(|txn| txn.snapshot().delete_set.encode_v1())
    }

    fn sound(&self) -> Result<&Doc, Integrate> {
        match &self.doc {
            Some(doc) if !self.poisoned.load(Ordering::Acquire) => Ok(doc),
            _ => Err(Integrate::Poisoned),
        }
    }

    fn poison(&self) -> Integrate {
        self.poisoned.store(true, Ordering::Release);
        Integrate::Poisoned
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        let doc = self.doc.take();
        if self.poisoned.load(Ordering::Acquire) {
            // Its structures are in an unknown state: walking them to free them can panic again.
            std::mem::forget(doc);
        } else {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(doc)));
        }
    }
}

/// Validates before it decodes: yrs's decoder trusts declared counts and recurses without a bound.
fn decode(update: &[u8]) -> Result<Update, Integrate> {
    inkhorn_updates::validate(update).map_err(|error| Integrate::Invalid { reason: error.to_string() })?;
    match catch_unwind(|| Update::decode_v1(update)) {
        Ok(Ok(update)) => Ok(update),
        Ok(Err(error)) => Err(Integrate::Invalid { reason: error.to_string() }),
        Err(_) => Err(Integrate::Invalid { reason: "the decoder failed".to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_counts_as_yjs_does_and_collects_what_was_deleted() {
        let guarded = Guarded::new(u64::MAX, &[]);
        let doc = guarded.sound().unwrap();
        assert_eq!(doc.offset_kind(), OffsetKind::Utf16);
        assert!(!doc.skip_gc());
        assert_eq!(
            doc.client_id().get(),
            CLIENT_BITS,
            "an id of more than 53 bits would be another one in JavaScript"
        );
    }
}
