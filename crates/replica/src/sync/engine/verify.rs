//! Provable sync: when an exchange has ended, the document here has to be what the server has. The server's fingerprint comes
//! behind its step 2 and behind its ack of ours; it is compared when nothing is under way, and what differs is rebuilt from the
//! server's whole order, once, and reported.

use super::Engine;
use crate::sync::{Action, MAX_REPAIRS, Ticket};
use crate::{Print, Rebuild, ReplicaError};
use inkhorn_protocol::DocId;
use inkhorn_protocol::frame::Message;

impl Engine {
    /// Asks for the fingerprint here, if the server's is known for what is here now and was not compared yet. Whether it did.
    pub(super) fn verify(&mut self, id: &DocId, out: &mut Vec<Action>) -> bool {
        let Some(doc) = self.docs.get_mut(id) else { return false };
        let known = doc.server_state.as_ref().is_some_and(|(seq, _)| doc.head == Some(*seq));
        if !known || doc.relayed > 0 || doc.muted || doc.verified {
            return false;
        }
        self.tickets += 1;
        let ticket = self.tickets;
        doc.verifying = Some(ticket);
        out.push(Action::Verify { doc: id.clone(), ticket });
        true
    }

    /// The fingerprint here has been read.
    pub(super) fn compare(
        &mut self,
        id: &DocId,
        ticket: Ticket,
        print: Result<Print, ReplicaError>,
        now_ms: u64,
        out: &mut Vec<Action>,
    ) {
        let Some(doc) = self.docs.get_mut(id) else { return };
        if doc.verifying != Some(ticket) {
            // Something came meanwhile.
            return;
        }
        doc.verifying = None;
        doc.verified = true;
        let ours = match print {
            Ok(print) => print.state,
            Err(error) => return self.fail(id, error.to_string(), now_ms, out),
        };
        let (Some(ours), Some((_, theirs))) = (ours, doc.server_state.take()) else { return };
        if ours == theirs {
            if std::mem::replace(&mut doc.repairing, false) {
                out.push(Action::Differed { doc: id.clone(), repaired: true });
            }
            return;
        }
        // Numbers that were reckoned in another way say nothing.
        let version = |state: &str| state.split(':').next().map(str::to_owned);
        if version(&ours) != version(&theirs) {
            return;
        }
        if doc.repairs >= MAX_REPAIRS {
            doc.repairing = false;
            out.push(Action::Differed { doc: id.clone(), repaired: false });
            return;
        }
        doc.repairs += 1;
        doc.repairing = true;
        self.unsubscribe(id, out);
        if let Some(doc) = self.docs.get_mut(id) {
            doc.close();
            // `advance` opens it again; the whole order is asked for then.
            doc.rebuild = Some(Rebuild::Repair);
            doc.again = true;
        }
        out.push(Action::Send { doc: id.clone(), message: Message::Close(String::new()) });
    }
}
