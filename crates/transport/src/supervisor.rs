//! When to connect, wait, ping and give up: a pure state machine. Time and randomness come in with each step
//! (the idea of a core without I/O is samod's), so every run can be replayed.

use crate::clock::Now;
use inkhorn_events::Status;

/// First wait after a failure, at least. Below this a dead server would be hammered by a hundred apps.
pub const MIN_BACKOFF_MS: u64 = 500;
/// Longest wait. People look at the sync pill for half a minute before they reach for "try now".
pub const MAX_BACKOFF_MS: u64 = 30_000;
/// A link may take this long to open: DNS, TCP and TLS over a bad mobile network take seconds, not more.
pub const CONNECT_LIMIT_MS: u64 = 15_000;
/// The session must be greeted within this after the link opened; a proxy that accepts everything stalls here.
pub const GREETING_LIMIT_MS: u64 = 10_000;
/// Silence after which a ping is sent. The server pings every 15 s by itself, so this is rare.
pub const PING_AFTER_MS: u64 = 15_000;
/// Silence after a ping that means the link is dead.
pub const DEAD_AFTER_MS: u64 = 10_000;
/// After a jump of the clock (the computer slept) the link is probably dead: find out sooner.
pub const DEAD_AFTER_SLEEP_MS: u64 = 4_000;
/// A connection that held this long counts as good: the next failure starts from the shortest wait. A server
/// that accepts and drops at once is thus still backed off from.
pub const STABLE_MS: u64 = 10_000;
/// Wall clock running ahead of the monotonic one by more than this is a sleep, not drift.
pub const SLEEP_JUMP_MS: u64 = 5_000;
/// The machine wants a step at least this often, or it would notice the end of a sleep late: timers run on
/// the monotonic clock, which stands still meanwhile.
pub const TICK_MS: u64 = 5_000;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// There is a server to connect to (also: it changed). Connects at once.
    Start,
    /// Stay offline until `Start`; `why` is shown.
    Stop {
        /// In plain words.
        why: Option<String>,
    },
    /// No server is set up any more.
    Forget,
    /// The user asks to try now, or the network came back.
    TryNow,
    /// The link is open.
    Opened,
    /// The session was greeted: authenticated.
    Ready,
    /// Something arrived.
    Heard,
    /// The attempt or the link failed.
    Failed {
        /// In plain words.
        why: String,
    },
    /// Refused in a way that only the user can change (sign in).
    Denied {
        /// In plain words.
        why: String,
    },
    /// Time passed.
    Tick,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Start an attempt to connect. There is no attempt and no link at this time.
    Connect,
    /// Drop the attempt or the link. What it still says is ignored.
    HangUp,
    /// Send a ping.
    Ping,
    /// Tell the world.
    Publish(Status),
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Local,
    Stopped { why: Option<String> },
    Waiting { until: u64, why: String },
    Connecting { until: u64 },
    Greeting { until: u64 },
    Connected { since: u64, since_wall: u64, heard: u64, dead_at: Option<u64> },
}

/// The state machine of one connection.
#[derive(Debug, Clone)]
pub struct Supervisor {
    state: State,
    /// Failures since the last stable connection.
    failures: u32,
    last: Option<Now>,
    published: Status,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self { state: State::Local, failures: 0, last: None, published: Status::Local }
    }
}

impl Supervisor {
    /// One step. `random` is fresh at each step; only some steps use it.
    pub fn step(&mut self, input: Input, now: Now, random: u64) -> Vec<Action> {
        let slept = self.slept(now);
        self.last = Some(now);
        let mut actions = Vec::new();
        if let State::Connected { since, .. } = self.state
            && now.mono_ms.saturating_sub(since) >= STABLE_MS
        {
            self.failures = 0;
        }
        self.apply(input, now, random, &mut actions);
        if slept {
            self.wake(now, &mut actions);
        }
        self.expire(now, random, &mut actions);
        let status = self.status(now);
        if status != self.published {
            self.published = status.clone();
            actions.push(Action::Publish(status));
        }
        actions
    }

    /// When the next step is due at the latest, on the monotonic clock; none while there is nothing to do.
    pub fn wake_at(&self) -> Option<u64> {
        let due = match self.state {
            State::Local | State::Stopped { .. } => return None,
            State::Waiting { until, .. } | State::Connecting { until } | State::Greeting { until } => until,
            State::Connected { heard, dead_at, .. } => dead_at.unwrap_or(heard + PING_AFTER_MS),
        };
        let tick = self.last.map_or(due, |last| last.mono_ms + TICK_MS);
        Some(due.min(tick))
    }

    fn apply(&mut self, input: Input, now: Now, random: u64, actions: &mut Vec<Action>) {
        match input {
            Input::Start => {
                self.hang_up(actions);
                self.failures = 0;
                self.connect(now, actions);
            }
            Input::Stop { .. } | Input::Denied { .. } | Input::TryNow if self.state == State::Local => {}
            Input::Stop { why } => {
                self.hang_up(actions);
                self.state = State::Stopped { why };
            }
            Input::Denied { why } => {
                self.hang_up(actions);
                self.state = State::Stopped { why: Some(why) };
            }
            Input::Forget => {
                self.hang_up(actions);
                self.state = State::Local;
            }
            Input::TryNow => match self.state {
                State::Stopped { .. } | State::Waiting { .. } => self.connect(now, actions),
                State::Connected { .. } => self.probe(now, DEAD_AFTER_MS, actions),
                State::Local | State::Connecting { .. } | State::Greeting { .. } => {}
            },
            Input::Opened => {
                if let State::Connecting { .. } = self.state {
                    self.state = State::Greeting { until: now.mono_ms + GREETING_LIMIT_MS };
                }
            }
            Input::Ready => {
                if let State::Greeting { .. } = self.state {
                    let (since, heard) = (now.mono_ms, now.mono_ms);
                    self.state = State::Connected { since, since_wall: now.wall_ms, heard, dead_at: None };
                }
            }
            Input::Heard => {
                if let State::Connected { heard, dead_at, .. } = &mut self.state {
                    *heard = now.mono_ms;
                    *dead_at = None;
                }
            }
            Input::Failed { why } => self.fail(why, now, random, actions),
            Input::Tick => {}
        }
    }

    /// Deadlines that have passed.
    fn expire(&mut self, now: Now, random: u64, actions: &mut Vec<Action>) {
        let mono = now.mono_ms;
        match &self.state {
            State::Waiting { until, .. } if *until <= mono => self.connect(now, actions),
            State::Connecting { until } if *until <= mono => {
                self.fail("The server did not answer in time.".to_owned(), now, random, actions);
            }
            State::Greeting { until } if *until <= mono => {
                self.fail("The server answered, but did not greet.".to_owned(), now, random, actions);
            }
            State::Connected { dead_at: Some(at), .. } if *at <= mono => {
                self.fail("The server fell silent.".to_owned(), now, random, actions);
            }
            State::Connected { heard, dead_at: None, .. } if heard + PING_AFTER_MS <= mono => {
                self.probe(now, DEAD_AFTER_MS, actions);
            }
            _ => {}
        }
    }

    /// The computer woke up: what was waited for may have happened, what was connected is doubtful.
    fn wake(&mut self, now: Now, actions: &mut Vec<Action>) {
        match self.state {
            State::Waiting { .. } => self.connect(now, actions),
            State::Connected { .. } => self.probe(now, DEAD_AFTER_SLEEP_MS, actions),
            _ => {}
        }
    }

    fn slept(&self, now: Now) -> bool {
        self.last.is_some_and(|last| {
            let wall = now.wall_ms.saturating_sub(last.wall_ms);
            let mono = now.mono_ms.saturating_sub(last.mono_ms);
            wall > mono + SLEEP_JUMP_MS
        })
    }

    fn connect(&mut self, now: Now, actions: &mut Vec<Action>) {
        self.state = State::Connecting { until: now.mono_ms + CONNECT_LIMIT_MS };
        actions.push(Action::Connect);
    }

    fn probe(&mut self, now: Now, limit: u64, actions: &mut Vec<Action>) {
        if let State::Connected { dead_at, .. } = &mut self.state {
            let at = now.mono_ms + limit;
            // A ping under way keeps its earlier deadline.
            if dead_at.is_none_or(|old| at < old) {
                *dead_at = Some(at);
                actions.push(Action::Ping);
            }
        }
    }

    fn fail(&mut self, why: String, now: Now, random: u64, actions: &mut Vec<Action>) {
        if !self.is_live() {
            return;
        }
        self.hang_up(actions);
        self.failures = self.failures.saturating_add(1);
        let until = now.mono_ms + backoff_ms(self.failures, random);
        self.state = State::Waiting { until, why };
    }

    fn hang_up(&mut self, actions: &mut Vec<Action>) {
        if self.is_live() {
            actions.push(Action::HangUp);
        }
    }

    fn is_live(&self) -> bool {
        matches!(self.state, State::Connecting { .. } | State::Greeting { .. } | State::Connected { .. })
    }

    fn status(&self, now: Now) -> Status {
        match &self.state {
            State::Local => Status::Local,
            State::Stopped { why } => Status::Offline { next_try_ms: None, why: why.clone() },
            State::Waiting { until, why } => {
                let next = now.wall_ms + until.saturating_sub(now.mono_ms);
                // The same moment seen twice differs by what the two clocks round; publish it once.
                let next = match &self.published {
                    Status::Offline { next_try_ms: Some(old), .. } if old.abs_diff(next) < 1_000 => *old,
                    _ => next,
                };
                Status::Offline { next_try_ms: Some(next), why: Some(why.clone()) }
            }
            State::Connecting { .. } | State::Greeting { .. } => {
                Status::Connecting { attempt: self.failures + 1 }
            }
            State::Connected { since_wall, .. } => Status::Connected { since_ms: *since_wall },
        }
    }
}

/// Wait after the `failures`-th failure in a row: half of it fixed, half random, doubling from one second, so
/// that the apps of a school do not all come back in the same instant.
pub fn backoff_ms(failures: u32, random: u64) -> u64 {
    let ceiling =
        (2 * MIN_BACKOFF_MS).saturating_mul(1 << failures.saturating_sub(1).min(16)).min(MAX_BACKOFF_MS);
    let half = ceiling / 2;
    half + random % (ceiling - half + 1)
}
