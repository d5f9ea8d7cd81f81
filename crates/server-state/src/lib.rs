//! The server-state cache: what is fresh, what is stale, what is being fetched. Its vocabulary is TanStack
//! Query's (`observer`, `invalidate`, `status` × `fetch_status`); its rules are DESIGN section 5's.
//!
//! - [`key`]: the [`Key`] trait and the index that answers "all keys below this prefix"
//! - [`entry`]: what is known about one key, a pure reducer; the generation rule lives here
//! - [`coalesce`]: leading and trailing throttle, deduplicated by key; pure
//! - [`source`]: the [`Fetch`] and [`Clock`] traits that the cache reads through
//! - `store`: moka, as a bounded store of values that nobody observes at the moment
//! - [`state`]: [`ServerState`], which performs what the reducer decides
//! - [`watch`]: [`Watcher`], the RAII observer of any number of keys
//!
//! It knows nothing of courses: keys and data are parameters. Must never import the transport, the replica,
//! sqlx or Tauri, and never publishes an event: invalidations come in by calls, changes go out to watchers.
//!
//! ```
//! use futures_util::future::BoxFuture;
//! use inkhorn_server_state::{Fetch, FetchError, Fetched, Key, Options, ServerState, Weigh};
//! #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
//! struct Word(&'static str);
//! impl Key for Word {
//!     fn path(&self) -> Vec<&str> { vec!["words", self.0] }
//! }
//! #[derive(PartialEq, Debug)]
//! struct Length(usize);
//! impl Weigh for Length {
//!     fn bytes(&self) -> usize { 8 }
//! }
//! struct Dictionary;
//! impl Fetch for Dictionary {
//!     type Key = Word;
//!     type Data = Length;
//!     fn fetch(&self, key: &Word) -> BoxFuture<'static, Result<Fetched<Length>, FetchError>> {
//!         let length = key.0.len();
//!         Box::pin(async move { Ok(Fetched { data: Length(length), version: 0 }) })
//!     }
//! }
//! # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
//! let cache = ServerState::new(Dictionary, Options::default());
//! assert_eq!(cache.query(&Word("ink")).await.data.as_deref(), Some(&Length(3)));
//! # });
//! ```

pub mod coalesce;
pub mod entry;
pub mod key;
pub mod source;
pub mod state;
mod store;
pub mod watch;

pub use coalesce::Coalescer;
pub use key::Key;
pub use source::{Clock, Fetch, FetchError, Fetched, MonotonicClock, Weigh};
pub use state::{Options, Reply, ServerState};
pub use watch::Watcher;
