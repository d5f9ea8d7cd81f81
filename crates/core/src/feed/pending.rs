//! Operations that are not confirmed yet, over what windows see: an overlay of what is pending, taken back when it is
//! refused or let go.

use super::Windows;
use inkhorn_outbox::Shown;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::OperationState;
use inkhorn_protocol::rest::Operation;
use inkhorn_protocol::{CourseId, OpId};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

impl Windows {
    /// The outbox has no publisher: what it holds is read again where it is shown. Ends with the outbox.
    pub(crate) fn follow(&self, mut operations: watch::Receiver<Arc<Shown>>) {
        let windows = self.clone();
        tokio::spawn(async move {
            let mut laid = BTreeMap::new();
            loop {
                let shown = Arc::clone(&operations.borrow_and_update());
                windows.lay_over(&shown, &mut laid);
                windows.shared.cache.invalidate(&["operations"]);
                if operations.changed().await.is_err() {
                    return;
                }
            }
        });
    }

    /// `laid`: the overlays that lie there, with the state in which their operation was seen last.
    fn lay_over(&self, shown: &Shown, laid: &mut BTreeMap<OpId, OperationState>) {
        let mut pending = BTreeMap::new();
        for entry in &shown.entries {
            let waits = !matches!(entry.state, OperationState::Rejected | OperationState::Expired);
            let Operation::SetTitle { course, title } = &entry.operation else { continue };
            if !waits {
                continue;
            }
            if !laid.contains_key(&entry.op) {
                let (course, title) = (course.clone(), title.clone());
                self.overlay(&entry.op, &[QueryKey::RemoteCourses], move |_, shown| {
                    titled(shown?, &course, &title)
                });
            }
            pending.insert(entry.op.clone(), entry.state);
        }
        for (op, last) in std::mem::replace(laid, pending) {
            if laid.contains_key(&op) {
                continue;
            }
            // Refused, let go or replaced before it was sent: it will not happen. Else it was done.
            let kept = shown.entries.iter().any(|entry| entry.op == op);
            if kept || last == OperationState::Queued {
                self.overlay_removed(&op);
            } else {
                self.overlay_confirmed(&op);
            }
        }
    }
}

/// The list of the server's courses with another title; `None` where it has that already.
fn titled(list: &Value, course: &CourseId, title: &str) -> Option<Value> {
    let at =
        list.as_array()?.iter().position(|item| item["id"] == course.as_str() && item["title"] != title)?;
    let mut list = list.clone();
    *list.get_mut(at)?.get_mut("title")? = title.into();
    Some(list)
}
