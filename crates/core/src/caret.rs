//! Carets of others in a lesson, and one's own: a direct stream like the bytes of documents, past the cache. Nothing of it
//! is stored, and only the latest counts.

use crate::Core;
use crate::net::Net;
use crate::pace::Pace;
use inkhorn_protocol::NodeId;
use inkhorn_protocol::caret::{Caret, Cursor};
use std::time::Duration;
use tokio::sync::watch;

/// Time between two lists for a window, on average: carets are followed by eye.
const CARETS_EVERY: Duration = Duration::from_millis(50);

/// Lists that may follow each other at once after a quiet time.
const AT_ONCE: u32 = 2;

/// Who else has a lesson open, each time that somebody comes, moves, goes, or says that they are still there.
#[derive(Debug)]
pub struct CaretStream {
    net: Net,
    lesson: NodeId,
    moved: watch::Receiver<()>,
    /// Number of the list that left last.
    last: u64,
    pace: Pace,
}

impl CaretStream {
    /// Waits for the next list, which holds everybody. Cancel safe.
    pub async fn next(&mut self) -> Vec<Caret> {
        loop {
            tokio::time::sleep_until(self.pace.next()).await;
            // First marked as seen, then read: a move in between wakes again.
            self.moved.borrow_and_update();
            let (number, carets) = self.net.carets(&self.lesson);
            if number != self.last {
                self.last = number;
                self.pace.went();
                return carets;
            }
            if self.moved.changed().await.is_err() {
                // The profile is closed: nobody moves any more.
                return std::future::pending().await;
            }
        }
    }
}

impl Core {
    /// A window has this lesson open (`at`), or has it open no more. With the Yjs client id of its document, and the caret
    /// where something is being edited. Others see the user there, as long as there is a connection. A window has one
    /// lesson open at a time; the last one counts.
    pub fn set_caret(&self, window: &str, lesson: &NodeId, at: Option<(u64, Option<Cursor>)>) {
        self.net().caret(window, lesson, at);
    }

    /// Carets of others in a lesson from now on; the list that is there comes first. Known while a window of ours has it
    /// open ([`Core::set_caret`]).
    pub fn lesson_carets(&self, lesson: &NodeId) -> CaretStream {
        let net = self.net().clone();
        let moved = net.carets_moved();
        CaretStream { net, lesson: lesson.clone(), moved, last: 0, pace: Pace::new(CARETS_EVERY, AT_ONCE) }
    }
}
