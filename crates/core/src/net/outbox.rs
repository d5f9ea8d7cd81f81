//! The outbox over this profile: its rows are in the replica, its way to the server is the call over HTTP, and its gate
//! follows the sign-in and the connection.

use super::account::SignIn;
use super::rest::{Http, RestError, sentence, signed_out};
use super::{Shared, signed_in_calls};
use crate::error::CoreError;
use crate::{now_ms, random16};
use futures_util::future::BoxFuture;
use inkhorn_events::{Status, Subscription};
use inkhorn_outbox::{Dispatch, Entry, Operations, Persist, Refusal, Reply, Source, Stored, Unreadable};
use inkhorn_protocol::projection::{OperationInfo, OperationState};
use inkhorn_protocol::rest::Operation;
use inkhorn_protocol::session::Reason;
use inkhorn_protocol::{CourseId, OpId};
use inkhorn_replica::{OperationEffect, Replica, ReplicaError, StoredOperation};
use std::sync::{Arc, Mutex, PoisonError};

/// Course of an operation whose row does not say it.
const UNKNOWN_COURSE: [u8; 16] = [0; 16];

/// Opens the outbox of a profile; its gate is closed.
pub(super) async fn open(
    replica: &Replica,
    http: &Http,
    account: &Arc<Mutex<Option<SignIn>>>,
    events: Subscription,
) -> Result<Operations, CoreError> {
    let store = Store { replica: replica.clone() };
    let caller = Caller { http: http.clone(), account: Arc::clone(account) };
    let random = || {
        let [a, b, c, d, e, f, g, h, ..] = random16();
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    };
    let source = Source { wall_ms: Box::new(now_ms), random: Box::new(random) };
    let opened = Operations::open(Arc::new(store), Arc::new(caller), events, source).await;
    opened.map_err(|why| CoreError::new(crate::Code::Other, why))
}

/// Whether an operation is still to be done by itself.
pub(crate) fn is_pending(info: &OperationInfo) -> bool {
    !matches!(info.state, OperationState::Rejected | OperationState::Expired)
}

struct Store {
    replica: Replica,
}

/// The outcome of a job of the replica, whose words are for people already.
async fn said(job: impl Future<Output = Result<(), ReplicaError>>) -> Result<(), String> {
    job.await.map_err(|error| CoreError::from(error).message)
}

impl Persist for Store {
    fn load(&self) -> BoxFuture<'static, Result<Stored, String>> {
        let rows = self.replica.operations();
        Box::pin(async move {
            let mut stored = Stored::default();
            for row in rows.await.map_err(|error| CoreError::from(error).message)? {
                match read(&row) {
                    Ok(entry) => stored.entries.push(entry),
                    Err(why) => stored.unreadable.push(Unreadable {
                        op: row.name(),
                        course: row.course.parse().unwrap_or_else(|_| CourseId::from_random(UNKNOWN_COURSE)),
                        why,
                    }),
                }
            }
            Ok(stored)
        })
    }

    fn save(&self, entry: &Entry) -> BoxFuture<'static, Result<(), String>> {
        match entry.to_row() {
            Ok(body) => Box::pin(said(self.replica.save_operation(&entry.op, entry.scope(), body))),
            Err(why) => Box::pin(async move { Err(why) }),
        }
    }

    fn finish(&self, entry: &Entry) -> BoxFuture<'static, Result<(), String>> {
        let effect = match entry.operation.clone() {
            // Who is in a course is read from the server: nothing of it is kept here.
            Operation::Member { .. } => return self.remove(&entry.op),
            Operation::Register { course, title, documents } => {
                OperationEffect::Registered { course, docs: documents, title }
            }
            Operation::SetTitle { course, title } => OperationEffect::Titled { course, title },
        };
        Box::pin(said(self.replica.operation_done(&entry.op, effect)))
    }

    fn remove(&self, op: &OpId) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(said(self.replica.remove_operation(op)))
    }
}

fn read(row: &StoredOperation) -> Result<Entry, String> {
    let entry = Entry::from_row(&row.body)?;
    // The id and the course are in the row twice; where they differ, something else has written it.
    if entry.op.as_str() != row.op || entry.scope().as_str() != row.course {
        return Err("the row contradicts itself".to_owned());
    }
    Ok(entry)
}

struct Caller {
    http: Http,
    account: Arc<Mutex<Option<SignIn>>>,
}

impl Dispatch for Caller {
    fn send(&self, op: OpId, operation: Operation) -> BoxFuture<'static, Reply> {
        let sign_in = self.account.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let rest = signed_in_calls(&self.http, sign_in);
        Box::pin(async move {
            let rest = match rest {
                Ok(rest) => rest,
                Err(error) if error.code == crate::Code::SignedOut => return Reply::SignedOut(error.message),
                Err(error) => return Reply::Unreachable(error.message),
            };
            match rest.operate(op, operation).await {
                Ok(reply) => match reply.rejected {
                    None => Reply::Done,
                    Some(reason) => rejected(reason, reply.taken, 0),
                },
                Err(RestError::Refused { status, reason, .. }) => rejected(reason, Vec::new(), status),
                Err(RestError::Unreachable(why) | RestError::Nonsense(why)) => Reply::Unreachable(why),
            }
        })
    }
}

/// What is refused for good, and what only looks so.
fn rejected(reason: Reason, taken: Vec<inkhorn_protocol::DocId>, status: u16) -> Reply {
    match reason {
        Reason::Unauthenticated => Reply::SignedOut(signed_out().message),
        // The server has a problem of its own, or too many ask: later.
        reason @ Reason::StorageFailed => Reply::Unreachable(sentence(&reason.to_string())),
        reason if status >= 500 || status == 429 => Reply::Unreachable(sentence(&reason.to_string())),
        reason => Reply::Rejected(Refusal { reason, taken }),
    }
}

/// Keeps the gate in step with the connection, and with calls that wait for operations; runs until those end.
pub(super) async fn watch_gate(shared: Arc<Shared>) {
    let mut status = shared.connection.watch();
    let mut waited_for = shared.waited_for.subscribe();
    loop {
        let connected = matches!(*status.borrow_and_update(), Status::Connected { .. });
        // Without a call that waits, what runs by itself goes by the connection: while that is down, so is this.
        let open = connected || *waited_for.borrow_and_update() > 0;
        shared.operations.gate(open && shared.sign_in().is_some(), connected);
        let changed = tokio::select! {
            changed = status.changed() => changed,
            changed = waited_for.changed() => changed,
        };
        if changed.is_err() {
            return;
        }
    }
}

/// While it lives, operations are sent also without a connection.
#[must_use = "dropping it closes the gate"]
pub(super) struct Waiting {
    shared: Arc<Shared>,
}

impl Waiting {
    pub(super) fn on(shared: &Arc<Shared>) -> Self {
        shared.waited_for.send_modify(|count| *count += 1);
        Self { shared: Arc::clone(shared) }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.shared.waited_for.send_modify(|count| *count = count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inkhorn_events::spine;
    use inkhorn_outbox::{News, Outcome};
    use inkhorn_protocol::DocId;
    use inkhorn_replica::{NewCourse, Options};
    use std::collections::HashMap;
    use std::path::Path;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A program that ends before its n-th step: what is asked of the disk or of the network from then on never happens.
    struct Fuse {
        left: AtomicUsize,
        blown: tokio::sync::Notify,
    }

    impl Fuse {
        fn burns(&self) -> bool {
            let was = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            if was.is_err() {
                self.blown.notify_one();
            }
            was.is_err()
        }
    }

    struct Mortal<T> {
        inner: T,
        fuse: Arc<Fuse>,
    }

    impl<T> Mortal<T> {
        fn step<R: Send + 'static>(
            &self,
            real: impl FnOnce(&T) -> BoxFuture<'static, R>,
        ) -> BoxFuture<'static, R> {
            if self.fuse.burns() { Box::pin(std::future::pending()) } else { real(&self.inner) }
        }
    }

    impl Persist for Mortal<Store> {
        fn load(&self) -> BoxFuture<'static, Result<Stored, String>> {
            self.inner.load()
        }
        fn save(&self, entry: &Entry) -> BoxFuture<'static, Result<(), String>> {
            self.step(|store| store.save(entry))
        }
        fn finish(&self, entry: &Entry) -> BoxFuture<'static, Result<(), String>> {
            self.step(|store| store.finish(entry))
        }
        fn remove(&self, op: &OpId) -> BoxFuture<'static, Result<(), String>> {
            self.step(|store| store.remove(op))
        }
    }

    /// The server: does each id once, and keeps its answer. Titles of two words it refuses.
    #[derive(Clone, Default)]
    struct Server {
        kept: Arc<Mutex<HashMap<OpId, Reply>>>,
        done: Arc<Mutex<Vec<Operation>>>,
    }

    impl Dispatch for Mortal<Server> {
        fn send(&self, op: OpId, operation: Operation) -> BoxFuture<'static, Reply> {
            // Once before it reaches the server, once before the answer is back.
            let (lost, server, fuse) = (self.fuse.burns(), self.inner.clone(), Arc::clone(&self.fuse));
            Box::pin(async move {
                if lost {
                    return std::future::pending().await;
                }
                let reply = {
                    let mut kept = server.kept.lock().unwrap();
                    let refused =
                        matches!(&operation, Operation::SetTitle { title, .. } if title.contains(' '));
                    let reply = kept.entry(op).or_insert_with(|| {
                        if refused {
                            return Reply::Rejected(Refusal { reason: Reason::NotMember, taken: vec![] });
                        }
                        server.done.lock().unwrap().push(operation);
                        Reply::Done
                    });
                    reply.clone()
                };
                if fuse.burns() { std::future::pending().await } else { reply }
            })
        }
    }

    async fn replica(dir: &Path) -> (Replica, inkhorn_events::Subscriber, inkhorn_events::Publisher) {
        let (publisher, subscriber) = spine(64);
        let options = Options { clock: Box::new(|| 0), random: Box::new(random16) };
        (Replica::open(dir, publisher.clone(), options).await.unwrap(), subscriber, publisher)
    }

    async fn life(dir: &Path, server: &Server, steps: usize) -> (Operations, Arc<Fuse>, Replica) {
        let (replica, subscriber, _publisher) = replica(dir).await;
        let fuse = Arc::new(Fuse { left: AtomicUsize::new(steps), blown: tokio::sync::Notify::new() });
        let persist = Mortal { inner: Store { replica: replica.clone() }, fuse: Arc::clone(&fuse) };
        let dispatch = Mortal { inner: server.clone(), fuse: Arc::clone(&fuse) };
        let source = Source { wall_ms: Box::new(now_ms), random: Box::new(|| 0) };
        let operations =
            Operations::open(Arc::new(persist), Arc::new(dispatch), subscriber.subscribe(), source)
                .await
                .unwrap();
        operations.gate(true, false);
        (operations, fuse, replica)
    }

    /// Whether nothing is to be done by itself any more.
    async fn idle(operations: &Operations) {
        let mut shown = operations.watch();
        while shown.borrow_and_update().list.iter().any(is_pending) {
            shown.changed().await.unwrap();
        }
    }

    #[tokio::test]
    async fn an_operation_has_its_effect_once_wherever_between_disk_and_server_the_program_ended() {
        let mut ends = 0;
        for steps in 0.. {
            let dir = tempfile::tempdir().unwrap();
            let server = Server::default();
            let course: CourseId = "c".parse().unwrap();
            let outline = DocId::Course(course.clone());
            {
                let (replica, ..) = replica(dir.path()).await;
                let new = NewCourse::titled(&mut random16, course.clone(), "Ink").unwrap();
                replica.create_course(new).await.unwrap();
                replica.close().await;
            }
            let (operations, fuse, first) = life(dir.path(), &server, steps).await;
            let register = Operation::Register {
                course: course.clone(),
                title: "Ink".into(),
                documents: vec![outline.clone()],
            };
            let title = |title: &str| Operation::SetTitle { course: course.clone(), title: title.into() };
            let mut tickets = [
                operations.submit("o1".parse().unwrap(), register),
                operations.submit("o2".parse().unwrap(), title("Pen")),
                operations.submit("o3".parse().unwrap(), title("not allowed")),
            ];
            let ended = tokio::select! {
                () = fuse.blown.notified() => true,
                () = async {
                    for ticket in &mut tickets {
                        while !matches!(ticket.next().await, Some(News::Ended(_)) | None) {}
                    }
                } => false,
            };
            // What was promised to be kept: it is on the disk.
            let mut kept = vec![];
            for ticket in &mut tickets {
                while let Ok(Some(news)) =
                    tokio::time::timeout(std::time::Duration::ZERO, ticket.next()).await
                {
                    if matches!(news, News::Kept | News::Ended(Outcome::Done)) {
                        kept.push(ticket.op().clone());
                    }
                }
            }
            operations.close().await;
            first.close().await;

            let (operations, _fuse, again) = life(dir.path(), &server, usize::MAX).await;
            idle(&operations).await;
            let done = server.done.lock().unwrap().clone();
            let times = |kind: &str| done.iter().filter(|operation| operation.kind() == kind).count();
            let (registered, titled) = (times("register"), times("set_title"));
            assert!(registered <= 1 && titled <= 1, "after {steps} steps: {done:?}");
            let row = again.course(&course).await.unwrap();
            assert_eq!(
                row.shared,
                registered == 1,
                "after {steps} steps: the server and this computer differ"
            );
            assert_eq!(again.doc(&outline).await.unwrap().registered, registered == 1);
            if titled == 1 {
                assert_eq!(row.registered_title.as_deref(), Some("Pen"), "after {steps} steps");
            }
            for op in kept {
                let known = server.kept.lock().unwrap().contains_key(&op);
                assert!(known || op.as_str() == "o2", "after {steps} steps {op} was lost");
            }
            let left = again.operations().await.unwrap();
            assert!(left.iter().all(|row| row.op == "o3"), "after {steps} steps: {left:?}");
            operations.close().await;
            again.close().await;
            if !ended {
                assert_eq!(left.len(), 1, "the refused one is kept");
                break;
            }
            ends += 1;
        }
        assert!(ends > 12, "the program ended at every step: {ends}");
    }
}
