//! The way out of one link, without ever waiting for it: whoever reads a link must go on reading while it cannot
//! write, or two sides that each wait for the other to read would wait for ever.

use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_transport::connection::{LinkGone, LinkHandle};
use std::collections::VecDeque;

/// Frames on their way out. What waits here is bounded by what the engine has under way.
#[derive(Debug)]
pub(super) struct Line {
    link: LinkHandle,
    waiting: VecDeque<Vec<u8>>,
}

impl Line {
    pub(super) fn new(link: LinkHandle) -> Self {
        Self { link, waiting: VecDeque::new() }
    }

    /// Number of the link.
    pub(super) fn id(&self) -> u64 {
        self.link.id()
    }

    /// Sends a message, now or when there is room. A link that is gone says so by itself.
    pub(super) fn send(&mut self, key: &str, message: Message) {
        self.put(Frame::doc(key, message).encode());
    }

    /// Answers a ping.
    pub(super) fn pong(&mut self) {
        self.put(Frame::Pong.encode());
    }

    fn put(&mut self, frame: Vec<u8>) {
        self.waiting.push_back(frame);
        self.flush();
    }

    /// Sends what there is room for.
    pub(super) fn flush(&mut self) {
        while let Some(frame) = self.waiting.pop_front() {
            match self.link.try_send(frame) {
                Ok(None) => {}
                Ok(Some(frame)) => return self.waiting.push_front(frame),
                // The next link starts anew.
                Err(LinkGone) => return self.waiting.clear(),
            }
        }
    }

    /// Waits until something of what waits can go; for ever when nothing waits. Cancel safe.
    pub(super) async fn room(&self) {
        if self.waiting.is_empty() || self.link.room().await.is_err() {
            std::future::pending().await
        }
    }
}
