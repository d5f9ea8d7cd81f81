//! A server-state cache: what is fresh, what is stale, what is being fetched, for any keys and any data. Its
//! vocabulary is [TanStack Query]'s; its rules make a loop impossible.
//!
//! [TanStack Query]: https://tanstack.com/query
//!
//! # Tour
//!
//! - [`source`]: the [`Fetch`] trait that the cache reads through, and the [`Clock`]
//! - [`policy`]: how a kind of query is treated ([`Policy`]: stale time, gc time, network mode, retries, …)
//! - [`cache`]: [`ServerState`], the owner's handle, and [`Reader`], everybody else's
//! - [`watch`]: [`Watcher`], which observes any number of keys; [`view`]: [`View`], one place that shows one key at a
//!   time; [`pages`]: [`Pages`], a list whose pages are keys of their own
//! - [`key`]: the [`Key`] trait and [`Filter`], which says which keys are meant
//! - [`overlay`]: optimistic state, folded from pending operations
//! - [`persist`]: data across restarts; [`report`]: what the cache knows, for people
//! - [`signal`]: focus and online, two sources that a test can replace
//! - pure: [`entry`] (the generation rule), [`tree`] (prefixes and their marks), [`coalesce`] (throttling)
//! - `store`: moka, as a bounded store of what nobody observes at the moment; `shared`, `change`, `read`, `timer`: the
//!   life of an entry, writing, reading, and what happens by itself
//!
//! It knows nothing of courses. Must never import the protocol, the transport, the replica, sqlx or Tauri, and never
//! publishes an event: invalidations come in by calls, changes go out to watchers.
//!
//! ```
//! use futures_util::future::BoxFuture;
//! use inkhorn_server_state::{Fetch, FetchError, Fetched, Key, Options, ServerState, Weigh};
//! #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
//! struct Word(&'static str);
//! impl Key for Word {
//!     fn path<'a>(&'a self, segment: &mut dyn FnMut(&'a str)) {
//!         segment("words");
//!         segment(self.0);
//!     }
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
//!
//! // A watcher keeps what it observes fresh, and is told when it changed.
//! let watcher = cache.watch();
//! watcher.observe(&Word("quill"));
//! assert_eq!(watcher.changed().await, [Word("quill")]);
//!
//! // What a pending operation will do is shown at once, and taken back without a trace.
//! cache.set_overlay("op 1", &[Word("ink")], std::sync::Arc::new(|_, _| Some(Length(0))));
//! assert_eq!(cache.data(&Word("ink")).as_deref(), Some(&Length(0)));
//! cache.remove_overlay("op 1");
//! assert_eq!(cache.data(&Word("ink")).as_deref(), Some(&Length(3)));
//!
//! // One mark for all that lies below a prefix, however many there are.
//! cache.invalidate(&["words"]);
//! # });
//! ```
//!
//! # One owner
//!
//! Only the owner of the cache can write. A [`Reader`], which is all that an interface is given, has no way to:
//!
//! ```compile_fail,E0599
//! fn in_a_window<F: inkhorn_server_state::Fetch>(cache: inkhorn_server_state::Reader<F>, key: F::Key, data: F::Data) {
//!     cache.set_data(&key, data);
//! }
//! ```
//!
//! nor can it say that something is stale, or get the owner's handle back:
//!
//! ```compile_fail,E0599
//! fn in_a_window<F: inkhorn_server_state::Fetch>(cache: inkhorn_server_state::Reader<F>) {
//!     cache.invalidate(&["courses"]);
//! }
//! ```
//!
//! Reading is all the same:
//!
//! ```
//! fn in_a_window<F: inkhorn_server_state::Fetch>(cache: inkhorn_server_state::Reader<F>, key: F::Key) {
//!     let _known = cache.peek(&key);
//! }
//! ```
//!
//! # Why it cannot loop
//!
//! An invalidation raises the generation of what it marks; a fetch that succeeds covers the generation at which it
//! started; an entry is fetched while it is observed and not covered. So a fetch follows an invalidation, an error or a
//! new observer, and nothing else: their number bounds that of the fetches (`tests/all/{model,bound}.rs`). A fetch has
//! no handle to the cache, and a change that a watcher hears of is none that it could cause by reading.
//!
//! # Coming from TanStack Query
//!
//! | There | Here | What differs |
//! |---|---|---|
//! | `QueryClient` | [`ServerState`] | its interface side is a type of its own, [`Reader`] |
//! | `queryKey: ["course", id]` | a type with [`Key`] | typed; its path is what prefixes match |
//! | `queryFn` | [`Fetch::fetch`] | one for all keys; its future is dropped when nobody wants it any more |
//! | `staleTime`, `gcTime` | [`Policy::stale_time`], [`Policy::gc_time`] | stale time is none by default: fresh until invalidated |
//! | `networkMode: online`, `always`, `offlineFirst` | [`NetworkMode`]`::{Remote, Local, LocalFirst}` | `Local` is the default |
//! | `retry`, `retryDelay` | [`Policy::retry`] | by default it goes on, ever more rarely, and tells after three failures |
//! | `refetchOnWindowFocus`, `refetchOnReconnect` | [`Policy::on_focus`], [`Policy::on_reconnect`] | |
//! | none: a burst of `invalidateQueries` fetches as fast as it comes | [`Options::interval_ms`], [`Policy::throttle`] | the first fetch is at once |
//! | `refetchInterval` | [`Policy::interval`] | |
//! | `QueryObserver`, `useQuery` | [`Watcher`], [`View`] | a watcher is told of keys, and reads when it wants to |
//! | `enabled: false` | [`View::show`]`(None)` | |
//! | `select` | [`Watcher::observe_selected`] | |
//! | `placeholderData`, `keepPreviousData` | [`View::placeholder`], [`View::keep_previous`] | |
//! | `structuralSharing` | equal data keeps its allocation; [`Fetch::share`] for parts | by `PartialEq` |
//! | `useInfiniteQuery` | [`Pages`] | each page is a key: one that is stale is fetched alone |
//! | `fetchQuery`, `ensureQueryData` | [`Reader::query`] | |
//! | `prefetchQuery` | [`Reader::prefetch`] | |
//! | `getQueryData`, `getQueryState` | [`Reader::data`], [`Reader::peek`] | |
//! | `setQueryData` | [`ServerState::set_data`], [`ServerState::update_data`] | calls off a fetch under way |
//! | `invalidateQueries({refetchType})` | [`ServerState::invalidate_with`] | costs the same for one key and for a million |
//! | `cancelQueries`, `removeQueries`, `resetQueries` | [`ServerState::cancel`], [`ServerState::remove`], [`ServerState::reset`] | what is observed is reset, never removed |
//! | `onMutate` … `onError: rollback` | [`ServerState::set_overlay`], `remove_overlay`, `confirm_overlay` | folded, not a snapshot |
//! | `persistQueryClient` | [`ServerState::save`], [`ServerState::restore`] | |
//! | `focusManager`, `onlineManager` | [`Options::focus`], [`Options::online`] | no globals |
//! | Devtools | [`Reader::report`] | |

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
