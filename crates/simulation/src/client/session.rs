//! The session: what core's does, with the same turns, one event after another.

use super::*;

impl Client {
    pub(crate) fn connect(&mut self, server_up: bool, net: &mut Net) {
        if self.live.is_some() || self.signed_out || !self.is_up() {
            return;
        }
        if self.partitioned || !server_up {
            return net.soon(500..2_500, Happening::Connect { client: self.number, run: self.run });
        }
        let link = net.open(self.number);
        self.live = Some(Live { link, engine: Engine::new(self.token.clone()), turns: Turns::default() });
        self.send(SESSION_DOC, Message::Token(self.token.clone()), net);
        self.hello(net);
    }

    /// The link is gone.
    pub(crate) fn lost(&mut self, link: LinkId, net: &mut Net) {
        if self.live.as_ref().is_some_and(|live| live.link == link) {
            self.live = None;
            net.soon(100..2_500, Happening::Connect { client: self.number, run: self.run });
        }
    }

    /// Ends the link from this side.
    fn reset(&mut self, net: &mut Net) {
        if let Some(link) = self.live.as_ref().map(|live| live.link) {
            let server_after = net.rng.random_range(1..100);
            net.cut(link, server_after, 0);
            self.lost(link, net);
        }
    }

    /// The server does not know the token: the user signs in after a while.
    fn deny(&mut self, net: &mut Net) {
        self.signed_out = true;
        self.reset(net);
        net.soon(500..8_000, Happening::End(End::SignIn(self.number)));
    }

    fn send(&mut self, key: &str, message: Message, net: &mut Net) {
        if let Some(live) = &self.live {
            net.up(live.link, Server::bytes(key, message));
        }
    }

    fn hello(&mut self, net: &mut Net) {
        let Some(live) = &mut self.live else { return };
        if !live.turns.hello() {
            return;
        }
        match self.ask(Replica::hello) {
            Ok((epoch, since)) => {
                let hello = ToServer::Hello { protocol: PROTOCOL, epoch, since: since.into_iter().collect() };
                let text = serde_json::to_string(&hello).unwrap_or_default();
                self.send(SESSION_DOC, Message::Stateless(text), net);
            }
            Err(_) => self.reset(net),
        }
    }

    pub(crate) fn frame(&mut self, link: LinkId, bytes: &[u8], net: &mut Net) -> Result<(), String> {
        if self.live.as_ref().is_none_or(|live| live.link != link) {
            return Ok(());
        }
        let frame = Frame::decode(bytes).map_err(|error| format!("the server sent nonsense: {error}"))?;
        let Frame::Doc { key, message } = frame else { return Ok(()) };
        match key.parse::<DocId>() {
            Ok(doc) => self.doc_message(doc, message, net),
            Err(_) => self.session_message(message, net)?,
        }
        self.look_for_work(net);
        Ok(())
    }

    fn doc_message(&mut self, doc: DocId, message: Message, net: &mut Net) {
        let event = match message {
            Message::Stateless(text) => match serde_json::from_str::<DocNotice>(&text) {
                Ok(DocNotice::At { .. }) if self.sabotage == Sabotage::BlindToGaps => return,
                Ok(notice) => Event::Notice(notice),
                Err(_) => return,
            },
            message => Event::Frame { doc, message },
        };
        self.feed(event, net);
    }

    fn session_message(&mut self, message: Message, net: &mut Net) -> Result<(), String> {
        match message {
            Message::PermissionDenied(_) => self.deny(net),
            Message::Stateless(text) => {
                let told = serde_json::from_str(&text).map_err(|error| format!("{text}: {error}"))?;
                self.told(told, net);
            }
            Message::Close(_) => self.reset(net),
            _ => {}
        }
        Ok(())
    }

    fn told(&mut self, told: ToApp, net: &mut Net) {
        match told {
            ToApp::Changed { epoch, courses } => {
                let taken = self.ask(|replica| replica.hello_answered(epoch, courses));
                self.queued(net);
                if taken.is_err() {
                    return self.reset(net);
                }
                let Some(live) = &mut self.live else { return };
                let greeted = live.turns.greeted();
                if greeted.first {
                    for doc in self.open.clone() {
                        self.feed(Event::Opened(doc), net);
                    }
                } else {
                    self.feed(Event::Anew, net);
                }
                if greeted.again {
                    self.hello(net);
                }
            }
            ToApp::Event { course, prev_seq, course_seq, kind } => {
                let members = matches!(kind, EventKind::Members { .. } | EventKind::Unknown);
                let taken = self.ask(|replica| replica.course_event(&course, prev_seq, course_seq, kind));
                self.queued(net);
                match taken {
                    Ok(true) if members => self.feed(Event::Anew, net),
                    Ok(true) => {}
                    Ok(false) => self.hello(net),
                    Err(_) => return self.reset(net),
                }
                self.work_due();
            }
            ToApp::Receipt { .. } | ToApp::Unsupported { .. } => {}
        }
    }

    fn work_due(&mut self) {
        if let Some(live) = &mut self.live {
            live.turns.work_due();
        }
    }

    /// A change was committed here.
    pub(crate) fn changed(&mut self, change: &Change, net: &mut Net) {
        let Some(live) = &mut self.live else { return };
        let event = match (&change.kind, self.sabotage) {
            (inkhorn_replica::ChangeKind::Update(update), Sabotage::NoDetour) if change.origin.is_local() => {
                live.turns.work_due();
                let (doc, version, update) = (change.doc.clone(), change.version, Arc::clone(update));
                Some(Event::Committed { doc, version, update })
            }
            _ => live.turns.changed(change),
        };
        if let Some(event) = event {
            self.feed(event, net);
        }
        self.look_for_work(net);
    }

    pub(crate) fn tick(&mut self, net: &mut Net) {
        net.after(TICK_MS, Happening::ClientTick { client: self.number, run: self.run });
        self.feed(Event::Tick, net);
        self.look_for_work(net);
    }

    /// A window shows a document.
    pub(crate) fn open(&mut self, doc: DocId, net: &mut Net) {
        if self.open.insert(doc.clone()) {
            self.work_due();
            self.feed(Event::Opened(doc), net);
            self.look_for_work(net);
        }
    }

    pub(crate) fn close_all(&mut self, net: &mut Net) {
        for doc in std::mem::take(&mut self.open) {
            self.feed(Event::Closed(doc), net);
        }
        self.look_for_work(net);
    }

    fn look_for_work(&mut self, net: &mut Net) {
        let Some(live) = &mut self.live else { return };
        let Some(replica) = &self.replica else { return };
        if live.turns.ask() {
            let answer = replica.work(self.open.iter().cloned().collect());
            self.push(Box::pin(async move { Done::Work(answer.await) }), net);
        }
    }

    fn push(&mut self, future: BoxFuture<'static, Done>, net: &mut Net) {
        if let Some(live) = &self.live {
            self.under_way.push((live.link, future));
            self.queued(net);
        }
    }

    pub(crate) fn done(&mut self, link: LinkId, done: Done, net: &mut Net) {
        let Some(live) = self.live.as_mut().filter(|live| live.link == link) else { return };
        match done {
            Done::Engine(event) => self.feed(event, net),
            Done::Work(Ok(work)) => {
                live.turns.answered(&work);
                self.feed(Event::Work(work), net);
                let settled = |live: &Live| !live.turns.is_asking() && live.engine.is_settled();
                if self.live.as_ref().is_some_and(settled) {
                    self.claims.push(Claim::Settled);
                }
            }
            Done::Work(Err(_)) => self.reset(net),
            Done::Registered { course, done } => {
                self.feed(Event::Registered { course, done }, net);
                self.work_due();
            }
            Done::Stored(doc, Err(error)) if error.is_transient() => self.feed(Event::Unwritten(doc), net),
            Done::Stored(..) => {}
        }
        self.look_for_work(net);
    }

    /// The reply to a registration; none when it did not get through.
    pub(crate) fn registered(
        &mut self,
        link: LinkId,
        course: CourseId,
        docs: Option<Vec<DocId>>,
        net: &mut Net,
    ) {
        if self.live.as_ref().is_none_or(|live| live.link != link) {
            return;
        }
        let Some(replica) = &self.replica else { return };
        match docs {
            None => self.done(link, Done::Registered { course, done: false }, net),
            Some(docs) => {
                let stored = replica.registered(&course, docs, None);
                let future = async move { Done::Registered { course, done: stored.await.is_ok() } };
                self.push(Box::pin(future), net);
            }
        }
    }

    fn feed(&mut self, event: Event, net: &mut Net) {
        let wall = self.wall(net);
        let Some(live) = self.live.as_mut().filter(|live| live.turns.is_greeted()) else { return };
        for action in live.engine.step(event, wall) {
            self.perform(action, wall, net);
        }
    }

    fn perform(&mut self, action: Action, wall: u64, net: &mut Net) {
        let (Some(replica), Some(live)) = (&self.replica, &self.live) else { return };
        let link = live.link;
        match action {
            Action::Send { doc, message } => self.send(&doc.to_string(), message, net),
            Action::Read { doc, ticket, since } => {
                let read: BoxFuture<'static, _> = match since {
                    None => Box::pin(replica.state_vector(&doc)),
                    Some(since) => Box::pin(replica.diff(&doc, since)),
                };
                let event = async move { Done::Engine(Event::Read { doc, ticket, read: read.await }) };
                self.push(Box::pin(event), net);
            }
            Action::Apply { doc, ticket, update, caught_up } => {
                let applied = replica.apply_remote(&doc, update, caught_up);
                let event =
                    async move { Done::Engine(Event::Applied { doc, ticket, outcome: applied.await }) };
                self.push(Box::pin(event), net);
            }
            Action::Rebuild { doc, ticket, update, why, caught_up } => {
                let applied = replica.rebuild(&doc, update, why, caught_up, wall);
                let event =
                    async move { Done::Engine(Event::Applied { doc, ticket, outcome: applied.await }) };
                self.push(Box::pin(event), net);
            }
            Action::Verify { doc, ticket } => {
                let print = replica.fingerprint(&doc);
                let event = async move { Done::Engine(Event::Verified { doc, ticket, print: print.await }) };
                self.push(Box::pin(event), net);
            }
            Action::Differed { doc, repaired } => self.claims.push(Claim::Differed { doc, repaired }),
            Action::Acked { doc, version, doc_seq } => {
                self.claims.push(Claim::Acked { doc: doc.clone(), version });
                let stored = replica.acked(&doc, version, doc_seq);
                self.store(doc, Box::pin(stored), net);
            }
            Action::Subscribed { doc, on } => {
                let stored = replica.subscribed(&doc, on);
                self.store(doc, Box::pin(stored), net);
            }
            Action::Missed { doc } => {
                let stored = replica.missed(&doc);
                self.store(doc, Box::pin(stored), net);
                self.work_due();
            }
            Action::Reject { doc, reason } => {
                let stored = replica.reject(&doc, reason, wall);
                self.store(doc, Box::pin(stored), net);
            }
            Action::Register { course, docs } => {
                let (client, run) = (self.number, self.run);
                net.soon(2..60, Happening::Register { client, run, link, course, docs });
            }
            Action::SignIn => self.deny(net),
            Action::GaveUp { doc, why } => self.gave_up.push(format!("{doc}: {why}")),
            Action::Settled if live.turns.is_asking() => {}
            Action::Settled => self.claims.push(Claim::Settled),
        }
    }

    fn store(&mut self, doc: DocId, stored: BoxFuture<'static, Result<(), ReplicaError>>, net: &mut Net) {
        self.push(Box::pin(async move { Done::Stored(doc, stored.await) }), net);
    }
}
