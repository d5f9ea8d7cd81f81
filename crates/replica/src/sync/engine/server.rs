//! What the server says: frames and notices.

use super::Engine;
use crate::Rebuild;
use crate::sync::doc::Phase;
use crate::sync::{Action, MAX_REKEYS};
use inkhorn_protocol::DocId;
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::{DocNotice, Reason, Role};

impl Engine {
    pub(super) fn frame(&mut self, id: &DocId, message: Message, now_ms: u64, out: &mut Vec<Action>) {
        let ticket = self.ticket();
        let Some(doc) = self.docs.get_mut(id) else { return };
        if doc.phase == Phase::Idle {
            // What was under way when we closed it; the next step 1 asks for it again.
            return;
        }
        doc.progress_ms = now_ms;
        if !doc.greeted {
            // Frames keep their order: what comes before the answer to our token belongs to an exchange that we closed.
            match message {
                Message::Authenticated { read_only } => {
                    doc.greeted = true;
                    // The server drops a viewer's deletions without a word, since it cannot tell them from those that
                    // follow from what others did. What waits was not made as a viewer: it is kept, and said.
                    if read_only && doc.dirty && !doc.muted {
                        self.reject(id, Reason::RoleTooLow { role: Role::Viewer }, out);
                    }
                }
                Message::PermissionDenied(why) => {
                    let denied = doc.denied.take();
                    self.denied(id, denied, why, now_ms, out);
                }
                _ => {}
            }
            return;
        }
        match message {
            Message::Step1(vector) => {
                doc.server_has = Some(vector);
                doc.owes_answer = true;
                self.answer(id, out);
            }
            Message::Step2(update) => {
                if !doc.step1_out {
                    return;
                }
                doc.step1_out = false;
                doc.applying.push_back((ticket, true));
                let (id, mark) = (id.clone(), doc.step1_mark);
                out.push(match doc.rebuild {
                    Some(why) => Action::Rebuild { doc: id, ticket, update, why, caught_up: mark },
                    None => Action::Apply { doc: id, ticket, update, caught_up: Some(mark) },
                });
            }
            Message::Update(update) => {
                doc.relayed += 1;
                doc.verifying = None;
                // The server's whole order is on its way and holds it.
                if doc.rebuild.is_none() {
                    doc.applying.push_back((ticket, false));
                    out.push(Action::Apply { doc: id.clone(), ticket, update, caught_up: None });
                }
            }
            Message::PermissionDenied(why) | Message::Close(why) => {
                if !doc.is_still() || doc.open {
                    let why = if why.is_empty() { "the server closed it".to_owned() } else { why };
                    self.fail(id, why, now_ms, out);
                }
            }
            // The role changed while it was open. What is on its way was refused, or dropped without a word: no `stored` may
            // count for it.
            Message::Authenticated { read_only: true } if doc.dirty && !doc.muted => {
                self.reject(id, Reason::RoleTooLow { role: Role::Viewer }, out);
            }
            // The app does not count: `stored` acks. Awareness has its own way.
            Message::SyncStatus(_)
            | Message::Authenticated { .. }
            | Message::Awareness(_)
            | Message::QueryAwareness
            | Message::Stateless(_)
            | Message::Token(_) => {}
        }
    }

    pub(super) fn notice(&mut self, notice: DocNotice, now_ms: u64, out: &mut Vec<Action>) {
        match notice {
            DocNotice::Stored { doc, doc_seq, n, state } => {
                self.stored(&doc, doc_seq, n, now_ms, out);
                self.told_state(&doc, doc_seq, state);
            }
            DocNotice::At { doc: id, doc_seq, state } => {
                let Some(doc) = self.docs.get_mut(&id).filter(|doc| doc.greeted) else { return };
                // Own frames that are under way do not explain it: each has its `stored` before a later `at`.
                let limit = doc.head_limit(0);
                if limit.is_some_and(|limit| doc_seq > limit) {
                    doc.again = true;
                }
                doc.head = Some(doc.head.unwrap_or(0).max(doc_seq));
                doc.relayed = 0;
                self.told_state(&id, doc_seq, state);
            }
            DocNotice::Rejected { doc, client, from_clock, reason, .. } => {
                self.rejected(&doc, client, from_clock, reason, now_ms, out);
            }
        }
    }

    /// What the server's content is at a head of its order.
    fn told_state(&mut self, id: &DocId, doc_seq: u64, state: Option<String>) {
        let (Some(doc), Some(state)) = (self.docs.get_mut(id).filter(|doc| doc.greeted), state) else {
            return;
        };
        doc.server_state = Some((doc_seq, state));
    }

    fn stored(&mut self, id: &DocId, doc_seq: u64, n: u64, now_ms: u64, out: &mut Vec<Action>) {
        let Some(doc) = self.docs.get_mut(id).filter(|doc| doc.greeted) else { return };
        doc.progress_ms = now_ms;
        let mut acked = None;
        let mut frames = 0;
        while let Some((_, version)) = doc.in_flight.pop_front_if(|(frame, _)| *frame <= n) {
            acked = Some(version);
            frames += 1;
        }
        if doc.head_limit(frames).is_some_and(|limit| doc_seq > limit) {
            doc.again = true;
        }
        if let Some(head) = &mut doc.head {
            *head = (*head).max(doc_seq);
        }
        let Some(version) = acked else { return };
        doc.failures = 0;
        doc.acked_version = doc.acked_version.max(version);
        doc.acked_seq = doc.acked_seq.max(doc_seq);
        doc.dirty = !doc.in_flight.is_empty() || doc.version > doc.sent_version;
        doc.fresh = false;
        out.push(Action::Acked { doc: id.clone(), version, doc_seq });
    }

    /// Our token, or we, may not open the document. The reason came right before, in a notice.
    fn denied(
        &mut self,
        id: &DocId,
        reason: Option<Reason>,
        why: String,
        now_ms: u64,
        out: &mut Vec<Action>,
    ) {
        let Some(doc) = self.docs.get_mut(id) else { return };
        match reason {
            Some(Reason::Unauthenticated) => out.push(Action::SignIn),
            Some(Reason::NotRegistered) => {
                doc.registered = false;
                self.fail(id, why, now_ms, out);
            }
            Some(Reason::StorageFailed) => self.fail(id, why, now_ms, out),
            Some(reason @ Reason::NotMember) if doc.dirty && !doc.muted => self.reject(id, reason, out),
            _ => {
                doc.close();
                doc.gave_up = true;
                out.push(Action::GaveUp { doc: id.clone(), why });
            }
        }
    }

    fn rejected(
        &mut self,
        id: &DocId,
        client: u64,
        from_clock: u32,
        reason: Reason,
        now_ms: u64,
        out: &mut Vec<Action>,
    ) {
        let Some(doc) = self.docs.get_mut(id) else { return };
        if !doc.greeted {
            // Of an exchange that we closed, or the reason of a denial that follows it.
            doc.denied = Some(reason);
            return;
        }
        match reason {
            Reason::ClientIdTaken | Reason::Fork if doc.rekeys < MAX_REKEYS => {
                doc.rekeys += 1;
                self.unsubscribe(id, out);
                if let Some(doc) = self.docs.get_mut(id) {
                    doc.close();
                    doc.rebuild = Some(Rebuild::Rekey { client, from_clock });
                    // `advance` opens it again; the whole order is asked for then.
                    doc.again = true;
                }
            }
            Reason::Unauthenticated => out.push(Action::SignIn),
            Reason::NotRegistered => {
                doc.registered = false;
                self.fail(id, reason.to_string(), now_ms, out);
            }
            Reason::StorageFailed | Reason::Gap => self.fail(id, reason.to_string(), now_ms, out),
            reason => self.reject(id, reason, out),
        }
    }
}
