//! What the owner may do: which keys are meant, set, cancel, remove, reset, prefetch.

use crate::cache::{Data, Name, Source, changed, name, quiet, value};
use inkhorn_server_state::{Among, FetchStatus, Filter, QueryStatus, Refetch};

#[tokio::test(start_paused = true)]
async fn an_invalidation_fetches_active_inactive_all_or_none_of_what_it_marks() {
    let cases = [(Refetch::Active, 1), (Refetch::Inactive, 1), (Refetch::All, 2), (Refetch::None, 0)];
    for (refetch, more) in cases {
        let source = Source::open();
        let cache = source.cache();
        let watcher = cache.watch();
        watcher.observe(&name("x/observed"));
        cache.query(&name("x/kept")).await;
        cache.query(&name("y")).await;
        quiet().await;
        cache.query(&name("x/kept")).await;
        let before = source.fetches();
        cache.query(&name("y")).await;
        let before = before.max(source.fetches());
        cache.invalidate_with(&["x"], refetch);
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        assert_eq!(source.fetches() - before, more, "{refetch:?}");
        assert!(!cache.is_stale(&name("y")));
        let marked = ["x/observed", "x/kept"].iter().filter(|key| cache.is_stale(&name(key))).count();
        assert_eq!(marked, 2 - usize::try_from(more).expect("few"), "{refetch:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_filter_means_a_prefix_a_key_a_predicate_and_what_is_observed() {
    let source = Source::open();
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("x/1"));
    for key in ["x/1", "x/2", "xy", "z"] {
        cache.query(&name(key)).await;
    }
    let stale = || ["x/1", "x/2", "xy", "z"].map(|key| cache.is_stale(&name(key)));
    let mark = |filter: Filter<'_, Name>| cache.invalidate_with(filter, Refetch::None);
    let z = name("z");
    mark(Filter::key(&z));
    assert_eq!(stale(), [false, false, false, true]);
    mark(Filter::prefix(&["x"]).among(Among::Inactive));
    assert_eq!(stale(), [false, true, false, true]);
    mark(Filter::all().matching(&|key| *key == name("xy")));
    assert_eq!(stale(), [false, true, true, true]);
    mark(Filter::all().among(Among::Active));
    assert_eq!(stale(), [true; 4]);
}

#[tokio::test(start_paused = true)]
async fn set_data_is_told_covers_what_was_invalidated_and_calls_off_an_older_fetch() {
    let source = Source::closed();
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    quiet().await;
    cache.set_data(&name("a"), Data(7, 0));
    assert_eq!(changed(&watcher).await, [name("a")]);
    source.gate.add_permits(1);
    quiet().await;
    let reply = cache.query(&name("a")).await;
    assert_eq!((value(&reply), reply.fetch_status, source.fetches()), (Some(7), FetchStatus::Idle, 1));
    assert_eq!(source.with(|world| world.running), 0, "the older fetch was dropped");
    cache.set_data(&name("a"), Data(7, 0));
    assert!(watcher.take_changes().is_empty(), "equal data is told to nobody");
    cache.update_data(&name("a"), |data| data.map(|data| Data(data.0 + 1, 0)));
    assert_eq!(watcher.take_changes().first().and_then(|change| value(&change.reply)), Some(8));
    cache.set_data(&name("nobody"), Data(1, 0));
    assert_eq!(value(&cache.query(&name("nobody")).await), Some(1));
}

#[tokio::test(start_paused = true)]
async fn the_last_observer_that_leaves_calls_off_the_fetch() {
    let source = Source::closed();
    let cache = source.cache();
    let (one, two) = (cache.watch(), cache.watch());
    one.observe(&name("a"));
    two.observe(&name("a"));
    quiet().await;
    one.unobserve(&name("a"));
    quiet().await;
    assert_eq!(source.with(|world| world.running), 1, "one still wants it");
    drop(two);
    quiet().await;
    assert_eq!(source.with(|world| world.running), 0);
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_fetch_is_not_started_again_by_itself_and_who_waits_gets_what_there_is() {
    let source = Source::closed();
    let cache = source.cache();
    let (asking, key) = (cache.reader(), name("a"));
    let waiting = tokio::spawn(async move { asking.query(&key).await });
    quiet().await;
    cache.cancel(&["a"]);
    let reply = waiting.await.expect("answers");
    assert_eq!((reply.status, reply.fetch_status), (QueryStatus::Pending, FetchStatus::Idle));
    source.gate.add_permits(10);
    quiet().await;
    assert_eq!((source.fetches(), source.with(|world| world.running)), (1, 0));
    assert_eq!(value(&cache.query(&name("a")).await), Some(0), "the next who asks fetches");
}

#[tokio::test(start_paused = true)]
async fn removing_forgets_what_nobody_observes_and_resetting_fetches_the_rest_anew() {
    let source = Source::open();
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("x/observed"));
    changed(&watcher).await;
    cache.query(&name("x/kept")).await;
    cache.remove(&["x"]);
    assert!(cache.peek(&name("x/kept")).is_none());
    assert!(cache.data(&name("x/observed")).is_some());
    source.with(|world| world.value = 3);
    cache.reset(&["x"]);
    assert_eq!(cache.peek(&name("x/observed")).map(|reply| reply.status), Some(QueryStatus::Pending));
    quiet().await;
    assert_eq!(cache.data(&name("x/observed")).map(|data| data.0), Some(3));
}

#[tokio::test(start_paused = true)]
async fn a_prefetched_key_is_there_when_it_is_asked_for() {
    let source = Source::open();
    let cache = source.cache();
    cache.prefetch(&name("a"));
    tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    assert_eq!(cache.data(&name("a")).map(|data| data.0), Some(0));
    cache.prefetch(&name("a"));
    cache.query(&name("a")).await;
    assert_eq!(source.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_report_says_of_each_key_what_the_cache_knows() {
    let source = Source::open();
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("b"));
    changed(&watcher).await;
    cache.query(&name("a")).await;
    cache.invalidate_with(&["a"], Refetch::None);
    let report = cache.report();
    let [a, b] = report.lines.as_slice() else { panic!("two keys: {report:?}") };
    assert_eq!((&a.key, a.stale, a.observers, a.cause.as_str()), (&name("a"), true, 0, "invalidated"));
    assert_eq!((&b.key, b.stale, b.observers, b.cause.as_str()), (&name("b"), false, 1, "fetched"));
    assert!(a.generation > a.covered && b.generation == b.covered);
    assert_eq!((b.fetches, report.fetches, report.invalidations), (1, 2, 1));
}
