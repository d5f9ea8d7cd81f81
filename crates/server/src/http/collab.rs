//! `/collab`: one socket, in and out.

use super::App;
use crate::engine::ConnId;
use crate::hub::{Ending, Incoming, OUTGOING};
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use bytes::Bytes;
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use inkhorn_protocol::frame::{Frame, FrameError, MAX_FRAME_BYTES};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, mpsc};

/// Read buffer of a connection, in bytes. The default of 128 KB is 1.3 GB with 10,000 connections; larger frames still fit.
const READ_BUFFER: usize = 4 * 1024;

/// Frames of one connection that are read and not yet processed.
const UNPROCESSED: usize = 16;

/// No more is read from a connection while its own queue has less room than this: who asks for much gets it at the pace at which
/// it takes it, and is not cut off for it. Answers to unprocessed frames still fit.
const ROOM: usize = OUTGOING / 2;

/// The provider of web clients drops a link that was silent for 30 s, and promises only to look every 3.
const PING_EVERY: Duration = Duration::from_secs(12);

/// A connection from which nothing came for so long is gone: it answers pings.
const SILENT_FOR: Duration = Duration::from_secs(60);

/// How long a socket may take to close.
const CLOSE_WITHIN: Duration = Duration::from_secs(2);

static CONNECTIONS: AtomicU64 = AtomicU64::new(1);

/// Number of the next connection, by whatever carries it.
pub(super) fn next_conn() -> ConnId {
    CONNECTIONS.fetch_add(1, Ordering::Relaxed)
}

pub(crate) async fn upgrade(State(app): State<App>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .read_buffer_size(READ_BUFFER)
        .max_frame_size(MAX_FRAME_BYTES)
        .max_message_size(MAX_FRAME_BYTES)
        .on_upgrade(move |socket| app.connections.clone().track_future(connection(app, socket)))
}

async fn connection(app: App, socket: WebSocket) {
    let conn = next_conn();
    let (sink, stream) = socket.split();
    let (outgoing, queue) = mpsc::channel(OUTGOING);
    let ending = Arc::new(Ending::default());
    let taken = Arc::new(Notify::new());
    let room = outgoing.downgrade();
    if app.hub.incoming.send(Incoming::Opened { conn, outgoing, ending: Arc::clone(&ending) }).await.is_err()
    {
        return;
    }
    let writing = write(sink, queue, Arc::clone(&ending), Arc::clone(&taken));
    let reading = read(&app, conn, stream, room, &ending, &taken);
    tokio::pin!(writing, reading);
    tokio::select! {
        // The other side is gone, or said something that cannot be: what is queued is of no use.
        () = &mut reading => {
            let _ = app.hub.incoming.send(Incoming::Closed { conn }).await;
            ending.at_once.cancel();
            let _ = tokio::time::timeout(CLOSE_WITHIN, &mut writing).await;
        }
        // The close frame is out. To close over unread bytes would reset the link, and the other side would not see it.
        () = &mut writing => {
            let _ = app.hub.incoming.send(Incoming::Closed { conn }).await;
            let _ = tokio::time::timeout(CLOSE_WITHIN, &mut reading).await;
        }
    }
}

async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut queue: mpsc::Receiver<Vec<Bytes>>,
    ending: Arc<Ending>,
    taken: Arc<Notify>,
) {
    let mut ping = tokio::time::interval(PING_EVERY);
    ping.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    ping.reset();
    let flowing = async {
        loop {
            let frames = tokio::select! {
                frames = queue.recv() => match frames {
                    Some(frames) => frames,
                    None => break,
                },
                // One byte of our own framing, which web clients count as life, and which every client answers.
                _ = ping.tick() => vec![Bytes::from(Frame::Ping.encode())],
            };
            for frame in frames {
                if sink.feed(Message::Binary(frame)).await.is_err() {
                    return;
                }
            }
            if sink.flush().await.is_err() {
                return;
            }
            taken.notify_one();
        }
    };
    tokio::select! {
        () = flowing => {}
        () = ending.at_once.cancelled() => {}
    }
    let (code, why) = ending.reason.get().copied().unwrap_or((1000, ""));
    let close = Message::Close(Some(CloseFrame { code, reason: why.into() }));
    let _ = tokio::time::timeout(CLOSE_WITHIN, sink.send(close)).await;
}

/// Reads to the end of a connection whose frames are of no use any more.
async fn drain(mut stream: SplitStream<WebSocket>) {
    while let Some(Ok(_)) = stream.next().await {}
}

async fn read(
    app: &App,
    conn: ConnId,
    mut stream: SplitStream<WebSocket>,
    room: mpsc::WeakSender<Vec<Bytes>>,
    ending: &Ending,
    taken: &Notify,
) {
    let unprocessed = Arc::new(Semaphore::new(UNPROCESSED));
    loop {
        loop {
            let waiting = taken.notified();
            match room.upgrade() {
                Some(outgoing) if outgoing.capacity() < ROOM => drop(outgoing),
                Some(_) => break,
                // The hub let this connection go: the writer says the last words.
                None => return drain(stream).await,
            }
            waiting.await;
        }
        let Ok(permit) = Arc::clone(&unprocessed).acquire_owned().await else { return };
        let message = match tokio::time::timeout(SILENT_FOR, stream.next()).await {
            Ok(Some(Ok(message))) => message,
            Ok(Some(Err(_)) | None) => return,
            Err(_) => {
                let _ = ending.reason.set((4408, "nothing was heard for a minute"));
                return;
            }
        };
        let bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Ping(_) | Message::Pong(_) => continue,
            Message::Close(_) => return,
            Message::Text(_) => {
                let _ = ending.reason.set((1003, "frames are binary"));
                return;
            }
        };
        match Frame::decode(&bytes) {
            Ok(frame) => {
                if app.hub.incoming.send(Incoming::Frame { conn, frame, _permit: permit }).await.is_err() {
                    return drain(stream).await;
                }
            }
            // Of a newer client.
            Err(FrameError::UnknownType(_)) => {}
            Err(error) => {
                tracing::debug!(conn, %error, "a frame does not read");
                let _ = ending.reason.set((1007, "a frame does not read"));
                return;
            }
        }
    }
}
