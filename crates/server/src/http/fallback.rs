//! Frames over plain HTTP, for networks that block WebSockets: `GET /api/v1/stream` (server-sent events) and
//! `GET /api/v1/frames?wait=25` (long poll) down, `POST /api/v1/frames` up. See `inkhorn_protocol::carrier`.

use super::App;
use super::api::SignedIn;
use super::error::Refused;
use super::sessions::{Session, Sessions, Step, Untaken};
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{FutureExt, Stream, stream};
use inkhorn_protocol::carrier::{
    END_EVENT, MAX_BATCH_BYTES, MAX_WAIT_SECONDS, NUMBER_HEADER, OPEN_EVENT, Opened, SEEN_HEADER,
    SESSION_HEADER, Taken, pack, unpack,
};
use inkhorn_protocol::frame::{Frame, FrameError};
use inkhorn_protocol::session::Reason;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How often a silent stream says something; as on a socket, clients answer.
const PING_EVERY: Duration = Duration::from_secs(12);

/// A reply to a poll grows to about this many bytes when more is ready: large enough for few round trips, small enough
/// that a lost one is soon sent again.
const REPLY_BYTES: usize = 256 * 1024;

/// Largest number of a frame; beyond it arithmetic could overflow, and nobody sends so many.
const MAX_NUMBER: u64 = 1 << 53;

#[derive(Debug, serde::Deserialize)]
pub(crate) struct Wait {
    #[serde(default)]
    wait: u64,
}

fn number(headers: &HeaderMap, name: &str) -> Result<Option<u64>, Refused> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let number = value.to_str().ok().and_then(|text| text.parse::<u64>().ok());
    match number.filter(|number| *number <= MAX_NUMBER) {
        Some(number) => Ok(Some(number)),
        None => Err(Refused::invalid(format!("the header {name} holds no number"))),
    }
}

/// Opens a session, or takes frames of one.
pub(crate) async fn post(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    headers: HeaderMap,
    body: Result<Bytes, axum::extract::rejection::BytesRejection>,
) -> Result<Response, Refused> {
    if !headers.contains_key(SESSION_HEADER) {
        let session = Sessions::open(&app, &account).await?;
        return Ok((StatusCode::CREATED, Json(Opened { session })).into_response());
    }
    let session = app.sessions.find(&headers, &account)?;
    let body = body.map_err(|_| Refused::new(Reason::TooLarge { limit_bytes: MAX_BATCH_BYTES as u64 }))?;
    if let Some(seen) = number(&headers, SEEN_HEADER)? {
        session.seen(seen);
    }
    let first = number(&headers, NUMBER_HEADER)?.filter(|first| *first > 0);
    let first = first.ok_or_else(|| Refused::invalid(format!("the header {NUMBER_HEADER} is missing")))?;
    let Ok(frames) = unpack(&body).and_then(|frames| frames.into_iter().map(read).collect()) else {
        session.nonsense();
        return Err(Refused::invalid("a frame does not read"));
    };
    match session.take(&app, first, frames).await {
        Ok(next) => Ok(Json(Taken { next }).into_response()),
        Err(Untaken::Gap) => Err(Refused::new(Reason::Gap)),
        Err(Untaken::NoRoom) => Err(Refused::busy("read what waits for you first, then send the rest again")
            .status(StatusCode::SERVICE_UNAVAILABLE)),
        Err(Untaken::Over) => Err(session.gone()),
    }
}

/// `None` for a frame of a newer client.
fn read(bytes: &[u8]) -> Result<Option<Frame>, FrameError> {
    match Frame::decode(bytes) {
        Ok(frame) => Ok(Some(frame)),
        Err(FrameError::UnknownType(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Ends a session.
pub(crate) async fn delete(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    headers: HeaderMap,
) -> Result<StatusCode, Refused> {
    app.sessions.find(&headers, &account)?.end();
    Ok(StatusCode::NO_CONTENT)
}

/// One long poll. Frames that were sent before and not confirmed come again.
pub(crate) async fn poll(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    headers: HeaderMap,
    Query(Wait { wait }): Query<Wait>,
) -> Result<Response, Refused> {
    let session = app.sessions.find(&headers, &account)?;
    let seen = number(&headers, SEEN_HEADER)?.unwrap_or(0);
    let turn = session.turn(seen)?;
    let wait = Duration::from_secs(wait.min(MAX_WAIT_SECONDS));
    let Ok(mut step) = tokio::time::timeout(wait, session.next(seen, &turn)).await else {
        session.heard();
        return Ok(StatusCode::NO_CONTENT.into_response());
    };
    session.heard();
    let (mut frames, mut bytes) = (Vec::new(), 0);
    loop {
        match step {
            Step::Frame(frame) => {
                bytes += frame.len();
                frames.push(frame);
            }
            Step::Over if frames.is_empty() => return Err(session.gone()),
            Step::Displaced if frames.is_empty() => {
                return Err(Refused::busy("another request reads this session"));
            }
            // Said by the next poll.
            Step::Over | Step::Displaced => break,
        }
        if bytes >= REPLY_BYTES {
            break;
        }
        match session.next(seen + frames.len() as u64, &turn).now_or_never() {
            Some(next) => step = next,
            None => break,
        }
    }
    let headers = [
        (HeaderName::from_static(NUMBER_HEADER), HeaderValue::from(seen + 1)),
        (axum::http::header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream")),
        (axum::http::header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, pack(&frames)).into_response())
}

/// Frames as server-sent events.
pub(crate) async fn stream(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let session = app.sessions.find(&headers, &account)?;
    let seen = number(&headers, "last-event-id")?.unwrap_or(0);
    let turn = session.turn(seen)?;
    // nginx holds answers back unless it is told not to.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))];
    Ok((unbuffered, Sse::new(events(session, turn, seen))).into_response())
}

struct Reading {
    session: Arc<Session>,
    turn: CancellationToken,
    cursor: u64,
    opened: bool,
    ended: bool,
}

fn events(
    session: Arc<Session>,
    turn: CancellationToken,
    cursor: u64,
) -> impl Stream<Item = Result<Event, Infallible>> {
    let reading = Reading { session, turn, cursor, opened: false, ended: false };
    stream::unfold(reading, |mut reading| async move {
        if reading.ended {
            return None;
        }
        if !std::mem::replace(&mut reading.opened, true) {
            return Some((Ok(Event::default().event(OPEN_EVENT).data("")), reading));
        }
        let next = reading.session.next(reading.cursor, &reading.turn);
        let event = match tokio::time::timeout(PING_EVERY, next).await {
            // Without a number: it is not one of the session's frames, and needs no second delivery.
            Err(_) => Event::default().data(STANDARD.encode(Frame::Ping.encode())),
            Ok(Step::Frame(frame)) => {
                reading.cursor += 1;
                reading.session.passed(reading.cursor);
                Event::default().id(reading.cursor.to_string()).data(STANDARD.encode(&frame))
            }
            Ok(Step::Displaced) => return None,
            Ok(Step::Over) => {
                reading.ended = true;
                Event::default().event(END_EVENT).data(reading.session.why())
            }
        };
        Some((Ok(event), reading))
    })
}
