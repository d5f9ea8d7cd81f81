//! Plans: what happens in a run, step by step. A seed makes one; a file keeps one; shrinking drops steps of one.

use inkhorn_protocol::session::Role;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// How long a plan's steps are spread over, in virtual milliseconds: long enough for retries, leases of roles and several
/// links, short enough that a thousand runs end in minutes.
const LENGTH_MS: u64 = 40_000;

/// A run: everything else follows from it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Seed of what the steps leave open: ids, delays, which of several things comes first.
    pub seed: u64,
    /// Computers. The first one makes the course.
    pub clients: usize,
    /// Steps in order of their time.
    pub steps: Vec<Step>,
}

/// Something that happens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When, in virtual milliseconds.
    pub at_ms: u64,
    /// What.
    pub what: What,
}

/// What may happen. `pick` chooses among what is there at that time, so that a step means something also when others were
/// dropped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum What {
    /// Somebody does something with the course.
    Edit {
        /// Computer.
        client: usize,
        /// What.
        edit: Edit,
        /// Which lesson, chapter or place.
        pick: u32,
    },
    /// A window shows a lesson from now on.
    Open {
        /// Computer.
        client: usize,
        /// Which lesson.
        pick: u32,
    },
    /// All windows of a computer are closed.
    CloseAll {
        /// Computer.
        client: usize,
    },
    /// The link breaks: what is on its way in either direction is lost.
    Cut {
        /// Computer.
        client: usize,
        /// When the server notices, after that.
        server_after_ms: u64,
    },
    /// No connection for a while.
    Partition {
        /// Computer.
        client: usize,
        /// How long.
        for_ms: u64,
    },
    /// A computer ends without warning and starts again.
    Crash {
        /// Computer.
        client: usize,
        /// How much of the commit that was under way is on disk, of 1,000; none: there was none.
        torn: Option<u32>,
        /// How long it is down.
        for_ms: u64,
    },
    /// The server ends without warning and starts again.
    CrashServer {
        /// How much of what was not synced is on disk, of 1,000.
        torn: u32,
        /// How long it is down.
        for_ms: u64,
    },
    /// The server's disk does not take what is written.
    ServerDisk {
        /// Nobody can tell whether it did: the answer gets lost.
        uncertain: bool,
        /// How long.
        for_ms: u64,
    },
    /// The disk of a computer is full.
    ClientDisk {
        /// Computer.
        client: usize,
        /// How long.
        for_ms: u64,
    },
    /// A sign-in is no longer known to the server; asked for it, the user signs in again.
    Expire {
        /// Computer.
        client: usize,
    },
    /// An administrator changes a role, and back.
    Role {
        /// Computer whose user it is.
        client: usize,
        /// The role; none: no member any more.
        role: Option<Role>,
        /// How long.
        for_ms: u64,
    },
    /// A clock is set.
    Clock {
        /// Computer; none: the server.
        client: Option<usize>,
        /// By how much, in milliseconds.
        by_ms: i64,
    },
    /// The server leaves out an update that it ought to relay on a link, and goes on. A link never does that; it stands for
    /// a mistake in a queue, which the numbers of the order are there to find.
    Skip {
        /// Computer.
        client: usize,
    },
}

/// What people do with a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// Types a word in a window.
    Type,
    /// Removes a word in a window.
    Erase,
    /// Adds a paragraph by a command.
    Append,
    /// Adds a lesson.
    AddLesson,
    /// Adds a chapter.
    AddChapter,
    /// Renames a node.
    Rename,
    /// Moves a lesson to another chapter.
    Move,
    /// Trashes a lesson or chapter.
    Trash,
    /// Takes something out of Trash.
    Restore,
}

/// Kinds of faults. Each seed has some of them and not others: a fault that is always there hides what only happens
/// without it.
const FAULTS: usize = 10;

impl Plan {
    /// The plan of a seed.
    pub fn from_seed(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let clients = rng.random_range(2..=4);
        let enabled: Vec<bool> = (0..FAULTS).map(|_| rng.random_bool(0.5)).collect();
        let kinds: Vec<usize> = (0..FAULTS).filter(|kind| enabled[*kind]).collect();
        let mut steps = Vec::new();
        for _ in 0..rng.random_range(15..45) {
            let client = rng.random_range(0..clients);
            let at_ms = rng.random_range(0..LENGTH_MS);
            let edit = edit(&mut rng);
            // People type in bursts.
            let burst = if edit == Edit::Type { rng.random_range(1..6) } else { 1 };
            let pick = rng.random();
            for number in 0..burst {
                let what = What::Edit { client, edit, pick };
                steps.push(Step { at_ms: at_ms + number * rng.random_range(1..120), what });
            }
        }
        for _ in 0..rng.random_range(1..8) {
            let (client, pick) = (rng.random_range(0..clients), rng.random());
            let what =
                if rng.random_bool(0.7) { What::Open { client, pick } } else { What::CloseAll { client } };
            steps.push(Step { at_ms: rng.random_range(0..LENGTH_MS), what });
        }
        if let Some(first) = kinds.first() {
            for _ in 0..rng.random_range(2..12) {
                let kind = *kinds.choose(&mut rng).unwrap_or(first);
                let what = fault(kind, clients, &mut rng);
                steps.push(Step { at_ms: rng.random_range(0..LENGTH_MS), what });
            }
        }
        steps.sort_by_key(|step| step.at_ms);
        Self { seed, clients, steps }
    }
}

fn edit(rng: &mut ChaCha8Rng) -> Edit {
    match rng.random_range(0..100) {
        0..45 => Edit::Type,
        45..55 => Edit::Erase,
        55..65 => Edit::Append,
        65..73 => Edit::AddLesson,
        73..76 => Edit::AddChapter,
        76..80 => Edit::Rename,
        80..87 => Edit::Move,
        87..95 => Edit::Trash,
        _ => Edit::Restore,
    }
}

fn fault(kind: usize, clients: usize, rng: &mut ChaCha8Rng) -> What {
    let client = rng.random_range(0..clients);
    let for_ms = match rng.random_range(0..3) {
        0 => rng.random_range(1..300),
        1 => rng.random_range(300..3_000),
        _ => rng.random_range(3_000..15_000),
    };
    match kind {
        0 => What::Cut { client, server_after_ms: for_ms },
        1 => What::Partition { client, for_ms },
        2 => {
            let torn = rng.random_bool(0.7).then(|| rng.random_range(0..=1_000));
            What::Crash { client, torn, for_ms }
        }
        3 => What::CrashServer { torn: rng.random_range(0..=1_000), for_ms },
        4 => What::ServerDisk { uncertain: rng.random_bool(0.4), for_ms },
        5 => What::ClientDisk { client, for_ms },
        6 => What::Expire { client },
        7 => {
            let role = *[None, Some(Role::Viewer), Some(Role::Owner)].choose(rng).unwrap_or(&None);
            What::Role { client, role, for_ms }
        }
        8 => {
            let client = rng.random_bool(0.7).then_some(client);
            let by = *[1_000_i64, 60_000, 3_600_000, 86_400_000 * 400].choose(rng).unwrap_or(&0);
            What::Clock { client, by_ms: if rng.random_bool(0.5) { by } else { -by } }
        }
        _ => What::Skip { client },
    }
}
