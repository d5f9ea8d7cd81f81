//! Our side of the workload.

use super::Figures;
use crate::heap;
use anyhow::{Context, Result, ensure};
use futures_util::future::BoxFuture;
use inkhorn_server_state::{Fetch, FetchError, Fetched, Key, Options, Refetch, ServerState, Watcher, Weigh};
use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

/// Rounds of each figure; the median counts.
const ROUNDS: usize = 5;

/// Course and lesson as text, as ids are in a program.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct LessonKey {
    course: Arc<str>,
    lesson: Arc<str>,
}

impl Key for LessonKey {
    fn path<'a>(&'a self, segment: &mut dyn FnMut(&'a str)) {
        segment("course");
        segment(&self.course);
        segment(&self.lesson);
    }
}

#[derive(Debug, PartialEq)]
struct Lesson {
    id: u32,
    title: Box<str>,
    words: u32,
}

impl Weigh for Lesson {
    fn bytes(&self) -> usize {
        size_of::<Self>() + self.title.len()
    }
}

struct Source;

impl Fetch for Source {
    type Key = LessonKey;
    type Data = Lesson;
    fn fetch(&self, key: &LessonKey) -> BoxFuture<'static, Result<Fetched<Lesson>, FetchError>> {
        let index = key.lesson.trim_start_matches("lesson-").parse().unwrap_or(0);
        Box::pin(async move { Ok(Fetched { data: lesson(index, 1), version: 0 }) })
    }
}

fn keys(entries: usize) -> Vec<LessonKey> {
    let mut keys: Vec<LessonKey> = Vec::with_capacity(entries);
    for index in 0..entries {
        // The lessons of a course share its id.
        let course = match keys.last() {
            Some(last) if !index.is_multiple_of(100) => Arc::clone(&last.course),
            _ => format!("c{}", index / 100).into(),
        };
        keys.push(LessonKey { course, lesson: format!("lesson-{index}").into() });
    }
    keys
}

fn lesson(index: usize, round: usize) -> Lesson {
    let title = format!("Lesson {index} of course {}", index / 100).into();
    let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Lesson { id: number(index), title, words: number((index + round) % 977) }
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}

/// Runs the workload.
pub(super) fn measure(entries: usize, observers: usize) -> Result<Figures> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(work(entries, observers))
}

fn filled(keys: &[LessonKey]) -> ServerState<Source> {
    // Room for all of them: the peer has no bound, and what was evicted would be neither read nor invalidated.
    let cache = ServerState::new(Source, Options { capacity_bytes: 1 << 34, ..Options::default() });
    fill(&cache, keys, 0);
    cache
}

fn fill(cache: &ServerState<Source>, keys: &[LessonKey], round: usize) {
    for (index, key) in keys.iter().enumerate() {
        cache.set_data(key, lesson(index, round));
    }
}

async fn work(entries: usize, observers: usize) -> Result<Figures> {
    let before = heap::live();
    let keys = keys(entries);
    let list = entries * size_of::<LessonKey>();
    let cache = filled(&keys);
    // What the store has not yet tidied is not held against it, as nothing is against a collector before it ran.
    cache.tidy();
    let bytes = (heap::live() - before - list) as f64 / entries as f64;

    let spread = |index: usize| index * entries / observers;
    let watchers: Vec<Watcher<Source>> = (0..observers)
        .map(|index| {
            let watcher = cache.watch();
            watcher.observe(&keys[spread(index)]);
            watcher
        })
        .collect();

    let mut read = Vec::new();
    for round in 0..ROUNDS {
        let reads = (entries * 5).min(200_000);
        let (mut sum, start) = (0u64, Instant::now());
        for index in 0..reads {
            let data = cache.data(&keys[(index * 7919 + round) % entries]);
            sum += data.map_or(0, |data| u64::from(data.words));
        }
        read.push(reads as f64 / start.elapsed().as_secs_f64());
        black_box(sum);
    }

    let mut set = Vec::new();
    for round in 1..=ROUNDS {
        let (mut told, mut sum, start) = (0, 0u64, Instant::now());
        for (index, watcher) in watchers.iter().enumerate() {
            cache.set_data(&keys[spread(index)], lesson(spread(index), round));
            for change in watcher.take_changes() {
                told += 1;
                sum += change.reply.data.map_or(0, |data| u64::from(data.words));
            }
        }
        set.push(observers as f64 / start.elapsed().as_secs_f64());
        ensure!(told == observers, "{told} told of {observers}");
        black_box(sum);
    }

    // Each round fills the cache anew, which takes the peer half a minute at a million entries.
    let fills = if entries > 100_000 { 1 } else { ROUNDS };
    let (mut invalidate, mut asked) = (Vec::new(), Vec::new());
    for round in 0..fills {
        fill(&cache, &keys, 100 + round);
        let start = Instant::now();
        cache.invalidate_with(&["course"], Refetch::None);
        invalidate.push(start.elapsed().as_secs_f64());
        let start = Instant::now();
        let stale = keys.iter().filter(|key| cache.is_stale(key)).count();
        asked.push(start.elapsed().as_secs_f64());
        ensure!(stale == entries, "{stale} stale of {entries}");
    }

    let mut fetched = Vec::new();
    for round in 0..fills.min(3) {
        fill(&cache, &keys, 200 + round);
        for watcher in &watchers {
            black_box(watcher.take_changes());
        }
        // The batch of the round before is over, so that this one starts at once, as the peer's does.
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
        let start = Instant::now();
        cache.invalidate(&["course"]);
        for watcher in &watchers {
            watcher.changed().await;
        }
        fetched.push(start.elapsed().as_secs_f64());
    }
    drop(watchers);

    let crowd = filled(&keys);
    let key = keys.first().context("no entries")?;
    let watchers: Vec<Watcher<Source>> = (0..observers)
        .map(|_| {
            let watcher = crowd.watch();
            watcher.observe(key);
            watcher
        })
        .collect();
    let mut notify = Vec::new();
    for round in 1..=ROUNDS * 3 {
        let (mut told, mut sum, start) = (0usize, 0u64, Instant::now());
        crowd.set_data(key, lesson(0, round));
        for watcher in &watchers {
            for change in watcher.take_changes() {
                told += 1;
                sum += change.reply.data.map_or(0, |data| u64::from(data.words));
            }
        }
        notify.push(told as f64 / start.elapsed().as_secs_f64());
        ensure!(told == observers, "{told} told of {observers}");
        black_box(sum);
    }

    Ok(Figures {
        entries,
        read: median(read),
        set: median(set),
        invalidate: median(invalidate),
        asked: median(asked),
        fetched: median(fetched),
        notify: median(notify),
        bytes,
    })
}
