//! The words about what waits for the server, and about room on the disk.
#![allow(missing_docs, reason = "each text says itself what it is")]

use super::en::{count, sentence, titled};
use super::kept::OUTLINE;
use inkhorn_protocol::projection::{Available, WaitingDoc, WaitsFor};

pub const WAITING: &str = "Waiting for the server";
pub const WAITING_HINT: &str = "All of it is saved on this computer.";
pub const RETRY: &str = "Retry now";
pub const EXPORT: &str = "Export…";
pub const THIS_COURSE: &str = "This course";
pub const STORAGE: &str = "Room on this computer";
pub const DATABASE: &str = "Courses and lessons";
pub const ASSETS: &str = "Images and files";
pub const LOGS: &str = "Logs";
pub const SET_ASIDE: &str = "Damaged databases, set aside";
pub const FREE: &str = "Free room";
pub const FREE_HINT: &str = "Images and files stay as long as a course names them. Free room writes the database anew without its gaps; nothing of a course is removed.";

/// Documents that are listed one by one: more than these nobody reads.
pub const MOST: usize = 40;

pub fn more(hidden: usize) -> String {
    format!("and {}", count(hidden as u64, "more document", "more documents"))
}

/// Which document it is: the lesson, or the outline, with its course.
pub fn title(doc: &WaitingDoc) -> String {
    let what = doc.title.as_deref().map_or(OUTLINE, titled);
    format!("{what} · {}", titled(&doc.course_title))
}

/// How much, and for how long.
pub fn figures(doc: &WaitingDoc, now_ms: u64) -> String {
    let edits = count(doc.edits, "change", "changes");
    let bytes = size(doc.bytes);
    match doc.since_ms {
        Some(since) => format!("{edits} · {bytes} · {}", age(since, now_ms)),
        None => format!("{edits} · {bytes}"),
    }
}

/// What it waits for, and what will happen.
pub fn why(waits: &WaitsFor) -> String {
    match waits {
        WaitsFor::SignIn => "No server is set up: sign in, and it is sent.".to_owned(),
        WaitsFor::Connection => "Offline: it is sent as soon as there is a connection.".to_owned(),
        WaitsFor::Assets { count: number } => {
            format!("{} of it must arrive first.", count(*number, "image or file", "images or files"))
        }
        WaitsFor::Lessons { count: number } => {
            format!("{} that it names must arrive first.", count(*number, "new lesson", "new lessons"))
        }
        WaitsFor::Trouble { why } => format!("{}.", sentence(why).trim_end_matches('.')),
        WaitsFor::Turn => "On its way.".to_owned(),
    }
}

/// Whether it moves by itself right now.
pub fn moves(waits: &WaitsFor) -> bool {
    matches!(waits, WaitsFor::Assets { .. } | WaitsFor::Lessons { .. } | WaitsFor::Turn)
}

pub fn age(since_ms: u64, now_ms: u64) -> String {
    let minutes = now_ms.saturating_sub(since_ms) / 60_000;
    match minutes {
        0 => "for less than a minute".to_owned(),
        1..60 => format!("for {}", count(minutes, "minute", "minutes")),
        60..2_880 => format!("for {}", count(minutes / 60, "hour", "hours")),
        _ => format!("for {}", count(minutes / 1_440, "day", "days")),
    }
}

/// Bytes as people read them.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 3] = ["KB", "MB", "GB"];
    if bytes < 1_000 {
        return count(bytes, "byte", "bytes");
    }
    let (mut tenths, mut unit) = (bytes / 100, 0);
    while tenths >= 9_995 && unit + 1 < UNITS.len() {
        (tenths, unit) = (tenths / 1_000, unit + 1);
    }
    if tenths >= 1_000 {
        format!("{} {}", tenths / 10, UNITS[unit])
    } else {
        format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
    }
}

/// Megabytes with one figure behind the point, to be compared with each other.
pub fn megabytes(bytes: u64) -> String {
    let tenths = bytes.div_ceil(100_000);
    format!("{}.{} MB", tenths / 10, tenths % 10)
}

/// How much of the open course is here.
pub fn available(here: &Available) -> String {
    let lessons = format!("Available offline: {}/{} lessons", here.lessons_here, here.lessons);
    if here.assets == 0 {
        lessons
    } else {
        format!("{lessons}, {}/{} images and files", here.assets_here, here.assets)
    }
}

pub fn is_whole(here: &Available) -> bool {
    here.lessons_here == here.lessons && here.assets_here == here.assets
}

pub fn last_stored(clock: &str) -> String {
    format!("All was on the server last at {clock}.")
}

pub fn freed(bytes: u64) -> String {
    if bytes < 100_000 {
        "There was nothing to free.".to_owned()
    } else {
        format!("{} freed.", megabytes(bytes))
    }
}

pub fn export_name(doc: &WaitingDoc) -> String {
    let name: String =
        title(doc).chars().map(|c| if c.is_alphanumeric() || c == ' ' { c } else { ' ' }).collect();
    let words: Vec<_> = name.split_whitespace().collect();
    words.join(" ")
}

pub fn exported(path: &str) -> String {
    format!("A copy was written to {path}. The changes go on waiting to be sent.")
}

pub fn retry(title: &str) -> String {
    format!("Retry now: {title}")
}

pub fn export(title: &str) -> String {
    format!("Export a copy of {title}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doc() -> WaitingDoc {
        WaitingDoc {
            doc: "lesson:l".parse().expect("doc"),
            course: "c".parse().expect("id"),
            course_title: "Soil".into(),
            title: Some("Sand/silt".into()),
            edits: 3,
            bytes: 1_234,
            since_ms: Some(60_000),
            waits: WaitsFor::Connection,
        }
    }

    #[test]
    fn a_document_says_what_it_is_how_much_and_since_when() {
        let one = doc();
        assert_eq!(title(&one), "Sand/silt · Soil");
        assert_eq!(figures(&one, 60_000 * 9), "3 changes · 1.2 KB · for 8 minutes");
        assert_eq!(figures(&WaitingDoc { since_ms: None, ..doc() }, 0), "3 changes · 1.2 KB");
        assert_eq!(title(&WaitingDoc { title: None, ..doc() }), "Outline · Soil");
        assert_eq!(export_name(&one), "Sand silt Soil");
    }

    #[test]
    fn ages_and_sizes_read_as_people_say_them() {
        assert_eq!(age(5, 0), "for less than a minute", "a clock that was set back");
        assert_eq!(age(0, 3_600_000 * 30), "for 30 hours");
        assert_eq!(age(0, 3_600_000 * 72), "for 3 days");
        let said = [999, 1_000, 99_950, 999_499, 999_999, 123_000_000, 5_000_000_000].map(size);
        assert_eq!(said, ["999 bytes", "1.0 KB", "99.9 KB", "999 KB", "0.9 MB", "123 MB", "5.0 GB"]);
        assert_eq!(
            (megabytes(0), megabytes(1), megabytes(12_340_000)),
            ("0.0 MB".into(), "0.1 MB".into(), "12.4 MB".into())
        );
    }

    #[test]
    fn each_reason_is_one_sentence_with_one_full_stop() {
        let trouble = WaitsFor::Trouble { why: "the server is full.".into() };
        assert_eq!(why(&trouble), "The server is full.");
        assert_eq!(why(&WaitsFor::Assets { count: 1 }), "1 image or file of it must arrive first.");
        assert!(moves(&WaitsFor::Turn) && !moves(&trouble));
    }

    #[test]
    fn what_is_available_offline_is_counted() {
        let mut here = Available { lessons_here: 212, lessons: 212, assets_here: 0, assets: 0 };
        assert_eq!(available(&here), "Available offline: 212/212 lessons");
        assert!(is_whole(&here));
        (here.assets_here, here.assets) = (4, 5);
        assert_eq!(available(&here), "Available offline: 212/212 lessons, 4/5 images and files");
        assert!(!is_whole(&here));
    }
}
