//! Commands of the user.

use dioxus::prelude::*;
use inkhorn_protocol::window::Failure;
use std::future::Future;
use std::rc::Rc;

/// A command that can be run again and again, one at a time.
pub(crate) struct Mutation<A: 'static> {
    pending: Signal<bool>,
    failure: Signal<Option<Failure>>,
    run: Callback<A>,
}

impl<A> Clone for Mutation<A> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<A> Copy for Mutation<A> {}
impl<A> PartialEq for Mutation<A> {
    fn eq(&self, other: &Self) -> bool {
        self.pending == other.pending
    }
}

impl<A> Mutation<A> {
    /// Whether it is under way.
    pub(crate) fn is_pending(&self) -> bool {
        *self.pending.read()
    }
    /// Why the last run failed.
    pub(crate) fn failure(&self) -> Option<Failure> {
        self.failure.read().clone()
    }
    /// Runs it, unless it is under way.
    pub(crate) fn run(&self, args: A) {
        self.run.call(args);
    }
}

/// A command whose state this component shows. What follows from success belongs into `work`, behind the call.
pub(crate) fn use_mutation<A: 'static, F>(work: impl Fn(A) -> F + 'static) -> Mutation<A>
where
    F: Future<Output = Result<(), Failure>> + 'static,
{
    let mut pending = use_signal(|| false);
    let mut failure = use_signal(|| None);
    let work = use_hook(|| Rc::new(work));
    let run = use_callback(move |args: A| {
        if *pending.peek() {
            return;
        }
        pending.set(true);
        failure.set(None);
        let work = work(args);
        spawn(async move {
            let outcome = work.await;
            pending.set(false);
            failure.set(outcome.err());
        });
    });
    Mutation { pending, failure, run }
}
