//! The transport over WebSocket: TLS by rustls with the system's roots, bounded messages, errors in plain words.

use crate::Endpoint;
use crate::link::{ConnectError, Link, LinkError, Received, Transport};
use futures_util::{SinkExt, StreamExt, future::BoxFuture};
use inkhorn_protocol::frame::MAX_FRAME_BYTES;
use std::error::Error as _;
use std::io::{self, ErrorKind};
use std::sync::{Arc, OnceLock};
use tokio_tungstenite::tungstenite::{Error, Message, http::StatusCode, protocol::WebSocketConfig};
use tokio_tungstenite::{Connector, connect_async_tls_with_config};

/// Bytes that wait in a link before a write has to wait: one largest frame and some small ones. A peer that
/// does not read costs this much and no more.
const WRITE_BUFFER_BYTES: usize = 2 * MAX_FRAME_BYTES;

/// WebSocket to `<server>/collab`.
#[derive(Debug, Default)]
pub struct WebSocket {
    // Reading the system's certificates takes some 20 ms: once, and only when TLS is wanted.
    tls: OnceLock<Result<Arc<rustls::ClientConfig>, String>>,
}

impl WebSocket {
    fn connector(&self, endpoint: &Endpoint) -> Result<Connector, ConnectError> {
        if !endpoint.collab().starts_with("wss:") {
            return Ok(Connector::Plain);
        }
        self.tls.get_or_init(tls).clone().map(Connector::Rustls).map_err(ConnectError::Failed)
    }

    async fn open(&self, endpoint: &Endpoint) -> Result<Link, ConnectError> {
        let host = endpoint.host();
        let config = WebSocketConfig::default()
            .max_message_size(Some(MAX_FRAME_BYTES))
            .max_frame_size(Some(MAX_FRAME_BYTES))
            .max_write_buffer_size(WRITE_BUFFER_BYTES);
        let connector = self.connector(endpoint)?;
        // Nagle's algorithm off: edits are small frames that somebody waits for.
        let opened =
            connect_async_tls_with_config(endpoint.collab(), Some(config), true, Some(connector)).await;
        let (socket, _) = opened.map_err(|error| explain(&error, &host))?;
        let (sink, stream) = socket.split();
        let out_host = host.clone();
        let outgoing = sink
            .sink_map_err(move |error| LinkError(explain(&error, &out_host).to_string()))
            .with(async |bytes: Vec<u8>| Ok::<_, LinkError>(Message::binary(bytes)));
        let incoming = stream.filter_map(move |item| {
            let received = match item {
                Ok(Message::Binary(bytes)) => Some(Ok(Received::Frame(bytes.into()))),
                Ok(Message::Ping(_) | Message::Pong(_)) => Some(Ok(Received::Alive)),
                Ok(Message::Text(_)) => Some(Err(LinkError(not_inkhorn(&host)))),
                Ok(Message::Close(frame)) => Some(Err(LinkError(match frame {
                    Some(frame) if !frame.reason.is_empty() => {
                        format!("The server closed the connection: {}.", frame.reason)
                    }
                    _ => "The server closed the connection.".to_owned(),
                }))),
                Ok(Message::Frame(_)) => None,
                Err(error) => Some(Err(LinkError(explain(&error, &host).to_string()))),
            };
            std::future::ready(received)
        });
        Ok(Link { outgoing: Box::pin(outgoing), incoming: Box::pin(incoming) })
    }
}

impl Transport for WebSocket {
    fn connect<'a>(&'a self, endpoint: &'a Endpoint) -> BoxFuture<'a, Result<Link, ConnectError>> {
        Box::pin(self.open(endpoint))
    }
}

/// TLS with the system's roots. The crypto provider is named: with two of them in one build rustls would
/// panic rather than choose.
fn tls() -> Result<Arc<rustls::ClientConfig>, String> {
    let mut roots = rustls::RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        return Err(
            "This computer has no list of trusted certificates: install the package ca-certificates."
                .to_owned(),
        );
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}."))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}

fn not_inkhorn(host: &str) -> String {
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
        ) => ConnectError::Failed(format!("The connection to {host} broke off.")),
        Error::Url(_) | Error::HttpFormat(_) => {
            ConnectError::Denied(format!("The address of {host} cannot be used."))
        }
        Error::WriteBufferFull(_) => ConnectError::Failed(format!("{host} has stopped reading.")),
        Error::Protocol(_) | Error::Utf8(_) | Error::AttackAttempt => ConnectError::Failed(not_inkhorn(host)),
    }
}

/// What an HTTP status in place of an upgrade means for people.
fn refused_upgrade(status: StatusCode, host: &str) -> ConnectError {
    match status.as_u16() {
        401 => ConnectError::Denied(format!("{host} does not know this sign-in any more: sign in again.")),
        403 => ConnectError::Failed(format!(
            "{host} refused the connection (403): the server or the network in between blocks it."
        )),
        407 => ConnectError::Failed("A proxy in this network asks for a sign-in of its own.".to_owned()),
        426 => ConnectError::Denied(format!("{host} asks for a newer Inkhorn.")),
        429 => ConnectError::Failed(format!("{host} is busy.")),
        // A proxy says these while the server behind it restarts.
        500..=599 => ConnectError::Failed(format!("{host} has a problem of its own ({}).", status.as_u16())),
        300..=399 => ConnectError::Failed(format!("{host} points to another address: check the address.")),
        _ => ConnectError::Failed(not_inkhorn(host)),
    }
}

fn explain_io(error: &io::Error, host: &str) -> String {
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
