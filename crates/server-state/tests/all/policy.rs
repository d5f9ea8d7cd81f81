//! Stale time, forgetting, focus, reconnect, intervals, the network, giving up.

use crate::cache::{Source, changed, name, quiet, value};
use inkhorn_server_state::{
    FetchError, FetchStatus, NetworkMode, Options, Policy, QueryStatus, Retry, ServerState, Signal, When,
};
use std::time::Duration;

const MINUTE: Duration = Duration::from_secs(60);

fn with(policy: Policy) -> (Source, ServerState<Source>, Signal, Signal) {
    let source = Source::open();
    source.with(|world| world.policy = policy);
    let (focus, online) = (Signal::new(true), Signal::new(true));
    let options = Options { focus: focus.clone(), online: online.clone(), ..Options::default() };
    let cache = ServerState::new(source.clone(), options);
    (source, cache, focus, online)
}

async fn pass(time: Duration) {
    tokio::time::sleep(time).await;
}

#[tokio::test(start_paused = true)]
async fn data_is_fresh_for_its_stale_time_and_fetched_for_the_next_observer_after_it() {
    let (source, cache, ..) = with(Policy { stale_time: Some(MINUTE), ..Policy::default() });
    cache.query(&name("a")).await;
    pass(MINUTE / 2).await;
    cache.query(&name("a")).await;
    assert_eq!(source.fetches(), 1);
    assert!(!cache.is_stale(&name("a")));
    pass(MINUTE).await;
    assert!(cache.is_stale(&name("a")));
    source.with(|world| world.value = 2);
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    changed(&watcher).await;
    assert_eq!((source.fetches(), cache.data(&name("a")).map(|data| data.0)), (2, Some(2)));
}

#[tokio::test(start_paused = true)]
async fn the_time_until_data_is_forgotten_runs_only_while_nobody_observes_it() {
    let (_, cache, ..) = with(Policy { gc_time: Some(MINUTE), ..Policy::default() });
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    pass(10 * MINUTE).await;
    assert!(cache.peek(&name("a")).is_some(), "observed");
    watcher.unobserve(&name("a"));
    pass(MINUTE / 2).await;
    watcher.observe(&name("a"));
    pass(MINUTE).await;
    watcher.unobserve(&name("a"));
    pass(MINUTE / 2).await;
    assert!(cache.peek(&name("a")).is_some(), "it began to run anew");
    pass(MINUTE).await;
    assert!(cache.peek(&name("a")).is_none());
    assert_eq!(cache.report().lines, []);
}

#[tokio::test(start_paused = true)]
async fn a_window_that_comes_to_the_front_fetches_what_is_observed_and_old() {
    let (source, cache, focus, _) = with(Policy { stale_time: Some(MINUTE), ..Policy::default() });
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    pass(MINUTE / 2).await;
    for front in [false, true] {
        focus.set(front);
        pass(MINUTE / 60).await;
    }
    assert_eq!(source.fetches(), 1, "not old yet");
    pass(MINUTE).await;
    for front in [false, true] {
        focus.set(front);
    }
    pass(MINUTE / 60).await;
    assert_eq!(source.fetches(), 2);
    assert_eq!(cache.report().lines.first().map(|line| line.cause.as_str()), Some("fetched"));
    source.with(|world| world.policy.on_focus = When::Never);
    drop(watcher);
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    pass(2 * MINUTE).await;
    focus.set(false);
    focus.set(true);
    pass(MINUTE / 60).await;
    assert_eq!(source.fetches(), 2, "its policy says never");
}

#[tokio::test(start_paused = true)]
async fn a_network_that_comes_back_fetches_what_is_old() {
    let policy = Policy { on_reconnect: When::Always, ..Policy::default() };
    let (source, cache, _, online) = with(policy);
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    quiet().await;
    online.set(false);
    quiet().await;
    assert_eq!(source.fetches(), 1);
    online.set(true);
    quiet().await;
    assert_eq!(source.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_observed_key_is_fetched_at_its_interval_and_only_while_a_window_is_at_the_front() {
    let (source, cache, focus, _) = with(Policy { interval: Some(MINUTE), ..Policy::default() });
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    pass(10 * MINUTE + MINUTE / 2).await;
    assert_eq!(source.fetches(), 11);
    focus.set(false);
    pass(10 * MINUTE).await;
    assert_eq!(source.fetches(), 11);
    focus.set(true);
    drop(watcher);
    pass(10 * MINUTE).await;
    assert_eq!(source.fetches(), 11, "nobody observes it");
}

#[tokio::test(start_paused = true)]
async fn a_key_with_a_throttle_of_its_own_is_fetched_no_faster_in_a_storm_and_at_once_after_a_quiet_time() {
    let slow = Policy { throttle: Some(Duration::from_millis(250)), ..Policy::default() };
    for (policy, most) in [(slow, 5), (Policy::default(), 63)] {
        let (source, cache, ..) = with(policy);
        let watcher = cache.watch();
        watcher.observe(&name("a"));
        pass(MINUTE).await;
        source.with(|world| world.fetches = 0);
        for _ in 0..200 {
            cache.invalidate(&["a"]);
            // A window that asks whenever it is told fetches no faster either.
            let _ = tokio::time::timeout(Duration::from_millis(5), cache.query(&name("a"))).await;
            pass(Duration::from_millis(5)).await;
        }
        quiet().await;
        assert!((most - 1..=most + 1).contains(&source.fetches()), "{} of {most}", source.fetches());
        source.with(|world| world.fetches = 0);
        pass(MINUTE).await;
        cache.invalidate(&["a"]);
        pass(Duration::from_millis(1)).await;
        assert_eq!(source.fetches(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_remote_key_is_not_tried_without_a_network_and_a_local_one_is() {
    let (source, cache, _, online) = with(Policy::remote(MINUTE));
    online.set(false);
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    changed(&watcher).await;
    let reply = cache.query(&name("a")).await;
    assert_eq!((reply.status, reply.fetch_status), (QueryStatus::Pending, FetchStatus::Paused));
    quiet().await;
    assert_eq!(source.fetches(), 0);
    online.set(true);
    changed(&watcher).await;
    assert_eq!((source.fetches(), value(&cache.query(&name("a")).await)), (1, Some(0)));

    let (source, cache, _, online) = with(Policy::local());
    online.set(false);
    assert_eq!(value(&cache.query(&name("a")).await), Some(0));
    assert_eq!(source.fetches(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_local_first_key_is_tried_once_without_a_network_and_its_retries_wait_for_one() {
    let (source, cache, _, online) = with(Policy { network: NetworkMode::LocalFirst, ..Policy::default() });
    online.set(false);
    source.with(|world| world.fail = Some(FetchError::Failed("unreachable".into())));
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    quiet().await;
    assert_eq!(source.fetches(), 1);
    assert_eq!(cache.peek(&name("a")).map(|reply| reply.fetch_status), Some(FetchStatus::Paused));
    source.with(|world| world.fail = None);
    online.set(true);
    quiet().await;
    assert_eq!((source.fetches(), value(&cache.query(&name("a")).await)), (2, Some(0)));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_was_given_up_is_tried_again_after_the_next_invalidation() {
    let retry = Retry { give_up_after: Some(4), ..Retry::default() };
    let (source, cache, ..) = with(Policy { retry, ..Policy::default() });
    source.with(|world| world.fail = Some(FetchError::Failed("no luck".into())));
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    quiet().await;
    assert_eq!((source.fetches(), cache.query(&name("a")).await.status), (4, QueryStatus::Error));
    source.with(|world| world.fail = None);
    quiet().await;
    assert_eq!(source.fetches(), 4);
    cache.invalidate(&["a"]);
    quiet().await;
    assert_eq!((source.fetches(), cache.query(&name("a")).await.status), (5, QueryStatus::Success));
}

#[tokio::test(start_paused = true)]
async fn a_selection_is_told_only_when_it_changed() {
    let (source, cache, ..) = with(Policy::default());
    let watcher = cache.watch();
    watcher.observe_selected(&name("a"), |data| data.0 / 10);
    changed(&watcher).await;
    for n in 1..10 {
        source.with(|world| world.value = n);
        cache.invalidate(&["a"]);
        quiet().await;
    }
    assert!(watcher.take_changes().is_empty());
    assert_eq!(cache.data(&name("a")).map(|data| data.0), Some(9));
    source.with(|world| world.value = 10);
    cache.invalidate(&["a"]);
    assert_eq!(changed(&watcher).await, [name("a")]);
}

#[tokio::test(start_paused = true)]
async fn one_cache_serves_all_windows_with_one_fetch_and_tells_each() {
    let (source, cache, ..) = with(Policy::default());
    let windows: Vec<_> = (0..3).map(|_| cache.watch()).collect();
    for window in &windows {
        window.observe(&name("a"));
    }
    for window in &windows {
        assert_eq!(changed(window).await, [name("a")]);
    }
    assert_eq!(source.fetches(), 1);
}
