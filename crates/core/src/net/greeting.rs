//! `@session`: the greeting of a link, and what the server says there.

use super::Shared;
use super::news::Item;
use super::rest::signed_out;
use super::session::{Done, Session};
use crate::error::{Code, CoreError};
use futures_util::future::join_all;
use inkhorn_protocol::SESSION_DOC;
use inkhorn_protocol::frame::Message;
use inkhorn_protocol::session::{EventKind, PROTOCOL, ToApp, ToServer};
use inkhorn_replica::ReplicaError;
use inkhorn_replica::sync::{Event, Greeted};
use std::sync::Arc;

impl Session {
    pub(super) fn token(&self) -> String {
        self.shared.sign_in().map(|sign_in| sign_in.token).unwrap_or_default()
    }

    /// The token, and behind it hello.
    pub(super) async fn greet(&mut self) {
        self.send(SESSION_DOC, Message::Token(self.token()));
        self.hello().await;
    }

    pub(super) async fn hello(&mut self) {
        let Some(live) = &mut self.live else { return };
        if !live.turns.hello() {
            return;
        }
        match self.shared.replica.hello().await {
            Ok((epoch, since)) => {
                let hello = ToServer::Hello { protocol: PROTOCOL, epoch, since: since.into_iter().collect() };
                match serde_json::to_string(&hello) {
                    Ok(text) => self.send(SESSION_DOC, Message::Stateless(text)),
                    Err(error) => self.reset(&error.to_string()),
                }
            }
            Err(error) => self.reset(&error.to_string()),
        }
    }

    pub(super) async fn session_message(&mut self, message: Message) {
        match message {
            Message::PermissionDenied(reason) => {
                tracing::warn!(reason, "the server refused the token");
                self.deny(signed_out());
            }
            Message::Stateless(text) => match serde_json::from_str::<ToApp>(&text) {
                Ok(message) => self.told(message).await,
                Err(error) => tracing::warn!(%error, "a session message does not read"),
            },
            Message::Close(why) => self.reset(&format!("The server ended the session: {why}.")),
            _ => {}
        }
    }

    async fn told(&mut self, message: ToApp) {
        match message {
            ToApp::Changed { epoch, courses } => {
                // What came before it is taken in before it.
                let step = self.live.as_mut().and_then(|live| live.news.take_now());
                self.take_in(step);
                if let Err(error) = self.shared.replica.hello_answered(epoch, courses).await {
                    return self.reset(&error.to_string());
                }
                let Some(live) = &mut self.live else { return };
                let Greeted { first, again } = live.turns.greeted();
                let id = live.link.id();
                self.shared.progress.send_modify(|progress| progress.greetings += 1);
                if first {
                    self.shared.connection.ready(id);
                    self.shared.connection.resynced();
                    for doc in self.open.keys().cloned().collect::<Vec<_>>() {
                        self.feed(Event::Opened(doc)).await;
                    }
                    self.refresh_owners();
                } else {
                    self.feed(Event::Anew).await;
                }
                self.register_lost();
                if again {
                    self.hello().await;
                }
            }
            ToApp::Event { course, prev_seq, course_seq, kind } => {
                let Some(live) = &mut self.live else { return };
                live.news.came(Item { course, prev_seq, course_seq, kind });
                let step = live.news.take();
                self.take_in(step);
            }
            ToApp::Receipt { op, rejected } => self.shared.connection.operation(op, rejected),
            ToApp::Unsupported { min, .. } => {
                let who = if min > PROTOCOL {
                    "This Inkhorn is too old for the server"
                } else {
                    "The server is too old for this Inkhorn"
                };
                let words =
                    format!("{who}: update it. You can go on working offline; everything is safe here.");
                self.deny(CoreError::new(Code::Other, words));
            }
        }
    }

    /// Courses that the server does not have any more are registered again.
    fn register_lost(&mut self) {
        let Some(live) = self.live.as_mut().filter(|live| !live.lost_out) else { return };
        live.lost_out = true;
        let (link, shared) = (live.link.id(), Arc::clone(&self.shared));
        self.under_way.push(Box::pin(async move { (link, Done::Lost(shared.register_lost().await)) }));
    }

    /// Gives the replica a step of events.
    fn take_in(&mut self, step: Option<Vec<Item>>) {
        let (Some(live), Some(items)) = (&self.live, step) else { return };
        let link = live.link.id();
        let replica = &self.shared.replica;
        // Queued at once and in order, so they share a commit.
        let asked: Vec<_> = items
            .into_iter()
            .map(|item| {
                let Item { course, prev_seq, course_seq, kind } = &item;
                let answer = replica.course_event(course, *prev_seq, *course_seq, kind.clone());
                async move { (item, answer.await) }
            })
            .collect();
        self.under_way.push(Box::pin(async move { (link, Done::News(join_all(asked).await)) }));
    }

    /// The replica has taken events in: they are told, in order.
    pub(super) async fn news(&mut self, items: Vec<(Item, Result<bool, ReplicaError>)>) {
        let next = self.live.as_mut().and_then(|live| {
            live.news.taken_in();
            live.news.take()
        });
        self.take_in(next);
        let (mut missed, mut members) = (false, false);
        for (Item { course, kind, .. }, taken) in items {
            match taken {
                Ok(taken) => missed |= !taken,
                Err(error) => return self.reset(&error.to_string()),
            }
            members |= matches!(kind, EventKind::Members { .. } | EventKind::Unknown);
            self.shared.connection.course(course, kind);
        }
        if missed {
            self.hello().await;
        }
        if members {
            self.feed(Event::Anew).await;
            self.refresh_owners();
            self.register_lost();
        }
        self.work_due();
    }

    /// Asks the server who owns what, for "ask Maria (owner)".
    fn refresh_owners(&mut self) {
        let Some(live) = &self.live else { return };
        let (link, shared) = (live.link.id(), Arc::clone(&self.shared));
        self.under_way.push(Box::pin(async move { (link, Done::Owners(shared.refresh_owners().await)) }));
    }
}

impl Shared {
    async fn refresh_owners(&self) -> Result<(), CoreError> {
        let here = self.replica.courses().await?;
        for course in self.rest()?.courses().await? {
            if here.iter().any(|row| row.shared && row.id == course.id && row.owners != course.owners) {
                self.replica.set_owners(&course.id, course.owners).await?;
            }
        }
        Ok(())
    }
}
