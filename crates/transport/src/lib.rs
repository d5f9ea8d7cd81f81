//! Carries frames to and from a sync server, and says how that goes.
//!
//! - [`endpoint`]: where the server is, and whether we may talk to it in the clear
//! - [`network`]: added certificates, proxies, which carriers; `proxy`: which proxy an address goes through
//! - [`link`]: the [`Transport`](link::Transport) trait: one live link, frames in and out
//! - [`websocket`], [`sse`], [`poll`]: the transports, best first; `wire`: the way up that the last two share;
//!   `event_stream`: their format, pure
//! - [`supervisor`]: when to connect, by what, wait, ping, give up: a pure state machine; `rungs`: its ladder
//! - [`connection`]: the handle; `task` performs what the supervisor decides, and is the only publisher of
//!   `Connection`, `Resynced`, `Course` and `Operation` events; `pump`: reading and writing of a link
//! - [`clock`]: the two clocks that a supervisor needs
//!
//! Must never import the cache, the replica, the outbox or Tauri. It does not look into frames (beyond the
//! one-byte ping of the framing), so it cannot decide what is stale.
//!
//! ```
//! use inkhorn_transport::supervisor::{Action, Input, Supervisor};
//! use inkhorn_protocol::carrier::Carrier;
//! use inkhorn_transport::clock::Now;
//! let mut supervisor = Supervisor::default();
//! let actions = supervisor.step(Input::Start, Now { mono_ms: 0, wall_ms: 0 }, 0);
//! assert!(actions.contains(&Action::Connect(Carrier::WebSocket)));
//! ```

pub mod clock;
pub mod connection;
pub mod endpoint;
mod event_stream;
pub mod link;
pub mod network;
pub mod poll;
mod proxy;
mod pump;
mod rungs;
pub mod sse;
pub mod supervisor;
mod task;
pub mod websocket;
mod wire;

pub use connection::{Connection, LinkEvent};
pub use endpoint::{Endpoint, EndpointError};
pub use link::{ConnectError, Destination, Link, LinkError, Transport};
pub use network::Network;
pub use poll::Poll;
pub use proxy::Proxies;
pub use rungs::{MAX_PROBE_AFTER_MS, PROBE_AFTER_MS};
pub use sse::Sse;
pub use websocket::WebSocket;
