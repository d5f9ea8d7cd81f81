//! The course model: what an outline and a lesson mean, over Yjs documents.
//!
//! - [`outline`]: chapters, sections and lessons of one course, in one document; every operation is one transaction
//!   and returns the update to log and send
//! - [`lesson`]: one lesson's body, schema version and assets, in a document of its own
//! - [`lost`]: blocks that go with words in them that nobody saw, and putting them back
//! - [`structure`]: the same for many nodes at once, and what takes a change back
//! - `record`, `view`: what the outline document holds, and the tree that it shows, a pure function of it
//! - `position`: jittered fractional indices
//! - `xml`, `any`: a body as y-prosemirror encodes it
//! - `guard`: every transaction runs here; a document that panicked is never touched again
//!
//! The only crate of the product that names yrs, and nothing of yrs shows in its public items. No I/O of any kind,
//! no clock, no randomness: ids, client ids and [`Random`] are passed in.
//!
//! ```
//! use inkhorn_course::Outline;
//! use inkhorn_protocol::{NodeId, projection::NodeKind};
//!
//! let mut counter = 0u8;
//! let mut random = || { counter += 1; [counter; 16] };
//! let chapter: NodeId = "c1".parse()?;
//! let mut ours = Outline::new(7);
//! let update = ours.add(&mut random, NodeKind::Chapter, None, None, "Ink", chapter.clone())?;
//!
//! let mut theirs = Outline::new(8);
//! assert!(theirs.apply(&update)?);
//! assert_eq!(theirs.view()?.nodes[0].id, chapter);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod any;
mod error;
pub mod find;
mod guard;
pub mod lesson;
pub mod lost;
pub mod outline;
mod position;
mod random;
mod record;
mod settings;
mod state;
pub mod structure;
mod view;
mod xml;

pub use error::{BodyError, Integrate, OpError};
pub use lesson::Lesson;
pub use lost::{Before, Going, Place};
pub use outline::{NewNode, Outline};
pub use random::{Random, client_id};
pub use state::holds_more;
pub use structure::{Done, Lessons};
