//! Random lives of an outbox against a model of the server: answers and events are lost, doubled and late, programs end
//! at every point, the disk fails, clocks jump. At the end every operation has had its effect exactly once, in the order
//! of its scope, and none was lost.

use crate::world::World;
use proptest::prelude::*;

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Submit {
        course: u8,
        register: bool,
        refused: bool,
    },
    /// The disk does the next thing that was asked of it; or fails.
    Disk {
        works: bool,
    },
    /// A request that is on its way reaches the server.
    Arrive {
        which: u8,
    },
    /// A request, or its answer, is lost.
    Lose {
        which: u8,
    },
    /// An answer reaches the app.
    Answer {
        which: u8,
    },
    /// A completion event reaches the app, or is lost.
    Complete {
        which: u8,
        lost: bool,
    },
    /// The answer to a request is that the sign-in is no good.
    SignOut {
        which: u8,
    },
    Gate {
        open: bool,
        listening: bool,
    },
    Resync,
    Time {
        ms: u32,
    },
    /// The user sets the clock.
    Clock {
        days: i16,
    },
    /// The program ends here, and starts again.
    Restart,
    TryNow {
        which: u8,
    },
    Retry {
        which: u8,
    },
    LetGo {
        which: u8,
    },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..4u8, any::<bool>(), prop::bool::weighted(0.2))
            .prop_map(|(course, register, refused)| Step::Submit { course, register, refused }),
        12 => prop::bool::weighted(0.9).prop_map(|works| Step::Disk { works }),
        8 => any::<u8>().prop_map(|which| Step::Arrive { which }),
        2 => any::<u8>().prop_map(|which| Step::Lose { which }),
        6 => any::<u8>().prop_map(|which| Step::Answer { which }),
        6 => (any::<u8>(), any::<bool>()).prop_map(|(which, lost)| Step::Complete { which, lost }),
        1 => any::<u8>().prop_map(|which| Step::SignOut { which }),
        3 => (prop::bool::weighted(0.7), any::<bool>())
            .prop_map(|(open, listening)| Step::Gate { open, listening: open && listening }),
        1 => Just(Step::Resync),
        4 => (0..20_000u32).prop_map(|ms| Step::Time { ms }),
        1 => (-400..40i16).prop_map(|days| Step::Clock { days }),
        2 => Just(Step::Restart),
        1 => any::<u8>().prop_map(|which| Step::TryNow { which }),
        2 => any::<u8>().prop_map(|which| Step::Retry { which }),
        1 => any::<u8>().prop_map(|which| Step::LetGo { which }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn every_operation_has_its_effect_once_whatever_is_lost_and_wherever_the_program_ends(
        steps in prop::collection::vec(step(), 0..160),
        seed in any::<u64>(),
    ) {
        let mut world = World::new(seed);
        for step in steps {
            world.perform(step);
        }
        world.quiesce();
        world.verify();
    }
}
