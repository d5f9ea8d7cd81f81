//! What the cache reads through: where data comes from, how large it is, what time it is.

use crate::{Key, Policy};
use futures_util::future::BoxFuture;
use tokio::time::Instant;

/// Where data comes from. The cache never runs two fetches of one key at the same time.
pub trait Fetch: Send + Sync + 'static {
    /// Names.
    type Key: Key;
    /// Answers; equal ones are not published twice.
    type Data: Weigh + PartialEq + Send + Sync + 'static;

    /// Reads the source. What it returns must be at least as new as the source was when this was called. The future
    /// is dropped when nobody wants the answer any more.
    ///
    /// # Errors
    /// [`FetchError`], which says what to do about it.
    fn fetch(&self, key: &Self::Key) -> BoxFuture<'static, Result<Fetched<Self::Data>, FetchError>>;

    /// How a key is treated. Asked whenever a key begins to be used: keep it cheap, and the same for the same key.
    fn policy(&self, key: &Self::Key) -> Policy {
        let _ = key;
        Policy::default()
    }

    /// Puts parts of the old data that are equal into the new data, so that they stay the same allocations. Data
    /// that is equal as a whole is kept without this.
    fn share(&self, old: &Self::Data, new: Self::Data) -> Self::Data {
        let _ = old;
        new
    }
}

/// An answer of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched<D> {
    /// The data.
    pub data: D,
    /// Its version, where the source counts one; else 0.
    pub version: u64,
}

/// Why there is no answer, in plain words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FetchError {
    /// It may pass: tried again with backoff.
    Failed(String),
    /// There is none: not tried again before the next invalidation.
    Refused(String),
    /// It needs the network, and there is none: waits for the network to come back.
    Offline(String),
}

/// How much memory something takes, roughly.
pub trait Weigh {
    /// Bytes.
    fn bytes(&self) -> usize;
}

/// Tells the time; a test passes its own.
pub trait Clock: Send + Sync + 'static {
    /// Milliseconds from an arbitrary start, never going back.
    fn now_ms(&self) -> u64;
}

/// The time of the tokio runtime, which a test can pause.
#[derive(Debug)]
pub struct MonotonicClock(Instant);

impl Default for MonotonicClock {
    fn default() -> Self {
        Self(Instant::now())
    }
}

impl Clock for MonotonicClock {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.0.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}
