//! The words of sync (DESIGN section 8). Pure: the time and the way to write it are passed in.

use super::en::{self, count, sentence as upper};
use inkhorn_protocol::event::Status;
use inkhorn_protocol::projection::SyncSummary;

/// What the sync pill says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pill {
    /// Tone, as the style sheet names it.
    pub tone: Tone,
    /// First line; never more than about 30 characters, except a reason.
    pub line: String,
    /// Second line, when there is more to say.
    pub more: Option<String>,
    /// The same as full sentences, for the sync centre.
    pub sentence: String,
}

/// Tone of the pill; colour never speaks alone, so each has an icon too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// On this computer, which is all there is to do.
    Saved,
    /// On its way to this computer's disk.
    Saving,
    /// Under way to or from the server.
    Syncing,
    /// Everything is on both sides.
    Synced,
    /// Changes wait for the network.
    Waiting,
    /// No network, nothing waits.
    Offline,
    /// The user has to know.
    Trouble,
}

impl Tone {
    /// Value of `data-state`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Saved => "saved",
            Self::Saving => "saving",
            Self::Syncing => "syncing",
            Self::Synced => "synced",
            Self::Waiting => "waiting",
            Self::Offline => "offline",
            Self::Trouble => "trouble",
        }
    }
    /// Its icon in the sprite.
    pub fn icon(self) -> &'static str {
        match self {
            Self::Saved => "hard-drive",
            Self::Saving => "pencil",
            Self::Syncing => "refresh-cw",
            Self::Synced => "check",
            Self::Waiting => "cloud-upload",
            Self::Offline => "cloud-off",
            Self::Trouble => "triangle-alert",
        }
    }
}

/// "in 8 s", "in 2 min", "now".
pub fn next_try(next_try_ms: u64, now_ms: u64) -> String {
    let seconds = next_try_ms.saturating_sub(now_ms).div_ceil(1000);
    match seconds {
        0 => "now".to_owned(),
        1..=99 => format!("in {seconds} s"),
        _ => format!("in {} min", seconds.div_ceil(60)),
    }
}

/// A reason as the end of a sentence: without the full stop that it may bring along.
fn reason(why: &str) -> &str {
    why.trim().trim_end_matches('.')
}

/// Where the last edit of this window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edit {
    /// On disk, or there was none.
    Saved,
    /// On its way there.
    Saving,
    /// The disk is full; it is tried again.
    NotSaved,
}

/// What the pill says of a course that is on no server, while nothing else is under way.
pub fn only_here() -> Pill {
    Pill {
        tone: Tone::Saved,
        line: "Saved on this computer".to_owned(),
        more: None,
        sentence: "Saved on this computer. This course is only here: share it to write with others."
            .to_owned(),
    }
}

/// What the pill says now. `clock` writes a time of day ("14:02").
pub fn pill(sync: &SyncSummary, edit: Edit, now_ms: u64, clock: impl Fn(u64) -> String) -> Pill {
    const SAVED: &str = "Saved on this computer";
    let make = |tone, line: &str, more: Option<String>, sentence: String| Pill {
        tone,
        line: line.to_owned(),
        more,
        sentence,
    };
    match edit {
        Edit::NotSaved => {
            let more = Some(en::NOT_SAVED_MORE.to_owned());
            return make(Tone::Trouble, en::NOT_SAVED_LINE, more, en::NOT_SAVED.to_owned());
        }
        Edit::Saving => {
            let sentence = "Your last change is on its way to this computer's disk.";
            return make(Tone::Saving, "Saving", None, sentence.to_owned());
        }
        Edit::Saved => {}
    }
    if let Some(edit) = sync.rejected.first() {
        let why = reason(&edit.why);
        let sentence = format!("{SAVED}. Change rejected: {why}. It is kept here under Sync centre.");
        return make(Tone::Trouble, "Change rejected", Some(upper(why)), sentence);
    }
    let count_waiting = sync.count.waiting_edits + sync.count.waiting_uploads;
    let waiting =
        (count_waiting > 0).then(|| format!("{} waiting", count(count_waiting, "change", "changes")));
    let wait = if count_waiting == 1 { "waits" } else { "wait" };
    match &sync.status {
        Status::Local => {
            make(Tone::Saved, SAVED, None, format!("{SAVED}. No server is set up, and none is needed."))
        }
        Status::Connected { carrier, .. } if sync.count.is_settled() => {
            let line = sync.synced_at_ms.map_or("Synced".to_owned(), |at| format!("Synced at {}", clock(at)));
            let way = en::way(*carrier);
            let sentence = format!("{line}. Everything is on this computer and on the server.{way}");
            make(Tone::Synced, &line, None, sentence)
        }
        Status::Connected { carrier, .. } => {
            let fetching = sync.count.waiting_downloads;
            let more = waiting
                .or_else(|| (fetching > 0).then(|| format!("{} to fetch", count(fetching, "item", "items"))));
            let way = en::way(*carrier);
            let sentence = format!("{SAVED}. Changes are on their way to and from the server.{way}");
            make(Tone::Syncing, "Syncing", more, sentence)
        }
        Status::Connecting { .. } => match waiting {
            Some(line) => {
                let sentence = format!(
                    "{SAVED}. {} {wait} for the network; trying now.",
                    count(count_waiting, "change", "changes")
                );
                make(Tone::Waiting, &line, Some("Trying now".into()), sentence)
            }
            None => make(
                Tone::Offline,
                "Offline, trying now",
                None,
                format!("{SAVED}. Trying to reach the server now."),
            ),
        },
        Status::Offline { next_try_ms, why } => {
            let when = next_try_ms.map(|at| next_try(at, now_ms));
            let offline =
                when.as_ref().map_or("Offline".to_owned(), |when| format!("Offline, next try {when}"));
            let then = when.as_ref().map_or(String::new(), |when| format!("; next try {when}"));
            let because = why.as_ref().map_or(String::new(), |why| format!(" {}.", upper(reason(why))));
            match waiting {
                Some(line) => {
                    let number = count(count_waiting, "change", "changes");
                    let sentence = format!("{SAVED}. {number} {wait} for the network{then}.{because}");
                    // Short: both fit into the narrowest sidebar.
                    let more = when.map_or("Offline".to_owned(), |when| format!("next try {when}"));
                    make(Tone::Waiting, &line, Some(more), sentence)
                }
                None => {
                    let sentence = format!("{SAVED}. {offline}.{because}");
                    make(
                        if next_try_ms.is_some() { Tone::Offline } else { Tone::Trouble },
                        &offline,
                        None,
                        sentence,
                    )
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inkhorn_protocol::carrier::Carrier;
    use inkhorn_protocol::projection::{RejectedEdit, SyncCount};

    const CONNECTED: Status = Status::Connected { since_ms: 0, carrier: Carrier::WebSocket };

    fn summary(status: Status, edits: u64, downloads: u64) -> SyncSummary {
        SyncSummary {
            status,
            count: SyncCount { waiting_edits: edits, waiting_downloads: downloads, ..SyncCount::default() },
            synced_at_ms: Some(5_000),
            rejected: vec![],
            differed: vec![],
        }
    }
    fn say(sync: &SyncSummary) -> Pill {
        pill(sync, Edit::Saved, 1_000, |at| format!("14:0{}", at / 1000))
    }
    fn offline(why: Option<&str>) -> Status {
        Status::Offline { next_try_ms: Some(8_500), why: why.map(str::to_owned) }
    }

    #[test]
    fn each_state_has_the_words_that_were_promised() {
        assert_eq!(say(&summary(Status::Local, 0, 0)).line, "Saved on this computer");
        let connected = CONNECTED;
        assert_eq!(say(&summary(connected.clone(), 0, 0)).line, "Synced at 14:05");
        assert_eq!(say(&summary(connected.clone(), 0, 3)).line, "Syncing");
        assert_eq!(say(&summary(offline(None), 0, 0)).line, "Offline, next try in 8 s");
        let waiting = say(&summary(offline(None), 12, 0));
        assert_eq!(waiting.line, "12 changes waiting");
        assert_eq!(
            waiting.sentence,
            "Saved on this computer. 12 changes wait for the network; next try in 8 s."
        );
        assert_eq!(say(&summary(offline(None), 1, 0)).line, "1 change waiting");
    }

    #[test]
    fn nothing_is_called_synced_while_something_is_under_way() {
        for (edits, downloads) in [(1, 0), (0, 1)] {
            let pill = say(&summary(CONNECTED, edits, downloads));
            assert_eq!(pill.tone, Tone::Syncing);
        }
        let slower = Status::Connected { since_ms: 0, carrier: Carrier::Poll };
        let (slower, usual) = (say(&summary(slower, 0, 0)), say(&summary(CONNECTED, 0, 0)));
        assert!(slower.sentence.contains("by a slower way") && !usual.sentence.contains("slower"));
        let synced = summary(CONNECTED, 0, 0);
        assert_eq!(pill(&synced, Edit::Saving, 0, |_| String::new()).tone, Tone::Saving);
    }

    #[test]
    fn a_full_disk_is_told_before_anything_else_with_what_is_safe_and_what_to_do() {
        let mut sync = summary(CONNECTED, 0, 0);
        sync.rejected.push(RejectedEdit {
            id: 1,
            course: "c".parse().expect("id"),
            doc: "lesson:l".parse().expect("doc"),
            why: "your role is viewer.".into(),
            at_ms: 0,
        });
        let said = pill(&sync, Edit::NotSaved, 0, |_| String::new());
        assert_eq!((said.tone, said.line.as_str()), (Tone::Trouble, "Not saved yet"));
        assert_eq!(said.more.as_deref(), Some("free some disk space"));
        assert_eq!(
            said.sentence,
            "Everything saved before is safe. Your last change is not saved yet: the disk is full. \
             Free some space and keep this window open; it is saved by itself as soon as there is room."
        );
        assert!(!said.sentence.contains("Saved on this computer"));
        // Saved in the end: it is gone.
        let said = pill(&sync, Edit::Saved, 0, |_| String::new());
        assert_eq!(said.line, "Change rejected");
    }

    #[test]
    fn a_rejected_change_is_said_with_its_reason_and_where_it_is() {
        let mut sync = summary(offline(None), 0, 0);
        sync.rejected.push(RejectedEdit {
            id: 1,
            course: "c".parse().expect("id"),
            doc: "lesson:l".parse().expect("doc"),
            why: "your role is viewer.".into(),
            at_ms: 0,
        });
        let pill = say(&sync);
        assert_eq!(pill.line, "Change rejected");
        assert!(
            pill.sentence.contains("Change rejected: your role is viewer. It is kept here"),
            "{}",
            pill.sentence
        );
    }

    #[test]
    fn why_the_last_try_failed_is_told_once_with_one_full_stop() {
        let pill = say(&summary(offline(Some("the server does not answer.")), 0, 0));
        assert_eq!(
            pill.sentence,
            "Saved on this computer. Offline, next try in 8 s. The server does not answer."
        );
        let stuck = Status::Offline { next_try_ms: None, why: Some("sign in again".into()) };
        assert_eq!(say(&summary(stuck, 0, 0)).tone, Tone::Trouble);
    }

    #[test]
    fn the_countdown_ends_in_now() {
        assert_eq!(next_try(2_000, 1_999), "in 1 s");
        assert_eq!(next_try(2_000, 2_000), "now");
        assert_eq!(next_try(2_000, 9_000), "now");
        assert_eq!(next_try(300_000, 0), "in 5 min");
    }

    #[test]
    fn a_course_that_is_only_here_is_never_called_synced() {
        let said = only_here();
        assert_eq!((said.tone, said.line.as_str()), (Tone::Saved, "Saved on this computer"));
        assert!(said.sentence.contains("only here"));
    }
}
