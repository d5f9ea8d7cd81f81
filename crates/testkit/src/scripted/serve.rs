//! Sockets and calls of the scripted server.

use super::Shared;
use super::world::{EPOCH, Outgoing};
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Json, Router};
use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt as _, StreamExt as _};
use inkhorn_protocol::CourseId;
use inkhorn_protocol::frame::Frame;
use inkhorn_protocol::rest::{Course, ErrorBody, Me, OperationReply, OperationRequest};
use inkhorn_protocol::session::{PROTOCOL, Reason};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{self, UnboundedReceiver};

/// As the real server: web clients drop a link that is silent for 30 s.
const PING_EVERY: Duration = Duration::from_secs(12);

/// Frames that are handed to the socket between two flushes.
const FLUSH_EVERY: usize = 64;

static CONNECTIONS: AtomicU64 = AtomicU64::new(1);

type World = State<Arc<Shared>>;

pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let router = Router::new()
        .route("/api/v1/me", get(me))
        .route("/api/v1/courses", get(courses))
        .route("/api/v1/courses/{course}", get(course))
        .route("/api/v1/operations", post(operations))
        .route("/collab", get(collab))
        .fallback(async || not_found())
        .with_state(shared);
    // As the server has it: frames do not wait for acks.
    let listener = listener.tap_io(|stream| drop(stream.set_nodelay(true)));
    if let Err(error) = axum::serve(listener, router).await {
        eprintln!("the scripted server ended: {error}");
    }
}

async fn me() -> Json<Me> {
    Json(Me {
        id: "scripted".to_owned(),
        email: "scripted@example.org".to_owned(),
        name: "Scripted".to_owned(),
        protocol: PROTOCOL,
        epoch: EPOCH.to_owned(),
    })
}

async fn courses(shared: World) -> Json<Vec<Course>> {
    Json(shared.world().courses())
}

async fn course(shared: World, Path(course): Path<CourseId>) -> Response {
    shared.world().detail(&course).map_or_else(not_found, |detail| Json(detail).into_response())
}

async fn operations(shared: World, Json(request): Json<OperationRequest>) -> Json<OperationReply> {
    Json(shared.world().operate(request))
}

fn not_found() -> Response {
    let reason = Reason::NotRegistered;
    let message = reason.to_string();
    (StatusCode::NOT_FOUND, Json(ErrorBody { reason, message })).into_response()
}

async fn collab(State(shared): World, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| connection(shared, socket))
}

async fn connection(shared: Arc<Shared>, socket: WebSocket) {
    let id = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
    let (sink, stream) = socket.split();
    let (out, queue) = mpsc::unbounded_channel();
    shared.world().connect(id, out);
    tokio::select! {
        () = read(&shared, id, stream) => {}
        () = write(&shared, sink, queue) => {}
    }
    shared.world().disconnect(id);
    shared.moved.notify_waiters();
}

async fn read(shared: &Shared, id: u64, mut stream: SplitStream<WebSocket>) {
    while let Some(Ok(message)) = stream.next().await {
        let Message::Binary(bytes) = message else { continue };
        let taken = match Frame::decode(&bytes) {
            Ok(frame) => shared.world().frame(id, frame),
            Err(error) => Err(error.into()),
        };
        if let Err(error) = taken {
            // A script that goes wrong has to be seen to go wrong.
            eprintln!("the scripted server could not take a frame: {error:#}");
            return;
        }
        shared.moved.notify_waiters();
    }
}

async fn write(
    shared: &Shared,
    mut sink: SplitSink<WebSocket, Message>,
    mut queue: UnboundedReceiver<Outgoing>,
) {
    let mut ping = tokio::time::interval(PING_EVERY);
    ping.reset();
    let mut frames = Vec::new();
    loop {
        frames.clear();
        tokio::select! {
            count = queue.recv_many(&mut frames, FLUSH_EVERY) => if count == 0 { return },
            _ = ping.tick() => {
                if sink.send(Message::Binary(Frame::Ping.encode().into())).await.is_err() {
                    return;
                }
                continue;
            }
        }
        let marks: Vec<(bool, SystemTime)> =
            frames.iter().map(|frame| (frame.marks, SystemTime::now())).collect();
        for frame in frames.drain(..) {
            if sink.feed(Message::Binary(frame.bytes.into())).await.is_err() {
                return;
            }
        }
        if sink.flush().await.is_err() {
            return;
        }
        {
            let mut world = shared.world();
            for (marks, at) in marks {
                world.left(marks, at);
            }
        }
        shared.moved.notify_waiters();
    }
}
