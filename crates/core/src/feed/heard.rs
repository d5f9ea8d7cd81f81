//! Events become invalidations, and nothing else: the cache alone decides what is read again.

use super::Windows;
use crate::net::Progress;
use inkhorn_events::{Event, Item, Status, Subscription};
use inkhorn_protocol::DocId;
use inkhorn_protocol::session::EventKind;
use std::collections::BTreeSet;
use tokio::sync::watch;

/// Prefixes of keys that became stale. A commit makes many events, and most of them the same few prefixes.
#[derive(Default)]
struct Stale(BTreeSet<Vec<String>>);

impl Stale {
    fn mark(&mut self, prefix: &[&str]) {
        self.0.insert(prefix.iter().map(|&segment| segment.to_owned()).collect());
    }
}

/// Turns events into invalidations until the spine ends: what has come by now together.
pub(super) async fn listen(
    windows: Windows,
    mut events: Subscription,
    mut progress: watch::Receiver<Progress>,
) {
    let mut stale = Stale::default();
    let mut seen = 0;
    loop {
        let mut item = tokio::select! {
            item = events.recv() => item,
            // When everything was last synced is no event: nothing but the pill shows it.
            changed = progress.changed() => {
                if changed.is_err() {
                    return;
                }
                windows.shared.cache.invalidate(&["sync"]);
                let moved = progress.borrow_and_update().moved;
                if std::mem::replace(&mut seen, moved) != moved {
                    windows.shared.cache.invalidate(&["transfers"]);
                }
                continue;
            }
        };
        if item.is_none() {
            return;
        }
        // At most so many: a storm must not keep the first one waiting.
        let mut more = inkhorn_events::CAPACITY;
        loop {
            match item {
                Some(Item::Event(event)) => windows.heard(&event, &mut stale),
                Some(Item::Resync { missed }) => {
                    tracing::info!(missed, "events were missed: everything is read again");
                    stale.mark(&[]);
                    windows.invalidate(&mut stale);
                    // The word that the network is back may be among what was missed.
                    windows.shared.online.set(true);
                    windows.shared.cache.resume();
                    windows.each(|others| others.resync = true);
                }
                None => break,
            }
            more -= 1;
            if more == 0 {
                break;
            }
            item = events.try_recv();
        }
        windows.invalidate(&mut stale);
    }
}

impl Windows {
    fn invalidate(&self, stale: &mut Stale) {
        for prefix in std::mem::take(&mut stale.0) {
            let prefix: Vec<&str> = prefix.iter().map(String::as_str).collect();
            self.shared.cache.invalidate(prefix.as_slice());
        }
    }

    /// Marks what an event makes stale.
    fn heard(&self, event: &Event, stale: &mut Stale) {
        match event {
            Event::Connection { status } => {
                stale.mark(&["sync"]);
                stale.mark(&["transfers"]);
                stale.mark(&["account"]);
                // Only what is known to be down counts as down: REST may get through where a socket does not yet.
                self.shared.online.set(!matches!(status, Status::Offline { .. }));
                if matches!(status, Status::Connected { .. }) {
                    // First what is stale: else it were read twice.
                    self.invalidate(stale);
                    self.shared.cache.resume();
                }
            }
            // Anything may have changed meanwhile; equal answers are told to nobody.
            Event::Resynced => stale.mark(&[]),
            Event::Course { course, kind } => {
                stale.mark(&["sync"]);
                match kind {
                    // Content reaches the cache when it is here, by the replica's own events.
                    EventKind::Documents { .. } | EventKind::Registered { .. } => {}
                    EventKind::Title { .. } => {
                        stale.mark(&["courses"]);
                        stale.mark(&["remote"]);
                    }
                    // A role decides what may be edited, down to each lesson.
                    EventKind::Members { .. } | EventKind::Unknown => {
                        stale.mark(&["course", course.as_str()]);
                        stale.mark(&["courses"]);
                        stale.mark(&["remote"]);
                    }
                }
            }
            Event::Operation { .. } => {
                stale.mark(&["remote"]);
                stale.mark(&["operations"]);
            }
            Event::PresenceChanged { course } => stale.mark(&["presence", course.as_str()]),
            Event::DocumentChanged { course, doc, .. } => {
                stale.mark(&["storage"]);
                match doc {
                    DocId::Course(_) => {
                        // Also its lessons: one may be in Trash now, or out of it.
                        stale.mark(&["course", course.as_str()]);
                        stale.mark(&["courses"]);
                    }
                    DocId::Lesson(lesson) => {
                        stale.mark(&["course", course.as_str(), "lesson", lesson.as_str()]);
                        stale.mark(&["course", course.as_str(), "available"]);
                        stale.mark(&["course", course.as_str(), "find"]);
                    }
                }
            }
            Event::SyncStateChanged { course, doc } => {
                stale.mark(&["sync"]);
                stale.mark(&["courses"]);
                if let DocId::Lesson(lesson) = doc {
                    stale.mark(&["course", course.as_str(), "lesson", lesson.as_str()]);
                }
            }
            Event::CoursesChanged => {
                // A course that is shared now has files to send.
                stale.mark(&["transfers"]);
                stale.mark(&["courses"]);
                stale.mark(&["course"]);
                stale.mark(&["sync"]);
                stale.mark(&["storage"]);
            }
            Event::AssetChanged { course, hash } => {
                stale.mark(&["transfers", course.as_str()]);
                stale.mark(&["sync"]);
                stale.mark(&["storage"]);
                stale.mark(&["course", course.as_str(), "available"]);
                stale.mark(&["courses"]);
                self.each(|others| {
                    others.assets.insert(hash.clone());
                });
            }
        }
    }
}
