//! Operations of the user: what is asked of the server besides the content of documents.
//!
//! - [`entry`]: one operation as it is kept, how it can end, and what is told meanwhile
//! - [`event`]: what goes into the state machine, and what comes out
//! - [`queue`]: the state machine, [`Outbox`]: `step(event, now) -> actions`; `advance`: what is sent next; `item`: one of its operations
//! - [`port`]: the store and the way to the server, as traits
//! - [`runner`]: the same on tokio, [`Operations`]
//!
//! What it keeps to:
//! - an operation is on the disk before it is sent, and stays there until its effects are written, or until the user lets
//!   it go; a restart at any point goes on where it was, under the same id, which the server does once;
//! - one operation of a scope (a course) at a time, in the order in which they were asked for; scopes do not wait for
//!   each other;
//! - the answer of the server acks; its event confirms. Where the event was lost, or none can arrive, the server is asked
//!   once more under the same id;
//! - a newer operation replaces one that has surely not been sent, never one that may have been;
//! - what is refused or too old is kept with its reason: only a word of the user sends or forgets it.
//!
//! Must never import the transport, the cache, or moka. It listens to events and cannot publish one.
//!
//! ```
//! use inkhorn_outbox::{Action, Event, News, Now, Outbox, Outcome, Reply};
//! use inkhorn_protocol::rest::Operation;
//! let (op, now) = ("o1".parse()?, Now { wall_ms: 0, mono_ms: 0 });
//! let operation = Operation::SetTitle { course: "c1".parse()?, title: "Ink".into() };
//! let mut outbox = Outbox::default();
//! outbox.step(Event::Restored { entries: vec![], unreadable: vec![] }, now, 0);
//! outbox.step(Event::Gate { open: true, listening: true }, now, 0);
//! let actions = outbox.step(Event::Submit { op, operation }, now, 0);
//! let Action::Save(entry) = &actions[0] else { panic!("the disk comes first: {actions:?}") };
//! let actions = outbox.step(Event::Saved { op: entry.op.clone(), outcome: Ok(()) }, now, 0);
//! assert!(!actions.iter().any(|action| matches!(action, Action::Send { .. })), "that it is sent is written, too");
//! let actions = outbox.step(Event::Saved { op: entry.op.clone(), outcome: Ok(()) }, now, 0);
//! assert!(matches!(actions[0], Action::Send { .. }), "{actions:?}");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod advance;
pub mod entry;
pub mod event;
mod item;
pub mod port;
pub mod queue;
pub mod runner;

pub use entry::{Entry, News, Outcome, Refusal, UNREADABLE, Unreadable, replaces};
pub use event::{Action, Attempt, Event, Now, Reply};
pub use port::{Dispatch, Persist, Stored};
pub use queue::{CONFIRM_MS, EXPIRY_MS, MAX_PARALLEL, MAX_RETRY_MS, Outbox, RETRY_MS};
pub use runner::{Operations, Shown, Source, Ticket};
