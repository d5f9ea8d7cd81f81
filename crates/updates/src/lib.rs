//! Yjs v1 updates as bytes, without integration. The sync server keeps one total order of updates per document and
//! answers everything from here; it never builds a document.
//!
//! - [`validate`](mod@validate): are these bytes an update that every replica can read?
//! - [`index`]: the byte-range index of one document, with a committed level and one in flight; `admit` takes an
//!   update into it (order, references), `overlap` compares what is known already (forks), `container` says what
//!   may sit where, `log` keeps one client's structs
//! - `diff`, `compact`, [`join`](mod@join), [`rekey`](mod@rekey): writing updates by copying byte ranges; `write` cuts
//!   structs as yjs does
//! - [`collateral`]: what an update takes away without naming it
//! - `fingerprint`: a number for a state, equal on two replicas that hold the same
//! - [`state_vector`], [`delete_set`], `structs`, `any`, `json`, `reader`: the format, borrowed from the bytes
//!
//! Must never import anything else of ours, yrs (but as an oracle in tests), or I/O of any kind. Reads no clock and
//! no randomness, and never panics on any bytes.
//!
//! ```
//! use inkhorn_updates::{Index, RootType, Schema, StateVector};
//!
//! let mut index = Index::new(Schema::new([("text", RootType::Text)]));
//! // Client 1 types "hi" into the root `text`.
//! let update = [&[1, 1, 1, 0, 0x04, 1, 4][..], b"text", &[2], b"hi", &[0]].concat();
//! assert_eq!(index.add(&update)?.new, [(1, 0, 2)]);
//! assert!(index.add(&update)?.is_noop);
//!
//! let remote = StateVector::from_iter([(1, 1)]);
//! assert_eq!(index.diff(&remote), [1, 1, 1, 1, 0x84, 1, 0, 1, b'i', 0]);
//! # Ok::<(), inkhorn_updates::Refused>(())
//! ```

mod admit;
mod any;
pub mod collateral;
mod compact;
mod container;
pub mod delete_set;
mod diff;
mod error;
mod fingerprint;
pub mod index;
pub mod join;
mod json;
mod log;
mod overlap;
mod reader;
pub mod rekey;
pub mod state_vector;
mod structs;
pub mod thin;
pub mod validate;
mod write;

pub use any::MAX_DEPTH;
pub use collateral::{Collateral, Gone, Run};
pub use container::{MAX_NESTING, RootType, Schema};
pub use delete_set::DeleteSet;
pub use error::{Invalid, Misplaced, Reason, Refused};
pub use fingerprint::Fingerprint;
pub use index::{Added, Gap, Index};
pub use join::join;
pub use log::MAX_CLIENT_BYTES;
pub use rekey::{rekey, rekey_to};
pub use state_vector::StateVector;
pub use thin::thin;
pub use validate::{Summary, is_noop, validate};
