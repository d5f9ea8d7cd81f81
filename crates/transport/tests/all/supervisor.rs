//! The supervisor under every order of events that a generator finds, and named cases.

use inkhorn_events::Status;
use inkhorn_transport::clock::Now;
use inkhorn_transport::supervisor::*;
use proptest::prelude::*;

fn at(ms: u64) -> Now {
    Now { mono_ms: ms, wall_ms: 1_000_000 + ms }
}

fn failed() -> Input {
    Input::Failed { why: "gone".into() }
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
    assert_eq!(actions, [Action::Connect, Action::Publish(Status::Connecting { attempt: 1 })]);
    let actions = supervisor.step(failed(), at(100), 0);
    let offline = Status::Offline { next_try_ms: Some(1_000_600), why: Some("gone".into()) };
    assert_eq!(actions, [Action::HangUp, Action::Publish(offline)]);
    assert_eq!(supervisor.step(Input::Tick, at(599), 0), [], "not before");
    let actions = supervisor.step(Input::Tick, at(600), 0);
    assert_eq!(actions, [Action::Connect, Action::Publish(Status::Connecting { attempt: 2 })]);
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
    answered.step(Input::Heard, at(PING_AFTER_MS + 5), 0);
    assert_eq!(answered.step(Input::Tick, dead, 0), [], "an answer saves it");
    assert_eq!(supervisor.step(Input::Tick, dead, 0)[0], Action::HangUp);
}

#[test]
fn after_a_sleep_a_waiting_one_tries_at_once_and_a_connected_one_is_checked_soon() {
    let slept = |mono: u64| Now { mono_ms: mono, wall_ms: 1_000_000 + mono + 3_600_000 };
    let mut waiting = Supervisor::default();
    waiting.step(Input::Start, at(0), 0);
    waiting.step(failed(), at(0), 0);
    assert_eq!(waiting.step(Input::Tick, slept(10), 0)[0], Action::Connect);

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
    assert_eq!(supervisor.step(Input::TryNow, at(10_000_001), 0)[0], Action::Connect);
}

#[test]
fn an_attempt_that_stalls_ends_and_so_does_a_link_without_a_greeting() {
    let mut stalled = Supervisor::default();
    stalled.step(Input::Start, at(0), 0);
    assert_eq!(stalled.step(Input::Tick, at(CONNECT_LIMIT_MS), 0)[0], Action::HangUp);

    let mut mute = Supervisor::default();
    mute.step(Input::Start, at(0), 0);
    mute.step(Input::Opened, at(10), 0);
    assert_eq!(mute.step(Input::Tick, at(10 + GREETING_LIMIT_MS), 0)[0], Action::HangUp);
}

#[test]
fn without_a_server_nothing_happens() {
    let mut supervisor = Supervisor::default();
    for input in [Input::TryNow, failed(), Input::Opened, Input::Ready, Input::Heard, Input::Tick] {
        assert_eq!(supervisor.step(input.clone(), at(5), 9), [], "{input:?}");
    }
    assert_eq!(supervisor.step(Input::Stop { why: None }, at(6), 0), []);
}

fn input() -> impl Strategy<Value = Input> {
    prop_oneof![
        1 => Just(Input::Start),
        1 => Just(Input::Stop { why: None }),
        1 => Just(Input::Forget),
        2 => Just(Input::TryNow),
        6 => Just(Input::Opened),
        6 => Just(Input::Ready),
        4 => Just(Input::Heard),
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
        let (mut live, mut shown) = (false, Status::Local);
        let (mut mono, mut wall) = (0u64, 10_000_000_000u64);
        for (input, pause, jump, random) in steps {
            mono += pause;
            wall = (wall + pause).saturating_add_signed(jump);
            let now = Now { mono_ms: mono, wall_ms: wall };
            for action in supervisor.step(input, now, random) {
                match action {
                    Action::Connect => {
                        prop_assert!(!live, "a second link");
                        live = true;
                    }
                    Action::HangUp => {
                        prop_assert!(live, "nothing to hang up");
                        live = false;
                    }
                    Action::Ping => prop_assert!(live),
                    Action::Publish(status) => {
                        prop_assert_ne!(&status, &shown, "published twice");
                        shown = status;
                    }
                }
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
                    Action::Connect => {
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
