//! Networks that mean harm: proxies between a device and its server, on loopback.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What the network does.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Hostile {
    /// Answers 403 to whoever asks for an upgrade.
    Blocks,
    /// The same, as long as this holds.
    BlocksWhile(&'static AtomicBool),
    /// Takes the wish for an upgrade out of requests.
    Strips,
    /// The same, and holds an answer back until it has all of it.
    Buffers,
    /// Cuts connections on which nothing moved for so long.
    Drops(Duration),
    /// Lets an upgrade through and cuts the connection right behind the answer.
    Cuts,
}

impl Hostile {
    /// As the variable `INKHORN_TEST_NETWORK` says, with which the whole suite runs through one of these.
    pub(crate) fn from_env() -> Option<Self> {
        match std::env::var("INKHORN_TEST_NETWORK").ok()?.as_str() {
            "blocks" => Some(Self::Blocks),
            "strips" => Some(Self::Strips),
            "buffers" => Some(Self::Buffers),
            "cuts" => Some(Self::Cuts),
            "drops" => Some(Self::Drops(Duration::from_millis(2_500))),
            other => panic!("no such network: {other}"),
        }
    }

    /// Puts the network before a server; gives the address to use instead.
    pub(crate) async fn before(self, server: SocketAddr) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        let address = listener.local_addr().expect("an address");
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(async move {
                    // A server that is down is no concern of the network's: it hangs up.
                    let _ = Box::pin(self.carry(near, server)).await;
                });
            }
        });
        address
    }

    async fn carry(self, mut near: TcpStream, server: SocketAddr) -> std::io::Result<()> {
        if let Self::Drops(after) = self {
            let far = TcpStream::connect(server).await?;
            return Box::pin(pipe(near, far, after)).await;
        }
        let (head, body) = request(&mut near).await?;
        let upgrade = head.lines().any(|line| line.to_ascii_lowercase().starts_with("upgrade:"));
        match self {
            Self::BlocksWhile(blocked) if upgrade && !blocked.load(Ordering::SeqCst) => {
                let mut far = TcpStream::connect(server).await?;
                far.write_all(head.as_bytes()).await?;
                tokio::io::copy_bidirectional(&mut near, &mut far).await.map(drop)
            }
            Self::Blocks | Self::BlocksWhile(_) if upgrade => {
                near.write_all(
                    b"HTTP/1.1 403 Forbidden\r\ncontent-length: 7\r\nconnection: close\r\n\r\nblocked",
                )
                .await?;
                near.shutdown().await
            }
            Self::Cuts if upgrade => {
                let mut far = TcpStream::connect(server).await?;
                far.write_all(head.as_bytes()).await?;
                let mut answer = [0; 4096];
                let read = far.read(&mut answer).await?;
                near.write_all(&answer[..read]).await?;
                near.shutdown().await
            }
            _ => self.relay(near, server, &head, &body).await,
        }
    }

    /// One plain request and its answer.
    async fn relay(
        self,
        mut near: TcpStream,
        server: SocketAddr,
        head: &str,
        body: &[u8],
    ) -> std::io::Result<()> {
        let mut far = TcpStream::connect(server).await?;
        // One request a connection, so that the end of the answer is the end of the stream.
        let mut lines: Vec<&str> = head.trim_end().lines().collect();
        lines.retain(|line| {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            name != "connection" && name != "upgrade"
        });
        let head = format!("{}\r\nconnection: close\r\n\r\n", lines.join("\r\n"));
        far.write_all(head.as_bytes()).await?;
        far.write_all(body).await?;
        let (mut far_in, _far_out) = far.split();
        let (mut near_in, mut near_out) = near.split();
        let answer = async {
            if matches!(self, Self::Buffers) {
                let mut whole = Vec::new();
                far_in.read_to_end(&mut whole).await?;
                near_out.write_all(&whole).await?;
            } else {
                tokio::io::copy(&mut far_in, &mut near_out).await?;
            }
            near_out.shutdown().await
        };
        // A client that gave up takes its request along.
        let mut gone = [0; 1];
        tokio::select! {
            done = answer => done,
            _ = near_in.read(&mut gone) => Ok(()),
        }
    }
}

/// Reads one request: its head, and its body of known length.
async fn request(near: &mut TcpStream) -> std::io::Result<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    let end = loop {
        let mut buffer = [0; 4096];
        let read = near.read(&mut buffer).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&buffer[..read]);
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
    };
    let mut body = bytes.split_off(end);
    let head = String::from_utf8_lossy(&bytes).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let missing = length.unwrap_or(0).saturating_sub(body.len());
    let at = body.len();
    body.resize(at + missing, 0);
    near.read_exact(&mut body[at..]).await?;
    Ok((head, body))
}

/// Both ways, until an end or silence.
async fn pipe(near: TcpStream, far: TcpStream, silence: Duration) -> std::io::Result<()> {
    let (mut near_in, mut near_out) = near.into_split();
    let (mut far_in, mut far_out) = far.into_split();
    let mut up = [0; 16 * 1024];
    let mut down = [0; 16 * 1024];
    loop {
        let moved = tokio::select! {
            read = near_in.read(&mut up) => forward(&mut far_out, &up, read?).await?,
            read = far_in.read(&mut down) => forward(&mut near_out, &down, read?).await?,
            () = tokio::time::sleep(silence) => false,
        };
        if !moved {
            return Ok(());
        }
    }
}

async fn forward(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8], read: usize) -> std::io::Result<bool> {
    to.write_all(&bytes[..read]).await?;
    Ok(read > 0)
}
