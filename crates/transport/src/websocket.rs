//! The transport over WebSocket: TLS by rustls with the system's roots, bounded messages, errors in plain words.

use crate::link::{ConnectError, Destination, Life, Link, LinkError, Transport};
use crate::network::Dialer;
use crate::proxy::WANTS_SIGN_IN;
use futures_util::{SinkExt, StreamExt, future::BoxFuture};
use inkhorn_protocol::carrier::Carrier;
use inkhorn_protocol::frame::MAX_FRAME_BYTES;
use std::error::Error as _;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{Error, Message, http::StatusCode, protocol::WebSocketConfig};
use tokio_tungstenite::{Connector, client_async_tls_with_config};

/// Bytes that wait in a link before a write has to wait: one largest frame and some small ones. A peer that
/// does not read costs this much and no more.
const WRITE_BUFFER_BYTES: usize = 2 * MAX_FRAME_BYTES;

/// With this code the server closes a connection whose token was withdrawn (Hocuspocus: Unauthorized).
const UNAUTHORIZED: u16 = 4401;

/// WebSocket to `<server>/collab`.
#[derive(Debug)]
pub struct WebSocket {
    dialer: Dialer,
}

impl WebSocket {
    pub(crate) fn new(dialer: Dialer) -> Self {
        Self { dialer }
    }

    fn connector(&self, secure: bool) -> Result<Connector, ConnectError> {
        if !secure {
            return Ok(Connector::Plain);
        }
        self.dialer.tls().map(Connector::Rustls).map_err(ConnectError::Failed)
    }

    async fn open(&self, to: &Destination) -> Result<Link, ConnectError> {
        let endpoint = &to.endpoint;
        let host = endpoint.host();
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_FRAME_BYTES))
            .max_frame_size(Some(MAX_FRAME_BYTES))
            .max_write_buffer_size(WRITE_BUFFER_BYTES);
        let connector = self.connector(endpoint.collab().starts_with("wss:"))?;
        let stream = match self.dialer.rules().of(endpoint.url()) {
            Some(proxy) => proxy.tunnel(endpoint.socket()).await?,
            None => TcpStream::connect(endpoint.socket())
                .await
                .map_err(|error| ConnectError::Failed(explain_io(&error, &host)))?,
        };
        // Nagle's algorithm off: edits are small frames that somebody waits for.
        let _ = stream.set_nodelay(true);
        let life = Life::default();
        let stream = Counted { stream, life: life.clone() };
        let opened =
            client_async_tls_with_config(endpoint.collab(), stream, Some(config), Some(connector)).await;
        let (socket, _) = opened.map_err(|error| explain(&error, &host))?;
        let (sink, stream) = socket.split();
        let out_host = host.clone();
        let outgoing = sink
            .sink_map_err(move |error| LinkError::Lost(explain(&error, &out_host).to_string()))
            .with(async |bytes: Vec<u8>| Ok::<_, LinkError>(Message::binary(bytes)));
        let incoming = stream.filter_map(move |item| {
            let received = match item {
                Ok(Message::Binary(bytes)) => Some(Ok(bytes.into())),
                Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => None,
                Ok(Message::Text(_)) => Some(Err(LinkError::Lost(not_inkhorn(&host)))),
                Ok(Message::Close(frame)) => Some(Err(match frame {
                    Some(frame) if u16::from(frame.code) == UNAUTHORIZED => {
                        LinkError::Denied(signed_out(&host))
                    }
                    Some(frame) if !frame.reason.is_empty() => {
                        LinkError::Lost(format!("The server closed the connection: {}.", frame.reason))
                    }
                    _ => LinkError::Lost("The server closed the connection.".to_owned()),
                })),
                Err(error) => Some(Err(LinkError::Lost(explain(&error, &host).to_string()))),
            };
            std::future::ready(received)
        });
        Ok(Link { outgoing: Box::pin(outgoing), incoming: Box::pin(incoming), life })
    }
}

impl Transport for WebSocket {
    fn carrier(&self) -> Carrier {
        Carrier::WebSocket
    }
    fn connect<'a>(&'a self, to: &'a Destination) -> BoxFuture<'a, Result<Link, ConnectError>> {
        Box::pin(self.open(to))
    }
}

/// A stream that tells of every byte that arrives.
struct Counted {
    stream: TcpStream,
    life: Life,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            self.life.heard();
        }
        read
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

pub(crate) fn signed_out(host: &str) -> String {
    format!(
        "{host} does not know this sign-in any more: sign in again. Everything you wrote is safe on this computer \
         and will be sent then."
    )
}

pub(crate) fn not_inkhorn(host: &str) -> String {
    format!("What answers at {host} is not an Inkhorn server: check the address.")
}

/// An error in words that say what to do.
fn explain(error: &Error, host: &str) -> ConnectError {
    match error {
        Error::Http(response) => refused_upgrade(response.status(), host),
        Error::Io(error) => ConnectError::Failed(explain_io(error, host)),
        Error::Tls(error) => ConnectError::Failed(format!("No secure connection to {host}: {error}.")),
        Error::Capacity(_) => ConnectError::Failed(format!("{host} sent a message that is too large.")),
        Error::ConnectionClosed | Error::AlreadyClosed => {
            ConnectError::Failed("The server closed the connection.".to_owned())
        }
        Error::Protocol(
            tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake
            | tokio_tungstenite::tungstenite::error::ProtocolError::HandshakeIncomplete,
        ) => ConnectError::Blocked(format!("The connection to {host} broke off.")),
        Error::Url(_) | Error::HttpFormat(_) => {
            ConnectError::Denied(format!("The address of {host} cannot be used."))
        }
        Error::WriteBufferFull(_) => ConnectError::Failed(format!("{host} has stopped reading.")),
        Error::Protocol(_) | Error::Utf8(_) | Error::AttackAttempt => {
            ConnectError::Blocked(not_inkhorn(host))
        }
    }
}

/// What an HTTP status in place of an upgrade means for people, and for the next carrier. A network that blocks
/// WebSockets answers by itself, or takes the wish for an upgrade out, and the server then sees a plain request.
fn refused_upgrade(status: StatusCode, host: &str) -> ConnectError {
    match status.as_u16() {
        401 => ConnectError::Denied(signed_out(host)),
        403 => ConnectError::Blocked(format!(
            "{host} refused the connection (403): the server or the network in between blocks it."
        )),
        407 => ConnectError::Failed(WANTS_SIGN_IN.to_owned()),
        400 | 426 => ConnectError::Blocked(format!(
            "{host} saw no WebSocket ({}): the network in between may block them.",
            status.as_u16()
        )),
        429 => ConnectError::Failed(format!("{host} is busy.")),
        // A proxy says these while the server behind it restarts, or when it cannot carry the upgrade.
        501 | 505 => {
            ConnectError::Blocked(format!("{host} does not carry WebSockets ({}).", status.as_u16()))
        }
        500..=599 => ConnectError::Failed(format!("{host} has a problem of its own ({}).", status.as_u16())),
        300..=399 => ConnectError::Blocked(format!("{host} points to another address: check the address.")),
        _ => ConnectError::Blocked(not_inkhorn(host)),
    }
}

pub(crate) fn explain_io(error: &io::Error, host: &str) -> String {
    if let Some(rustls::Error::InvalidCertificate(why)) = find::<rustls::Error>(error) {
        return format!("The certificate of {host} is not to be trusted ({why:?}), so nothing was sent.");
    }
    if find::<rustls::Error>(error).is_some() {
        return format!("{host} does not speak TLS as it should: check the address.");
    }
    match error.kind() {
        ErrorKind::ConnectionRefused => format!("Nothing answers at {host}: the server may be down."),
        ErrorKind::TimedOut => format!("{host} did not answer in time."),
        ErrorKind::NetworkUnreachable | ErrorKind::HostUnreachable | ErrorKind::NetworkDown => {
            format!("{host} cannot be reached: this computer may be offline.")
        }
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => {
            format!("The connection to {host} broke off.")
        }
        // The standard library has no kind for a failed look-up of a name.
        _ if error.to_string().contains("lookup") => {
            format!("The name {host} cannot be found: this computer may be offline, or the address is wrong.")
        }
        _ => format!("No connection to {host}: {error}."),
    }
}

/// The first error of a type in a chain of causes.
fn find<E: std::error::Error + 'static>(error: &io::Error) -> Option<&E> {
    let mut next = error.get_ref().map(|inner| inner as &(dyn std::error::Error + 'static));
    while let Some(cause) = next {
        if let Some(found) = cause.downcast_ref::<E>() {
            return Some(found);
        }
        next = cause.source();
    }
    error.source().and_then(|cause| cause.downcast_ref::<E>())
}
