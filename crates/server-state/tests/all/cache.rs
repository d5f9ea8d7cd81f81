//! The running cache, under virtual time, over a source that a test scripts.

use futures_util::future::BoxFuture;
use inkhorn_server_state::entry::{FetchStatus, QueryStatus};
use inkhorn_server_state::{
    Fetch, FetchError, Fetched, Key, MonotonicClock, Options, Policy, ServerState, Watcher, Weigh,
};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Semaphore;

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Name(String);

impl Key for Name {
    fn path<'a>(&'a self, segment: &mut dyn FnMut(&'a str)) {
        self.0.split('/').for_each(segment);
    }
}

pub(crate) fn name(text: &str) -> Name {
    Name(text.to_owned())
}

#[derive(PartialEq, Debug)]
pub(crate) struct Data(pub(crate) u64, pub(crate) usize);

impl Weigh for Data {
    fn bytes(&self) -> usize {
        self.1
    }
}

#[derive(Default)]
pub(crate) struct World {
    pub(crate) value: u64,
    pub(crate) fetches: u32,
    pub(crate) running: u32,
    most_running: u32,
    pub(crate) fail: Option<FetchError>,
    panic: bool,
    bytes: usize,
    pub(crate) policy: Policy,
}

/// Reads the world's value when a permit is there.
#[derive(Clone)]
pub(crate) struct Source {
    world: Arc<Mutex<World>>,
    pub(crate) gate: Arc<Semaphore>,
}

impl Source {
    pub(crate) fn open() -> Self {
        let source = Self { world: Arc::default(), gate: Arc::new(Semaphore::new(0)) };
        source.gate.add_permits(100_000);
        source
    }
    pub(crate) fn closed() -> Self {
        Self { world: Arc::default(), gate: Arc::new(Semaphore::new(0)) }
    }
    pub(crate) fn with<T>(&self, change: impl FnOnce(&mut World) -> T) -> T {
        change(&mut self.world.lock().expect("no panic under the lock"))
    }
    pub(crate) fn fetches(&self) -> u32 {
        self.with(|world| world.fetches)
    }
    pub(crate) fn cache(&self) -> ServerState<Self> {
        self.cache_of(1 << 20)
    }
    pub(crate) fn cache_of(&self, capacity_bytes: u64) -> ServerState<Self> {
        let random = Arc::new(|| 7);
        let clock = Arc::new(MonotonicClock::default());
        ServerState::new(
            self.clone(),
            Options { capacity_bytes, interval_ms: 50, clock, random, ..Options::default() },
        )
    }
}

/// A fetch under way, also one that is dropped before its end.
struct Running(Source);

impl Running {
    fn begin(source: &Source) -> Self {
        source.with(|world| {
            world.fetches += 1;
            world.running += 1;
            world.most_running = world.most_running.max(world.running);
        });
        Self(source.clone())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.with(|world| world.running -= 1);
    }
}

impl Fetch for Source {
    type Key = Name;
    type Data = Data;
    fn policy(&self, _: &Name) -> Policy {
        self.with(|world| world.policy)
    }
    fn fetch(&self, _: &Name) -> BoxFuture<'static, Result<Fetched<Data>, FetchError>> {
        let source = self.clone();
        let running = Running::begin(&source);
        Box::pin(async move {
            // The value is read before the wait: the worst case for an invalidation meanwhile.
            let result = source.with(|world| match &world.fail {
                Some(error) => Err(error.clone()),
                None => Ok(Fetched { data: Data(world.value, world.bytes), version: world.value }),
            });
            source.gate.acquire().await.expect("open").forget();
            assert!(!source.with(|world| world.panic), "asked to");
            drop(running);
            result
        })
    }
}

pub(crate) async fn changed(watcher: &Watcher<Source>) -> Vec<Name> {
    tokio::time::timeout(Duration::from_secs(3600), watcher.changed()).await.expect("changes")
}

/// Lets an hour of virtual time pass: everything that was going to happen has happened.
pub(crate) async fn quiet() {
    tokio::time::sleep(Duration::from_secs(3600)).await;
}

pub(crate) fn value(reply: &inkhorn_server_state::Reply<Data>) -> Option<u64> {
    reply.data.as_ref().map(|data| data.0)
}

#[tokio::test(start_paused = true)]
async fn a_query_fetches_once_and_then_answers_from_the_cache() {
    let source = Source::open();
    let cache = source.cache();
    let (one, key) = (name("a"), name("a"));
    let (first, second) = tokio::join!(cache.query(&one), cache.query(&key));
    assert_eq!((value(&first), value(&second)), (Some(0), Some(0)));
    assert_eq!(source.fetches(), 1, "single flight");
    let third = cache.query(&key).await;
    assert_eq!(source.fetches(), 1, "fresh");
    assert!(Arc::ptr_eq(third.data.as_ref().expect("data"), first.data.as_ref().expect("data")));
    assert_eq!((third.status, third.fetch_status), (QueryStatus::Success, FetchStatus::Idle));
}

#[tokio::test(start_paused = true)]
async fn an_unobserved_key_that_was_invalidated_is_fetched_when_asked_for_and_not_before() {
    let source = Source::open();
    let cache = source.cache();
    cache.query(&name("a")).await;
    source.with(|world| world.value = 5);
    cache.invalidate(&[]);
    quiet().await;
    assert_eq!(source.fetches(), 1);
    assert_eq!(value(&cache.query(&name("a")).await), Some(5), "fresh, not what was cached");
}

#[tokio::test(start_paused = true)]
async fn an_invalidation_during_a_fetch_leads_to_exactly_one_more_and_to_the_new_value() {
    let source = Source { world: Arc::default(), gate: Arc::new(Semaphore::new(0)) };
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    quiet().await;
    for value in 1..=10 {
        source.with(|world| world.value = value);
        cache.invalidate(&["a"]);
        quiet().await;
    }
    assert_eq!(source.fetches(), 1, "the first is still under way");
    source.gate.add_permits(1);
    assert_eq!(changed(&watcher).await, [name("a")]);
    source.gate.add_permits(100);
    quiet().await;
    assert_eq!(source.fetches(), 2);
    assert_eq!(value(&cache.query(&name("a")).await), Some(10));
}

#[tokio::test(start_paused = true)]
async fn a_storm_of_invalidations_makes_few_fetches_then_quiet_and_the_newest_value() {
    let source = Source::open();
    let cache = source.cache();
    let watcher = cache.watch();
    let keys: Vec<Name> = (0..20).map(|n| name(&format!("course/{n}"))).collect();
    for key in &keys {
        watcher.observe(key);
    }
    quiet().await;
    let before = source.fetches();
    // 10,000 events within one virtual second.
    for event in 0..1_000u64 {
        source.with(|world| world.value = event);
        for _ in 0..10 {
            cache.invalidate(&["course"]);
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    quiet().await;
    let fetches = source.fetches() - before;
    assert!(fetches <= 20 * 25, "{fetches} fetches for 20 keys within a second of batches of 50 ms");
    assert!(source.with(|world| world.most_running) <= 20, "one a key");
    for key in &keys {
        assert_eq!(value(&cache.query(key).await), Some(999));
    }
    let before = source.fetches();
    quiet().await;
    assert_eq!(source.fetches(), before, "quiescent");
}

#[tokio::test(start_paused = true)]
async fn an_observer_that_asks_whenever_it_is_told_does_not_hurry_the_fetches_of_a_storm() {
    let source = Source::open();
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    quiet().await;
    let (before, shown) = (source.fetches(), Arc::new(Mutex::new(0)));
    let asking = tokio::spawn({
        let (cache, shown) = (cache.clone(), Arc::clone(&shown));
        async move {
            loop {
                for key in watcher.changed().await {
                    // By then it is stale again: word takes its time to a window.
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    *shown.lock().expect("no panic under the lock") =
                        value(&cache.query(&key).await).expect("data");
                }
            }
        }
    });
    for event in 0..1_000u64 {
        source.with(|world| world.value = event);
        cache.invalidate(&["a"]);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    quiet().await;
    let fetches = source.fetches() - before;
    assert!(fetches <= 25, "{fetches} fetches within a second, one each 50 ms");
    assert_eq!(*shown.lock().expect("no panic under the lock"), 999);
    asking.abort();
}

#[tokio::test(start_paused = true)]
async fn equal_data_is_not_told_and_keeps_its_allocation() {
    let source = Source::open();
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    assert_eq!(changed(&watcher).await.len(), 1);
    let first = cache.query(&name("a")).await;
    cache.invalidate(&["a"]);
    let silent = tokio::time::timeout(Duration::from_secs(3600), watcher.changed()).await;
    assert!(silent.is_err(), "told of nothing new");
    assert_eq!(source.fetches(), 2);
    let second = cache.query(&name("a")).await;
    assert!(Arc::ptr_eq(&first.data.expect("data"), &second.data.expect("data")));
    assert_eq!(first.revision, second.revision);
}

#[tokio::test(start_paused = true)]
async fn who_was_shown_that_it_is_fetching_is_told_when_that_ends_even_without_news() {
    let source = Source { world: Arc::default(), gate: Arc::new(Semaphore::new(1)) };
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    changed(&watcher).await;
    cache.invalidate(&["a"]);
    quiet().await;
    assert_eq!(cache.query(&name("a")).await.fetch_status, FetchStatus::Fetching);
    source.gate.add_permits(1);
    assert_eq!(changed(&watcher).await.len(), 1);
    assert_eq!(cache.query(&name("a")).await.fetch_status, FetchStatus::Idle);
}

#[tokio::test(start_paused = true)]
async fn a_failing_source_is_tried_with_growing_waits_then_told_and_heals_by_itself() {
    let source = Source::open();
    source.with(|world| world.fail = Some(FetchError::Failed("no luck".into())));
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    changed(&watcher).await;
    assert_eq!(source.fetches(), 3, "told after three");
    let reply = cache.query(&name("a")).await;
    assert_eq!((reply.status, reply.error.as_deref()), (QueryStatus::Error, Some("no luck")));
    quiet().await;
    let tries = source.fetches();
    assert!((120..=260).contains(&tries), "every 15 to 30 s: {tries}");
    // A storm of invalidations does not hurry a source that fails.
    for _ in 0..100 {
        cache.invalidate(&["a"]);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(source.fetches() <= tries + 1, "{} after {tries}", source.fetches());
    source.with(|world| (world.fail, world.value) = (None, 3));
    changed(&watcher).await;
    assert_eq!(value(&cache.query(&name("a")).await), Some(3));
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_final_until_the_next_invalidation() {
    let source = Source::open();
    source.with(|world| world.fail = Some(FetchError::Refused("no such course".into())));
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    changed(&watcher).await;
    quiet().await;
    assert_eq!(source.fetches(), 1);
    assert_eq!(cache.query(&name("a")).await.status, QueryStatus::Error);
    source.with(|world| world.fail = None);
    cache.invalidate(&["a"]);
    changed(&watcher).await;
    assert_eq!(cache.query(&name("a")).await.status, QueryStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn what_needs_the_network_waits_for_it_and_keeps_what_it_has() {
    let source = Source::open();
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    changed(&watcher).await;
    source.with(|world| world.fail = Some(FetchError::Offline("no network".into())));
    cache.invalidate(&["a"]);
    quiet().await;
    let reply = cache.query(&name("a")).await;
    assert_eq!(
        (reply.status, reply.fetch_status, value(&reply)),
        (QueryStatus::Success, FetchStatus::Paused, Some(0))
    );
    assert_eq!(source.fetches(), 2, "it is not tried meanwhile");
    changed(&watcher).await;
    source.with(|world| world.fail = None);
    cache.resume();
    changed(&watcher).await;
    assert_eq!(cache.query(&name("a")).await.fetch_status, FetchStatus::Idle);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_panics_is_a_failure_and_is_tried_again() {
    let source = Source::open();
    source.with(|world| world.panic = true);
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    changed(&watcher).await;
    assert_eq!(cache.query(&name("a")).await.status, QueryStatus::Error);
    source.with(|world| world.panic = false);
    changed(&watcher).await;
    assert_eq!(cache.query(&name("a")).await.status, QueryStatus::Success);
}

#[tokio::test(start_paused = true)]
async fn an_older_answer_is_not_published() {
    let source = Source::open();
    source.with(|world| world.value = 9);
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    changed(&watcher).await;
    source.with(|world| world.value = 4);
    cache.invalidate(&["a"]);
    quiet().await;
    assert_eq!(value(&cache.query(&name("a")).await), Some(9));
}

#[tokio::test(start_paused = true)]
async fn observed_data_survives_any_pressure_and_the_rest_stays_within_its_bound() {
    let source = Source::open();
    source.with(|world| world.bytes = 1_000);
    let cache = source.cache_of(20_000);
    let watcher = cache.watch();
    let pinned: Vec<Name> = (0..50).map(|n| name(&format!("pinned/{n}"))).collect();
    for key in &pinned {
        watcher.observe(key);
    }
    quiet().await;
    for n in 0..500 {
        cache.query(&name(&format!("other/{n}"))).await;
    }
    let fetches = source.fetches();
    for key in &pinned {
        assert_eq!(cache.query(key).await.status, QueryStatus::Success);
    }
    assert_eq!(source.fetches(), fetches, "none of the observed was evicted");
    let kept = (0..500).filter(|n| cache.peek(&name(&format!("other/{n}"))).is_some()).count();
    assert!((1..=20).contains(&kept), "{kept} kept of the unobserved");
    assert!(cache.peek(&name("other/499")).is_some(), "the newest is among them");
    drop(watcher);
    cache.invalidate(&[]);
    let kept = pinned.iter().filter(|key| cache.peek(key).is_some()).count();
    assert!(kept <= 20, "{kept} kept after the watcher is gone");
}

#[tokio::test(start_paused = true)]
async fn a_dropped_watcher_keeps_nothing_fresh() {
    let source = Source::open();
    let cache = source.cache();
    let (one, two) = (cache.watch(), cache.watch());
    one.observe(&name("a"));
    two.observe(&name("a"));
    quiet().await;
    drop(one);
    cache.invalidate(&["a"]);
    quiet().await;
    assert_eq!(source.fetches(), 2, "the other still observes");
    two.unobserve(&name("a"));
    cache.invalidate(&["a"]);
    quiet().await;
    assert_eq!(source.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_caller_that_gives_up_leaves_no_trace() {
    let source = Source { world: Arc::default(), gate: Arc::new(Semaphore::new(0)) };
    let cache = source.cache();
    let gave_up = tokio::time::timeout(Duration::from_secs(1), cache.query(&name("a"))).await;
    assert!(gave_up.is_err());
    quiet().await;
    assert_eq!(source.with(|world| world.running), 0, "the fetch was dropped");
    cache.invalidate(&["a"]);
    quiet().await;
    assert_eq!(source.fetches(), 1, "nobody wants it any more");
    assert!(cache.peek(&name("a")).is_none());
}
