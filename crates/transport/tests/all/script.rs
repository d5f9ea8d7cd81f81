//! A server that does what a test's script says.

use futures_util::{SinkExt, StreamExt};
use inkhorn_transport::Endpoint;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

pub(crate) struct Server {
    listener: TcpListener,
}

impl Server {
    pub(crate) async fn start() -> (Self, Endpoint) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("has an address");
        (Self { listener }, Endpoint::parse(&format!("http://{address}"), false).expect("parses"))
    }

    /// The next connection, before any HTTP.
    pub(crate) async fn raw(&self) -> TcpStream {
        self.listener.accept().await.expect("accepts").0
    }

    /// The next connection, upgraded.
    pub(crate) async fn accept(&self) -> Peer {
        Peer(tokio_tungstenite::accept_async(self.raw().await).await.expect("upgrades"))
    }

    /// Answers the next request with these bytes instead of an upgrade.
    pub(crate) async fn answer(&self, bytes: &str) {
        let mut stream = self.raw().await;
        let mut request = [0; 4096];
        let _ = stream.read(&mut request).await;
        stream.write_all(bytes.as_bytes()).await.expect("writes");
        let _ = stream.shutdown().await;
        // Until the client has read it all and gone away.
        while stream.read(&mut request).await.is_ok_and(|n| n > 0) {}
    }
}

pub(crate) struct Peer(pub(crate) WebSocketStream<TcpStream>);

impl Peer {
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.0.send(Message::binary(bytes.to_vec())).await.expect("sends");
    }
    /// The next binary message; `None` at the end.
    pub(crate) async fn recv(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.0.next().await? {
                Ok(Message::Binary(bytes)) => return Some(bytes.into()),
                Ok(Message::Close(_)) | Err(_) => return None,
                Ok(_) => {}
            }
        }
    }
}
