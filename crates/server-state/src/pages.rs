//! A list in pages, each a key of its own: each is cached, invalidated, fetched and evicted by itself, and a change
//! of one does not fetch the others.

use crate::cache::{Reader, Reply};
use crate::entry::QueryStatus;
use crate::source::Fetch;
use crate::watch::Watcher;
use std::sync::{Mutex, MutexGuard, PoisonError};

type KeyOf<F, C> = Box<dyn Fn(&C) -> <F as Fetch>::Key + Send + Sync>;
type NextOf<F, C> = Box<dyn Fn(&<F as Fetch>::Data) -> Option<C> + Send + Sync>;

/// The pages of a list that are shown so far, in order. `C` is a cursor: what a page is asked for by.
pub struct Pages<F: Fetch, C> {
    reader: Reader<F>,
    watcher: Watcher<F>,
    key_of: KeyOf<F, C>,
    next_of: NextOf<F, C>,
    /// Never empty. A std mutex: held for a walk over the pages, never across a wait.
    cursors: Mutex<Vec<C>>,
}

impl<F: Fetch, C> std::fmt::Debug for Pages<F, C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pages").field("pages", &self.cursors().len()).finish_non_exhaustive()
    }
}

impl<F: Fetch, C> Pages<F, C> {
    fn cursors(&self) -> MutexGuard<'_, Vec<C>> {
        self.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F: Fetch, C: Clone + PartialEq> Pages<F, C> {
    /// Shows the first page. `key_of` names the page of a cursor, `next_of` finds in a page the cursor of the next.
    pub fn new(
        reader: &Reader<F>,
        first: C,
        key_of: impl Fn(&C) -> F::Key + Send + Sync + 'static,
        next_of: impl Fn(&F::Data) -> Option<C> + Send + Sync + 'static,
    ) -> Self {
        let watcher = reader.watch();
        watcher.observe(&key_of(&first));
        Self {
            reader: reader.clone(),
            watcher,
            key_of: Box::new(key_of),
            next_of: Box::new(next_of),
            cursors: Mutex::new(vec![first]),
        }
    }

    /// The pages as they are now. A page that moved, because the one before it changed, is asked for where it is
    /// now, so that no row is shown twice or left out.
    pub fn pages(&self) -> Vec<Reply<F::Data>> {
        let mut cursors = self.cursors();
        let mut pages = Vec::with_capacity(cursors.len());
        let mut at = 0;
        while let Some(cursor) = cursors.get(at) {
            let Some(page) = self.reader.peek(&(self.key_of)(cursor)) else { break };
            let next = page.data.as_deref().and_then(&*self.next_of);
            let settled = page.status == QueryStatus::Success;
            pages.push(page);
            at += 1;
            if settled && at < cursors.len() && next.as_ref() != cursors.get(at) {
                for gone in cursors.drain(at..) {
                    self.watcher.unobserve(&(self.key_of)(&gone));
                }
                if let Some(next) = next {
                    self.watcher.observe(&(self.key_of)(&next));
                    cursors.push(next);
                }
            }
        }
        pages
    }

    /// Whether the last page names another.
    pub fn has_next(&self) -> bool {
        self.next().is_some()
    }

    fn next(&self) -> Option<C> {
        let cursors = self.cursors();
        let last = self.reader.data(&(self.key_of)(cursors.last()?))?;
        (self.next_of)(&last)
    }

    /// Shows one page more. False when there is none, or the last one is not here yet.
    pub fn show_next(&self) -> bool {
        let Some(next) = self.next() else { return false };
        self.watcher.observe(&(self.key_of)(&next));
        self.cursors().push(next);
        true
    }

    /// Waits until a page changed. Cancel safe.
    pub async fn changed(&self) {
        self.watcher.changed().await;
    }
}
