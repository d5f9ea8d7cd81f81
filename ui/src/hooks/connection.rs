//! The state of sync, and what the pill says about it.

use super::{Query, use_operations, use_query};
use crate::i18n::sync::{Edit, Pill, Tone, only_here, pill};
use crate::i18n::{kept, kept_words};
use crate::page;
use crate::state::ui::Ui;
use dioxus::prelude::*;
use inkhorn_protocol::event::Status;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{CourseSummary, KeptWords, SyncSummary};

/// How long everything must be on disk before the pill says so, in milliseconds: it never says "Saved" of an edit
/// that is not, and while the user types it stays at one word rather than flicker with each key.
const QUIET_MS: i32 = 400;

/// Connection and counters.
pub(crate) fn use_connection() -> Query<SyncSummary> {
    use_query(QueryKey::Sync)
}

/// What the pill says; ticks while a countdown runs. `None` until the core has answered.
pub(crate) fn use_pill() -> Memo<Option<Pill>> {
    let sync = use_connection();
    let courses = use_query::<Vec<CourseSummary>>(QueryKey::Courses);
    let operations = use_operations();
    let words = use_query::<Vec<KeptWords>>(QueryKey::KeptWords);
    let ui = use_context::<Ui>();
    let mut now = use_signal(page::now_ms);
    use_future(move || async move {
        loop {
            page::sleep(1_000).await;
            let counts = sync
                .peek()
                .is_some_and(|sync| matches!(sync.status, Status::Offline { next_try_ms: Some(_), .. }));
            if counts {
                now.set(page::now_ms());
            }
        }
    });
    let mut saving = use_signal(|| false);
    use_effect(move || {
        let unsaved = !ui.unsaved.read().is_empty();
        if unsaved {
            saving.set(true);
            return;
        }
        spawn(async move {
            page::sleep(QUIET_MS).await;
            if ui.unsaved.peek().is_empty() && *saving.peek() {
                saving.set(false);
            }
        });
    });
    use_memo(move || {
        let sync = sync.data()?;
        let at = (*now.read()).max(page::now_ms());
        let edit = if !ui.not_saved.read().is_empty() {
            Edit::NotSaved
        } else if *saving.read() || !ui.unsaved.read().is_empty() {
            Edit::Saving
        } else {
            Edit::Saved
        };
        let said = pill(&sync, edit, at, page::clock);
        debug_assert!(said.tone != Tone::Synced || sync.count.is_settled());
        if said.tone != Tone::Trouble {
            let all = operations.data().unwrap_or_default();
            let stuck: Vec<_> = all.iter().filter(|info| kept::is_stuck(info.state)).collect();
            if let Some(refused) = kept::pill(&stuck) {
                return Some(refused);
            }
        }
        // A course that was never shared is on no server: what is synced is the others.
        let open = ui.course.read().clone();
        let local = courses
            .data()
            .is_some_and(|all| all.iter().any(|one| Some(&one.id) == open.as_ref() && !one.shared));
        let mut said = if local && said.tone == Tone::Synced { only_here() } else { said };
        if said.more.is_none() && words.data().is_some_and(|words| !words.is_empty()) {
            said.more = Some(kept_words::PILL.to_owned());
        }
        Some(said)
    })
}
