//! What of the core's cache is on screen: one entry per observed key, shared by all hooks that ask for it.

use crate::bridge::Api;
use crate::page;
use crate::state::retry;
use dioxus::core::{ScopeId, spawn_forever};
use dioxus::prelude::*;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::window::{FetchStatus, QueryStatus};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The last answer for a key.
#[derive(Debug, Clone)]
pub(crate) struct Snapshot {
    pub(crate) status: QueryStatus,
    pub(crate) fetch_status: FetchStatus,
    pub(crate) data: Option<Rc<Value>>,
    pub(crate) error: Option<String>,
}

struct Entry {
    snapshot: Signal<Snapshot>,
    observers: usize,
    /// A question is on its way.
    asking: bool,
    /// It became stale meanwhile: exactly one more question follows.
    again: bool,
}

/// Asks the core and shares its answers. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) api: Api,
    entries: Rc<RefCell<HashMap<QueryKey, Entry>>>,
}

impl Client {
    pub(crate) fn new(api: Api) -> Self {
        Self { api, entries: Rc::default() }
    }

    /// Begins to show a key.
    pub(crate) fn observe(&self, key: &QueryKey) -> ReadSignal<Snapshot> {
        let (snapshot, first) = {
            let mut entries = self.entries.borrow_mut();
            let entry = entries.entry(key.clone()).or_insert_with(|| Entry {
                snapshot: Signal::new_in_scope(
                    Snapshot {
                        status: QueryStatus::Pending,
                        fetch_status: FetchStatus::Fetching,
                        data: None,
                        error: None,
                    },
                    ScopeId::ROOT,
                ),
                observers: 0,
                asking: false,
                again: false,
            });
            entry.observers += 1;
            (entry.snapshot, entry.observers == 1)
        };
        if first {
            let (client, key) = (self.clone(), key.clone());
            spawn_forever(async move {
                // Observe before asking, so that no change falls between the two.
                for pause in retry::pauses() {
                    match client.api.observe(&key).await {
                        Ok(()) => return client.pull(&key),
                        Err(failure) => client.failed(&key, failure.message),
                    }
                    page::sleep(pause).await;
                    // Whoever asked has left; the next one begins anew.
                    if !client.is_observed(&key) {
                        return;
                    }
                }
            });
        }
        snapshot.into()
    }

    /// Ends showing a key. Its last answer is kept for the next time, until then unobserved.
    pub(crate) fn unobserve(&self, key: &QueryKey) {
        let last = self.entries.borrow_mut().get_mut(key).is_some_and(|entry| {
            entry.observers = entry.observers.saturating_sub(1);
            entry.observers == 0
        });
        if last {
            let (client, key) = (self.clone(), key.clone());
            spawn_forever(async move {
                let still = client.entries.borrow().get(&key).is_some_and(|entry| entry.observers == 0);
                if still {
                    // A core that is closing needs no goodbye.
                    let _ = client.api.unobserve(&key).await;
                }
            });
        }
    }

    /// The core says that a key is stale.
    pub(crate) fn stale(&self, key: &QueryKey) {
        if self.is_observed(key) {
            self.pull(key);
        }
    }

    /// Messages were lost: everything on screen is asked for again.
    pub(crate) fn resync(&self) {
        let keys: Vec<_> = self.entries.borrow().keys().cloned().collect();
        keys.iter().for_each(|key| self.stale(key));
    }

    /// The last answer for a key, if it was ever on screen.
    pub(crate) fn last<T: DeserializeOwned>(&self, key: &QueryKey) -> Option<T> {
        let snapshot = self.entries.borrow().get(key)?.snapshot;
        let data = snapshot.peek().data.clone()?;
        T::deserialize(&*data).ok()
    }

    fn is_observed(&self, key: &QueryKey) -> bool {
        self.entries.borrow().get(key).is_some_and(|entry| entry.observers > 0)
    }

    fn pull(&self, key: &QueryKey) {
        {
            let mut entries = self.entries.borrow_mut();
            let Some(entry) = entries.get_mut(key) else { return };
            if entry.asking {
                entry.again = true;
                return;
            }
            entry.asking = true;
        }
        let (client, key) = (self.clone(), key.clone());
        spawn_forever(async move {
            loop {
                match client.api.query(&key).await {
                    Ok(reply) => client.publish(&key, |snapshot| {
                        snapshot.status = reply.status;
                        snapshot.fetch_status = reply.fetch_status;
                        snapshot.error = reply.error;
                        // What was on screen stays there while the next answer is on its way. An answer of "none"
                        // (nobody is signed in) arrives as no data.
                        if reply.status == QueryStatus::Success || reply.data.is_some() {
                            snapshot.data = Some(Rc::new(reply.data.unwrap_or(Value::Null)));
                        }
                    }),
                    Err(failure) => client.failed(&key, failure.message),
                }
                let mut entries = client.entries.borrow_mut();
                let Some(entry) = entries.get_mut(&key) else { return };
                if !std::mem::take(&mut entry.again) {
                    entry.asking = false;
                    return;
                }
            }
        });
    }

    fn failed(&self, key: &QueryKey, message: String) {
        self.publish(key, |snapshot| {
            snapshot.status = QueryStatus::Error;
            snapshot.fetch_status = FetchStatus::Idle;
            snapshot.error = Some(message);
        });
    }

    fn publish(&self, key: &QueryKey, change: impl FnOnce(&mut Snapshot)) {
        let snapshot = self.entries.borrow().get(key).map(|entry| entry.snapshot);
        if let Some(mut snapshot) = snapshot {
            change(&mut snapshot.write());
        }
    }
}
