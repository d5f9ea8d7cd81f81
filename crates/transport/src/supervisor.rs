//! When to connect, by what, when to wait, ping, give up and look for something better: a pure state machine. Time and
//! randomness come in with each step (the idea of a core without I/O is samod's), so every run can be replayed.
//!
//! Carriers are rungs of a ladder. What looks blocked leads one rung down at once; while a lower rung carries the
//! link, a better one is tried beside it from time to time, and takes over only when it is open and proven.

use crate::clock::Now;
use crate::rungs::{Ladder, Search};
use inkhorn_events::Status;
use inkhorn_protocol::carrier::Carrier;

/// First wait after a failure, at least. Below this a dead server would be hammered by a hundred apps.
pub const MIN_BACKOFF_MS: u64 = 500;
/// Longest wait. People look at the sync pill for half a minute before they reach for "try now".
pub const MAX_BACKOFF_MS: u64 = 30_000;
/// A link may take this long to open: DNS, TCP and TLS over a bad mobile network take seconds, not more.
pub const CONNECT_LIMIT_MS: u64 = 15_000;
/// The session must be greeted within this after the link opened; a proxy that accepts everything stalls here.
pub const GREETING_LIMIT_MS: u64 = 10_000;
/// Silence after which a ping is sent. The server pings every 12 s by itself, so this is rare.
pub const PING_AFTER_MS: u64 = 15_000;
/// Silence after a ping that means the link is dead. With the wait before the ping it is shown within 30 s.
pub const DEAD_AFTER_MS: u64 = 10_000;
/// While somebody edits, a dead link is shown within 5 s: the ping goes out after this silence…
pub const EDITING_PING_AFTER_MS: u64 = 1_500;
/// …and is answered within this, or the link is dead. A line with a round trip of 3 s is none to work on.
pub const EDITING_DEAD_AFTER_MS: u64 = 3_000;
/// Somebody edits for so long after each frame of theirs: pauses for thought are shorter.
pub const EDITING_MS: u64 = 10_000;
/// What was sent may take its time on a slow line (16 KB a second), up to this: a link that is silent for longer is dead
/// whatever is on its way, for the server pings.
pub const MAX_ALLOWANCE_MS: u64 = 25_000;
/// After a jump of the clock (the computer slept), or a change of the network, the link is probably dead: find out
/// sooner.
pub const DEAD_AFTER_SLEEP_MS: u64 = 4_000;
/// Shortest silence between pings where something on the way cuts silent links: more would be a burden on the server.
pub const MIN_BREATH_MS: u64 = 1_000;
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
    /// There is a server to connect to. Connects at once, by the carrier that worked last.
    Start,
    /// The server is another one: what was learned of the way to it is forgotten. Comes before `Start`.
    Elsewhere,
    /// Stay offline until `Start`; `why` is shown.
    Stop {
        /// In plain words.
        why: Option<String>,
    },
    /// No server is set up any more.
    Forget,
    /// The user asks to try now.
    TryNow,
    /// This computer got another network, or lost one.
    NetworkChanged,
    /// The link is open.
    Opened,
    /// The session was greeted: authenticated.
    Ready,
    /// Something arrived.
    Heard {
        /// At least one whole frame has come by this link.
        frame: bool,
    },
    /// Frames of our own are on their way, other than pings and pongs.
    Sent {
        /// How many bytes.
        bytes: u64,
    },
    /// The attempt or the link failed.
    Failed {
        /// In plain words.
        why: String,
        /// It looks as if something on the way does not let this carrier through.
        blocked: bool,
    },
    /// Refused in a way that only the user can change (sign in).
    Denied {
        /// In plain words.
        why: String,
    },
    /// The better carrier is open, and a frame came by it.
    Probed,
    /// It is not to be had.
    ProbeFailed,
    /// Time passed.
    Tick,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Start an attempt to connect by this carrier. There is no attempt and no link at this time.
    Connect(Carrier),
    /// Drop the attempt or the link. What it still says is ignored.
    HangUp,
    /// Try a better carrier beside the link: open it and get an answer, nothing more. One at a time.
    Probe(Carrier),
    /// Drop the attempt for a better carrier.
    StopProbe,
    /// What the probe opened is the link from now on; the old one was hung up right before.
    Adopt,
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
    Greeting { until: u64, heard: bool },
    Connected(Held),
}

/// A connection that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Held {
    since: u64,
    since_wall: u64,
    heard: u64,
    dead_at: Option<u64>,
    editing_until: u64,
    /// Bytes that went out since something was heard.
    unheard: u64,
    search: Search,
}

/// The state machine of one connection.
#[derive(Debug, Clone)]
pub struct Supervisor {
    state: State,
    ladder: Ladder,
    /// Failures since the last stable connection.
    failures: u32,
    /// Silence after which a ping is sent while nobody edits.
    breath: u64,
    last: Option<Now>,
    published: Status,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::new(vec![Carrier::WebSocket, Carrier::Sse, Carrier::Poll])
    }
}

impl Supervisor {
    /// A supervisor of these carriers, best first.
    pub fn new(carriers: Vec<Carrier>) -> Self {
        Self {
            state: State::Local,
            ladder: Ladder::new(carriers),
            failures: 0,
            breath: PING_AFTER_MS,
            last: None,
            published: Status::Local,
        }
    }

    /// One step. `random` is fresh at each step; only some steps use it.
    pub fn step(&mut self, input: Input, now: Now, random: u64) -> Vec<Action> {
        let slept = self.slept(now);
        self.last = Some(now);
        let mut actions = Vec::new();
        if let State::Connected(held) = &self.state
            && now.mono_ms.saturating_sub(held.since) >= STABLE_MS
        {
            self.failures = 0;
        }
        self.apply(input, now, random, &mut actions);
        if slept {
            self.doubt(now, &mut actions);
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
        let due = match &self.state {
            State::Local | State::Stopped { .. } => return None,
            State::Waiting { until, .. } | State::Connecting { until } | State::Greeting { until, .. } => {
                *until
            }
            State::Connected(held) => {
                let beat = held.dead_at.unwrap_or(held.heard + self.ping_after(held));
                held.search.wake_at().map_or(beat, |at| at.min(beat))
            }
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
            Input::Elsewhere => {
                self.hang_up(actions);
                self.ladder.reset();
                self.breath = PING_AFTER_MS;
                if self.is_live() {
                    self.state = State::Stopped { why: None };
                }
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
            Input::TryNow => match &mut self.state {
                State::Stopped { .. } | State::Waiting { .. } => self.connect(now, actions),
                State::Connected(held) => {
                    held.search.soon(now.mono_ms);
                    self.check(now, DEAD_AFTER_MS, actions);
                }
                State::Local | State::Connecting { .. } | State::Greeting { .. } => {}
            },
            Input::NetworkChanged => self.doubt(now, actions),
            Input::Opened => {
                if let State::Connecting { .. } = self.state {
                    self.state = State::Greeting { until: now.mono_ms + GREETING_LIMIT_MS, heard: false };
                }
            }
            Input::Ready => {
                if let State::Greeting { .. } = self.state {
                    self.state = State::Connected(Held {
                        since: now.mono_ms,
                        since_wall: now.wall_ms,
                        heard: now.mono_ms,
                        dead_at: None,
                        editing_until: 0,
                        unheard: 0,
                        search: self.ladder.search(now.mono_ms, random),
                    });
                }
            }
            Input::Heard { frame } => match &mut self.state {
                State::Connected(held) => {
                    (held.heard, held.dead_at, held.unheard) = (now.mono_ms, None, 0);
                }
                State::Greeting { heard, .. } => *heard |= frame,
                _ => {}
            },
            Input::Sent { bytes } => {
                if let State::Connected(held) = &mut self.state {
                    held.editing_until = now.mono_ms + EDITING_MS;
                    held.unheard = held.unheard.saturating_add(bytes);
                    // A ping of the calm before has its long deadline: somebody waits now.
                    if let Some(at) = &mut held.dead_at {
                        *at = (*at).min(now.mono_ms + patience(held.unheard));
                    }
                }
            }
            Input::Failed { why, blocked } => self.fail(why, blocked, now, random, actions),
            Input::Probed => {
                if let State::Connected(held) = &mut self.state
                    && let Some(rung) = held.search.found()
                {
                    self.hang_up(actions);
                    self.ladder.climb(rung);
                    actions.push(Action::Adopt);
                    self.state = State::Greeting { until: now.mono_ms + GREETING_LIMIT_MS, heard: false };
                }
            }
            Input::ProbeFailed => {
                if let State::Connected(held) = &mut self.state {
                    held.search.failed(now.mono_ms, random);
                }
            }
            Input::Tick => {}
        }
    }

    /// Deadlines that have passed.
    fn expire(&mut self, now: Now, random: u64, actions: &mut Vec<Action>) {
        let mono = now.mono_ms;
        match &mut self.state {
            State::Waiting { until, .. } if *until <= mono => self.connect(now, actions),
            State::Connecting { until } if *until <= mono => {
                // A server that is down looks the same as a network that swallows the carrier: the next try is by the
                // next one.
                let next = self.ladder.next();
                self.fail("The server did not answer in time.".to_owned(), false, now, random, actions);
                self.ladder.climb(next);
            }
            State::Greeting { until, .. } if *until <= mono => {
                self.fail("The server answered, but did not greet.".to_owned(), false, now, random, actions);
            }
            State::Connected(Held { dead_at: Some(at), .. }) if *at <= mono => {
                self.fail("The server fell silent.".to_owned(), false, now, random, actions);
            }
            State::Connected(_) => {
                self.beat(now, actions);
                if let State::Connected(held) = &mut self.state {
                    held.search.step(mono, random, actions);
                }
            }
            _ => {}
        }
    }

    /// Pings when it has been silent for long enough.
    fn beat(&mut self, now: Now, actions: &mut Vec<Action>) {
        let State::Connected(held) = &self.state else { return };
        if held.dead_at.is_some() || held.heard + self.ping_after(held) > now.mono_ms {
            return;
        }
        let limit = if now.mono_ms < held.editing_until { patience(held.unheard) } else { DEAD_AFTER_MS };
        self.check(now, limit, actions);
    }

    fn ping_after(&self, held: &Held) -> u64 {
        let editing = self.last.is_some_and(|last| last.mono_ms < held.editing_until);
        if editing { self.breath.min(EDITING_PING_AFTER_MS) } else { self.breath }
    }

    /// The computer woke up, or its network is another: what was waited for may have happened, what was connected is
    /// doubtful, and what was blocked may be open.
    fn doubt(&mut self, now: Now, actions: &mut Vec<Action>) {
        match &mut self.state {
            State::Waiting { .. } => {
                self.ladder.reset();
                self.connect(now, actions);
            }
            State::Connected(held) => {
                held.search.soon(now.mono_ms);
                self.check(now, DEAD_AFTER_SLEEP_MS, actions);
            }
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
        actions.push(Action::Connect(self.ladder.carrier()));
    }

    fn check(&mut self, now: Now, limit: u64, actions: &mut Vec<Action>) {
        if let State::Connected(held) = &mut self.state {
            let at = now.mono_ms + limit;
            // A ping under way keeps its earlier deadline.
            if held.dead_at.is_none_or(|old| at < old) {
                held.dead_at = Some(at);
                actions.push(Action::Ping);
            }
        }
    }

    fn fail(&mut self, why: String, blocked: bool, now: Now, random: u64, actions: &mut Vec<Action>) {
        if !self.is_live() {
            return;
        }
        self.hang_up(actions);
        match &self.state {
            // Without a single frame: many networks accept what they do not carry.
            State::Greeting { heard: false, .. } if self.ladder.descend() => {
                return self.connect(now, actions);
            }
            State::Connecting { .. } if blocked && self.ladder.descend() => {
                return self.connect(now, actions);
            }
            State::Connected(held) => {
                // Where silence was cut from outside, the next link does not stay silent for so long.
                let silence = now.mono_ms.saturating_sub(held.heard);
                let cut = held.dead_at.is_none() && silence >= MIN_BREATH_MS;
                self.breath =
                    if cut { (silence / 2).clamp(MIN_BREATH_MS, PING_AFTER_MS) } else { PING_AFTER_MS };
            }
            _ => self.ladder.reset(),
        }
        self.failures = self.failures.saturating_add(1);
        let until = now.mono_ms + backoff_ms(self.failures, random);
        self.state = State::Waiting { until, why };
    }

    fn hang_up(&mut self, actions: &mut Vec<Action>) {
        if let State::Connected(held) = &mut self.state {
            held.search.stop(actions);
        }
        if self.is_live() {
            actions.push(Action::HangUp);
        }
    }

    fn is_live(&self) -> bool {
        matches!(self.state, State::Connecting { .. } | State::Greeting { .. } | State::Connected(_))
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
            State::Connected(held) => {
                Status::Connected { since_ms: held.since_wall, carrier: self.ladder.carrier() }
            }
        }
    }
}

/// How long the answer to a ping may take while somebody edits: as promised, and as long as what is before it takes on
/// a slow line of 16 bytes a millisecond.
fn patience(unheard: u64) -> u64 {
    EDITING_DEAD_AFTER_MS + (unheard / 16).min(MAX_ALLOWANCE_MS)
}

/// Wait after the `failures`-th failure in a row: half of it fixed, half random, doubling from one second, so
/// that the apps of a school do not all come back in the same instant.
pub fn backoff_ms(failures: u32, random: u64) -> u64 {
    let ceiling =
        (2 * MIN_BACKOFF_MS).saturating_mul(1 << failures.saturating_sub(1).min(16)).min(MAX_BACKOFF_MS);
    let half = ceiling / 2;
    half + random % (ceiling - half + 1)
}
