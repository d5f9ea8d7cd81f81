//! What of the core's cache is on screen: one entry per observed key, shared by all hooks that ask for it.

use super::ask::{Ask, Tell, Watch};
use crate::bridge::Api;
use crate::page;
use crate::state::retry;
use dioxus::core::{ScopeId, spawn_forever};
use dioxus::prelude::*;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::window::{FetchStatus, QueryReply, QueryStatus};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::any::Any;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

/// Data of a key, read into its type once for all who look at it.
pub(crate) struct Data {
    value: Value,
    typed: OnceCell<Option<Rc<dyn Any>>>,
}

impl Data {
    /// The data as what the key names; none when the core speaks of something else.
    pub(crate) fn read<T: DeserializeOwned + 'static>(&self) -> Option<Rc<T>> {
        let read = || T::deserialize(&self.value).ok().map(Rc::new);
        let typed = self.typed.get_or_init(|| read().map(|it| it as Rc<dyn Any>)).clone()?;
        // A second type for the same key would be a mistake; it is read anew rather than not at all.
        typed.downcast::<T>().ok().or_else(read)
    }
}

/// The last answer for a key.
#[derive(Clone)]
pub(crate) struct Snapshot {
    pub(crate) status: QueryStatus,
    pub(crate) fetch_status: FetchStatus,
    pub(crate) data: Option<Rc<Data>>,
    pub(crate) error: Option<String>,
}

impl Snapshot {
    const NOTHING: Self =
        Self { status: QueryStatus::Pending, fetch_status: FetchStatus::Fetching, data: None, error: None };

    /// This with an answer taken in. Equal data stays the same data.
    fn with(&self, reply: QueryReply) -> Self {
        // What was on screen stays there while the next answer is on its way. An answer of "none" (nobody is signed in)
        // arrives as no data.
        let data = if reply.status == QueryStatus::Success || reply.data.is_some() {
            let value = reply.data.unwrap_or(Value::Null);
            let same = self.data.clone().filter(|data| data.value == value);
            same.or_else(|| Some(Rc::new(Data { value, typed: OnceCell::new() })))
        } else {
            self.data.clone()
        };
        Self { status: reply.status, fetch_status: reply.fetch_status, data, error: reply.error }
    }

    fn is_same(&self, other: &Self) -> bool {
        let data = match (&self.data, &other.data) {
            (Some(a), Some(b)) => Rc::ptr_eq(a, b),
            (a, b) => a.is_none() && b.is_none(),
        };
        data && self.status == other.status
            && self.fetch_status == other.fetch_status
            && self.error == other.error
    }
}

struct Entry {
    snapshot: Signal<Snapshot>,
    watch: Watch,
    ask: Ask,
}

/// Asks the core and shares its answers. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    pub(crate) api: Api,
    entries: Rc<RefCell<HashMap<QueryKey, Entry>>>,
}

/// A key that is being looked at; ends with the value.
pub(crate) struct Observation {
    client: Client,
    pub(crate) key: QueryKey,
    pub(crate) snapshot: ReadSignal<Snapshot>,
}

impl Drop for Observation {
    fn drop(&mut self) {
        if let Some(entry) = self.client.entries.borrow_mut().get_mut(&self.key) {
            entry.watch.remove();
        }
        self.client.tell(&self.key);
    }
}

impl Client {
    pub(crate) fn new(api: Api) -> Self {
        Self { api, entries: Rc::default() }
    }

    /// Begins to look at a key. Its last answer is there at once, if it was ever on screen.
    pub(crate) fn observe(&self, key: QueryKey) -> Observation {
        let snapshot = {
            let mut entries = self.entries.borrow_mut();
            let entry = entries.entry(key.clone()).or_insert_with(|| Entry {
                snapshot: Signal::new_in_scope(Snapshot::NOTHING, ScopeId::ROOT),
                watch: Watch::default(),
                ask: Ask::default(),
            });
            entry.watch.add();
            entry.snapshot
        };
        self.tell(&key);
        Observation { client: self.clone(), key, snapshot: snapshot.into() }
    }

    /// Tells the core who looks at a key, in a task of its own: whoever began to look in this turn may have stopped.
    fn tell(&self, key: &QueryKey) {
        let (client, key) = (self.clone(), key.clone());
        spawn_forever(async move {
            let mut pauses = retry::pauses();
            loop {
                let next = client.entries.borrow_mut().get_mut(&key).and_then(|entry| entry.watch.due());
                let Some(what) = next else { return };
                let outcome = match what {
                    Tell::Observe => client.api.observe(&key).await,
                    Tell::Unobserve => client.api.unobserve(&key).await,
                };
                let done = outcome.is_ok();
                if let (Tell::Observe, Err(failure)) = (what, outcome) {
                    client.failed(&key, failure.message);
                    page::sleep(pauses.next().unwrap_or_default()).await;
                }
                if let Some(entry) = client.entries.borrow_mut().get_mut(&key) {
                    entry.watch.told(what, done);
                }
                // Observed before asked, so that no change falls between the two.
                if what == Tell::Observe && done {
                    client.stale(&key);
                }
            }
        });
    }

    /// The core says that a key is stale.
    pub(crate) fn stale(&self, key: &QueryKey) {
        let ask = self
            .entries
            .borrow_mut()
            .get_mut(key)
            .is_some_and(|entry| entry.watch.is_observed() && entry.ask.stale());
        if ask {
            self.pull(key);
        }
    }

    /// Messages were lost: everything on screen is asked for again.
    pub(crate) fn resync(&self) {
        let keys: Vec<_> = self.entries.borrow().keys().cloned().collect();
        keys.iter().for_each(|key| self.stale(key));
    }

    /// The last answer for a key, if it was ever on screen.
    pub(crate) fn last<T: DeserializeOwned + 'static>(&self, key: &QueryKey) -> Option<Rc<T>> {
        let snapshot = self.entries.borrow().get(key)?.snapshot;
        let data = snapshot.peek().data.clone()?;
        data.read()
    }

    fn pull(&self, key: &QueryKey) {
        let (client, key) = (self.clone(), key.clone());
        spawn_forever(async move {
            loop {
                match client.api.query(&key).await {
                    Ok(reply) => client.publish(&key, |last| last.with(reply)),
                    Err(failure) => client.failed(&key, failure.message),
                }
                let again =
                    client.entries.borrow_mut().get_mut(&key).is_some_and(|entry| entry.ask.answered());
                if !again {
                    return;
                }
            }
        });
    }

    fn failed(&self, key: &QueryKey, message: String) {
        self.publish(key, |last| Snapshot {
            status: QueryStatus::Error,
            fetch_status: FetchStatus::Idle,
            data: last.data.clone(),
            error: Some(message),
        });
    }

    /// Nothing is redrawn for an answer that says the same.
    fn publish(&self, key: &QueryKey, change: impl FnOnce(&Snapshot) -> Snapshot) {
        let snapshot = self.entries.borrow().get(key).map(|entry| entry.snapshot);
        let Some(mut snapshot) = snapshot else { return };
        let next = change(&snapshot.peek());
        let same = snapshot.peek().is_same(&next);
        if !same {
            snapshot.set(next);
        }
    }
}
