//! "Sync": connects, and waits until nothing is pending in either direction; else says why not.

use super::session::Ask;
use super::{Net, Progress};
use crate::error::{Code, CoreError, Result};
use inkhorn_events::Status;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::projection::{SyncCount, SyncSummary};
use std::time::Duration;
use tokio::time::Instant;

/// The store is asked this often beside the news of the session: edits that are made meanwhile count too.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// A settled engine while something still waits: so long it may be a matter of news that have not arrived.
const PATIENCE: Duration = Duration::from_secs(5);

impl Net {
    /// Syncs documents and assets of all shared courses, for at most `timeout`.
    ///
    /// # Errors
    /// Why something still waits: signed out, offline, refused edits, no member, time over. Nothing is lost by any of them.
    pub(crate) async fn sync(&self, timeout: Duration) -> Result<SyncSummary> {
        let summary = self.carry(timeout).await?;
        self.belongs().await?;
        rejected(summary.count.rejected, &summary, None).map(|()| summary)
    }

    /// The same on behalf of one course: refused edits of others are not its trouble.
    pub(super) async fn carry_course(&self, course: &CourseId, timeout: Duration) -> Result<()> {
        let summary = self.carry(timeout).await?;
        let count = self.shared.replica.sync_count(Some(course)).await?;
        rejected(count.rejected, &summary, Some(course))
    }

    /// Carries what the server gives to this user, without a word about courses that it does not, or about edits that it
    /// refused.
    async fn carry(&self, timeout: Duration) -> Result<SyncSummary> {
        let shared = &self.shared;
        // Says so when nobody is signed in.
        shared.rest()?;
        let before = shared.progress.borrow().greetings;
        // What was asked before (an earlier sync that ended, a sign-in) is over when the status is looked at.
        shared.connection.taken_in().await;
        match shared.connection.status() {
            Status::Connected { .. } => shared.ask(Ask::Hello),
            Status::Connecting { .. } => {}
            // Also after a refused token: it may have been accepted again, or there is another one.
            Status::Local | Status::Offline { .. } => shared.connect(),
        }
        shared.progress.send_modify(|progress| progress.trouble = None);
        // From here on the status is what came of this call, not what it was before.
        shared.connection.taken_in().await;
        shared.assets.notify_one();
        let outcome = self.settle(before, Instant::now() + timeout).await;
        if !shared.always {
            shared.connection.stop(None);
        }
        outcome
    }

    async fn settle(&self, mut before: u64, deadline: Instant) -> Result<SyncSummary> {
        let shared = &self.shared;
        let mut progress = shared.progress.subscribe();
        let mut status = shared.connection.watch();
        let mut last_reason = None;
        let mut still: Option<(SyncCount, Instant)> = None;
        let mut confirmed = false;
        loop {
            let now = progress.borrow_and_update().clone();
            let count = shared.replica.sync_count(None).await?;
            match status.borrow_and_update().clone() {
                Status::Offline { next_try_ms: None, why } => return Err(self.stopped(&now, why)),
                Status::Offline { why, .. } => last_reason = why.or(last_reason),
                Status::Connected { .. } => last_reason = None,
                Status::Local | Status::Connecting { .. } => {}
            }
            let settled = now.greetings > before && now.settled_at == now.greetings;
            let (operations, operation_trouble) = shared.pending();
            if settled && count.is_settled() && operations == 0 {
                if confirmed {
                    return Ok(SyncSummary { count, ..self.sync_summary().await? });
                }
                // Asked once more: what was just sent is news of the server's too, and its word that these have been
                // seen keeps them from counting as news the next time.
                (confirmed, before, still) = (true, now.greetings, None);
                shared.ask(Ask::Hello);
                continue;
            }
            // Settled, and yet something waits: it was given up on, or its turn does not come.
            if settled && now.asset_trouble.is_none() && operations == 0 {
                match &still {
                    Some((then, since)) if *then == count && since.elapsed() > PATIENCE => {
                        return Err(now.trouble.unwrap_or_else(|| waits(count)));
                    }
                    Some((then, _)) if *then == count => {}
                    _ => still = Some((count, Instant::now())),
                }
            }
            if Instant::now() >= deadline {
                return Err(match (last_reason, now.trouble.or(now.asset_trouble)) {
                    (Some(why), _) => CoreError::new(Code::Offline, format!("{why} {}", safe(count))),
                    (None, Some(trouble)) => trouble,
                    (None, None) if operations > 0 => waits_for_operations(operations, operation_trouble),
                    (None, None) => waits(count),
                });
            }
            tokio::select! {
                changed = progress.changed() => if changed.is_err() { return Err(closed()) },
                changed = status.changed() => if changed.is_err() { return Err(closed()) },
                () = tokio::time::sleep_until(deadline.min(Instant::now() + LOOK_EVERY)) => {}
            }
        }
    }

    /// Courses that are shared, as this computer has it, and that the server does not give to this user: nothing of them
    /// is sent, and to say that all is synced would hide what waits in them.
    async fn belongs(&self) -> Result<()> {
        let rows = self.shared.replica.courses().await?;
        match rows.iter().find(|row| row.shared && row.role.is_none()) {
            None => Ok(()),
            Some(row) => Err(CoreError::new(
                Code::Denied,
                format!(
                    "You are not a member of “{}” on this server, so it is not synced; all else is. What you wrote in it \
                     is safe on this computer: ask an owner to add you, or share it there if it is yours.",
                    row.title
                ),
            )),
        }
    }

    /// The connection was given up until the user does something.
    fn stopped(&self, progress: &Progress, why: Option<String>) -> CoreError {
        if let Some(trouble) = &progress.trouble {
            return trouble.clone();
        }
        match why {
            Some(why) => CoreError::new(Code::SignedOut, why),
            None => CoreError::new(Code::Offline, "The connection was ended."),
        }
    }
}

/// All is settled; edits that the server refused are still worth a word, and an exit code.
fn rejected(rejected: u64, summary: &SyncSummary, course: Option<&CourseId>) -> Result<()> {
    if rejected == 0 {
        return Ok(());
    }
    let mut edits = summary.rejected.iter().filter(|edit| course.is_none_or(|course| edit.course == *course));
    let why = edits.next().map(|edit| super::rest::sentence(&edit.why)).unwrap_or_default();
    let (what, are) = if rejected == 1 { ("change was", "it is") } else { ("changes were", "they are") };
    Err(CoreError::new(
        Code::Rejected,
        format!(
            "{rejected} {what} refused by the server: {why} Nothing is lost: {are} kept on this computer."
        ),
    ))
}

fn waits(count: SyncCount) -> CoreError {
    CoreError::new(Code::Timeout, format!("Not everything is synced yet. {}", safe(count)))
}

fn waits_for_operations(operations: usize, why: Option<String>) -> CoreError {
    let why = why.map(|why| format!(" {}", super::rest::sentence(&why))).unwrap_or_default();
    let what = if operations == 1 { "1 operation waits" } else { "Several operations wait" };
    CoreError::new(
        Code::Timeout,
        format!("{what} for the server's word.{why} Nothing is lost: it goes on next time."),
    )
}

fn safe(count: SyncCount) -> String {
    let mut parts = Vec::new();
    for (n, one, many) in [
        (count.waiting_edits, "change waits", "changes wait"),
        (count.waiting_uploads, "image waits for upload", "images wait for upload"),
        (
            count.waiting_downloads,
            "document or image has not arrived",
            "documents or images have not arrived",
        ),
    ] {
        if n > 0 {
            parts.push(format!("{n} {}", if n == 1 { one } else { many }));
        }
    }
    match parts.is_empty() {
        true => "Everything on this computer is safe.".to_owned(),
        false => {
            format!("{}; everything on this computer is safe, and sync goes on next time.", parts.join(", "))
        }
    }
}

fn closed() -> CoreError {
    CoreError::new(Code::Other, "The profile is closed.")
}
