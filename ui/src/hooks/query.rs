//! Server state, read-only.

use super::Client;
use super::client::Snapshot;
use dioxus::prelude::*;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::window::FetchStatus;
use serde::de::DeserializeOwned;
use std::rc::Rc;

/// An observed piece of server state.
pub(crate) struct Query<T: 'static> {
    snapshot: ReadSignal<Snapshot>,
    data: Memo<Option<Rc<T>>>,
}

impl<T> Clone for Query<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Query<T> {}

impl<T: PartialEq> Query<T> {
    /// What is known, also while newer data is on its way or could not be had.
    pub(crate) fn data(&self) -> Option<Rc<T>> {
        self.data.read().clone()
    }
    /// The same, without redrawing when it changes.
    pub(crate) fn peek(&self) -> Option<Rc<T>> {
        self.data.peek().clone()
    }
    /// Why there is no data, or no newer data.
    pub(crate) fn error(&self) -> Option<String> {
        self.snapshot.read().error.clone()
    }
    /// Whether it waits for the network.
    pub(crate) fn is_paused(&self) -> bool {
        self.snapshot.read().fetch_status == FetchStatus::Paused
    }
}

/// Observes a key for as long as the component lives. The key must stay the same for one instance:
/// give the component a `key` that changes with it.
pub(crate) fn use_query<T: DeserializeOwned + PartialEq + 'static>(key: QueryKey) -> Query<T> {
    let client = use_context::<Client>();
    let snapshot = use_hook({
        let (client, key) = (client.clone(), key.clone());
        move || client.observe(&key)
    });
    use_drop(move || client.unobserve(&key));
    let data = use_memo(move || {
        let value = snapshot.read().data.clone()?;
        T::deserialize(&*value).ok().map(Rc::new)
    });
    Query { snapshot, data }
}
