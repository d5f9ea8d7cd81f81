//! The words about images and files that are on their way.
#![allow(missing_docs, reason = "each text says itself what it is")]

use super::en::{sentence, titled};
use inkhorn_protocol::media::{self, Kind};
use inkhorn_protocol::projection::{Transfer, TransferState};

pub const TRANSFERS: &str = "Images and files on their way";
pub const IMAGE: &str = "Image";
pub const FILE: &str = "File";
pub const UP: &str = "To the server";
pub const DOWN: &str = "From the server";

/// What it is called: a picture from the clipboard came without a name.
pub fn name(transfer: &Transfer) -> String {
    match transfer.asset.name.trim() {
        "" if media::kind(&transfer.asset.mime) == Kind::Image => IMAGE.to_owned(),
        "" => FILE.to_owned(),
        name => name.to_owned(),
    }
}

pub fn direction(up: bool) -> &'static str {
    if up { UP } else { DOWN }
}

/// Where it goes, how large it is, and whose it is. What moves says its size beside its bar.
pub fn detail(transfer: &Transfer, lesson: Option<&str>) -> String {
    let mut parts = vec![direction(transfer.up).to_owned()];
    if transfer.state != TransferState::Moves {
        let (unit, name) = unit_of(transfer.asset.bytes);
        parts.push(format!("{} {name}", in_unit(transfer.asset.bytes, unit)));
    }
    parts.extend(lesson.map(titled).map(str::to_owned));
    parts.join(" · ")
}

/// Why it does not move; `None` while it does.
pub fn why(transfer: &Transfer) -> Option<String> {
    match (transfer.state, &transfer.why) {
        (TransferState::Moves, _) => None,
        (TransferState::Offline, _) if transfer.up => {
            Some("Offline: it is sent as soon as there is a connection.".to_owned())
        }
        (TransferState::Offline, _) => {
            Some("Offline: it is fetched as soon as there is a connection.".to_owned())
        }
        (TransferState::Waits, Some(why)) => Some(format!("{}.", sentence(why).trim_end_matches('.'))),
        (TransferState::Waits, None) => Some("Others are before it.".to_owned()),
    }
}

/// "3.2 of 25 MB": both in the unit of the whole.
pub fn progress(done: u64, bytes: u64) -> String {
    let (unit, name) = unit_of(bytes);
    format!("{} of {} {name}", in_unit(done.min(bytes), unit), in_unit(bytes, unit))
}

/// The largest unit that a size reaches, in bytes, with its name.
fn unit_of(bytes: u64) -> (u64, &'static str) {
    const UNITS: [(u64, &str); 3] = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "KB")];
    UNITS.into_iter().find(|(unit, _)| bytes >= *unit).unwrap_or((1, "bytes"))
}

/// A size with one figure behind the point where that is not 0.
fn in_unit(bytes: u64, unit: u64) -> String {
    match (bytes / unit, bytes % unit * 10 / unit) {
        (whole, 0) => whole.to_string(),
        (whole, tenth) => format!("{whole}.{tenth}"),
    }
}

pub fn progress_of(name: &str, done: u64, bytes: u64) -> String {
    format!("{name}: {}", progress(done, bytes))
}

pub fn more(hidden: usize) -> String {
    format!("and {}", super::en::count(hidden as u64, "more file", "more files"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use inkhorn_protocol::AssetHash;
    use inkhorn_protocol::projection::AssetRef;

    fn transfer(name: &str, state: TransferState) -> Transfer {
        let hash = AssetHash::from_digest(&[7; 32]);
        let asset = AssetRef { hash, mime: "image/png".into(), bytes: 25_000_000, name: name.into() };
        Transfer { asset, up: true, state, done: 3_200_000, lesson: None, why: None }
    }

    #[test]
    fn progress_is_said_in_the_unit_of_the_whole() {
        let said = [(3_200_000, 25_000_000), (0, 1_500), (200, 999), (25_000_001, 25_000_000)]
            .map(|(done, bytes)| progress(done, bytes));
        assert_eq!(said, ["3.2 of 25 MB", "0 of 1.5 KB", "200 of 999 bytes", "25 of 25 MB"]);
        assert_eq!(progress(90_000, 12_340_000), "0 of 12.3 MB");
    }

    #[test]
    fn a_picture_without_a_name_is_an_image_and_each_says_why_it_waits() {
        assert_eq!(name(&transfer(" ", TransferState::Waits)), "Image");
        assert_eq!(name(&transfer("map.png", TransferState::Waits)), "map.png");
        let mut one = transfer("map.png", TransferState::Waits);
        assert_eq!(why(&one).as_deref(), Some("Others are before it."));
        one.why = Some("the server is full.".into());
        assert_eq!(why(&one).as_deref(), Some("The server is full."));
        assert_eq!(detail(&one, Some("Sand")), "To the server · 25 MB · Sand");
        one.state = TransferState::Moves;
        assert_eq!((why(&one), detail(&one, None)), (None, "To the server".into()));
    }
}
