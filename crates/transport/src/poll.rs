//! The transport by long polls: the last rung, which passes whatever lets plain requests through.

use crate::link::{ConnectError, Destination, Link, LinkError, Transport};
use crate::network::Dialer;
use crate::websocket::not_inkhorn;
use crate::wire::{Outcome, TRIES, Uplink, Wire, pause, refused};
use futures_util::{future::BoxFuture, stream};
use inkhorn_protocol::carrier::{Carrier, MAX_WAIT_SECONDS, NUMBER_HEADER, SEEN_HEADER, unpack};
use reqwest::{Method, StatusCode};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// An answer to a poll comes within its wait and this.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// `GET /api/v1/frames?wait=…`, again and again.
#[derive(Debug)]
pub struct Poll {
    dialer: Dialer,
}

impl Poll {
    pub(crate) fn new(dialer: Dialer) -> Self {
        Self { dialer }
    }

    async fn open(&self, to: &Destination) -> Result<Link, ConnectError> {
        let client = self.dialer.client().map_err(ConnectError::Failed)?;
        let wire = Arc::new(Wire::open(client, to).await?);
        let polls =
            Polls { wire: Arc::clone(&wire), ready: VecDeque::new(), wait: MAX_WAIT_SECONDS, over: false };
        let incoming = stream::unfold(polls, |mut polls| async move {
            if polls.over {
                return None;
            }
            let next = polls.next().await;
            polls.over = next.is_err();
            Some((next, polls))
        });
        let life = wire.life.clone();
        Ok(Link { outgoing: Box::pin(Uplink::new(wire)), incoming: Box::pin(incoming), life })
    }
}

impl Transport for Poll {
    fn carrier(&self) -> Carrier {
        Carrier::Poll
    }
    fn connect<'a>(&'a self, to: &'a Destination) -> BoxFuture<'a, Result<Link, ConnectError>> {
        Box::pin(self.open(to))
    }
}

struct Polls {
    wire: Arc<Wire>,
    ready: VecDeque<Vec<u8>>,
    /// Seconds that the server may hold a poll; shorter where something on the way cuts silent requests sooner.
    wait: u64,
    over: bool,
}

impl Polls {
    async fn next(&mut self) -> Result<Vec<u8>, LinkError> {
        let mut tries = 0;
        loop {
            if let Some(frame) = self.ready.pop_front() {
                return Ok(frame);
            }
            let asked = Instant::now();
            match self.poll().await {
                Outcome::Done(()) => {
                    self.wire.life.heard();
                    tries = 0;
                }
                Outcome::Over(error) => return Err(error),
                Outcome::Again(why) => {
                    let held = asked.elapsed().as_secs();
                    if held >= 1 {
                        // Silence was cut on the way: ask in shorter breaths.
                        self.wait = (held / 2).max(1);
                    } else {
                        tries += 1;
                    }
                    if tries == TRIES {
                        return Err(LinkError::Lost(why));
                    }
                    tokio::time::sleep(pause(tries)).await;
                }
            }
        }
    }

    async fn poll(&mut self) -> Outcome<()> {
        let seen = self.wire.seen();
        let request = self
            .wire
            .request(Method::GET, &format!("frames?wait={}", self.wait))
            .header(SEEN_HEADER, seen)
            .timeout(Duration::from_secs(self.wait) + ANSWER_LIMIT);
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(error) => return Outcome::Again(refused(&error, &self.wire.host()).to_string()),
        };
        match answer.status() {
            StatusCode::NO_CONTENT => return Outcome::Done(()),
            StatusCode::OK => {}
            _ => return self.wire.no(answer).await,
        }
        let nonsense = || Outcome::Over(LinkError::Lost(not_inkhorn(&self.wire.host())));
        let number = answer.headers().get(NUMBER_HEADER).and_then(|value| value.to_str().ok()?.parse().ok());
        if number != Some(seen + 1) {
            return nonsense();
        }
        // A lost body is asked for again: the server keeps frames until they are confirmed.
        let body = match answer.bytes().await {
            Ok(body) => body,
            Err(error) => return Outcome::Again(refused(&error, &self.wire.host()).to_string()),
        };
        let Ok(frames) = unpack(&body) else { return nonsense() };
        self.wire.arrived(seen + frames.len() as u64);
        self.ready.extend(frames.into_iter().map(<[u8]>::to_vec));
        Outcome::Done(())
    }
}
