//! Every interleaving of writes, invalidations, fetches, successes and errors of one key, within small bounds.
//!
//! The rule under test is the real [`Entry`]; two rules that look right and are not show that the model can
//! tell. A run ends when nothing can happen any more: the cached version must then be the source's.

use inkhorn_server_state::entry::{Action, Entry};
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

trait Rule: Clone + Eq + Hash {
    fn new() -> Self;
    fn invalidate(&mut self);
    fn may_start(&self) -> bool;
    fn start(&mut self);
    /// True when the answer is to be published.
    fn succeed(&mut self, version: u64) -> bool;
    fn fail(&mut self);
}

impl Rule for Entry {
    fn new() -> Self {
        Self::default()
    }
    fn invalidate(&mut self) {
        self.apply(Action::Invalidate);
    }
    fn may_start(&self) -> bool {
        // Backoff is a matter of time; in the model it has always passed.
        Entry::may_start(self, u64::MAX)
    }
    fn start(&mut self) {
        self.apply(Action::Start);
    }
    fn succeed(&mut self, version: u64) -> bool {
        self.apply(Action::Succeed { version })
    }
    fn fail(&mut self) {
        self.apply(Action::Fail { why: String::new(), retry_at: 0 });
    }
}

/// Broken: a dirty flag that is cleared when a fetch settles. An invalidation during the fetch is lost.
#[derive(Clone, PartialEq, Eq, Hash)]
struct ClearWhenSettled {
    dirty: bool,
    fetching: bool,
}

impl Rule for ClearWhenSettled {
    fn new() -> Self {
        Self { dirty: true, fetching: false }
    }
    fn invalidate(&mut self) {
        self.dirty = true;
    }
    fn may_start(&self) -> bool {
        self.dirty && !self.fetching
    }
    fn start(&mut self) {
        self.fetching = true;
    }
    fn succeed(&mut self, _: u64) -> bool {
        (self.fetching, self.dirty) = (false, false);
        true
    }
    fn fail(&mut self) {
        self.fetching = false;
    }
}

/// Broken: "a fetch is under way, its answer will be new enough".
#[derive(Clone, PartialEq, Eq, Hash)]
struct IgnoreWhileFetching {
    dirty: bool,
    fetching: bool,
}

impl Rule for IgnoreWhileFetching {
    fn new() -> Self {
        Self { dirty: true, fetching: false }
    }
    fn invalidate(&mut self) {
        if !self.fetching {
            self.dirty = true;
        }
    }
    fn may_start(&self) -> bool {
        self.dirty && !self.fetching
    }
    fn start(&mut self) {
        (self.fetching, self.dirty) = (true, false);
    }
    fn succeed(&mut self, _: u64) -> bool {
        self.fetching = false;
        true
    }
    fn fail(&mut self) {
        (self.fetching, self.dirty) = (false, true);
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct World<R> {
    rule: R,
    /// Version of the source.
    source: u64,
    /// Version in the cache.
    cached: u64,
    /// Invalidations that are on their way.
    events: u32,
    /// What the fetch under way has read, once it has.
    read: Option<u64>,
    fetching: bool,
    writes_left: u32,
    errors_left: u32,
    fetches: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Write,
    Deliver,
    Start,
    Read,
    Succeed,
    Fail,
}

const STEPS: [Step; 6] = [Step::Write, Step::Deliver, Step::Start, Step::Read, Step::Succeed, Step::Fail];

impl<R: Rule> World<R> {
    fn new(writes: u32, errors: u32) -> Self {
        Self {
            rule: R::new(),
            source: 1,
            cached: 0,
            events: 0,
            read: None,
            fetching: false,
            writes_left: writes,
            errors_left: errors,
            fetches: 0,
        }
    }

    fn step(&self, step: Step) -> Option<Self> {
        let mut next = self.clone();
        match step {
            Step::Write if self.writes_left > 0 => {
                next.writes_left -= 1;
                next.source += 1;
                next.events += 1;
            }
            Step::Deliver if self.events > 0 => {
                next.events -= 1;
                next.rule.invalidate();
            }
            Step::Start if self.rule.may_start() => {
                assert!(!self.fetching, "two fetches of one key");
                next.fetching = true;
                next.fetches += 1;
                next.rule.start();
            }
            Step::Read if self.fetching && self.read.is_none() => next.read = Some(self.source),
            Step::Succeed => {
                let read = self.read?;
                (next.read, next.fetching) = (None, false);
                if next.rule.succeed(read) {
                    assert!(
                        read >= self.cached || std::any::type_name::<R>() != std::any::type_name::<Entry>()
                    );
                    next.cached = read;
                }
            }
            Step::Fail if self.fetching && self.errors_left > 0 => {
                next.errors_left -= 1;
                (next.read, next.fetching) = (None, false);
                next.rule.fail();
            }
            _ => return None,
        }
        Some(next)
    }
}

struct Verdict {
    states: usize,
    /// The shortest run to a state where nothing can happen any more and the cache is stale.
    stale: Option<Vec<Step>>,
    /// Most fetches of any run.
    fetches: u32,
}

fn explore<R: Rule>(writes: u32, errors: u32) -> Verdict {
    let first = World::<R>::new(writes, errors);
    let mut seen = HashMap::from([(first.clone(), Vec::new())]);
    let mut queue = VecDeque::from([first]);
    let mut verdict = Verdict { states: 0, stale: None, fetches: 0 };
    while let Some(world) = queue.pop_front() {
        let path: Vec<Step> = seen[&world].clone();
        verdict.fetches = verdict.fetches.max(world.fetches);
        let mut stuck = true;
        for step in STEPS {
            let Some(next) = world.step(step) else { continue };
            // Writes and errors may happen, but nobody can wait for them: a state where only they could is an end.
            stuck &= matches!(step, Step::Write | Step::Fail);
            if !seen.contains_key(&next) {
                let mut longer = path.clone();
                longer.push(step);
                seen.insert(next.clone(), longer);
                queue.push_back(next);
            }
        }
        if stuck && world.cached != world.source && verdict.stale.is_none() {
            verdict.stale = Some(path);
        }
    }
    verdict.states = seen.len();
    verdict
}

#[test]
fn the_generation_rule_always_ends_fresh_and_within_the_bound_of_fetches() {
    for writes in 0..=4 {
        for errors in 0..=3 {
            let verdict = explore::<Entry>(writes, errors);
            assert_eq!(verdict.stale, None, "{writes} writes, {errors} errors");
            assert!(verdict.fetches <= 1 + writes + errors, "{} fetches", verdict.fetches);
        }
    }
    assert!(explore::<Entry>(4, 3).states > 1_000, "the model has something to explore");
}

#[test]
fn clearing_a_dirty_flag_when_settled_is_caught() {
    let stale = explore::<ClearWhenSettled>(1, 0).stale.expect("ends stale");
    assert_eq!(stale.len(), 5, "{stale:?}");
}

#[test]
fn ignoring_invalidations_while_fetching_is_caught() {
    let stale = explore::<IgnoreWhileFetching>(1, 0).stale.expect("ends stale");
    assert_eq!(stale.len(), 5, "{stale:?}");
}
