//! A link to a server: counts the bytes of both directions, and can be cut.

use anyhow::Result;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// Without a byte for so long, what belongs to one reconnect has passed.
const QUIET: Duration = Duration::from_millis(400);

/// Bytes that passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Traffic {
    pub(super) up: u64,
    pub(super) down: u64,
}

struct State {
    up: AtomicU64,
    down: AtomicU64,
    open: watch::Sender<bool>,
}

/// The wire; it ends with the value.
pub(super) struct Wire {
    address: SocketAddr,
    state: Arc<State>,
    accepting: JoinHandle<()>,
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.accepting.abort();
        self.state.open.send_replace(false);
    }
}

impl Wire {
    pub(super) async fn to(server: SocketAddr) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let state = Arc::new(State {
            up: AtomicU64::new(0),
            down: AtomicU64::new(0),
            open: watch::Sender::new(true),
        });
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                // A cut wire takes the call and drops it.
                if *shared.open.borrow()
                    && let Ok(far) = TcpStream::connect(server).await
                {
                    tokio::spawn(carry(near, far, Arc::clone(&shared)));
                }
            }
        });
        Ok(Self { address, state, accepting })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Ends every connection, and every one that is tried until [`Wire::mend`].
    pub(super) fn cut(&self) {
        self.state.open.send_replace(false);
    }

    /// Lets connections through again, and counts from here.
    pub(super) fn mend(&self) {
        self.state.up.store(0, Ordering::SeqCst);
        self.state.down.store(0, Ordering::SeqCst);
        self.state.open.send_replace(true);
    }

    pub(super) fn traffic(&self) -> Traffic {
        Traffic { up: self.state.up.load(Ordering::SeqCst), down: self.state.down.load(Ordering::SeqCst) }
    }

    /// Waits until nothing has passed for a while, and says what did.
    pub(super) async fn quiet(&self) -> Traffic {
        loop {
            let before = self.traffic();
            tokio::time::sleep(QUIET).await;
            if self.traffic() == before {
                return before;
            }
        }
    }
}

async fn carry(near: TcpStream, far: TcpStream, state: Arc<State>) {
    // A wire of its own must not hold small frames back.
    let _ = (near.set_nodelay(true), far.set_nodelay(true));
    let mut open = state.open.subscribe();
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    tokio::select! {
        _ = open.wait_for(|open| !open) => {}
        () = async { tokio::join!(pump(near_in, far_out, &state.up), pump(far_in, near_out, &state.down)); } => {}
    }
}

async fn pump(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, count: &AtomicU64) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(read) = from.read(&mut buffer).await {
        if read == 0 || to.write_all(&buffer[..read]).await.is_err() {
            break;
        }
        count.fetch_add(read as u64, Ordering::SeqCst);
    }
}
