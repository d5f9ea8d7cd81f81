//! The vocabulary that every layer shares, and nothing else: no I/O, no clock, no randomness. Compiles to wasm32.
//!
//! - [`id`]: ids of courses, nodes, operations, assets; names of documents
//! - [`schema`]: the roots of our documents and the node types of a body, as data
//! - [`body`]: a lesson's body as a tree; [`media`]: types of the files that it may hold
//! - [`frame`]: the Hocuspocus framing, a pure codec; [`awareness`]: who is where, inside such a frame;
//!   [`caret`]: the same in a lesson, with carets; [`carrier`]: frames over plain HTTP
//! - [`session`]: what travels on `@session`
//! - [`rest`]: what travels over HTTP
//! - [`event`], [`key`], [`projection`]: events, query keys and the data behind them
//! - [`change`]: what a change of a course's structure did, and what takes it back
//! - [`window`]: what travels between the desktop shell and its window
//!
//! Must never import anything else of ours.
//!
//! ```
//! use inkhorn_protocol::{DocId, NodeId};
//! let lesson: NodeId = "a1b2".parse()?;
//! assert_eq!(DocId::Lesson(lesson).to_string(), "lesson:a1b2");
//! # Ok::<(), inkhorn_protocol::InvalidId>(())
//! ```

pub mod awareness;
pub mod body;
pub mod caret;
pub mod carrier;
pub mod change;
pub mod event;
pub mod fidelity;
pub mod find;
pub mod frame;
pub mod id;
pub mod key;
pub mod media;
pub mod projection;
pub mod rest;
pub mod schema;
pub mod session;
pub mod settings;
pub mod window;

pub use id::{AssetHash, CourseId, DocId, InvalidId, NodeId, OpId, SESSION_DOC};
