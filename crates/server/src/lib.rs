//! The sync server: it validates, indexes, stores, orders and diffs documents, and never integrates one.
//!
//! - [`engine`]: `step(event) → actions`, pure: one order per document, commit → fan-out → ack, roles, ownership, sessions
//! - [`store`]: one SQLite file and a folder of assets
//! - `hub`: runs the engine on the store and the sockets
//! - `http`: `/collab`, `/healthz`, `/api/v1/…`
//! - [`serve`]: a running server
//!
//! Must never import yrs or the course model: a document's bytes are checked and copied here, and nothing more.
//!
//! ```
//! use inkhorn_server::{Server, store::Store};
//! # let runtime = tokio::runtime::Runtime::new()?;
//! # let folder = tempfile::tempdir()?;
//! # runtime.block_on(async {
//! let store = Store::open(folder.path()).await?;
//! let maria = store.put_user("maria@example.org", Some("Maria"), "a long password").await?;
//! let token = store.add_token(&maria).await?;
//! assert_eq!(token.len(), 43);
//! let server = Server::start("127.0.0.1:0".parse()?, folder.path()).await?;
//! println!("http://{}", server.address());
//! server.stop().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod engine;
mod http;
mod hub;
mod lock;
pub mod serve;
pub mod store;

pub use serve::{Server, ServerError};
