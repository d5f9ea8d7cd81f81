//! The loop bound at this level: whatever is done to the cache, in whatever order, with errors: fetches ≤
//! invalidations that reach a key + errors + occasions to observe it, then quiet, and the newest data.

use crate::cache::{Source, name, quiet};
use inkhorn_server_state::{FetchError, Watcher};
use proptest::prelude::*;

const KEYS: [&str; 4] = ["a/1", "a/2", "b/1", "b/2"];

#[derive(Debug, Clone)]
enum Event {
    Write,
    Invalidate(usize),
    Observe(usize),
    Unobserve(usize),
    Ask(usize),
    Fail(bool),
    Resume,
    Wait(u64),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Write),
        8 => (0..7usize).prop_map(Event::Invalidate),
        2 => (0..4usize).prop_map(Event::Observe),
        1 => (0..4usize).prop_map(Event::Unobserve),
        1 => (0..4usize).prop_map(Event::Ask),
        1 => any::<bool>().prop_map(Event::Fail),
        1 => Just(Event::Resume),
        4 => (0..80u64).prop_map(Event::Wait),
    ]
}

proptest! {
    // Each case is 10,000 events.
    #![proptest_config(ProptestConfig { cases: 8, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn ten_thousand_events_in_any_order_make_a_bounded_number_of_fetches_and_then_none(
        events in prop::collection::vec(event(), 10_000)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("builds");
        runtime.block_on(async {
            let source = Source::open();
            let cache = source.cache();
            let watcher: Watcher<Source> = cache.watch();
            // What may each cause one fetch of a key.
            let mut bound = 0u32;
            let mut errors = 0u32;
            let mut failing = false;
            for event in events {
                let before = source.fetches();
                match event {
                    Event::Write => source.with(|world| world.value += 1),
                    Event::Invalidate(at) => {
                        let (prefix, reached): (&[&str], u32) = match at {
                            0 => (&[], 4),
                            1 => (&["a"], 2),
                            2 => (&["b"], 2),
                            3 => (&["a", "1"], 1),
                            4 => (&["a", "2"], 1),
                            5 => (&["b", "1"], 1),
                            _ => (&["b", "2"], 1),
                        };
                        cache.invalidate(prefix);
                        bound += reached;
                    }
                    Event::Observe(at) => {
                        watcher.observe(&name(KEYS[at]));
                        bound += 1;
                    }
                    Event::Unobserve(at) => watcher.unobserve(&name(KEYS[at])),
                    Event::Ask(at) => {
                        bound += 1;
                        let _ = tokio::time::timeout(std::time::Duration::from_secs(1), cache.query(&name(KEYS[at]))).await;
                    }
                    Event::Fail(fails) => {
                        failing = fails;
                        source.with(|world| world.fail = fails.then(|| FetchError::Failed("no luck".into())));
                    }
                    Event::Resume => cache.resume(),
                    Event::Wait(ms) => tokio::time::sleep(std::time::Duration::from_millis(ms)).await,
                }
                if failing {
                    errors += source.fetches() - before;
                }
            }
            source.with(|world| world.fail = None);
            for key in KEYS {
                watcher.observe(&name(key));
                bound += 1;
            }
            cache.invalidate(&[]);
            bound += 4;
            quiet().await;
            let fetches = source.fetches();
            assert!(fetches <= bound + errors, "{fetches} fetches, bound {bound} + {errors} errors");
            let newest = source.with(|world| world.value);
            for key in KEYS {
                assert_eq!(cache.data(&name(key)).map(|data| data.0), Some(newest));
            }
            quiet().await;
            assert_eq!(source.fetches(), fetches, "quiescent");
            assert_eq!(source.with(|world| world.running), 0);
        });
    }
}
