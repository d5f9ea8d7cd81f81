//! The loop bound over the whole way of an event: spine → feed → cache → windows → source, under virtual time.
//!
//! A script publishes 10,000 events of every kind in a seeded order, while the source fails now and then and the windows
//! lag. For each key that windows show,
//!
//! **fetches ≤ events + errors + observers**
//!
//! (events: all that were published; errors: failed fetches of that key; observers: windows that ever began to show it),
//! and, because a storm is throttled, also fetches ≤ intervals that passed + errors + observers + 1. When the script
//! ends everything comes to rest, with the newest data in every window; and the spine has carried the script's events and
//! not one more, so no handler of an event has made one.

use super::*;
use crate::error::{Code, CoreError};
use crate::fetch::Projection;
use inkhorn_events::{Event, Item, Publisher, Status, spine};
use inkhorn_protocol::carrier::Carrier;
use inkhorn_protocol::session::EventKind;
use inkhorn_protocol::{CourseId, DocId, NodeId};
use serde_json::json;
use tokio::time::Instant;

const EVENTS: usize = 10_000;
const COURSES: usize = 3;
const LESSONS: usize = 8;
const WINDOWS: usize = 4;

/// xorshift64*: a run is replayed from its seed.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) as usize % n
    }
}

fn course(n: usize) -> CourseId {
    format!("course{n}").parse().unwrap()
}

fn lesson(n: usize) -> NodeId {
    format!("lesson{n}").parse().unwrap()
}

/// Lesson `n` is in course `n % COURSES`.
fn home(n: usize) -> CourseId {
    course(n % COURSES)
}

fn keys() -> Vec<QueryKey> {
    let mut keys = vec![
        QueryKey::Courses,
        QueryKey::Sync,
        QueryKey::Account,
        QueryKey::RemoteCourses,
        QueryKey::Operations,
    ];
    for n in 0..COURSES {
        keys.push(QueryKey::Outline { course: course(n) });
        keys.push(QueryKey::Members { course: course(n) });
        keys.push(QueryKey::Presence { course: course(n) });
        keys.push(QueryKey::Transfers { course: course(n) });
    }
    keys.extend((0..LESSONS).map(|n| QueryKey::Lesson { course: home(n), lesson: lesson(n) }));
    keys
}

fn event(random: &mut Random) -> Event {
    let (n, c) = (random.below(LESSONS), random.below(COURSES));
    let op: OpId = format!("op{n}").parse().unwrap();
    match random.below(16) {
        0 => Event::Connection { status: Status::Connected { since_ms: 1, carrier: Carrier::WebSocket } },
        1 => Event::Connection { status: Status::Offline { next_try_ms: None, why: None } },
        2 => Event::Resynced,
        3 => Event::Course { course: course(c), kind: EventKind::Title { title: format!("{n}") } },
        4 => Event::Course { course: course(c), kind: EventKind::Unknown },
        5 => Event::Operation { op, rejected: None },
        6 => Event::PresenceChanged { course: course(c) },
        7 => Event::SyncStateChanged { course: home(n), doc: DocId::Lesson(lesson(n)) },
        8 => Event::CoursesChanged,
        9 => Event::AssetChanged {
            course: course(c),
            hash: inkhorn_protocol::AssetHash::from_digest(&[n as u8; 32]),
        },
        10 => Event::DocumentChanged { course: course(c), doc: DocId::Course(course(c)), version: n as u64 },
        _ => Event::DocumentChanged { course: home(n), doc: DocId::Lesson(lesson(n)), version: n as u64 },
    }
}

/// What an event says about a key, told independently of the feed: the answer may be another one now.
fn touches(event: &Event, key: &QueryKey) -> bool {
    use QueryKey as K;
    match (event, key) {
        (Event::Resynced, _) => true,
        (Event::Connection { .. }, K::Sync | K::Account | K::Transfers { .. }) => true,
        (Event::Course { kind: EventKind::Title { .. }, .. }, K::Courses | K::RemoteCourses) => true,
        (Event::Course { kind: EventKind::Unknown, .. }, K::Courses | K::RemoteCourses) => true,
        (
            Event::Course { course: c, kind: EventKind::Unknown },
            K::Members { course } | K::Outline { course } | K::Lesson { course, .. },
        ) => c == course,
        (Event::Operation { .. }, K::Operations | K::RemoteCourses) => true,
        (Event::PresenceChanged { course: c }, K::Presence { course }) => c == course,
        (Event::SyncStateChanged { .. }, K::Sync | K::Courses) => true,
        (Event::SyncStateChanged { doc, .. }, K::Lesson { lesson, .. }) => {
            *doc == DocId::Lesson(lesson.clone())
        }
        (Event::CoursesChanged, K::Courses | K::Outline { .. } | K::Sync | K::Transfers { .. }) => true,
        (Event::AssetChanged { .. }, K::Sync) => true,
        (Event::AssetChanged { course: c, .. }, K::Transfers { course }) => c == course,
        (Event::DocumentChanged { doc: DocId::Course(_), .. }, K::Courses) => true,
        (
            Event::DocumentChanged { doc: DocId::Course(c), .. },
            K::Outline { course } | K::Lesson { course, .. },
        ) => c == course,
        (Event::DocumentChanged { doc: DocId::Lesson(l), .. }, K::Lesson { lesson, .. }) => l == lesson,
        _ => false,
    }
}

/// What is read: how often each key was touched. Slow, and it fails when it is told to.
struct Source {
    random: Random,
    truth: HashMap<QueryKey, u64>,
    fetches: HashMap<QueryKey, u64>,
    errors: HashMap<QueryKey, u64>,
    running: i64,
    /// Of 100 fetches, so many fail.
    failing: usize,
}

impl Source {
    fn reader(this: &Arc<Mutex<Self>>) -> Projections {
        let this = Arc::clone(this);
        Projections::reading(move |key| {
            let this = Arc::clone(&this);
            Box::pin(async move {
                let (value, wait, fails) = {
                    let mut source = lock(&this);
                    *source.fetches.entry(key.clone()).or_default() += 1;
                    source.running += 1;
                    // Read before the wait: the worst case for an event meanwhile.
                    let value = source.truth.get(&key).copied().unwrap_or_default();
                    let wait = source.random.below(40) as u64;
                    let failing = source.failing;
                    let fails = (source.random.below(100) < failing).then(|| source.random.below(3));
                    (value, wait, fails)
                };
                tokio::time::sleep(Duration::from_millis(wait)).await;
                let mut source = lock(&this);
                source.running -= 1;
                let Some(fails) = fails else { return Projection::of(&json!(value)) };
                *source.errors.entry(key).or_default() += 1;
                let code = [Code::Other, Code::Offline, Code::NotFound][fails];
                Err(CoreError::new(code, "the script says so"))
            })
        })
    }
}

/// What a run came to.
struct Run {
    source: Arc<Mutex<Source>>,
    observers: HashMap<QueryKey, u64>,
    carried: u64,
    missed: u64,
    batches: Vec<u64>,
    lasted: Duration,
}

/// A window that shows keys, asks again for what changed, and may be slow about it.
async fn window(
    windows: Windows,
    mut feed: Feed,
    name: String,
    seed: u64,
    seen: Arc<Mutex<HashMap<(String, QueryKey), u64>>>,
    batches: Arc<Mutex<HashMap<String, u64>>>,
) {
    let mut random = Random::new(seed);
    let mut shown: BTreeSet<QueryKey> = BTreeSet::new();
    loop {
        let batch = feed.next().await;
        *lock(&batches).entry(name.clone()).or_default() += 1;
        shown.extend(batch.keys.iter().cloned());
        let ask: Vec<_> = if batch.resync { shown.iter().cloned().collect() } else { batch.keys };
        for key in ask {
            let reply = windows.query(&key).await;
            if let Some(value) = reply.data.and_then(|data| data.as_u64()) {
                lock(&seen).insert((name.clone(), key), value);
            }
        }
        if random.below(4) == 0 {
            tokio::time::sleep(Duration::from_millis(random.below(300) as u64)).await;
        }
    }
}

async fn run(seed: u64, capacity: usize, failing: usize, pause_ms: usize) -> Run {
    let mut random = Random::new(seed);
    let (publisher, subscriber) = spine(capacity);
    // Beside the spine under test, its every event is counted: those that arrive and those that are told to be missed.
    let mut counting = subscriber.subscribe();
    let counter = tokio::spawn(async move {
        let (mut arrived, mut missed) = (0, 0);
        while let Some(item) = counting.recv().await {
            match item {
                Item::Event(_) => arrived += 1,
                Item::Resync { missed: n } => missed += n,
            }
        }
        (arrived, missed)
    });
    let source = Arc::new(Mutex::new(Source {
        random: Random::new(seed ^ 0xf00d),
        truth: HashMap::new(),
        fetches: HashMap::new(),
        errors: HashMap::new(),
        running: 0,
        failing,
    }));
    let (_progress, watch) = watch::channel(Progress::default());
    let windows = Windows::new(Source::reader(&source), &subscriber, watch);
    let (seen, batches) = (Arc::<Mutex<HashMap<_, _>>>::default(), Arc::<Mutex<HashMap<_, _>>>::default());
    let (mut observers, mut shows, mut tasks) = (HashMap::new(), Vec::new(), Vec::new());
    for n in 0..WINDOWS {
        let name = format!("window{n}");
        let feed = windows.subscribe(name.clone());
        for key in keys() {
            // The first window shows everything, so that no key is left out.
            if n == 0 || random.below(2) == 0 {
                windows.observe(&name, &key);
                *observers.entry(key.clone()).or_insert(0) += 1;
                shows.push((name.clone(), key));
            }
        }
        let (seen, batches) = (Arc::clone(&seen), Arc::clone(&batches));
        tasks.push(tokio::spawn(window(
            windows.clone(),
            feed,
            name,
            random.below(1 << 20) as u64,
            seen,
            batches,
        )));
    }
    let (started, keys) = (Instant::now(), keys());
    for _ in 0..EVENTS {
        publish(&publisher, &source, &keys, event(&mut random));
        let pause = random.below(2 * pause_ms + 1) as u64;
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        } else if random.below(3) == 0 {
            tokio::task::yield_now().await;
        }
    }
    // The source recovers, and a new connection says so: what waited for the network goes on, and a definite "no" is
    // asked about once more.
    lock(&source).failing = 0;
    publish(
        &publisher,
        &source,
        &keys,
        Event::Connection { status: Status::Connected { since_ms: 2, carrier: Carrier::WebSocket } },
    );
    publish(&publisher, &source, &keys, Event::Resynced);
    tokio::time::sleep(Duration::from_secs(120)).await;
    let lasted = started.elapsed();

    let total = |source: &Arc<Mutex<Source>>| lock(source).fetches.values().sum::<u64>();
    let at_rest = total(&source);
    assert_eq!(lock(&source).running, 0, "seed {seed}: a fetch is still under way");
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!(total(&source), at_rest, "seed {seed}: something goes on although nothing happens");
    for (name, key) in shows {
        let expected = lock(&source).truth.get(&key).copied().unwrap_or_default();
        let shown = lock(&seen).get(&(name.clone(), key.clone())).copied();
        assert_eq!(shown, Some(expected), "seed {seed}: {name} shows {key:?}");
    }
    tasks.iter().for_each(JoinHandle::abort);
    windows.close();
    drop(publisher);
    let (carried, missed) = counter.await.expect("counts");
    let batches = lock(&batches).values().copied().collect();
    Run { source, observers, carried, missed, batches, lasted }
}

fn publish(publisher: &Publisher, source: &Arc<Mutex<Source>>, keys: &[QueryKey], event: Event) {
    let mut source = lock(source);
    for key in keys.iter().filter(|key| touches(&event, key)) {
        *source.truth.entry(key.clone()).or_default() += 1;
    }
    drop(source);
    publisher.publish(event);
}

fn check(run: &Run, seed: u64) {
    let events = EVENTS as u64 + 2;
    assert_eq!(run.carried + run.missed, events, "seed {seed}: an event that the script did not publish");
    let intervals = run.lasted.as_millis() as u64 / AGAIN_AFTER_MS;
    let source = lock(&run.source);
    for key in keys() {
        let fetches = source.fetches.get(&key).copied().unwrap_or_default();
        let errors = source.errors.get(&key).copied().unwrap_or_default();
        let observers = run.observers.get(&key).copied().unwrap_or_default();
        let bound = (events + errors + observers).min(intervals + 1 + errors + observers);
        assert!(fetches <= bound, "seed {seed}, {key:?}: {fetches} fetches, bound {bound}");
    }
    let most = run.lasted.as_millis() as u64 / BATCH_EVERY.as_millis() as u64 + 2;
    assert!(run.batches.iter().all(|batches| *batches <= most), "seed {seed}: {:?}", run.batches);
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_events_in_any_order_stay_within_the_bound_and_come_to_rest() {
    for seed in 0..2 {
        check(&run(seed, inkhorn_events::CAPACITY, 0, 5).await, seed);
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_source_that_fails_they_do_too() {
    for seed in 10..12 {
        let run = run(seed, inkhorn_events::CAPACITY, 40, 5).await;
        assert!(lock(&run.source).errors.values().sum::<u64>() > 100, "there were errors");
        check(&run, seed);
    }
}

#[tokio::test(start_paused = true)]
async fn with_a_spine_of_capacity_one_that_loses_most_events_they_do_too() {
    for seed in 20..23 {
        let run = run(seed, 1, 20, 0).await;
        assert!(run.missed > 1_000, "only {} were missed", run.missed);
        check(&run, seed);
    }
}
