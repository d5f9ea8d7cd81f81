//! Every interleaving of writes, invalidations, fetches, successes and errors, within small bounds.
//!
//! The rule under test is the real [`Entry`] over the real [`Tree`], where an invalidation marks one key, the prefix
//! that it shares with another, or everything; two rules that look right and are not show that the model can tell. A
//! run ends when nothing can happen any more: each cached version must then be the source's.

use inkhorn_server_state::entry::{Action, Entry};
use inkhorn_server_state::tree::{Id, Tree};
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};

/// What an invalidation names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Mark {
    All,
    Prefix,
    Key(usize),
}

trait Rule: Clone + Eq + Hash {
    fn new(keys: usize) -> Self;
    fn invalidate(&mut self, mark: Mark);
    fn may_start(&self, key: usize) -> bool;
    fn start(&mut self, key: usize);
    /// True when the answer is to be published.
    fn succeed(&mut self, key: usize, version: u64) -> bool;
    fn fail(&mut self, key: usize);
}

/// The rule of this crate.
#[derive(Clone)]
struct Ours {
    tree: Tree<Entry>,
    ids: Vec<Id>,
}

impl Ours {
    fn entry(&self, key: usize) -> &Entry {
        self.tree.get(self.ids[key]).expect("was inserted")
    }
    fn apply(&mut self, key: usize, action: Action) -> bool {
        self.tree.get_mut(self.ids[key]).expect("was inserted").apply(action)
    }
    fn face(&self) -> Vec<(u64, &Entry)> {
        (0..self.ids.len()).map(|key| (self.tree.generation(self.ids[key]), self.entry(key))).collect()
    }
}

// Only the generation of each key matters: whatever is marked next gets a larger number than all of them.
impl PartialEq for Ours {
    fn eq(&self, other: &Self) -> bool {
        self.face() == other.face()
    }
}
impl Eq for Ours {}
impl Hash for Ours {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.face().hash(state);
    }
}

impl Rule for Ours {
    fn new(keys: usize) -> Self {
        let mut tree = Tree::default();
        let ids =
            (0..keys).map(|key| tree.insert(&["prefix", &format!("{key}")], Entry::default())).collect();
        Self { tree, ids }
    }
    fn invalidate(&mut self, mark: Mark) {
        let nodes = match mark {
            Mark::All => self.tree.at(&[]),
            Mark::Prefix => self.tree.at(&["prefix"]),
            Mark::Key(key) => vec![self.ids[key]],
        };
        for node in nodes {
            self.tree.raise(node);
        }
    }
    fn may_start(&self, key: usize) -> bool {
        // Backoff is a matter of time; in the model it has always passed.
        self.entry(key).may_start(self.tree.generation(self.ids[key]), u64::MAX)
    }
    fn start(&mut self, key: usize) {
        let generation = self.tree.generation(self.ids[key]);
        self.apply(key, Action::Start { generation });
    }
    fn succeed(&mut self, key: usize, version: u64) -> bool {
        self.apply(key, Action::Succeed { version, now: 0 })
    }
    fn fail(&mut self, key: usize) {
        self.apply(key, Action::Fail { why: "".into(), retry_at: Some(0), tell: false });
    }
}

/// Broken: a dirty flag that is cleared when a fetch settles. An invalidation during the fetch is lost.
#[derive(Clone, PartialEq, Eq, Hash)]
struct ClearWhenSettled {
    dirty: bool,
    fetching: bool,
}

impl Rule for ClearWhenSettled {
    fn new(_: usize) -> Self {
        Self { dirty: true, fetching: false }
    }
    fn invalidate(&mut self, _: Mark) {
        self.dirty = true;
    }
    fn may_start(&self, _: usize) -> bool {
        self.dirty && !self.fetching
    }
    fn start(&mut self, _: usize) {
        self.fetching = true;
    }
    fn succeed(&mut self, _: usize, _: u64) -> bool {
        (self.fetching, self.dirty) = (false, false);
        true
    }
    fn fail(&mut self, _: usize) {
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
    fn new(_: usize) -> Self {
        Self { dirty: true, fetching: false }
    }
    fn invalidate(&mut self, _: Mark) {
        if !self.fetching {
            self.dirty = true;
        }
    }
    fn may_start(&self, _: usize) -> bool {
        self.dirty && !self.fetching
    }
    fn start(&mut self, _: usize) {
        (self.fetching, self.dirty) = (true, false);
    }
    fn succeed(&mut self, _: usize, _: u64) -> bool {
        self.fetching = false;
        true
    }
    fn fail(&mut self, _: usize) {
        (self.fetching, self.dirty) = (false, true);
    }
}

/// One key beside the rule.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Place {
    /// Version of the source.
    source: u64,
    /// Version in the cache.
    cached: u64,
    /// What the fetch under way has read, once it has.
    read: Option<u64>,
    fetching: bool,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct World<R> {
    rule: R,
    places: Vec<Place>,
    /// Invalidations that are on their way; they may arrive in any order.
    events: Vec<Mark>,
    writes_left: u32,
    errors_left: u32,
    fetches: u32,
    /// Keys that the invalidations so far have reached.
    reached: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Write(usize, Mark),
    Deliver(usize),
    Start(usize),
    Read(usize),
    Succeed(usize),
    Fail(usize),
}

impl<R: Rule> World<R> {
    fn new(keys: usize, writes: u32, errors: u32) -> Self {
        Self {
            rule: R::new(keys),
            places: vec![Place { source: 1, cached: 0, read: None, fetching: false }; keys],
            events: Vec::new(),
            writes_left: writes,
            errors_left: errors,
            fetches: 0,
            reached: 0,
        }
    }

    fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = (0..self.events.len()).map(Step::Deliver).collect();
        for key in 0..self.places.len() {
            steps.extend([Step::Start(key), Step::Read(key), Step::Succeed(key), Step::Fail(key)]);
            steps.push(Step::Write(key, Mark::Key(key)));
            // To a key that is alone, all marks are the same.
            if self.places.len() > 1 {
                steps.extend([Mark::All, Mark::Prefix].map(|mark| Step::Write(key, mark)));
            }
        }
        steps
    }

    fn step(&self, step: Step) -> Option<Self> {
        let mut next = self.clone();
        match step {
            Step::Write(key, mark) if self.writes_left > 0 => {
                next.writes_left -= 1;
                next.places[key].source += 1;
                next.events.push(mark);
                // In whichever order they were sent: the same world.
                next.events.sort_unstable_by_key(|mark| match mark {
                    Mark::All => 0,
                    Mark::Prefix => 1,
                    Mark::Key(key) => 2 + key,
                });
            }
            Step::Deliver(event) => {
                let mark = next.events.remove(event);
                next.reached += match mark {
                    Mark::Key(_) => 1,
                    Mark::All | Mark::Prefix => u32::try_from(self.places.len()).expect("few"),
                };
                next.rule.invalidate(mark);
            }
            Step::Start(key) if self.rule.may_start(key) => {
                let place = &mut next.places[key];
                assert!(!place.fetching, "two fetches of one key");
                place.fetching = true;
                next.fetches += 1;
                next.rule.start(key);
            }
            Step::Read(key) if self.places[key].fetching && self.places[key].read.is_none() => {
                next.places[key].read = Some(self.places[key].source);
            }
            Step::Succeed(key) => {
                let place = &mut next.places[key];
                let read = place.read.take()?;
                place.fetching = false;
                if next.rule.succeed(key, read) {
                    place.cached = read;
                }
            }
            Step::Fail(key) if self.places[key].fetching && self.errors_left > 0 => {
                next.errors_left -= 1;
                (next.places[key].read, next.places[key].fetching) = (None, false);
                next.rule.fail(key);
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
    /// Whether each run kept to one fetch a key, one more for each invalidation that reaches it, one for each error.
    bounded: bool,
}

fn explore<R: Rule>(keys: usize, writes: u32, errors: u32) -> Verdict {
    let first = World::<R>::new(keys, writes, errors);
    let mut seen: HashMap<World<R>, Option<(World<R>, Step)>> = HashMap::from([(first.clone(), None)]);
    let mut queue = VecDeque::from([first]);
    let mut verdict = Verdict { states: 0, stale: None, bounded: true };
    let first_fetches = u32::try_from(keys).expect("few");
    while let Some(world) = queue.pop_front() {
        verdict.bounded &= world.fetches <= first_fetches + world.reached + (errors - world.errors_left);
        let mut stuck = true;
        for step in world.steps() {
            let Some(next) = world.step(step) else { continue };
            // Writes and errors may happen, but nobody can wait for them: a state where only they could is an end.
            stuck &= matches!(step, Step::Write(..) | Step::Fail(_));
            if !seen.contains_key(&next) {
                seen.insert(next.clone(), Some((world.clone(), step)));
                queue.push_back(next);
            }
        }
        let fresh = world.places.iter().all(|place| place.cached == place.source);
        if stuck && !fresh && verdict.stale.is_none() {
            let mut path = Vec::new();
            let mut at = &world;
            while let Some(Some((before, step))) = seen.get(at) {
                path.push(*step);
                at = before;
            }
            path.reverse();
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
            let verdict = explore::<Ours>(1, writes, errors);
            assert_eq!(verdict.stale, None, "{writes} writes, {errors} errors");
            assert!(verdict.bounded, "{writes} writes, {errors} errors");
        }
    }
    let states = explore::<Ours>(1, 4, 3).states;
    assert!(states > 5_000, "the model has something to explore: {states}");
}

#[test]
fn two_keys_that_share_a_prefix_end_fresh_whatever_is_marked() {
    for (writes, errors) in [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0)] {
        let verdict = explore::<Ours>(2, writes, errors);
        assert_eq!(verdict.stale, None, "{writes} writes, {errors} errors");
        assert!(verdict.bounded, "{writes} writes, {errors} errors");
    }
}

#[test]
fn clearing_a_dirty_flag_when_settled_is_caught() {
    let stale = explore::<ClearWhenSettled>(1, 1, 0).stale.expect("ends stale");
    assert_eq!(stale.len(), 5, "{stale:?}");
}

#[test]
fn ignoring_invalidations_while_fetching_is_caught() {
    let stale = explore::<IgnoreWhileFetching>(1, 1, 0).stale.expect("ends stale");
    assert_eq!(stale.len(), 5, "{stale:?}");
}
