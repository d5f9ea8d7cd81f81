//! The server: its real engine on a disk and a network of ours.

use crate::disk::Disk;
use crate::net::{Happening, LinkId, Net};
use crate::sabotage::Sabotage;
use bytes::Bytes;
use inkhorn_protocol::frame::{Frame, Message};
use inkhorn_protocol::session::{Reason, Role};
use inkhorn_protocol::{CourseId, DocId};
use inkhorn_server::engine::event::{Change, User};
use inkhorn_server::engine::{Action, Engine, Event, LogError};
use std::collections::{BTreeMap, BTreeSet};

/// Ticks of the hub, in milliseconds.
const TICK_MS: u64 = 200;

/// What the disk does with the next batches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
    Well,
    Full,
    /// Written or not: the answer is lost.
    Uncertain,
}

pub(crate) struct Server {
    pub(crate) disk: Disk,
    /// None while it is down.
    engine: Option<Engine>,
    /// Counts starts; what belongs to an earlier one does not arrive any more.
    run: u32,
    pub(crate) health: Health,
    /// How far its clock is from the virtual one.
    pub(crate) clock_ms: i64,
    /// Tokens that it knows, with their users.
    pub(crate) tokens: BTreeMap<String, String>,
    /// Links on which the next relayed update is left out.
    pub(crate) skip: BTreeSet<LinkId>,
    sabotage: Sabotage,
}

impl Server {
    pub(crate) fn new(sabotage: Sabotage) -> Self {
        Self {
            disk: Disk::default(),
            engine: None,
            run: 0,
            health: Health::Well,
            clock_ms: 0,
            tokens: BTreeMap::new(),
            skip: BTreeSet::new(),
            sabotage,
        }
    }

    pub(crate) fn is_up(&self) -> bool {
        self.engine.is_some()
    }

    pub(crate) fn run(&self) -> u32 {
        self.run
    }

    pub(crate) fn start(&mut self, net: &mut Net) {
        if self.engine.is_none() {
            self.run += 1;
            self.engine = Some(Engine::new("epoch".to_owned()));
            net.after(TICK_MS, Happening::ServerTick { run: self.run });
        }
    }

    /// Ends without warning.
    pub(crate) fn crash(&mut self, torn: u32) -> Result<(), String> {
        self.engine = None;
        self.run += 1;
        self.skip.clear();
        self.disk.crash(torn)
    }

    fn wall(&self, net: &Net) -> u64 {
        crate::wall(net.now, self.clock_ms)
    }

    pub(crate) fn tick(&mut self, net: &mut Net) -> Result<(), String> {
        net.after(TICK_MS, Happening::ServerTick { run: self.run });
        self.step(Event::Tick, net)
    }

    pub(crate) fn frame(&mut self, link: LinkId, bytes: &[u8], net: &mut Net) -> Result<(), String> {
        let frame = Frame::decode(bytes).map_err(|error| format!("the client sent nonsense: {error}"))?;
        self.step(Event::Frame { conn: link, frame }, net)
    }

    pub(crate) fn step(&mut self, event: Event, net: &mut Net) -> Result<(), String> {
        let wall = self.wall(net);
        let Some(engine) = &mut self.engine else { return Ok(()) };
        for action in engine.step(event, wall) {
            self.perform(action, net)?;
        }
        Ok(())
    }

    fn perform(&mut self, action: Action, net: &mut Net) -> Result<(), String> {
        let run = self.run;
        let later = |net: &mut Net, event| {
            net.soon(0..8, Happening::Server { run, event: Box::new(event) });
        };
        match action {
            Action::Send { conn, frames } => {
                for bytes in frames {
                    if !self.is_left_out(conn, &bytes) {
                        net.down(conn, bytes);
                    }
                }
            }
            Action::Disconnect { conn, .. } => net.hang_up(conn),
            Action::Authorise { conn, key, ticket, token, doc } => {
                let user = self
                    .tokens
                    .get(&token)
                    .map(|id| User { id: id.as_str().into(), name: id.as_str().into() });
                let result = user.ok_or(Reason::Unauthenticated);
                let result = result.and_then(|user| self.disk.authorise(user, doc.as_ref()));
                later(net, Event::Authorised { conn, key, ticket, result });
            }
            Action::Load { doc } => {
                let result = self.disk.load(&doc).map(Box::new);
                later(net, Event::Loaded { doc, result });
            }
            Action::Commit(batch) if batch.entries.is_empty() => {
                later(net, Event::Committed { result: Ok(Vec::new()) });
            }
            Action::Commit(batch) => {
                self.disk.write(batch);
                if self.sabotage == Sabotage::AckBeforeSync {
                    // The answer comes at once; the sync may come too late.
                    later(net, Event::Committed { result: Ok(Vec::new()) });
                    net.soon(20..400, Happening::Landed { run });
                } else {
                    net.soon(1..15, Happening::Landed { run });
                }
            }
            // Nothing here is long enough to need one.
            Action::Checkpoint { .. } => {}
            Action::Greet { conn, user, since } => {
                let result = Ok(self.disk.greet(&user, since));
                later(net, Event::Greeted { conn, result });
            }
        }
        Ok(())
    }

    fn is_left_out(&mut self, link: LinkId, bytes: &[u8]) -> bool {
        if !self.skip.contains(&link) {
            return false;
        }
        let update = matches!(Frame::decode(bytes), Ok(Frame::Doc { message: Message::Update(_), .. }));
        update && self.skip.remove(&link)
    }

    /// The batch that is being written has come to its end.
    pub(crate) fn landed(&mut self, net: &mut Net) -> Result<(), String> {
        if self.sabotage == Sabotage::AckBeforeSync {
            return self.disk.sync().map(drop);
        }
        let result = match self.health {
            Health::Well => Ok(self.disk.sync()?),
            Health::Full => {
                self.disk.take_back();
                Err(LogError::RolledBack("no room".to_owned()))
            }
            Health::Uncertain => {
                if rand::Rng::random_bool(&mut net.rng, 0.5) {
                    self.disk.sync()?;
                } else {
                    self.disk.take_back();
                }
                Err(LogError::Uncertain("no answer".to_owned()))
            }
        };
        self.step(Event::Committed { result }, net)
    }

    /// An operation of a user: registers documents. None while it is down or its disk is full.
    pub(crate) fn register(
        &mut self,
        user: &str,
        course: &CourseId,
        docs: &[DocId],
        net: &mut Net,
    ) -> Option<Result<(), Reason>> {
        if self.engine.is_none() || self.health != Health::Well {
            return None;
        }
        match self.disk.register(user, course, docs) {
            Ok(changes) => {
                for change in changes {
                    self.tell(change, net);
                }
                Some(Ok(()))
            }
            Err(reason) => Some(Err(reason)),
        }
    }

    /// An administrator sets a role.
    pub(crate) fn set_role(&mut self, course: &CourseId, user: &str, role: Option<Role>, net: &mut Net) {
        let change = self.disk.set_role(course, user, role);
        self.tell(change, net);
    }

    /// The hub reads changes a moment later, as it polls.
    fn tell(&mut self, change: Change, net: &mut Net) {
        if self.engine.is_some() {
            let event = Box::new(Event::Changed(change));
            net.soon(1..200, Happening::Server { run: self.run, event });
        }
    }

    /// Makes bytes of a frame.
    pub(crate) fn bytes(key: &str, message: Message) -> Bytes {
        Bytes::from(Frame::doc(key, message).encode())
    }
}
