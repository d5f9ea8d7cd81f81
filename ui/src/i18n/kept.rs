//! The words about what waits for the server, and about what it refused. What is safe comes first.
#![allow(missing_docs, reason = "each text says itself what it is")]

use super::en::{count, sentence, titled};
use super::sync::{Pill, Tone, next_try};
use inkhorn_protocol::DocId;
use inkhorn_protocol::projection::{OperationInfo, OperationState};

pub const OPERATIONS: &str = "Requests to the server";
pub const REJECTED: &str = "Changes the server refused";
pub const REJECTED_HINT: &str = "They are kept on this computer until you put them back or let them go.";
pub const TRY_AGAIN: &str = "Try again";
pub const PUT_BACK: &str = "Put back";
pub const EXPORT: &str = "Export…";
pub const LET_GO: &str = "Let go…";
pub const LET_GO_NOW: &str = "Let go";
pub const LET_GO_EDIT: &str = "Let these changes go?";
pub const LET_GO_OPERATION: &str = "Let this request go?";
pub const OUTLINE: &str = "Outline";
pub const SENT_AGAIN: &str = "The changes are sent again.";
pub const WRITTEN_ANEW: &str = "The changes stand in a lesson of their own now.";

/// What an operation does, with the course that it is about.
pub fn operation(kind: &str, course: &str) -> String {
    let course = titled(course);
    match kind {
        "register" => format!("Put “{course}” on the server"),
        "set_title" => format!("Give “{course}” its title on the server"),
        // Of a newer core.
        other => format!("{}: “{course}”", sentence(&other.replace('_', " "))),
    }
}

/// How far it is, in a sentence.
pub fn state(info: &OperationInfo, now_ms: u64) -> String {
    let why = info.why.as_deref().map(|why| format!(" {}.", sentence(why))).unwrap_or_default();
    let when = info.next_try_ms.map(|at| format!(" Next try {}.", next_try(at, now_ms))).unwrap_or_default();
    match info.state {
        OperationState::Queued if info.tries == 0 => {
            format!("Kept on this computer, not sent yet.{why}{when}")
        }
        OperationState::Queued => {
            let tries = count(u64::from(info.tries), "time", "times");
            format!("Kept on this computer; tried {tries}.{why}{when}")
        }
        OperationState::Sent => "Sent; the answer is on its way.".to_owned(),
        OperationState::Acked => "Done on the server; its confirmation is on its way.".to_owned(),
        OperationState::Confirmed => "Done.".to_owned(),
        OperationState::TimedOut => format!("No confirmation came; the server is asked again.{why}{when}"),
        OperationState::Rejected => format!("The server refused it.{why} It is kept here."),
        OperationState::Expired => format!("Too old to be sent by itself.{why} It is kept here."),
    }
}

/// Whether only the user can bring it further.
pub fn is_stuck(state: OperationState) -> bool {
    matches!(state, OperationState::Rejected | OperationState::Expired)
}

/// What the pill says while a request is stuck and nothing else is worse.
pub fn pill(stuck: &[&OperationInfo]) -> Option<Pill> {
    let first = stuck.first()?;
    let line = match (stuck.len(), first.state) {
        (1, OperationState::Expired) => "Request not sent".to_owned(),
        (1, _) => "Request refused".to_owned(),
        (number, _) => format!("{} need you", count(number as u64, "request", "requests")),
    };
    let why = first.why.as_deref().map(sentence);
    let because = why.as_ref().map(|why| format!(" {why}.")).unwrap_or_default();
    let sentence = format!("Saved on this computer. {line}.{because} It is kept under Sync centre.");
    Some(Pill { tone: Tone::Trouble, line, more: why, sentence })
}

/// Where refused changes were made: the lesson's title, or the course's outline.
pub fn place(lesson: Option<&str>, course: &str) -> String {
    let course = titled(course);
    match lesson {
        Some(lesson) => format!("{} · {course}", titled(lesson)),
        None => format!("{OUTLINE} · {course}"),
    }
}

/// What letting go means, before it is done.
pub fn let_go_edit(place: &str) -> String {
    format!(
        "The changes in {place} are only on this computer. Once you let them go they cannot be brought back, and the lesson becomes what the server has. Export them first if you may need them."
    )
}

pub fn let_go_operation(what: &str) -> String {
    format!("“{what}” will not be sent any more. Your course on this computer stays as it is.")
}

pub fn exported(path: &str) -> String {
    format!("Written to {path}. The changes stay kept here too.")
}

/// Name that an export is offered under.
pub fn export_name(place: &str) -> String {
    let name: String = place.chars().map(|c| if c.is_alphanumeric() || c == ' ' { c } else { ' ' }).collect();
    let words: Vec<_> = name.split_whitespace().collect();
    format!("Refused changes {}", words.join(" "))
}

/// A document that was compared with the server's after a sync, and was another one.
pub fn differed(doc: &DocId, repaired: bool) -> &'static str {
    match (doc, repaired) {
        (DocId::Course(_), true) => {
            "The outline of a course differed from the server’s. It was fetched again, and is the same now."
        }
        (DocId::Lesson(_), true) => {
            "A lesson differed from the server’s. It was fetched again, and is the same now."
        }
        (_, false) => {
            "A document differs from the server’s, also after it was fetched again. Nothing was thrown away: export the \
             course, and tell who runs the server."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(state: OperationState, why: Option<&str>) -> OperationInfo {
        OperationInfo {
            op: "o".parse().expect("an id"),
            course: "c".parse().expect("an id"),
            kind: "set_title".into(),
            state,
            tries: 2,
            created_ms: 0,
            next_try_ms: (state == OperationState::Queued).then_some(9_000),
            why: why.map(str::to_owned),
        }
    }

    #[test]
    fn what_is_safe_is_said_before_what_failed() {
        assert_eq!(
            state(&info(OperationState::Queued, Some("the server does not answer.")), 1_000),
            "Kept on this computer; tried 2 times. The server does not answer. Next try in 8 s."
        );
        assert_eq!(
            state(&info(OperationState::Rejected, Some("your role is viewer")), 0),
            "The server refused it. Your role is viewer. It is kept here."
        );
        assert_eq!(operation("set_title", " "), "Give “Untitled” its title on the server");
        assert_eq!(operation("add_member", "Soil"), "Add member: “Soil”");
    }

    #[test]
    fn the_pill_names_one_request_and_counts_more() {
        let one = info(OperationState::Rejected, Some("your role is viewer"));
        let said = pill(&[&one]).expect("something to say");
        assert_eq!(
            (said.line.as_str(), said.more.as_deref()),
            ("Request refused", Some("Your role is viewer"))
        );
        assert_eq!(
            said.sentence,
            "Saved on this computer. Request refused. Your role is viewer. It is kept under Sync centre."
        );
        assert_eq!(pill(&[&one, &one]).expect("something to say").line, "2 requests need you");
        assert_eq!(pill(&[]), None);
    }

    #[test]
    fn an_export_is_offered_under_a_name_that_every_disk_takes() {
        assert_eq!(
            export_name(&place(Some("Sand/silt: clay"), "Soil")),
            "Refused changes Sand silt clay Soil"
        );
    }
}
