//! The server-state cache.

pub mod cache;
mod change;
pub mod coalesce;
pub mod entry;
pub mod key;
pub mod overlay;
pub mod pages;
pub mod persist;
pub mod policy;
mod read;
pub mod report;
mod shared;
pub mod signal;
mod slot;
pub mod source;
mod store;
mod timer;
pub mod tree;
pub mod view;
pub mod watch;

pub use cache::{Options, Reader, Reply, ServerState};
pub use coalesce::Coalescer;
pub use entry::{FetchStatus, QueryStatus};
pub use key::{Among, Filter, Key, Refetch};
pub use overlay::Fold;
pub use pages::Pages;
pub use persist::{Codec, Persist, Restored};
pub use policy::{NetworkMode, Policy, Retry, When};
pub use report::{Line, Report};
pub use signal::Signal;
pub use slot::Cause;
pub use source::{Clock, Fetch, FetchError, Fetched, MonotonicClock, Weigh};
pub use view::{Shown, View};
pub use watch::{Change, Watcher};
