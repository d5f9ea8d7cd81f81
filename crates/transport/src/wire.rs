//! The way up over HTTP, which server-sent events and polling share: opening a session, posts of numbered frames,
//! and what the answers of servers and of things in between mean for people.

use crate::link::{ConnectError, Destination, Life, LinkError};
use crate::proxy::WANTS_SIGN_IN;
use crate::websocket::{explain_io, not_inkhorn, signed_out};
use futures_util::{Sink, future::BoxFuture};
use inkhorn_protocol::carrier::{NUMBER_HEADER, Opened, SEEN_HEADER, SESSION_HEADER, Taken, pack};
use inkhorn_protocol::rest::ErrorBody;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use std::collections::VecDeque;
use std::error::Error as _;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A post holds about this many bytes when more wait: few round trips, and not much to send again.
const POST_BYTES: usize = 512 * 1024;

/// A request that broke off is tried this often; with the pauses that is some three seconds, after which the link
/// counts as lost and the supervisor decides.
pub(crate) const TRIES: u32 = 5;
/// Pause before the second try; it doubles.
const PAUSE: Duration = Duration::from_millis(100);

/// An answer to a post comes within this, and the time that its bytes take over a slow line.
const ANSWER_LIMIT: Duration = Duration::from_secs(30);
const SLOWEST_BYTES_PER_SECOND: usize = 16 * 1024;

/// One session on a server.
#[derive(Debug)]
pub(crate) struct Wire {
    client: Client,
    to: Destination,
    session: String,
    pub(crate) life: Life,
    /// Number of the last frame that arrived.
    seen: AtomicU64,
}

/// What became of a request.
pub(crate) enum Outcome<T> {
    Done(T),
    /// Worth another try: the connection broke off, or something between has a problem.
    Again(String),
    Over(LinkError),
}

pub(crate) fn pause(tries: u32) -> Duration {
    PAUSE * (1 << tries.min(6))
}

impl Wire {
    /// Opens a session.
    pub(crate) async fn open(client: Client, to: &Destination) -> Result<Self, ConnectError> {
        let host = to.endpoint.host();
        let request = client.post(to.endpoint.api("frames")).bearer_auth(&to.token);
        let answer = request.timeout(ANSWER_LIMIT).send().await.map_err(|error| refused(&error, &host))?;
        match answer.status().as_u16() {
            201 => {
                // A page of a network's sign-in may say 200 or 201 as well.
                let opened: Opened =
                    answer.json().await.map_err(|_| ConnectError::Blocked(not_inkhorn(&host)))?;
                Ok(Self {
                    client,
                    to: to.clone(),
                    session: opened.session,
                    life: Life::default(),
                    seen: AtomicU64::new(0),
                })
            }
            401 => Err(ConnectError::Denied(signed_out(&host))),
            407 => Err(ConnectError::Failed(WANTS_SIGN_IN.to_owned())),
            429 => Err(ConnectError::Failed(format!("{host} is busy."))),
            403 => Err(ConnectError::Blocked(format!(
                "{host} refused the connection (403): the server or the network in between blocks it."
            ))),
            status @ 500..=599 => {
                Err(ConnectError::Failed(format!("{host} has a problem of its own ({status}).")))
            }
            _ => Err(ConnectError::Blocked(not_inkhorn(&host))),
        }
    }

    pub(crate) fn host(&self) -> String {
        self.to.endpoint.host()
    }

    pub(crate) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Relaxed)
    }

    pub(crate) fn arrived(&self, number: u64) {
        self.seen.store(number, Ordering::Relaxed);
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, self.to.endpoint.api(path))
            .bearer_auth(&self.to.token)
            .header(SESSION_HEADER, &self.session)
    }

    /// What an answer that is no success means.
    pub(crate) async fn no<T>(&self, answer: Response) -> Outcome<T> {
        let host = self.host();
        match answer.status() {
            StatusCode::UNAUTHORIZED => Outcome::Over(LinkError::Denied(signed_out(&host))),
            StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                Outcome::Over(LinkError::Lost(WANTS_SIGN_IN.to_owned()))
            }
            status if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
                Outcome::Again(format!("{host} has a problem of its own ({}).", status.as_u16()))
            }
            _ => Outcome::Over(LinkError::Lost(match answer.json::<ErrorBody>().await {
                Ok(body) => {
                    format!("The server ended the connection: {}.", body.message.trim_end_matches('.'))
                }
                Err(_) => not_inkhorn(&host),
            })),
        }
    }

    async fn post(&self, number: u64, frames: Vec<Vec<u8>>) -> Result<(), LinkError> {
        let last = number + frames.len() as u64;
        let body = bytes(&frames);
        let limit = ANSWER_LIMIT + Duration::from_secs((body.len() / SLOWEST_BYTES_PER_SECOND) as u64);
        let mut tries = 0;
        loop {
            let request = self
                .request(Method::POST, "frames")
                .header(NUMBER_HEADER, number)
                .header(SEEN_HEADER, self.seen())
                .timeout(limit)
                .body(body.clone());
            let outcome = match request.send().await {
                Ok(answer) if answer.status() == StatusCode::OK => match answer.json::<Taken>().await {
                    Ok(Taken { next }) if next >= last => Outcome::Done(()),
                    Ok(_) => Outcome::Again(String::new()),
                    Err(error) if error.is_decode() => {
                        Outcome::Over(LinkError::Lost(not_inkhorn(&self.host())))
                    }
                    // The reply is lost, not the frames: they have numbers, so sending them again doubles nothing.
                    Err(error) => Outcome::Again(refused(&error, &self.host()).to_string()),
                },
                Ok(answer) => self.no(answer).await,
                Err(error) => Outcome::Again(refused(&error, &self.host()).to_string()),
            };
            match outcome {
                Outcome::Done(()) => return Ok(()),
                Outcome::Over(error) => return Err(error),
                Outcome::Again(why) => {
                    tries += 1;
                    if tries == TRIES {
                        return Err(LinkError::Lost(why));
                    }
                    tokio::time::sleep(pause(tries - 1)).await;
                }
            }
        }
    }

    /// Says goodbye, so that others see at once that we are gone.
    async fn goodbye(&self) {
        let _ = self.request(Method::DELETE, "frames").timeout(ANSWER_LIMIT).send().await;
    }
}

fn bytes(frames: &[Vec<u8>]) -> Vec<u8> {
    pack(frames)
}

/// An error of a request in words.
pub(crate) fn refused(error: &reqwest::Error, host: &str) -> ConnectError {
    let mut cause = error.source();
    while let Some(inner) = cause {
        if let Some(io) = inner.downcast_ref::<std::io::Error>() {
            return ConnectError::Failed(explain_io(io, host));
        }
        // The tunnel of hyper-util has no public type for this.
        if inner.to_string().contains("proxy authorization required") {
            return ConnectError::Failed(WANTS_SIGN_IN.to_owned());
        }
        cause = inner.source();
    }
    ConnectError::Failed(if error.is_timeout() {
        format!("{host} did not answer in time.")
    } else if error.is_connect() {
        format!("{host} cannot be reached: it may be down, or this computer offline.")
    } else {
        format!("The connection to {host} broke off.")
    })
}

/// Frames up, as a sink: what gathers while a post is under way goes with the next one.
pub(crate) struct Uplink {
    wire: Arc<Wire>,
    waiting: VecDeque<Vec<u8>>,
    bytes: usize,
    /// Number of the first frame that waits.
    next: u64,
    post: Option<BoxFuture<'static, Result<(), LinkError>>>,
    goodbye: Option<BoxFuture<'static, ()>>,
}

impl Uplink {
    pub(crate) fn new(wire: Arc<Wire>) -> Self {
        Self { wire, waiting: VecDeque::new(), bytes: 0, next: 1, post: None, goodbye: None }
    }

    fn poll_post(&mut self, context: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        loop {
            if let Some(post) = &mut self.post {
                let done = ready!(post.as_mut().poll(context));
                self.post = None;
                done?;
            }
            let (mut batch, mut bytes) = (Vec::new(), 0);
            while let Some(frame) = self.waiting.front()
                && (batch.is_empty() || bytes + frame.len() <= POST_BYTES)
                && let Some(frame) = self.waiting.pop_front()
            {
                bytes += frame.len();
                batch.push(frame);
            }
            if batch.is_empty() {
                return Poll::Ready(Ok(()));
            }
            self.bytes -= bytes;
            let (number, wire) = (self.next, Arc::clone(&self.wire));
            self.next += batch.len() as u64;
            self.post = Some(Box::pin(async move { wire.post(number, batch).await }));
        }
    }
}

impl Sink<Vec<u8>> for Uplink {
    type Error = LinkError;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        if self.bytes >= POST_BYTES {
            return self.poll_post(context);
        }
        Poll::Ready(Ok(()))
    }
    fn start_send(mut self: Pin<&mut Self>, frame: Vec<u8>) -> Result<(), LinkError> {
        self.bytes += frame.len();
        self.waiting.push_back(frame);
        Ok(())
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        self.poll_post(context)
    }
    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), LinkError>> {
        ready!(self.poll_post(context))?;
        let wire = Arc::clone(&self.wire);
        let goodbye = self.goodbye.get_or_insert_with(|| Box::pin(async move { wire.goodbye().await }));
        ready!(goodbye.as_mut().poll(context));
        Poll::Ready(Ok(()))
    }
}
