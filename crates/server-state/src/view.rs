//! A view: one place that shows one key at a time, such as page 3 of a list, then page 4.

use crate::cache::{Reader, Reply};
use crate::entry::{FetchStatus, QueryStatus};
use crate::source::Fetch;
use crate::watch::Watcher;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Data to show for a key whose own has not arrived.
type Placeholder<F> = Box<dyn Fn(&<F as Fetch>::Key) -> Option<<F as Fetch>::Data> + Send + Sync>;

/// What a view shows.
#[derive(Debug, Clone)]
pub struct Shown<D> {
    /// What is known of the key, or what stands in for it.
    pub reply: Reply<D>,
    /// Whether the data only stands in: it is that of the key before, or a placeholder. It is in no cache.
    pub placeholder: bool,
}

/// Shows one key at a time. While the data of a new key is on its way it can go on showing what it showed before.
pub struct View<F: Fetch> {
    reader: Reader<F>,
    watcher: Watcher<F>,
    keep_previous: bool,
    placeholder: Option<Placeholder<F>>,
    /// A std mutex: held for a copy, never across a wait.
    place: Mutex<Place<F>>,
}

struct Place<F: Fetch> {
    key: Option<F::Key>,
    stand_in: Option<Arc<F::Data>>,
}

impl<F: Fetch> std::fmt::Debug for View<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("View").field("key", &self.place().key).finish_non_exhaustive()
    }
}

impl<F: Fetch> View<F> {
    /// A view that shows nothing yet.
    pub fn new(reader: &Reader<F>) -> Self {
        Self {
            reader: reader.clone(),
            watcher: reader.watch(),
            keep_previous: false,
            placeholder: None,
            place: Mutex::new(Place { key: None, stand_in: None }),
        }
    }

    /// Goes on showing the data of the key before until that of the new one is here.
    #[must_use]
    pub fn keep_previous(self) -> Self {
        Self { keep_previous: true, ..self }
    }

    /// Shows this until the data of a key is here.
    #[must_use]
    pub fn placeholder(self, make: impl Fn(&F::Key) -> Option<F::Data> + Send + Sync + 'static) -> Self {
        Self { placeholder: Some(Box::new(make)), ..self }
    }

    fn place(&self) -> MutexGuard<'_, Place<F>> {
        self.place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows a key from now on; none shows nothing and fetches nothing.
    pub fn show(&self, key: Option<&F::Key>) {
        let before = self.shown().reply.data;
        let mut place = self.place();
        if place.key.as_ref() == key {
            return;
        }
        let previous = before.filter(|_| self.keep_previous && key.is_some());
        place.stand_in = previous.or_else(|| {
            let make = self.placeholder.as_ref()?;
            make(key?).map(Arc::new)
        });
        if let Some(key) = key {
            self.watcher.observe(key);
        }
        if let Some(old) = std::mem::replace(&mut place.key, key.cloned()) {
            self.watcher.unobserve(&old);
        }
    }

    /// What is to be shown now.
    pub fn shown(&self) -> Shown<F::Data> {
        let place = self.place();
        let known = place.key.as_ref().and_then(|key| self.reader.peek(key));
        let mut reply = known.unwrap_or(Reply {
            status: QueryStatus::Pending,
            fetch_status: FetchStatus::Idle,
            revision: 0,
            data: None,
            error: None,
        });
        let placeholder = reply.status == QueryStatus::Pending && place.stand_in.is_some();
        if placeholder {
            reply.data.clone_from(&place.stand_in);
            reply.status = QueryStatus::Success;
        }
        Shown { reply, placeholder }
    }

    /// Waits until what is shown changed. Cancel safe.
    pub async fn changed(&self) {
        self.watcher.changed().await;
    }
}
