//! The supervisor under every order of events that a generator finds, and named cases.

use inkhorn_events::Status;
use inkhorn_protocol::carrier::Carrier;
use inkhorn_transport::PROBE_AFTER_MS;
use inkhorn_transport::clock::Now;
use inkhorn_transport::supervisor::*;
use proptest::prelude::*;

const CONNECT: Action = Action::Connect(Carrier::WebSocket);
const HEARD: Input = Input::Heard { frame: true };

fn at(ms: u64) -> Now {
    Now { mono_ms: ms, wall_ms: 1_000_000 + ms }
}

fn failed() -> Input {
    Input::Failed { why: "gone".into(), blocked: false }
}

/// Connected at `ms`, having started at 0.
fn connected(ms: u64) -> Supervisor {
    let mut supervisor = Supervisor::default();
    supervisor.step(Input::Start, at(0), 0);
    supervisor.step(Input::Opened, at(ms), 0);
    supervisor.step(Input::Ready, at(ms), 0);
    supervisor
}

fn next_try(actions: &[Action]) -> Option<u64> {
    actions.iter().find_map(|action| match action {
        Action::Publish(Status::Offline { next_try_ms, .. }) => *next_try_ms,
        _ => None,
    })
}

#[test]
fn waits_double_from_half_a_second_to_half_a_minute_and_are_jittered() {
    let range = |failures| (backoff_ms(failures, 0), (0..16_000).map(|r| backoff_ms(failures, r)).max());
    assert_eq!(range(1), (500, Some(1_000)));
    assert_eq!(range(2), (1_000, Some(2_000)));
    assert_eq!(range(5), (8_000, Some(16_000)));
    assert_eq!(range(6), (15_000, Some(30_000)));
    assert_eq!(range(u32::MAX), (15_000, Some(30_000)));
}

#[test]
fn the_status_tells_why_it_failed_and_when_the_next_try_is() {
    let mut supervisor = Supervisor::default();
    let actions = supervisor.step(Input::Start, at(0), 0);
    assert_eq!(actions, [CONNECT, Action::Publish(Status::Connecting { attempt: 1 })]);
    let actions = supervisor.step(failed(), at(100), 0);
    let offline = Status::Offline { next_try_ms: Some(1_000_600), why: Some("gone".into()) };
    assert_eq!(actions, [Action::HangUp, Action::Publish(offline)]);
    assert_eq!(supervisor.step(Input::Tick, at(599), 0), [], "not before");
    let actions = supervisor.step(Input::Tick, at(600), 0);
    assert_eq!(actions, [CONNECT, Action::Publish(Status::Connecting { attempt: 2 })]);
}

#[test]
fn only_a_connection_that_held_resets_the_wait() {
    let mut supervisor = Supervisor::default();
    let mut now = 0;
    supervisor.step(Input::Start, at(now), 0);
    for expected in [500, 1_000, 2_000, 4_000] {
        supervisor.step(Input::Opened, at(now), 0);
        supervisor.step(Input::Ready, at(now), 0);
        let actions = supervisor.step(failed(), at(now + 1), 0);
        assert_eq!(next_try(&actions), Some(1_000_000 + now + 1 + expected), "accepted and dropped at once");
        now += 1 + expected;
        supervisor.step(Input::Tick, at(now), 0);
    }
    supervisor.step(Input::Opened, at(now), 0);
    supervisor.step(Input::Ready, at(now), 0);
    let actions = supervisor.step(failed(), at(now + STABLE_MS), 0);
    assert_eq!(next_try(&actions), Some(1_000_000 + now + STABLE_MS + 500));
}

#[test]
fn a_silent_link_is_pinged_and_then_given_up() {
    let mut supervisor = connected(0);
    assert_eq!(supervisor.step(Input::Tick, at(PING_AFTER_MS - 1), 0), []);
    assert_eq!(supervisor.step(Input::Tick, at(PING_AFTER_MS), 0), [Action::Ping]);
    assert_eq!(supervisor.step(Input::Tick, at(PING_AFTER_MS + 1), 0), [], "one ping is enough");
    let dead = at(PING_AFTER_MS + DEAD_AFTER_MS);
    let mut answered = supervisor.clone();
    answered.step(HEARD, at(PING_AFTER_MS + 5), 0);
    assert_eq!(answered.step(Input::Tick, dead, 0), [], "an answer saves it");
    assert_eq!(supervisor.step(Input::Tick, dead, 0)[0], Action::HangUp);
}

#[test]
fn after_a_sleep_a_waiting_one_tries_at_once_and_a_connected_one_is_checked_soon() {
    let slept = |mono: u64| Now { mono_ms: mono, wall_ms: 1_000_000 + mono + 3_600_000 };
    let mut waiting = Supervisor::default();
    waiting.step(Input::Start, at(0), 0);
    waiting.step(failed(), at(0), 0);
    assert_eq!(waiting.step(Input::Tick, slept(10), 0)[0], CONNECT);

    let mut live = connected(0);
    assert_eq!(live.step(Input::Tick, slept(10), 0), [Action::Ping]);
    assert_eq!(live.step(Input::Tick, slept(10 + DEAD_AFTER_SLEEP_MS), 0)[0], Action::HangUp);
}

#[test]
fn setting_the_clock_back_only_moves_the_shown_time() {
    let mut supervisor = Supervisor::default();
    supervisor.step(Input::Start, at(0), 0);
    supervisor.step(failed(), at(0), 0);
    let actions = supervisor.step(Input::Tick, Now { mono_ms: 100, wall_ms: 500_000 }, 0);
    assert_eq!(next_try(&actions), Some(500_400));
    assert_eq!(actions.len(), 1, "{actions:?}");
}

#[test]
fn a_refusal_that_only_the_user_can_change_ends_the_trying_until_asked() {
    let mut supervisor = connected(0);
    let why = Some("sign in again".to_owned());
    let actions = supervisor.step(Input::Denied { why: "sign in again".into() }, at(1), 0);
    assert_eq!(actions, [Action::HangUp, Action::Publish(Status::Offline { next_try_ms: None, why })]);
    assert_eq!(supervisor.wake_at(), None);
    assert_eq!(supervisor.step(Input::Tick, at(10_000_000), 0), []);
    assert_eq!(supervisor.step(Input::TryNow, at(10_000_001), 0)[0], CONNECT);
}

#[test]
fn an_attempt_that_stalls_ends_and_so_does_a_link_without_a_greeting() {
    let mut stalled = Supervisor::default();
    stalled.step(Input::Start, at(0), 0);
    assert_eq!(stalled.step(Input::Tick, at(CONNECT_LIMIT_MS), 0)[0], Action::HangUp);

    let mut mute = Supervisor::new(vec![Carrier::WebSocket]);
    mute.step(Input::Start, at(0), 0);
    mute.step(Input::Opened, at(10), 0);
    assert_eq!(mute.step(Input::Tick, at(10 + GREETING_LIMIT_MS), 0)[0], Action::HangUp);
}

#[test]
fn without_a_server_nothing_happens() {
    let mut supervisor = Supervisor::default();
    for input in [Input::TryNow, failed(), Input::Opened, Input::Ready, HEARD, Input::Tick] {
        assert_eq!(supervisor.step(input.clone(), at(5), 9), [], "{input:?}");
    }
    assert_eq!(supervisor.step(Input::Stop { why: None }, at(6), 0), []);
}

fn blocked() -> Input {
    Input::Failed { why: "blocked".into(), blocked: true }
}

fn carriers(actions: &[Action]) -> Vec<Carrier> {
    actions
        .iter()
        .filter_map(|a| if let Action::Connect(carrier) = a { Some(*carrier) } else { None })
        .collect()
}

/// Connected by polling: both better carriers were blocked.
fn polling() -> Supervisor {
    let mut supervisor = Supervisor::default();
    supervisor.step(Input::Start, at(0), 0);
    assert_eq!(carriers(&supervisor.step(blocked(), at(1), 0)), [Carrier::Sse], "at once");
    assert_eq!(carriers(&supervisor.step(blocked(), at(2), 0)), [Carrier::Poll]);
    supervisor.step(Input::Opened, at(3), 0);
    let actions = supervisor.step(Input::Ready, at(3), 0);
    let connected = Status::Connected { since_ms: 1_000_003, carrier: Carrier::Poll };
    assert_eq!(actions, [Action::Publish(connected)]);
    supervisor
}

#[test]
fn what_looks_blocked_leads_down_the_ladder_and_the_end_of_it_waits_and_begins_at_the_top() {
    let mut supervisor = Supervisor::default();
    supervisor.step(Input::Start, at(0), 0);
    // Opened, and cut before a single frame came.
    supervisor.step(Input::Opened, at(1), 0);
    assert_eq!(carriers(&supervisor.step(failed(), at(2), 0)), [Carrier::Sse]);
    // Opened, and silent.
    supervisor.step(Input::Opened, at(3), 0);
    assert_eq!(carriers(&supervisor.step(Input::Tick, at(3 + GREETING_LIMIT_MS), 0)), [Carrier::Poll]);
    let now = 4 + GREETING_LIMIT_MS;
    assert_eq!(next_try(&supervisor.step(blocked(), at(now), 0)), Some(1_000_000 + now + 500));
    assert_eq!(carriers(&supervisor.step(Input::Tick, at(now + 500), 0)), [Carrier::WebSocket]);
}

#[test]
fn what_worked_is_tried_first_until_it_fails_or_the_server_is_another() {
    let mut again = polling();
    again.step(Input::Stop { why: None }, at(10), 0);
    assert_eq!(carriers(&again.step(Input::Start, at(11), 0)), [Carrier::Poll]);
    again.step(failed(), at(12), 0);
    assert_eq!(carriers(&again.step(Input::TryNow, at(13), 0)), [Carrier::WebSocket]);
    let mut lost = polling();
    let next = next_try(&lost.step(failed(), at(10), 0)).expect("a next try") - 1_000_000;
    assert_eq!(carriers(&lost.step(Input::Tick, at(next), 0)), [Carrier::Poll]);
    let mut other = polling();
    other.step(Input::Elsewhere, at(10), 0);
    assert_eq!(carriers(&other.step(Input::Start, at(11), 0)), [Carrier::WebSocket]);
}

#[test]
fn a_server_that_is_down_is_no_reason_to_leave_the_best_carrier() {
    let mut supervisor = Supervisor::default();
    let mut now = 0;
    supervisor.step(Input::Start, at(now), 0);
    for _ in 0..5 {
        supervisor.step(failed(), at(now), 0);
        now = supervisor.wake_at().expect("a next try").max(now + 16_000);
        assert_eq!(carriers(&supervisor.step(Input::Tick, at(now), 0)), [Carrier::WebSocket]);
    }
    // A greeting that began is no block either.
    supervisor.step(Input::Opened, at(now), 0);
    supervisor.step(HEARD, at(now), 0);
    assert!(next_try(&supervisor.step(failed(), at(now), 0)).is_some());
}

#[test]
fn a_better_carrier_is_looked_for_beside_the_link_and_takes_over_only_when_it_is_open() {
    let mut supervisor = polling();
    let due = 3 + PROBE_AFTER_MS / 2;
    let mut now = 3;
    while now + 1_000 < due {
        now += 1_000;
        let actions = supervisor.step(HEARD, at(now), 0);
        assert_eq!(actions, [], "not before");
    }
    assert_eq!(supervisor.step(HEARD, at(due), 0), [Action::Probe(Carrier::WebSocket)]);
    assert_eq!(supervisor.step(Input::ProbeFailed, at(due + 1), 0), [], "the link stays");
    // The second try looks at the second best, and later.
    now = due + 1;
    let second = now + PROBE_AFTER_MS;
    while now + 1_000 < second {
        now += 1_000;
        assert_eq!(supervisor.step(HEARD, at(now), 0), []);
    }
    assert_eq!(supervisor.step(HEARD, at(second), 0), [Action::Probe(Carrier::Sse)]);
    let actions = supervisor.step(Input::Probed, at(second + 9), 0);
    assert_eq!(actions, [Action::HangUp, Action::Adopt, Action::Publish(Status::Connecting { attempt: 1 })]);
    let actions = supervisor.step(Input::Ready, at(second + 20), 0);
    assert!(matches!(actions[..], [Action::Publish(Status::Connected { carrier: Carrier::Sse, .. })]));
}

#[test]
fn a_probe_that_stalls_or_outlives_its_link_is_dropped() {
    let probing = || {
        let mut supervisor = polling();
        assert_eq!(
            supervisor.step(Input::TryNow, at(10), 0),
            [Action::Ping, Action::Probe(Carrier::WebSocket)]
        );
        supervisor.step(HEARD, at(11), 0);
        supervisor
    };
    let mut stalled = probing();
    stalled.step(HEARD, at(CONNECT_LIMIT_MS), 0);
    assert_eq!(stalled.step(HEARD, at(10 + CONNECT_LIMIT_MS), 0), [Action::StopProbe]);
    assert_eq!(stalled.step(Input::Probed, at(11 + CONNECT_LIMIT_MS), 0), [], "too late");
    let actions = probing().step(failed(), at(20), 0);
    assert_eq!(actions[..2], [Action::StopProbe, Action::HangUp]);
}

#[test]
fn a_change_of_the_network_is_found_out_at_once() {
    let mut waiting = Supervisor::default();
    waiting.step(Input::Start, at(0), 0);
    waiting.step(failed(), at(0), 0);
    assert_eq!(waiting.step(Input::NetworkChanged, at(10), 0)[0], CONNECT);
    let mut live = connected(0);
    assert_eq!(live.step(Input::NetworkChanged, at(10), 0), [Action::Ping]);
    assert_eq!(live.step(Input::Tick, at(10 + DEAD_AFTER_SLEEP_MS), 0)[0], Action::HangUp);
    // What was blocked there may be open here.
    let mut polling = polling();
    let actions = polling.step(Input::NetworkChanged, at(10), 0);
    assert_eq!(actions, [Action::Ping, Action::Probe(Carrier::WebSocket)]);
    // Who has to sign in has to sign in everywhere.
    let mut denied = connected(0);
    denied.step(Input::Denied { why: "sign in".into() }, at(1), 0);
    assert_eq!(denied.step(Input::NetworkChanged, at(2), 0), []);
}

/// Steps as the machine asks for them until it gives the link up; when that was.
fn given_up(supervisor: &mut Supervisor) -> u64 {
    loop {
        let now = supervisor.wake_at().expect("never a standstill");
        if supervisor.step(Input::Tick, at(now), 0).contains(&Action::HangUp) {
            return now;
        }
    }
}

#[test]
fn a_dead_link_is_shown_within_five_seconds_while_editing_and_within_thirty_else() {
    let mut idle = connected(100);
    assert!(given_up(&mut idle) - 100 <= 30_000);

    // It dies at any moment between two frames of somebody who types.
    for died in (0..2_000).step_by(50) {
        let mut editing = connected(0);
        editing.step(Input::Sent { bytes: 80 }, at(10), 0);
        for heard in (0..=died).step_by(300) {
            editing.step(HEARD, at(20 + heard), 0);
        }
        let shown = given_up(&mut editing);
        assert!(shown - (20 + died) <= 5_000, "died at {died}, shown at {shown}");
    }

    // It died long before the first letter was typed, with a ping of the calm on its way or without one.
    for typed in [5_000, PING_AFTER_MS + 100] {
        let mut late = connected(0);
        late.step(Input::Tick, at(typed - 10), 0);
        late.step(Input::Sent { bytes: 80 }, at(typed), 0);
        let shown = given_up(&mut late);
        assert!(shown - typed <= 5_000, "typed at {typed}, shown at {shown}");
    }
}

#[test]
fn a_large_edit_on_a_slow_line_is_not_taken_for_a_dead_link() {
    let mut supervisor = connected(0);
    // A second of typing is 16 KB on the slowest line that counts; this takes 20 s.
    supervisor.step(Input::Sent { bytes: 320_000 }, at(10), 0);
    let shown = given_up(&mut supervisor);
    assert!((20_000..=30_000).contains(&shown), "{shown}");
}

#[test]
fn where_silence_is_cut_the_next_link_does_not_stay_silent_for_so_long() {
    let mut supervisor = connected(0);
    supervisor.step(failed(), at(4_000), 0);
    supervisor.step(Input::Tick, at(5_000), 0);
    supervisor.step(Input::Opened, at(5_000), 0);
    supervisor.step(Input::Ready, at(5_000), 0);
    assert_eq!(supervisor.step(Input::Tick, at(6_999), 0), []);
    assert_eq!(supervisor.step(Input::Tick, at(7_000), 0), [Action::Ping]);
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        1 => Just(Input::Start),
        1 => Just(Input::Elsewhere),
        1 => Just(Input::Stop { why: None }),
        1 => Just(Input::Forget),
        2 => Just(Input::TryNow),
        1 => Just(Input::NetworkChanged),
        3 => Just(blocked()),
        4 => (1u64..1_000_000).prop_map(|bytes| Input::Sent { bytes }),
        3 => Just(Input::Probed),
        2 => Just(Input::ProbeFailed),
        6 => Just(Input::Opened),
        6 => Just(Input::Ready),
        4 => Just(HEARD),
        4 => Just(failed()),
        1 => Just(Input::Denied { why: "no".into() }),
        6 => Just(Input::Tick),
    ]
}

proptest! {
    /// Whatever happens, in whatever order, at whatever speed, with a wall clock that jumps both ways.
    #[test]
    fn there_is_never_more_than_one_link_and_never_a_standstill(
        steps in prop::collection::vec((input(), 0u64..20_000, prop_oneof![8 => Just(0i64), 1 => -50_000i64..500_000], any::<u64>()), 1..200)
    ) {
        let mut supervisor = Supervisor::default();
        let (mut live, mut shown, mut probing) = (false, Status::Local, false);
        // Attempts since the last wait, sleep or connection, or the last word of the user.
        let mut attempts = 0;
        let (mut mono, mut wall) = (0u64, 10_000_000_000u64);
        for (input, pause, jump, random) in steps {
            mono += pause;
            wall = (wall + pause).saturating_add_signed(jump);
            let now = Now { mono_ms: mono, wall_ms: wall };
            let slept = jump > SLEEP_JUMP_MS as i64;
            if !matches!(input, Input::Failed { .. }) || matches!(shown, Status::Offline { .. }) || slept {
                attempts = 0;
            }
            if matches!(input, Input::ProbeFailed) {
                probing = false;
            }
            let probed = input == Input::Probed && probing;
            let mut tried = None;
            for action in supervisor.step(input, now, random) {
                match action {
                    Action::Connect(_) => {
                        prop_assert!(!live && !probing, "a second link");
                        live = true;
                        attempts += 1;
                        prop_assert!(attempts <= 3, "no wait between rounds");
                    }
                    Action::Probe(carrier) => {
                        prop_assert!(live && !probing, "one probe at a time, beside a link");
                        tried = Some(carrier);
                        probing = true;
                    }
                    Action::StopProbe => {
                        prop_assert!(probing);
                        probing = false;
                    }
                    Action::Adopt => {
                        prop_assert!(probed && !live, "only what was asked for, and never a second link");
                        (probing, live) = (false, true);
                    }
                    Action::HangUp => {
                        prop_assert!(live && (!probing || probed), "nothing to hang up, or the probe forgotten");
                        live = false;
                    }
                    Action::Ping => prop_assert!(live),
                    Action::Publish(status) => {
                        prop_assert_ne!(&status, &shown, "published twice");
                        shown = status;
                    }
                }
            }
            if let Some(tried) = tried {
                let better = matches!(shown, Status::Connected { carrier, .. } if tried < carrier);
                prop_assert!(better, "a probe of what is no better");
            }
            match &shown {
                Status::Local | Status::Offline { next_try_ms: None, .. } => {
                    prop_assert!(!live);
                    prop_assert_eq!(supervisor.wake_at(), None);
                }
                Status::Offline { next_try_ms: Some(next), .. } => {
                    prop_assert!(!live);
                    prop_assert!(*next <= wall + MAX_BACKOFF_MS + 1_000, "too far: {} at {}", next, wall);
                    prop_assert!(supervisor.wake_at().is_some());
                }
                Status::Connecting { .. } | Status::Connected { .. } => {
                    prop_assert!(live);
                    prop_assert!(supervisor.wake_at().is_some());
                }
            }
            if let Some(wake) = supervisor.wake_at() {
                prop_assert!(wake > mono && wake <= mono + TICK_MS, "due in the past or too late: {} at {}", wake, mono);
            }
        }
    }

    /// With a server that never answers, steps at the asked times alone keep trying, at the promised pace.
    #[test]
    fn left_alone_it_tries_for_ever_and_never_faster_than_promised(seed in any::<u64>()) {
        let mut supervisor = Supervisor::default();
        let mut random = seed;
        let (mut failures, mut failed_at) = (0u32, 0);
        supervisor.step(Input::Start, at(0), 0);
        let mut now = 0;
        for _ in 0..2_000 {
            now = supervisor.wake_at().expect("never a standstill");
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            for action in supervisor.step(Input::Tick, at(now), random) {
                match action {
                    Action::HangUp => {
                        failures += 1;
                        failed_at = now;
                    }
                    Action::Connect(_) => {
                        let floor = backoff_ms(failures, 0);
                        prop_assert!(now - failed_at >= floor && now - failed_at <= 2 * floor);
                    }
                    _ => {}
                }
            }
        }
        prop_assert!(u64::from(failures) >= now / (MAX_BACKOFF_MS + CONNECT_LIMIT_MS));
    }
}
