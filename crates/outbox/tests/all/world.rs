//! A computer with an outbox, its disk, a network and a server, all of which fail when they are told to.

use crate::model::Step;
use inkhorn_outbox::{
    Action, EXPIRY_MS, Entry, Event, MAX_PARALLEL, News, Now, Outbox, Outcome, Refusal, Reply, Stored,
    replaces,
};
use inkhorn_protocol::OpId;
use inkhorn_protocol::projection::OperationState;
use inkhorn_protocol::rest::Operation;
use inkhorn_protocol::session::Reason;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Titles that the model server refuses.
const REFUSED: &str = "refused";

/// The server: does each id once and keeps its answer; what it did stands in `done`, in order.
#[derive(Default)]
struct Server {
    kept: BTreeMap<OpId, Reply>,
    done: Vec<(OpId, Operation)>,
}

impl Server {
    fn operate(&mut self, op: &OpId, operation: &Operation) -> Reply {
        if let Some(reply) = self.kept.get(op) {
            return reply.clone();
        }
        let refused = matches!(operation,
            Operation::SetTitle { title, .. } | Operation::Register { title, .. } if title == REFUSED);
        let reply = if refused {
            Reply::Rejected(Refusal { reason: Reason::IdTaken, taken: vec!["lesson:x".parse().unwrap()] })
        } else {
            self.done.push((op.clone(), operation.clone()));
            Reply::Done
        };
        self.kept.insert(op.clone(), reply.clone());
        reply
    }
}

#[derive(Debug, Clone)]
enum DiskJob {
    Save(Entry),
    Finish(Entry),
    Remove(OpId),
}

#[derive(Debug, Clone)]
struct Request {
    op: OpId,
    operation: Operation,
    attempt: u64,
    /// The run of the program that sent it: an answer to an earlier run reaches nobody.
    run: u32,
    reply: Option<Reply>,
}

/// How an operation ended, as far as this world was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Done,
    Superseded,
    LetGo,
    NotKept,
}

pub(crate) struct World {
    outbox: Outbox,
    server: Server,
    rows: Vec<Entry>,
    disk: VecDeque<DiskJob>,
    requests: Vec<Request>,
    events: Vec<(OpId, Option<Reason>)>,
    /// Effects that were written on this computer, by id.
    effects: BTreeMap<OpId, u32>,
    fates: BTreeMap<OpId, Fate>,
    asked: BTreeMap<OpId, Operation>,
    order: Vec<OpId>,
    /// Places in `order` at which the user asked for it: first, and last (an expired one may be asked for again).
    wanted: BTreeMap<OpId, (usize, usize)>,
    now: Now,
    run: u32,
    ids: u32,
    sends: BTreeMap<OpId, u32>,
    /// Everything that may cause a send of an operation again, counted.
    causes: u32,
    seed: u64,
}

impl World {
    pub(crate) fn new(seed: u64) -> Self {
        let mut world = Self {
            outbox: Outbox::default(),
            server: Server::default(),
            rows: Vec::new(),
            disk: VecDeque::new(),
            requests: Vec::new(),
            events: Vec::new(),
            effects: BTreeMap::new(),
            fates: BTreeMap::new(),
            asked: BTreeMap::new(),
            order: Vec::new(),
            wanted: BTreeMap::new(),
            now: Now { wall_ms: EXPIRY_MS * 100, mono_ms: 0 },
            run: 0,
            ids: 0,
            sends: BTreeMap::new(),
            causes: 0,
            seed,
        };
        world.start();
        world
    }

    fn start(&mut self) {
        self.run += 1;
        self.outbox = Outbox::default();
        let mut stored = Stored::default();
        for row in &self.rows {
            // Through the text, as it is on the disk.
            stored.entries.push(Entry::from_row(&row.to_row().expect("writes")).expect("reads"));
        }
        self.feed(Event::Restored { entries: stored.entries, unreadable: stored.unreadable });
    }

    fn feed(&mut self, event: Event) {
        self.seed = self.seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        for action in self.outbox.step(event, self.now, self.seed >> 32) {
            match action {
                Action::Save(entry) => self.disk.push_back(DiskJob::Save(entry)),
                Action::Finish(entry) => self.disk.push_back(DiskJob::Finish(entry)),
                Action::Remove(op) => self.disk.push_back(DiskJob::Remove(op)),
                Action::Send { op, operation, attempt } => self.send(op, operation, attempt),
                Action::Tell(op, News::Ended(outcome)) => self.ended(op, &outcome),
                Action::Tell(..) | Action::Changed => {}
            }
        }
        self.check();
    }

    fn send(&mut self, op: OpId, operation: Operation, attempt: u64) {
        let row = self.rows.iter().find(|row| row.op == op);
        assert!(row.is_some_and(|row| row.tries > 0), "{op} was sent before that was written down");
        // One that was done already stands in nobody's way, whether its answer has come or not.
        let open = self.requests.iter().filter(|request| request.run == self.run);
        let open: Vec<_> = open.filter(|request| !self.server.kept.contains_key(&request.op)).collect();
        assert!(
            open.iter().all(|request| request.operation.course() != operation.course()),
            "two of a scope at a time"
        );
        assert!(open.len() < MAX_PARALLEL);
        *self.sends.entry(op.clone()).or_default() += 1;
        self.requests.push(Request { op, operation, attempt, run: self.run, reply: None });
    }

    fn ended(&mut self, op: OpId, outcome: &Outcome) {
        let fate = match outcome {
            Outcome::Done => Fate::Done,
            Outcome::Superseded => Fate::Superseded,
            Outcome::LetGo => Fate::LetGo,
            Outcome::NotKept(_) => Fate::NotKept,
            // These are kept, and may still end otherwise.
            Outcome::Rejected(_) | Outcome::Expired => return,
        };
        let before = self.fates.insert(op.clone(), fate);
        assert_eq!(before, None, "{op} ended twice");
    }

    /// What holds after every step.
    fn check(&self) {
        if let Some(at) = self.outbox.wake_at() {
            assert!(at > self.now.mono_ms || self.pending_tick(at), "a wake in the past would spin");
        }
        for (op, count) in &self.effects {
            assert!(*count <= 1 || self.causes > 0, "{op}: the effect was written {count} times");
        }
    }

    /// A timer that is due is allowed until the tick comes; nothing that is to be sent may wait in the past.
    fn pending_tick(&self, at: u64) -> bool {
        at <= self.now.mono_ms
            && self
                .outbox
                .list(self.now)
                .iter()
                .any(|info| matches!(info.state, OperationState::Acked | OperationState::Confirmed))
    }

    fn wants(&mut self, op: &OpId) {
        let at = self.order.len();
        self.order.push(op.clone());
        self.wanted.entry(op.clone()).and_modify(|(_, last)| *last = at).or_insert((at, at));
    }

    fn submit(&mut self, course: u8, register: bool, title: &str) {
        self.ids += 1;
        let op: OpId = format!("op{}", self.ids).parse().expect("id");
        let course = format!("c{course}").parse().expect("id");
        let operation = if register {
            let documents = vec![format!("lesson:{}", self.ids % 3).parse().expect("id")];
            Operation::Register { course, title: title.into(), documents }
        } else {
            Operation::SetTitle { course, title: title.into() }
        };
        self.asked.insert(op.clone(), operation.clone());
        self.wants(&op);
        self.feed(Event::Submit { op, operation });
    }

    fn disk(&mut self, works: bool) {
        let Some(job) = self.disk.pop_front() else { return };
        let outcome = if works { Ok(()) } else { Err("the disk is full".to_owned()) };
        if !works {
            self.causes += 1;
        }
        match job {
            DiskJob::Save(entry) => {
                let op = entry.op.clone();
                if works {
                    match self.rows.iter_mut().find(|row| row.op == op) {
                        Some(row) => *row = entry,
                        None => self.rows.push(entry),
                    }
                }
                self.feed(Event::Saved { op, outcome });
            }
            DiskJob::Finish(entry) => {
                let op = entry.op.clone();
                if works {
                    assert!(self.server.kept.get(&op) == Some(&Reply::Done), "{op} was not done");
                    *self.effects.entry(op.clone()).or_default() += 1;
                    self.rows.retain(|row| row.op != op);
                }
                self.feed(Event::Finished { op, outcome });
            }
            DiskJob::Remove(op) => {
                if works {
                    self.rows.retain(|row| row.op != op);
                }
                self.feed(Event::Removed { op, outcome });
            }
        }
    }

    fn pick(&self, which: u8, fits: impl Fn(&Request) -> bool) -> Option<usize> {
        let fitting: Vec<usize> =
            self.requests.iter().enumerate().filter(|(_, r)| fits(r)).map(|(at, _)| at).collect();
        (!fitting.is_empty()).then(|| fitting[usize::from(which) % fitting.len()])
    }

    fn arrive(&mut self, which: u8) {
        let Some(at) = self.pick(which, |request| request.reply.is_none()) else { return };
        let request = &mut self.requests[at];
        let reply = self.server.operate(&request.op, &request.operation);
        let rejected = match &reply {
            Reply::Rejected(refusal) => Some(refusal.reason.clone()),
            _ => None,
        };
        self.events.push((request.op.clone(), rejected));
        request.reply = Some(reply);
    }

    fn reply(&mut self, at: usize, reply: Reply) {
        let request = self.requests.remove(at);
        if request.run == self.run {
            self.feed(Event::Replied { op: request.op, attempt: request.attempt, reply });
        }
    }

    pub(crate) fn perform(&mut self, step: Step) {
        match step {
            Step::Submit { course, register, refused } => {
                let title = if refused { REFUSED.to_owned() } else { format!("title {}", self.ids) };
                self.submit(course, register, &title);
            }
            Step::Disk { works } => self.disk(works),
            Step::Arrive { which } => self.arrive(which),
            Step::Lose { which } => {
                if let Some(at) = self.pick(which, |_| true) {
                    self.causes += 1;
                    self.reply(at, Reply::Unreachable("the connection broke off".into()));
                }
            }
            Step::Answer { which } => {
                if let Some(at) = self.pick(which, |request| request.reply.is_some()) {
                    let reply = self.requests[at].reply.clone().expect("picked");
                    self.reply(at, reply);
                }
            }
            Step::SignOut { which } => {
                if let Some(at) = self.pick(which, |request| request.reply.is_none()) {
                    self.causes += 1;
                    self.reply(at, Reply::SignedOut("sign in again".into()));
                }
            }
            Step::Complete { which, lost } => {
                if self.events.is_empty() {
                    return;
                }
                let at = usize::from(which) % self.events.len();
                // An event may come twice: it stays when `which` is odd.
                let (op, rejected) = self.events[at].clone();
                if lost || which % 2 == 0 {
                    self.events.remove(at);
                }
                if !lost {
                    self.feed(Event::Completed { op, rejected });
                }
            }
            Step::Gate { open, listening } => {
                self.causes += 1;
                self.feed(Event::Gate { open, listening });
            }
            Step::Resync => {
                self.causes += 1;
                self.feed(Event::Resync);
            }
            Step::Time { ms } => self.time(u64::from(ms)),
            Step::Clock { days } => {
                let jump = i64::from(days) * 24 * 3_600_000;
                self.now.wall_ms = self.now.wall_ms.saturating_add_signed(jump);
                self.feed(Event::Tick);
            }
            Step::Restart => {
                self.causes += 1;
                // What was queued for the disk and not done is gone; so are the clock that goes on and all answers.
                self.disk.clear();
                self.now.mono_ms = 0;
                self.start();
            }
            Step::TryNow { which } => {
                if let Some(op) = self.listed(which) {
                    self.causes += 1;
                    self.feed(Event::TryNow(op));
                }
            }
            Step::Retry { which } => {
                let Some(op) = self.listed(which).filter(|op| self.outbox.may_retry(op)) else { return };
                self.causes += 1;
                self.ids += 1;
                let fresh: OpId = format!("op{}", self.ids).parse().expect("id");
                let before = self.outbox.entries().count();
                let operation = self.asked[&op].clone();
                self.feed(Event::Retry { op: op.clone(), fresh: fresh.clone() });
                if self.outbox.entries().count() > before {
                    self.asked.insert(fresh.clone(), operation);
                    self.wants(&fresh);
                } else {
                    self.wants(&op);
                }
            }
            Step::LetGo { which } => {
                let Some(op) = self.listed(which).filter(|op| self.outbox.may_let_go(op)) else { return };
                self.feed(Event::LetGo(op));
            }
        }
    }

    fn listed(&self, which: u8) -> Option<OpId> {
        let list = self.outbox.list(self.now);
        (!list.is_empty()).then(|| list[usize::from(which) % list.len()].op.clone())
    }

    fn time(&mut self, ms: u64) {
        self.causes += 1;
        self.now.wall_ms = self.now.wall_ms.saturating_add(ms);
        self.now.mono_ms += ms;
        self.feed(Event::Tick);
    }

    /// Everything works from now on, and whatever is under way goes to its end. Gives the number of rounds.
    pub(crate) fn quiesce(&mut self) {
        // A clock that was set far ahead makes everything old; that is another test.
        self.perform(Step::Gate { open: true, listening: true });
        for round in 0..400 {
            while !self.disk.is_empty() {
                self.disk(true);
            }
            while self.pick(0, |request| request.reply.is_none()).is_some() {
                self.arrive(0);
            }
            while let Some(at) = self.pick(0, |_| true) {
                let reply = self.requests[at].reply.clone().expect("arrived");
                self.reply(at, reply);
            }
            // The events are lost in every other round: then the server is asked again.
            for (op, rejected) in std::mem::take(&mut self.events) {
                if round % 2 == 0 {
                    self.feed(Event::Completed { op, rejected });
                }
            }
            let under_way = self
                .outbox
                .entries()
                .any(|entry| !matches!(entry.state, OperationState::Rejected | OperationState::Expired));
            if !under_way && self.disk.is_empty() && self.requests.is_empty() {
                return;
            }
            match self.outbox.wake_at() {
                Some(at) => self.time(at.saturating_sub(self.now.mono_ms)),
                None => assert!(
                    !self.disk.is_empty() || !self.requests.is_empty(),
                    "it stands still: {:?}",
                    self.outbox
                ),
            }
        }
        panic!("it does not come to an end: {:?}", self.outbox);
    }

    pub(crate) fn verify(&self) {
        let kept: BTreeSet<OpId> = self.outbox.entries().map(|entry| entry.op.clone()).collect();
        let rows: BTreeSet<OpId> = self.rows.iter().map(|row| row.op.clone()).collect();
        assert_eq!(kept, rows, "what is kept is on the disk, and nothing else is");
        let done: BTreeMap<&OpId, usize> =
            self.server.done.iter().enumerate().map(|(at, (op, _))| (op, at)).collect();
        assert_eq!(done.len(), self.server.done.len(), "the server did an operation twice");
        for (op, operation) in &self.asked {
            match self.fates.get(op) {
                Some(Fate::Done) => {
                    assert!(done.contains_key(op), "{op} is said to be done, and is not");
                    assert_eq!(self.effects.get(op), Some(&1), "{op}: its effect is written once");
                }
                Some(Fate::Superseded) => {
                    let newer = self.order.iter().skip_while(|other| *other != op).skip(1);
                    assert!(
                        newer.into_iter().any(|new| replaces(&self.asked[new], operation)),
                        "{op} was dropped for nothing"
                    );
                }
                Some(Fate::LetGo | Fate::NotKept) => {}
                // Before the disk had it, the program ended: nobody was told that it is kept.
                None if !kept.contains(op) => {
                    assert!(
                        self.effects.contains_key(op) || !self.sends.contains_key(op),
                        "{op} was lost: {operation:?}"
                    );
                }
                None => {}
            }
        }
        // In the order of its scope. What was let go while nobody knew what became of it may come late: it was let go.
        for (at, (op, operation)) in self.server.done.iter().enumerate() {
            for (later, other) in &self.server.done[at + 1..] {
                // One that was asked for again has two places: it may be done at either, or between them.
                let (first, _) = self.wanted[op];
                let (_, last) = self.wanted[later];
                let odd = |op: &OpId| !matches!(self.fates.get(op), Some(Fate::Done));
                assert!(
                    operation.course() != other.course() || odd(op) || odd(later) || first < last,
                    "{op} was done before {later}"
                );
            }
        }
        for (op, sends) in &self.sends {
            assert!(*sends <= 2 + self.causes, "{op} was sent {sends} times for {} causes", self.causes);
        }
    }
}
