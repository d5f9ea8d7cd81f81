//! Collects what a step does: frames to one connection become one bundle, in order.

use super::event::{Action, ConnId};
use bytes::Bytes;
use inkhorn_protocol::DocId;
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::session::DocNotice;
use std::collections::BTreeMap;

#[derive(Debug, Default)]
pub(super) struct Output {
    sends: BTreeMap<ConnId, Vec<Bytes>>,
    others: Vec<Action>,
    ends: Vec<Action>,
}

impl Output {
    pub(super) fn send(&mut self, conn: ConnId, key: &str, message: Message) {
        self.send_bytes(conn, Bytes::from(Frame::doc(key, message).encode()));
    }

    pub(super) fn send_bytes(&mut self, conn: ConnId, bytes: Bytes) {
        self.sends.entry(conn).or_default().push(bytes);
    }

    pub(super) fn notice(&mut self, conn: ConnId, key: &str, notice: &DocNotice) {
        self.json(conn, key, notice);
    }

    pub(super) fn at(&mut self, conn: ConnId, key: &str, doc: &DocId, doc_seq: u64, state: Option<String>) {
        self.notice(conn, key, &DocNotice::At { doc: doc.clone(), doc_seq, state });
    }

    pub(super) fn json(&mut self, conn: ConnId, key: &str, value: &impl serde::Serialize) {
        // Our own types have string keys only, so writing them cannot fail.
        if let Ok(text) = serde_json::to_string(value) {
            self.send(conn, key, Message::Stateless(text));
        }
    }

    pub(super) fn push(&mut self, action: Action) {
        match action {
            Action::Disconnect { .. } => self.ends.push(action),
            _ => self.others.push(action),
        }
    }

    /// Everything since the last call; connections are closed behind their last frames.
    pub(super) fn take(&mut self) -> Vec<Action> {
        let sends = std::mem::take(&mut self.sends);
        let mut actions: Vec<Action> =
            sends.into_iter().map(|(conn, frames)| Action::Send { conn, frames }).collect();
        actions.append(&mut self.others);
        actions.append(&mut self.ends);
        actions
    }
}
