//! What a commit makes known afterwards: answers, changes on the streams, events. All of it waits for the commit;
//! after a failed one, every answer is the error and nothing else is said.

use crate::ReplicaError;
use crate::state::Change;
use inkhorn_events::{Event, Publisher};
use inkhorn_protocol::{AssetHash, CourseId, DocId};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{broadcast, oneshot};

/// Changes that a slow listener may lag behind; it then reads the state again.
const STREAM_CAPACITY: usize = 1024;

pub(crate) type Answer<T> = oneshot::Sender<Result<T, ReplicaError>>;
type Settle = Box<dyn FnOnce(Result<(), ReplicaError>) + Send>;

/// Effects of the jobs of one commit, in order.
#[derive(Default)]
pub(crate) struct Effects {
    answers: Vec<Settle>,
    changes: Vec<Change>,
    /// In order; `None` where a newer one of the same kind and document took its place.
    events: Vec<Option<Event>>,
    /// Where the events of documents stand: a group may have hundreds.
    of_docs: HashMap<(bool, DocId), usize>,
}

impl Effects {
    /// Answers `done` with `value` once the commit is durable.
    pub(crate) fn answer<T: Send + 'static>(&mut self, done: Answer<T>, value: T) {
        self.answers.push(Box::new(move |committed| {
            let _ = done.send(committed.map(|()| value));
        }));
    }

    pub(crate) fn change(&mut self, change: Change) {
        let Change { course, doc, version, origin, .. } = &change;
        self.event(Event::DocumentChanged { course: course.clone(), doc: doc.clone(), version: *version });
        if origin.is_local() {
            self.event(Event::SyncStateChanged { course: course.clone(), doc: doc.clone() });
        }
        self.changes.push(change);
    }

    pub(crate) fn sync_state(&mut self, course: &CourseId, doc: &DocId) {
        self.event(Event::SyncStateChanged { course: course.clone(), doc: doc.clone() });
    }

    pub(crate) fn courses(&mut self) {
        self.event(Event::CoursesChanged);
    }

    pub(crate) fn asset(&mut self, course: &CourseId, hash: &AssetHash) {
        self.event(Event::AssetChanged { course: course.clone(), hash: hash.clone() });
    }

    /// One event of a kind and document for each commit: of two `DocumentChanged` only the newer one stays.
    fn event(&mut self, event: Event) {
        let before = match &event {
            Event::DocumentChanged { doc, .. } => self.of_docs.insert((true, doc.clone()), self.events.len()),
            Event::SyncStateChanged { doc, .. } => {
                self.of_docs.insert((false, doc.clone()), self.events.len())
            }
            _ => self.events.iter().position(|other| other.as_ref() == Some(&event)),
        };
        if let Some(before) = before.and_then(|at| self.events.get_mut(at)) {
            *before = None;
        }
        self.events.push(Some(event));
    }

    /// Takes over the effects of a job that went well.
    pub(crate) fn merge(&mut self, job: Effects) {
        self.answers.extend(job.answers);
        self.changes.extend(job.changes);
        for event in job.events.into_iter().flatten() {
            self.event(event);
        }
    }

    /// The documents that changed, with their courses.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (&CourseId, &DocId)> {
        self.changes.iter().map(|change| (&change.course, &change.doc))
    }

    /// After the commit: tells everybody. After a failed one: tells only those who asked.
    pub(crate) fn settle(self, committed: Result<(), ReplicaError>, streams: &Streams) {
        if committed.is_ok() {
            // Listeners first, so that whoever awaited an edit finds its change on the stream already.
            for change in self.changes {
                streams.send(change);
            }
            for event in self.events.into_iter().flatten() {
                streams.publisher.publish(event);
            }
        }
        for answer in self.answers {
            answer(committed.clone());
        }
    }
}

/// Where changes and events go.
pub(crate) struct Streams {
    publisher: Publisher,
    all: broadcast::Sender<Arc<Change>>,
    /// A std mutex: held for a map look-up only, never across an await.
    by_doc: Mutex<HashMap<DocId, broadcast::Sender<Arc<Change>>>>,
}

impl Streams {
    pub(crate) fn new(publisher: Publisher) -> Self {
        Self { publisher, all: broadcast::channel(STREAM_CAPACITY).0, by_doc: Mutex::new(HashMap::new()) }
    }

    pub(crate) fn all(&self) -> broadcast::Receiver<Arc<Change>> {
        self.all.subscribe()
    }

    pub(crate) fn of(&self, doc: &DocId) -> broadcast::Receiver<Arc<Change>> {
        let mut by_doc = self.by_doc.lock().unwrap_or_else(PoisonError::into_inner);
        // Streams that nobody listens to any more go here, since nobody else would tell.
        by_doc.retain(|_, sender| sender.receiver_count() > 0);
        by_doc.entry(doc.clone()).or_insert_with(|| broadcast::channel(STREAM_CAPACITY).0).subscribe()
    }

    fn send(&self, change: Change) {
        let change = Arc::new(change);
        let _ = self.all.send(change.clone());
        let by_doc = self.by_doc.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = by_doc.get(&change.doc) {
            let _ = sender.send(change);
        }
    }
}
