//! Optimistic state: folded from pending operations over what the source said.

use crate::cache::{Data, Name, Source, changed, name, quiet, value};
use inkhorn_server_state::Fold;
use std::sync::Arc;

/// Adds to the number that is shown.
fn plus(n: u64) -> Fold<Name, Data> {
    Arc::new(move |_, data| data.map(|data| Data(data.0 + n, data.1)))
}

#[tokio::test(start_paused = true)]
async fn taking_one_operation_back_leaves_the_others_and_what_came_meanwhile() {
    let source = Source::open();
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    changed(&watcher).await;
    cache.set_overlay("one", &[name("a")], plus(10));
    cache.set_overlay("two", &[name("a")], plus(100));
    assert_eq!(watcher.take_changes().first().and_then(|change| value(&change.reply)), Some(110));
    source.with(|world| world.value = 1);
    cache.invalidate(&["a"]);
    quiet().await;
    assert_eq!(value(&cache.query(&name("a")).await), Some(111), "over the newer data");
    cache.remove_overlay("one");
    assert_eq!(cache.data(&name("a")).map(|data| data.0), Some(101));
    cache.set_overlay("two", &[name("a")], plus(200));
    assert_eq!(cache.data(&name("a")).map(|data| data.0), Some(201), "the same operation again");
    cache.remove_overlay("two");
    assert_eq!(cache.data(&name("a")).map(|data| data.0), Some(1));
    assert_eq!(cache.report().lines.first().map(|line| line.overlays), Some(0));
}

#[tokio::test(start_paused = true)]
async fn a_confirmed_operation_is_shown_until_the_answer_that_contains_it() {
    let source = Source::closed();
    let cache = source.cache();
    let watcher = cache.watch();
    watcher.observe(&name("a"));
    source.gate.add_permits(1);
    changed(&watcher).await;
    // A fetch is under way that began before the operation was done: its answer does not contain it.
    cache.invalidate(&["a"]);
    quiet().await;
    cache.set_overlay("one", &[name("a")], plus(10));
    source.with(|world| world.value = 10);
    cache.confirm_overlay("one");
    watcher.take_changes();
    source.gate.add_permits(1);
    quiet().await;
    assert_eq!(cache.data(&name("a")).map(|data| data.0), Some(10), "still over the old answer");
    source.gate.add_permits(1);
    quiet().await;
    assert_eq!(cache.data(&name("a")).map(|data| data.0), Some(10), "the source's own");
    // It may be told that fetching has ended, which it was shown.
    assert!(
        watcher.take_changes().iter().all(|change| value(&change.reply) == Some(10)),
        "nothing flickered"
    );
    assert_eq!(cache.report().lines.first().map(|line| line.overlays), Some(0));
}

#[tokio::test(start_paused = true)]
async fn an_operation_on_a_key_that_nobody_observes_is_kept_and_ends_without_a_fetch() {
    let source = Source::open();
    let cache = source.cache_of(200);
    cache.query(&name("a")).await;
    cache.set_overlay("one", &[name("a")], plus(10));
    for n in 0..100 {
        cache.query(&name(&format!("other/{n}"))).await;
    }
    assert_eq!(cache.data(&name("a")).map(|data| data.0), Some(10), "under an overlay it is not evicted");
    let before = source.fetches();
    cache.confirm_overlay("one");
    quiet().await;
    assert_eq!(source.fetches(), before);
    source.with(|world| world.value = 10);
    assert_eq!(value(&cache.query(&name("a")).await), Some(10));
}

#[tokio::test(start_paused = true)]
async fn a_fold_that_panics_shows_what_is_known() {
    let source = Source::open();
    let cache = source.cache();
    cache.query(&name("a")).await;
    cache.set_overlay("one", &[name("a")], Arc::new(|_, _| panic!("a fold")));
    assert_eq!(cache.data(&name("a")).map(|data| data.0), Some(0));
    cache.remove_overlay("one");
}
