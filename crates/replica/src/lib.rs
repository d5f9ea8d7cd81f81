//! Durable local documents: an append-only log in SQLite and the document-sync engine over it.
//!
//! - [`Replica`]: the handle; every call is a job for one writer task, which groups what waits into one commit
//! - `writer`: that task; `job`: what it is asked; `edit`, `ledger`, `read`: how it does documents, sync state and
//!   questions; `refused`: what becomes of edits that the server refused; `kept`: words that somebody took away unseen; `operations`: the outbox's rows; `revive`: the one automatic write; `effects`: what is told after a commit
//! - `document`: one loaded document (byte-range index, and the model over yrs when somebody reads or edits)
//! - `store`: the database file: opening, checking, setting aside, migrating; `rows`: its statements
//! - `compact`: snapshots, verified by a fresh replay before any row of the log goes
//! - [`assets`]: content-addressed files beside the database
//! - [`sync`]: the document-sync engine, a pure state machine for one connection
//!
//! What it keeps to: a call that edits returns after the `fdatasync` of its commit, and what others are told
//! ([`Replica::changes`], the events) comes after it too; a failed commit leaves nothing behind; opening or reading a
//! document writes nothing; a damaged file is set aside, never overwritten; the log is append-only until a snapshot
//! has been shown to hold the same. Must never import the transport or Tauri, and names no type of yrs.
//!
//! ```
//! use inkhorn_protocol::{projection::NodeKind, CourseId, NodeId};
//! use inkhorn_replica::{Edited, NewCourse, Options, Origin, Replica};
//! # let dir = std::env::temp_dir().join(format!("inkhorn-doc-{}", std::process::id()));
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! let (publisher, _events) = inkhorn_events::spine(64);
//! let options = Options { clock: Box::new(|| 0), random: Box::new(|| *b"0123456789abcdef") };
//! let replica = Replica::open(&dir, publisher, options).await?;
//! let (course, chapter): (CourseId, NodeId) = ("c1".parse()?, "n1".parse()?);
//! replica.create_course(NewCourse::titled(&mut || *b"0123456789abcdef", course.clone(), "Ink")?).await?;
//! replica
//!     .edit_outline(&course, Origin::Core, move |outline, random| {
//!         let update = outline.add(random, NodeKind::Chapter, None, None, "Quills", chapter)?;
//!         Ok(Edited::new((), [update]))
//!     })
//!     .await?;
//! assert_eq!(replica.outline(&course).await?.nodes[0].title, "Quills");
//! replica.close().await;
//! # std::fs::remove_dir_all(&dir)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod assets;
mod compact;
mod document;
mod edit;
mod effects;
mod error;
mod job;
mod kept;
mod ledger;
mod operations;
mod read;
mod refused;
mod replica;
mod revive;
mod rows;
mod run;
mod state;
mod store;
pub mod sync;
mod writer;

pub use assets::Files;
pub use error::ReplicaError;
pub use replica::{Clock, Edited, Options, RandomSource, Replica, database_path};
pub use state::*;
