//! Carries frames to and from a sync server, and says how that goes.
//!
//! - [`endpoint`]: where the server is, and whether we may talk to it in the clear
//! - [`link`]: the [`Transport`](link::Transport) trait: one live link, frames in and out
//! - [`websocket`]: the transport over WebSocket
//! - [`supervisor`]: when to connect, wait, ping, give up: a pure state machine
//! - [`connection`]: the task that performs what the supervisor decides; the only publisher of
//!   `Connection`, `Resynced`, `Course` and `Operation` events
//! - [`clock`]: the two clocks that a supervisor needs
//!
//! Must never import the cache, the replica, the outbox or Tauri. It does not look into frames (beyond the
//! one-byte ping of the framing), so it cannot decide what is stale.
//!
//! ```
//! use inkhorn_transport::supervisor::{Action, Input, Supervisor};
//! use inkhorn_transport::clock::Now;
//! let mut supervisor = Supervisor::default();
//! let actions = supervisor.step(Input::Start, Now { mono_ms: 0, wall_ms: 0 }, 0);
//! assert!(actions.contains(&Action::Connect));
//! ```

pub mod clock;
pub mod connection;
pub mod endpoint;
pub mod link;
pub mod supervisor;
pub mod websocket;

pub use connection::{Connection, LinkEvent};
pub use endpoint::{Endpoint, EndpointError};
pub use link::{ConnectError, Link, LinkError, Received, Transport};
pub use websocket::WebSocket;
