//! The two tasks of a live link: one reads, one writes. Reading goes on while writing waits, and both are bounded.

use crate::connection::LinkEvent;
use crate::link::{Incoming, LinkError, Outgoing};
use futures_util::{SinkExt, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, mpsc, oneshot};

/// A goodbye to the server is worth this much waiting.
pub(crate) const GOODBYE: Duration = Duration::from_millis(500);

/// A write may stall for this long, and for as long as its bytes take over the slowest line that we count as
/// one. Without it, two sides that each wait for the other to read would wait for ever.
const WRITE_LIMIT: Duration = Duration::from_secs(30);
const SLOWEST_BYTES_PER_SECOND: usize = 16 * 1024;

/// What happens on the link, kept beside the frames: one step of the supervisor for each frame would be waste.
#[derive(Debug, Default)]
pub(crate) struct Pulse {
    /// Frames that came.
    pub(crate) frames: AtomicU64,
    /// The reader waits for our own side to take a frame: silence is then not the peer's.
    pub(crate) backlog: AtomicBool,
    /// Bytes that were sent and that nobody looked at.
    sent: AtomicU64,
    stirred: Notify,
}

impl Pulse {
    /// Waits until frames of our own go out; gives their bytes. Cancel safe.
    pub(crate) async fn sent(&self) -> u64 {
        loop {
            let bytes = self.sent.swap(0, Ordering::Relaxed);
            if bytes > 0 {
                return bytes;
            }
            self.stirred.notified().await;
        }
    }

    fn sends(&self, bytes: usize) {
        if bytes > 0 && self.sent.fetch_add(bytes as u64, Ordering::Relaxed) == 0 {
            self.stirred.notify_one();
        }
    }
}

pub(crate) async fn read(
    mut incoming: Incoming,
    link: u64,
    events: mpsc::Sender<LinkEvent>,
    pulse: Arc<Pulse>,
    end: mpsc::Sender<LinkError>,
) {
    while let Some(item) = incoming.next().await {
        match item {
            Ok(bytes) => {
                pulse.frames.fetch_add(1, Ordering::Relaxed);
                pulse.backlog.store(true, Ordering::Relaxed);
                let delivered = events.send(LinkEvent::Frame { link, bytes }).await;
                pulse.backlog.store(false, Ordering::Relaxed);
                if delivered.is_err() {
                    return;
                }
            }
            Err(error) => {
                let _ = end.send(error).await;
                return;
            }
        }
    }
    let _ = end.send(LinkError::Lost("The server closed the connection.".to_owned())).await;
}

pub(crate) async fn write(
    mut outgoing: Outgoing,
    mut queue: mpsc::Receiver<Vec<u8>>,
    mut hung_up: oneshot::Receiver<()>,
    pulse: Arc<Pulse>,
    end: mpsc::Sender<LinkError>,
) {
    loop {
        let sent = tokio::select! {
            biased;
            _ = &mut hung_up => break,
            sent = write_some(&mut outgoing, &mut queue, &pulse) => sent,
        };
        match sent {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let _ = end.send(error).await;
                return;
            }
        }
    }
    let _ = tokio::time::timeout(GOODBYE, outgoing.close()).await;
}

/// Sends what waits, with one flush; false when nothing will come any more.
async fn write_some(
    outgoing: &mut Outgoing,
    queue: &mut mpsc::Receiver<Vec<u8>>,
    pulse: &Pulse,
) -> Result<bool, LinkError> {
    let Some(frame) = queue.recv().await else { return Ok(false) };
    let mut batch = vec![frame];
    while let Ok(frame) = queue.try_recv() {
        batch.push(frame);
    }
    let bytes: usize = batch.iter().map(Vec::len).sum();
    // Pings and pongs are one byte, and nobody's edits.
    pulse.sends(batch.iter().map(Vec::len).filter(|length| *length > 1).sum());
    let all = async {
        for frame in batch {
            outgoing.feed(frame).await?;
        }
        outgoing.flush().await
    };
    let limit = WRITE_LIMIT + Duration::from_secs((bytes / SLOWEST_BYTES_PER_SECOND) as u64);
    match tokio::time::timeout(limit, all).await {
        Ok(sent) => sent.map(|()| true),
        Err(_) => Err(LinkError::Lost("The server has stopped reading.".to_owned())),
    }
}
