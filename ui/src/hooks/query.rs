//! Server state, read-only.

use super::Client;
use super::client::{Observation, Snapshot};
use dioxus::prelude::*;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::window::FetchStatus;
use serde::de::DeserializeOwned;
use std::cell::RefCell;
use std::rc::Rc;

/// How a key is looked at.
pub(crate) struct Options<S> {
    enabled: bool,
    keep_previous: bool,
    placeholder: Option<S>,
}

impl<S> Default for Options<S> {
    fn default() -> Self {
        Self { enabled: true, keep_previous: false, placeholder: None }
    }
}

impl<S> Options<S> {
    /// Whether the key is looked at at all.
    pub(crate) fn enabled(self, enabled: bool) -> Self {
        Self { enabled, ..self }
    }
    /// When the key changes, the data of the one before is shown until the new one's is here.
    pub(crate) fn keep_previous(self) -> Self {
        Self { keep_previous: true, ..self }
    }
    /// What is shown until there is data.
    pub(crate) fn placeholder(self, placeholder: S) -> Self {
        Self { placeholder: Some(placeholder), ..self }
    }
}

/// All but the data.
#[derive(Debug, Clone, PartialEq)]
struct About {
    fetch_status: FetchStatus,
    error: Option<String>,
}

/// An observed piece of server state.
pub(crate) struct Query<T: 'static> {
    data: Memo<Option<Rc<T>>>,
    about: Memo<About>,
}

impl<T> Clone for Query<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Query<T> {}

impl<T: PartialEq> Query<T> {
    /// What is known, also while newer data is on its way or could not be had. Equal data redraws nothing.
    pub(crate) fn data(&self) -> Option<Rc<T>> {
        self.data.read().clone()
    }
    /// The same, without redrawing when it changes.
    pub(crate) fn peek(&self) -> Option<Rc<T>> {
        self.data.peek().clone()
    }
    /// Why there is no data, or no newer data.
    pub(crate) fn error(&self) -> Option<String> {
        self.about.read().error.clone()
    }
    /// Whether it waits for the network.
    pub(crate) fn is_paused(&self) -> bool {
        self.about.read().fetch_status == FetchStatus::Paused
    }
}

/// Looks at a key for as long as the component lives; the key may change from one drawing to the next.
pub(crate) fn use_query<T: DeserializeOwned + PartialEq + 'static>(key: QueryKey) -> Query<T> {
    observe(key, Options::default(), |data: Rc<T>| data)
}

/// The same with options, and only of what `select` takes of the data: nothing else redraws. `select` is that of the first
/// drawing, so it must not depend on what changes.
pub(crate) fn use_selected<T, S>(
    key: QueryKey,
    options: Options<S>,
    select: impl Fn(&T) -> S + 'static,
) -> Query<S>
where
    T: DeserializeOwned + 'static,
    S: PartialEq + 'static,
{
    observe(key, options, move |data: Rc<T>| Rc::new(select(&data)))
}

/// The same with options, of all the data.
pub(crate) fn use_query_with<T: DeserializeOwned + PartialEq + 'static>(
    key: QueryKey,
    options: Options<T>,
) -> Query<T> {
    observe(key, options, |data: Rc<T>| data)
}

fn observe<T, S>(key: QueryKey, options: Options<S>, select: impl Fn(Rc<T>) -> Rc<S> + 'static) -> Query<S>
where
    T: DeserializeOwned + 'static,
    S: PartialEq + 'static,
{
    let client = use_context::<Client>();
    let slot = use_hook(|| Rc::new(RefCell::new(None::<Observation>)));
    let mut watched = use_signal(|| None::<ReadSignal<Snapshot>>);

    let wanted = options.enabled.then_some(key);
    let has = slot.borrow().as_ref().map(|it| it.key.clone());
    if has != wanted {
        let next = wanted.map(|key| client.observe(key));
        watched.set(next.as_ref().map(|it| it.snapshot));
        // The one before ends after the new one began: a key that is looked at all the time is never let go between.
        drop(slot.replace(next));
    }
    use_drop({
        let slot = slot.clone();
        move || drop(slot.take())
    });

    let (keep, placeholder) = (options.keep_previous, options.placeholder.map(Rc::new));
    let before = use_hook(|| Rc::new(RefCell::new(None::<Rc<S>>)));
    let data = use_memo(move || {
        let snapshot = (*watched.read()).map(|snapshot| snapshot.read().data.clone());
        let own = snapshot.flatten().and_then(|data| data.read::<T>()).map(&select);
        if own.is_some() {
            if keep {
                before.replace(own.clone());
            }
            return own;
        }
        before.borrow().clone().or_else(|| placeholder.clone())
    });
    let about = use_memo(move || match *watched.read() {
        None => About { fetch_status: FetchStatus::Idle, error: None },
        Some(snapshot) => {
            let snapshot = snapshot.read();
            About { fetch_status: snapshot.fetch_status, error: snapshot.error.clone() }
        }
    });
    Query { data, about }
}
