//! The transport by server-sent events down and posts up. A stream that breaks off is taken up again where it was
//! (`Last-Event-ID`) as long as the server has kept what was missed.

use crate::event_stream::{Parser, SseEvent};
use crate::link::{ConnectError, Destination, Link, LinkError, Transport};
use crate::network::Dialer;
use crate::websocket::not_inkhorn;
use crate::wire::{Outcome, TRIES, Uplink, Wire, pause, refused};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{future::BoxFuture, stream};
use inkhorn_protocol::carrier::{Carrier, END_EVENT, OPEN_EVENT};
use reqwest::{Method, Response, StatusCode};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// The first event comes with the headers. Where it does not within this, something on the way holds the stream back.
const FIRST_EVENT_WITHIN: Duration = Duration::from_secs(5);

/// `GET /api/v1/stream`.
#[derive(Debug)]
pub struct Sse {
    dialer: Dialer,
}

impl Sse {
    pub(crate) fn new(dialer: Dialer) -> Self {
        Self { dialer }
    }

    async fn open(&self, to: &Destination) -> Result<Link, ConnectError> {
        let client = self.dialer.client().map_err(ConnectError::Failed)?;
        let wire = Arc::new(Wire::open(client, to).await?);
        let mut down = Down { wire: Arc::clone(&wire), stream: None, ready: VecDeque::new(), over: false };
        match down.reopen().await {
            Outcome::Done(()) => {}
            Outcome::Over(LinkError::Denied(why)) => return Err(ConnectError::Denied(why)),
            Outcome::Over(LinkError::Lost(why)) | Outcome::Again(why) => {
                return Err(ConnectError::Blocked(why));
            }
        }
        let incoming = stream::unfold(down, |mut down| async move {
            if down.over {
                return None;
            }
            let next = down.next().await;
            down.over = next.is_err();
            Some((next, down))
        });
        let life = wire.life.clone();
        Ok(Link { outgoing: Box::pin(Uplink::new(wire)), incoming: Box::pin(incoming), life })
    }
}

impl Transport for Sse {
    fn carrier(&self) -> Carrier {
        Carrier::Sse
    }
    fn connect<'a>(&'a self, to: &'a Destination) -> BoxFuture<'a, Result<Link, ConnectError>> {
        Box::pin(self.open(to))
    }
}

struct Down {
    wire: Arc<Wire>,
    stream: Option<(Response, Parser)>,
    ready: VecDeque<SseEvent>,
    over: bool,
}

impl Down {
    async fn next(&mut self) -> Result<Vec<u8>, LinkError> {
        let mut tries = 0;
        loop {
            while let Some(event) = self.ready.pop_front() {
                if let Some(frame) = self.take(event)? {
                    return Ok(frame);
                }
            }
            if self.stream.is_none() {
                match self.reopen().await {
                    Outcome::Done(()) => tries = 0,
                    Outcome::Over(error) => return Err(error),
                    Outcome::Again(why) => {
                        tries += 1;
                        if tries == TRIES {
                            return Err(LinkError::Lost(why));
                        }
                        tokio::time::sleep(pause(tries - 1)).await;
                    }
                }
                continue;
            }
            self.read().await?;
        }
    }

    /// A frame of an event, if it holds one that did not come before.
    fn take(&self, event: SseEvent) -> Result<Option<Vec<u8>>, LinkError> {
        let nonsense = || LinkError::Lost(not_inkhorn(&self.wire.host()));
        match event.name.as_str() {
            "" | "message" => {}
            END_EVENT => {
                return Err(LinkError::Lost(format!("The server closed the connection: {}.", event.data)));
            }
            _ => return Ok(None),
        }
        if let Some(id) = event.id {
            let number: u64 = id.parse().map_err(|_| nonsense())?;
            if number <= self.wire.seen() {
                return Ok(None);
            }
            // A gap cannot be mended here; a new session begins with everything.
            if number != self.wire.seen() + 1 {
                return Err(nonsense());
            }
            self.wire.arrived(number);
        }
        STANDARD.decode(event.data).map(Some).map_err(|_| nonsense())
    }

    /// Reads on; a stream that ends is taken up again.
    async fn read(&mut self) -> Result<(), LinkError> {
        let Some((answer, parser)) = &mut self.stream else { return Ok(()) };
        match answer.chunk().await {
            Ok(Some(bytes)) => {
                self.wire.life.heard();
                let events = parser.feed(&bytes);
                self.ready.extend(events.map_err(|_| LinkError::Lost(not_inkhorn(&self.wire.host())))?);
            }
            Ok(None) | Err(_) => self.stream = None,
        }
        Ok(())
    }

    /// Opens the stream behind what has arrived, and waits for its first event.
    async fn reopen(&mut self) -> Outcome<()> {
        let opening = async {
            let request = self.wire.request(Method::GET, "stream").header("accept", "text/event-stream");
            let request = match self.wire.seen() {
                0 => request,
                seen => request.header("last-event-id", seen),
            };
            let mut answer = match request.send().await {
                Ok(answer) => answer,
                Err(error) => return Outcome::Again(refused(&error, &self.wire.host()).to_string()),
            };
            if answer.status() != StatusCode::OK {
                return self.wire.no(answer).await;
            }
            let mut parser = Parser::default();
            loop {
                let bytes = match answer.chunk().await {
                    Ok(Some(bytes)) => bytes,
                    Ok(None) | Err(_) => {
                        return Outcome::Again(format!("The connection to {} broke off.", self.wire.host()));
                    }
                };
                let Ok(events) = parser.feed(&bytes) else {
                    return Outcome::Over(LinkError::Lost(not_inkhorn(&self.wire.host())));
                };
                let mut events = events.into_iter();
                if let Some(first) = events.next() {
                    if first.name != OPEN_EVENT {
                        return Outcome::Over(LinkError::Lost(not_inkhorn(&self.wire.host())));
                    }
                    return Outcome::Done((answer, parser, events.collect::<Vec<_>>()));
                }
            }
        };
        match tokio::time::timeout(FIRST_EVENT_WITHIN, opening).await {
            Ok(Outcome::Done((answer, parser, events))) => {
                self.wire.life.heard();
                self.stream = Some((answer, parser));
                self.ready.extend(events);
                Outcome::Done(())
            }
            Ok(Outcome::Again(why)) => Outcome::Again(why),
            Ok(Outcome::Over(error)) => Outcome::Over(error),
            Err(_) => Outcome::Over(LinkError::Lost(format!(
                "Something between this computer and {} holds back what the server sends.",
                self.wire.host()
            ))),
        }
    }
}
