//! What all handles share, and the life of an entry: from rest to use, fetched, told, and back to rest. One lock,
//! never held across a wait; fetches are tasks of their own.

use crate::Key;
use crate::cache::Options;
use crate::coalesce::Coalescer;
use crate::entry::{Action, Entry};
use crate::overlay::Overlay;
use crate::policy::{NetworkMode, millis};
use crate::read::Guest;
use crate::signal::Signal;
use crate::slot::{Active, Cause, Face, Flight, Hold, NEVER, Observer, Rest, Selection, Slot, is_old};
use crate::source::{Clock, Fetch, FetchError, Fetched};
use crate::store::Store;
use crate::timer;
use crate::tree::{Id, Tree};
use crate::watch::Mailbox;
use futures_util::FutureExt;
use std::collections::{BTreeSet, HashMap};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::{Notify, watch};

/// What all handles share.
pub(crate) struct Shared<F: Fetch> {
    pub(crate) fetch: F,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Arc<dyn Fn() -> u64 + Send + Sync>,
    pub(crate) focus: Signal,
    pub(crate) online: Signal,
    pub(crate) store: Store<F::Data>,
    /// Wakes the timer.
    pub(crate) wake: Arc<Notify>,
    /// Values put to rest so far.
    puts: AtomicU32,
    /// Many readers at once: a cached read takes nothing else.
    state: RwLock<State<F>>,
}

pub(crate) struct State<F: Fetch> {
    pub(crate) tree: Tree<Slot<F::Key, F::Data>>,
    /// Node of a prefix → entries in use at or below it: what an invalidation has to look at.
    pub(crate) below: HashMap<Id, BTreeSet<Id>>,
    /// Prefixes whose entries in use are to be fetched with the next batch.
    pub(crate) waiting: Coalescer<Id>,
    /// When something is due for an entry in use.
    pub(crate) alarms: BTreeSet<(u64, Id)>,
    /// When the first value at rest may be forgotten.
    pub(crate) sweep_at: Option<u64>,
    pub(crate) overlays: Vec<Overlay<F>>,
    pub(crate) flights: u64,
    pub(crate) revisions: u64,
    pub(crate) fetches: u64,
    pub(crate) invalidations: u64,
}

/// Values put to rest between two moments at which the store hears of reads. Recency matters only when something
/// is put, and telling the store of each read would cost more than ten times the read.
const PUTS_AN_EPOCH: u32 = 16;

/// What waits for the network says so in these words.
const NO_NETWORK: &str = "There is no network.";

impl<F: Fetch> Shared<F> {
    pub(crate) fn spawn(fetch: F, options: Options) -> Arc<Self> {
        let shared = Arc::new(Self {
            fetch,
            clock: options.clock,
            random: options.random,
            focus: options.focus,
            online: options.online,
            store: Store::new(options.capacity_bytes, size_of::<Slot<F::Key, F::Data>>()),
            wake: Arc::new(Notify::new()),
            puts: AtomicU32::new(0),
            state: RwLock::new(State {
                tree: Tree::default(),
                below: HashMap::new(),
                waiting: Coalescer::new(options.interval_ms),
                alarms: BTreeSet::new(),
                sweep_at: None,
                overlays: Vec::new(),
                flights: 0,
                revisions: 0,
                fetches: 0,
                invalidations: 0,
            }),
        });
        tokio::spawn(timer::run(Arc::downgrade(&shared), Arc::clone(&shared.wake)));
        shared
    }

    pub(crate) fn read(&self) -> RwLockReadGuard<'_, State<F>> {
        // A panic while the lock was held leaves counters at worst; going on is better than none of the cache.
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, State<F>> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
    pub(crate) fn now(&self) -> u64 {
        self.clock.now_ms()
    }
    pub(crate) fn epoch(&self) -> u32 {
        self.puts.load(Ordering::Relaxed) / PUTS_AN_EPOCH
    }

    pub(crate) fn find(&self, state: &State<F>, key: &F::Key) -> Option<Id> {
        let hash = state.tree.hash(|segment| key.path(segment));
        state.tree.find(hash, |slot| slot.key == *key)
    }

    // ---- from rest to use, and back -----------------------------------------------------------------

    /// Takes a key into use, from rest or anew.
    pub(crate) fn activate(&self, state: &mut State<F>, key: &F::Key) -> Id {
        let found = self.find(state, key);
        let (entry, data) = match found.and_then(|id| state.tree.get(id)) {
            Some(Slot { hold: Hold::Active(_), .. }) => return found.unwrap_or_default(),
            Some(Slot { hold: Hold::Rest(rest), .. }) => match rest.data.upgrade() {
                Some(data) => (Entry::at_rest(rest.covered, rest.version, rest.updated_at), Some(data)),
                None => (Entry::default(), None),
            },
            None => (Entry::default(), None),
        };
        let hold = Hold::Active(Box::new(Active::new(entry, self.fetch.policy(key), data)));
        let id = match found {
            Some(id) => {
                if let Some(slot) = state.tree.get_mut(id) {
                    slot.hold = hold;
                }
                self.store.remove(id);
                id
            }
            None => {
                let mut path = Vec::with_capacity(4);
                key.path(&mut |segment| path.push(segment));
                let slot = Slot { key: key.clone(), hold, revision: 0, fetches: 0, cause: Cause::Created };
                state.tree.insert(&path, slot)
            }
        };
        for node in state.tree.up(id) {
            state.below.entry(node).or_default().insert(id);
        }
        id
    }

    /// Lets go of an entry that nobody needs; its data stays in the store as long as there is room and time.
    pub(crate) fn retire(&self, state: &mut State<F>, id: Id) {
        let Some(slot) = state.tree.get_mut(id) else { return };
        let Hold::Active(active) = &mut slot.hold else { return };
        if active.is_wanted() {
            return;
        }
        if active.abort() {
            active.entry.apply(Action::Cancel);
            slot.cause = Cause::Cancelled;
        }
        if active.overlays > 0 {
            self.abandon_confirmed(state, id);
            if state.tree.get(id).and_then(Slot::active).is_some_and(|active| active.overlays > 0) {
                return;
            }
        }
        let Some(slot) = state.tree.get_mut(id) else { return };
        let Hold::Active(active) = &mut slot.hold else { return };
        if let Some(at) = active.alarm.take() {
            state.alarms.remove(&(at, id));
        }
        for node in state.tree.up(id) {
            if let Some(ids) = state.below.get_mut(&node) {
                ids.remove(&id);
                if ids.is_empty() {
                    state.below.remove(&node);
                }
            }
        }
        let Some(slot) = state.tree.get_mut(id) else { return };
        let Hold::Active(active) = &mut slot.hold else { return };
        let (entry, gc_time) = (&active.entry, active.policy.gc_time);
        let (covered, version, updated_at) = (entry.covered(), entry.version(), entry.updated_at());
        match active.data.take() {
            Some(data) => {
                let rest = Rest {
                    data: Arc::downgrade(&data),
                    covered,
                    version,
                    updated_at,
                    gone_at: NEVER,
                    touched: AtomicU32::new(0),
                };
                slot.hold = Hold::Rest(rest);
                self.rest(state, id, data, gc_time);
            }
            None => {
                state.tree.remove(id);
            }
        }
    }

    /// Hands the data of a resting entry to the store.
    pub(crate) fn rest(
        &self,
        state: &mut State<F>,
        id: Id,
        data: Arc<F::Data>,
        gc_time: Option<std::time::Duration>,
    ) {
        self.puts.fetch_add(1, Ordering::Relaxed);
        let epoch = self.epoch();
        let Some(Slot { hold: Hold::Rest(rest), .. }) = state.tree.get_mut(id) else { return };
        rest.data = Arc::downgrade(&data);
        *rest.touched.get_mut() = epoch;
        rest.gone_at = NEVER;
        if let Some(gc_time) = gc_time {
            let due = self.now().saturating_add(millis(gc_time));
            // Whole seconds, rounded up: half the size, and nobody can tell.
            rest.gone_at = u32::try_from(due.div_ceil(1_000)).unwrap_or(NEVER);
            let due = u64::from(rest.gone_at) * 1_000;
            if state.sweep_at.is_none_or(|at| due < at) {
                state.sweep_at = Some(due);
                self.wake.notify_one();
            }
        }
        self.store.put(id, rest.version, data);
        self.forget_evicted(state);
    }

    pub(crate) fn forget_evicted(&self, state: &mut State<F>) {
        for id in self.store.drain_evicted() {
            if matches!(state.tree.get(id), Some(Slot { hold: Hold::Rest(_), .. })) {
                state.tree.remove(id);
            }
        }
    }

    pub(crate) fn tidy(&self) {
        self.store.tidy();
        self.forget_evicted(&mut self.write());
    }

    // ---- observers ----------------------------------------------------------------------------------

    pub(crate) fn observe(
        self: &Arc<Self>,
        mailbox: &Arc<Mailbox>,
        key: &F::Key,
        selection: Option<Selection<F::Data>>,
    ) {
        let mut state = self.write();
        let id = self.activate(&mut state, key);
        mailbox.observed(id);
        let now = self.now();
        let Some(active) = state.tree.get_mut(id).and_then(Slot::active_mut) else { return };
        let mut selection = selection;
        if let Some(selection) = &mut selection {
            // What is there now is what the observer begins with.
            selection(active.shown.as_deref());
        }
        match active.observers.iter_mut().find(|observer| Arc::ptr_eq(&observer.mailbox, mailbox)) {
            Some(observer) => observer.selection = selection,
            None => {
                active.observers.push(Observer { mailbox: Arc::clone(mailbox), told: 0, selection });
            }
        }
        if active.poll_at.is_none() {
            active.poll_at = active.policy.interval.map(|interval| now + millis(interval));
        }
        self.refresh_if_old(&mut state, id, Cause::Observed);
        self.start(&mut state, id);
    }

    /// Data that is older than its stale time counts as invalidated from now on.
    pub(crate) fn refresh_if_old(&self, state: &mut State<F>, id: Id, cause: Cause) {
        let now = self.now();
        let Some(slot) = state.tree.get_mut(id) else { return };
        let old = slot.active().is_some_and(|active| {
            active.data.is_some() && is_old(&active.policy, active.entry.updated_at(), now)
        });
        if old && !slot.active().is_some_and(|active| active.entry.is_fetching()) {
            slot.cause = cause;
            state.tree.raise(id);
        }
    }

    pub(crate) fn unobserve(&self, mailbox: &Arc<Mailbox>, key: &F::Key) {
        let mut state = self.write();
        if let Some(id) = self.find(&state, key) {
            mailbox.unobserved(id);
            self.leave(&mut state, mailbox, id);
        }
    }

    pub(crate) fn unwatch(&self, mailbox: &Arc<Mailbox>, observed: BTreeSet<Id>) {
        let mut state = self.write();
        for id in observed {
            self.leave(&mut state, mailbox, id);
        }
    }

    fn leave(&self, state: &mut State<F>, mailbox: &Arc<Mailbox>, id: Id) {
        if let Some(active) = state.tree.get_mut(id).and_then(Slot::active_mut) {
            active.observers.retain(|observer| !Arc::ptr_eq(&observer.mailbox, mailbox));
            if active.observers.is_empty() {
                active.poll_at = None;
            }
        }
        self.retire(state, id);
    }

    pub(crate) fn prefetch(self: &Arc<Self>, key: &F::Key) {
        let mut state = self.write();
        let id = self.activate(&mut state, key);
        if let Some(active) = state.tree.get_mut(id).and_then(Slot::active_mut) {
            active.keep = true;
        }
        self.refresh_if_old(&mut state, id, Cause::Observed);
        self.start(&mut state, id);
        self.end_keeping(&mut state, id);
    }

    /// What was only to be fetched once is let go when nothing is under way.
    pub(crate) fn end_keeping(&self, state: &mut State<F>, id: Id) {
        if let Some(active) = state.tree.get_mut(id).and_then(Slot::active_mut)
            && active.flight.is_none()
        {
            active.keep = false;
        }
        self.retire(state, id);
    }

    pub(crate) fn enter(self: &Arc<Self>, key: &F::Key) -> (Guest<F>, watch::Receiver<()>) {
        let mut state = self.write();
        let id = self.activate(&mut state, key);
        self.refresh_if_old(&mut state, id, Cause::Observed);
        let since = state.tree.generation(id);
        let mut ticks = watch::channel(()).1;
        if let Some(active) = state.tree.get_mut(id).and_then(Slot::active_mut) {
            active.guests += 1;
            active.asked = since;
            ticks = active.ticks.get_or_insert_with(|| watch::Sender::new(())).subscribe();
        }
        self.start_for_guest(&mut state, id);
        (Guest { shared: Arc::clone(self), id, since }, ticks)
    }

    // ---- fetching -----------------------------------------------------------------------------------

    /// Starts a fetch if one is wanted and may start.
    pub(crate) fn start(self: &Arc<Self>, state: &mut State<F>, id: Id) {
        let now = self.now();
        let generation = state.tree.generation(id);
        let Some(slot) = state.tree.get_mut(id) else { return };
        let Hold::Active(active) = &mut slot.hold else { return };
        if active.is_wanted() && active.entry.may_start(generation, now) {
            let needs_network = match active.policy.network {
                NetworkMode::Local => false,
                NetworkMode::Remote => true,
                NetworkMode::LocalFirst => active.entry.failures() > 0,
            };
            if needs_network && !self.online.get() {
                let before = active.face();
                active.entry.apply(Action::Pause { why: NO_NETWORK.into() });
                let changed = before != active.face();
                slot.cause = Cause::Paused;
                slot.tell(id, false, changed);
            } else {
                active.entry.apply(Action::Start { generation });
                active.cancelled = false;
                state.flights += 1;
                let (shared, key, number) = (Arc::clone(self), slot.key.clone(), state.flights);
                let task = tokio::spawn(async move {
                    // Caught, so that a source that panics is a failure and not an entry that fetches for ever.
                    let fetch = AssertUnwindSafe(async { shared.fetch.fetch(&key).await });
                    let result = fetch.catch_unwind().await.unwrap_or_else(|_| {
                        Err(FetchError::Failed("Reading this failed unexpectedly.".to_owned()))
                    });
                    shared.settle(id, number, result);
                });
                active.flight = Some(Flight { number, abort: task.abort_handle() });
                slot.fetches = slot.fetches.saturating_add(1);
                state.fetches += 1;
            }
        }
        self.rearm(state, id);
    }

    fn settle(self: &Arc<Self>, id: Id, flight: u64, result: Result<Fetched<F::Data>, FetchError>) {
        let mut guard = self.write();
        let state = &mut *guard;
        let now = self.now();
        let Some(slot) = state.tree.get_mut(id) else { return };
        let Hold::Active(active) = &mut slot.hold else { return };
        if active.flight.take_if(|under_way| under_way.number == flight).is_none() {
            // It was called off.
            return;
        }
        let before = active.face();
        let mut changed = false;
        match result {
            Ok(Fetched { data, version }) => {
                slot.cause = Cause::Fetched;
                let now = i64::try_from(now).unwrap_or(i64::MAX);
                if active.entry.apply(Action::Succeed { version, now }) {
                    changed = self.replace(active, data);
                }
            }
            Err(FetchError::Failed(why)) => {
                slot.cause = Cause::Failed;
                let (retry, failures) = (active.policy.retry, active.entry.failures() + 1);
                let only_kept = active.keep && active.observers.is_empty() && active.guests == 0;
                let again = !only_kept && retry.give_up_after.is_none_or(|limit| failures < limit);
                let retry_at = again.then(|| now + retry.wait_ms(failures, (self.random)()));
                let tell = !again || failures >= retry.tell_after;
                active.entry.apply(Action::Fail { why: why.into(), retry_at, tell });
            }
            Err(FetchError::Refused(why)) => {
                slot.cause = Cause::Refused;
                active.entry.apply(Action::Refuse { why: why.into() });
                changed = active.data.take().is_some();
            }
            Err(FetchError::Offline(why)) => {
                slot.cause = Cause::Paused;
                active.entry.apply(Action::Pause { why: why.into() });
            }
        }
        let ended = self.end_confirmed(state, id);
        let shown = (changed || ended) && self.show(state, id);
        self.tell(state, id, shown, &before);
        self.start_again(state, id);
        self.end_keeping(state, id);
    }

    /// Who asks for what is observed gets what is known, and is told of the rest: its fetch keeps to the batches. Else one
    /// that asks whenever it is told would fetch as fast as it can be told.
    fn start_for_guest(self: &Arc<Self>, state: &mut State<F>, id: Id) {
        let (now, generation) = (self.now(), state.tree.generation(id));
        let Some(active) = state.tree.get(id).and_then(Slot::active) else { return };
        let is_answered = !active.observers.is_empty() && active.shown.is_some();
        let may_start = is_answered && active.entry.may_start(generation, now);
        if may_start && !state.waiting.passes(id, now, state.tree.throttle(id)) {
            self.wake.notify_one();
        } else {
            self.start(state, id);
        }
    }

    /// What was invalidated during its fetch is fetched once more: with the next batch, so that a storm is no faster
    /// than batches are, and at once where somebody waits for it.
    fn start_again(self: &Arc<Self>, state: &mut State<F>, id: Id) {
        let generation = state.tree.generation(id);
        let Some(active) = state.tree.get(id).and_then(Slot::active) else { return };
        if active.guests > 0 && active.entry.covered() < active.asked {
            self.start(state, id);
        } else if active.is_wanted() && active.entry.may_start(generation, self.now()) {
            state.waiting.push(id);
            self.release(state);
            self.wake.notify_one();
        } else {
            self.rearm(state, id);
        }
    }

    /// Takes the source's answer. False when it is what is known: then the old allocation stays.
    pub(crate) fn replace(&self, active: &mut Active<F::Data>, data: F::Data) -> bool {
        let data = match active.data.as_deref() {
            Some(old) => {
                let data = self.fetch.share(old, data);
                if *old == data {
                    return false;
                }
                data
            }
            None => data,
        };
        active.data = Some(Arc::new(data));
        true
    }

    /// Tells observers what they would notice: other data, another status, or the end of what they saw going on.
    pub(crate) fn tell(&self, state: &mut State<F>, id: Id, data: bool, before: &Face) {
        let (now, generation) = (self.now(), state.tree.generation(id));
        let Some(slot) = state.tree.get_mut(id) else { return };
        let Hold::Active(active) = &mut slot.hold else { return };
        let goes_on =
            active.entry.is_fetching() || (active.is_wanted() && active.entry.may_start(generation, now));
        let calm = *active.busy_shown.get_mut() && !goes_on;
        let face = calm || *before != active.face();
        slot.tell(id, data, face);
    }
}
