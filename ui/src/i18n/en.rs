//! English texts (LOOK: plain, calm, exact; sentence case; what is safe before what failed).
#![allow(missing_docs, reason = "each text says itself what it is")]

use crate::state::presence::Person;
use inkhorn_protocol::carrier::Carrier;
use inkhorn_protocol::fidelity::Outcome;
use inkhorn_protocol::projection::NodeKind;
use inkhorn_protocol::session::Role;

pub const APP: &str = "Inkhorn";

// ---- courses -------------------------------------------------------------------
pub const COURSES: &str = "Courses";
pub const NEW_COURSE: &str = "New course";
pub const NEW_COURSE_TITLE: &str = "Untitled course";
pub const IMPORT_FOLDER: &str = "Import a folder…";
pub const OPEN_FILE: &str = "Open a course file…";
pub const JOIN_COURSE: &str = "Join a course…";
pub const NO_COURSES: &str = "No course here yet";
pub const NO_COURSES_HINT: &str = "Import a folder of Markdown lessons, or begin with an empty course. Everything stays on this computer until you share it.";
pub const SWITCH_COURSE: &str = "Switch course";
pub const RENAME_COURSE: &str = "Rename course";
pub const EXPORT: &str = "Export as Markdown…";
pub const BACKUP: &str = "Save as a course file…";
pub const EXPORT_HERE: &str = "Export here";

// ---- outline -------------------------------------------------------------------
pub const OUTLINE: &str = "Outline";
pub const ADD: &str = "Add";
pub const ADD_TO_OUTLINE: &str = "Add a lesson, section or chapter";
pub const NEW_CHAPTER: &str = "New chapter";
pub const NEW_SECTION: &str = "New section";
pub const NEW_LESSON: &str = "New lesson";
pub const UNTITLED: &str = "Untitled";
pub const RENAME: &str = "Rename";
pub const MOVE_UP: &str = "Move up";
pub const MOVE_DOWN: &str = "Move down";
pub const MOVE_IN: &str = "Move into the section above";
pub const MOVE_OUT: &str = "Move out of the section";
pub const TO_TRASH: &str = "Move to Trash";
pub const TRASH: &str = "Trash";
pub const RESTORE: &str = "Restore";
pub const RECOVERED: &str = "Recovered";
pub const RECOVERED_HINT: &str = "Their place in the outline is gone. Put them back where you want them.";
pub const PUT_BACK: &str = "Put back at the end of the outline";
pub const EMPTY_OUTLINE: &str = "This course is empty";
pub const READ_ONLY: &str = "Read only";
pub const EMPTY_OUTLINE_READ: &str = "Nothing has been written in it yet.";
pub const EMPTY_OUTLINE_HINT: &str = "A course has chapters, and chapters hold lessons.";
pub const ADD_FIRST_CHAPTER: &str = "Add the first chapter";
pub const KEEP_MINE: &str = "Keep mine";
pub const TAKE_THEIRS: &str = "Take theirs";
pub const UNDO: &str = "Undo";
pub const OPEN: &str = "Open";

// ---- lesson --------------------------------------------------------------------
pub const NO_LESSON: &str = "No lesson is open";
pub const NO_LESSON_HINT: &str = "Choose one in the outline, or add a new one.";
pub const NO_LESSON_READ: &str = "Choose one in the outline.";
pub const LESSON_TITLE: &str = "Lesson title";
pub const NOT_ARRIVED: &str = "This lesson has not arrived yet";
pub const NOT_ARRIVED_HINT: &str =
    "Its place in the outline is here, its text is still on the way. It opens by itself when it has arrived.";
pub const TRASHED: &str = "This lesson is in Trash. It can be read; restore it to change it.";
pub const NEWER: &str =
    "A newer Inkhorn wrote parts of this lesson. You can read it here; update Inkhorn to change it.";
pub const LESSON_FAILED: &str = "This lesson could not be opened. What is on this computer is unchanged.";
pub const FROZEN: &str = "Your text is kept: copy it before you load the lesson again. The last change could not be taken into it.";
// The only failure that passes by itself is a full disk (`state::retry`).
pub const NOT_SAVED: &str = "Everything saved before is safe. Your last change is not saved yet: the disk is full. Free some space and keep this window open; it is saved by itself as soon as there is room.";
pub const NOT_SAVED_LINE: &str = "Not saved yet";
pub const NOT_SAVED_MORE: &str = "free some disk space";
pub const TRY_AGAIN: &str = "Try again";
pub const LOADING: &str = "Loading";
pub const COPY_TEXT: &str = "Copy your text";
pub const COPIED: &str = "Copied.";
pub const RELOAD_LESSON: &str = "Load the lesson again";

// ---- frame ---------------------------------------------------------------------
pub const SHOW_SIDEBAR: &str = "Show the outline";
pub const HIDE_SIDEBAR: &str = "Hide the outline";
pub const RESIZE_SIDEBAR: &str = "Width of the outline";
pub const MORE: &str = "More";
pub const SHARE: &str = "Share…";
pub const PEOPLE: &str = "People…";
pub const SOMEBODY: &str = "Somebody";
pub const SHORTCUTS: &str = "Keyboard shortcuts";
pub const SYNC_CENTRE: &str = "Sync centre";
pub const SERVER_AND_ACCOUNT: &str = "Server and account…";
pub const APPEARANCE: &str = "Appearance";
pub const THEME_LIGHT: &str = "Light";
pub const THEME_DARK: &str = "Dark";
pub const THEME_SYSTEM: &str = "As the system";
pub const FACE_SERIF: &str = "Serif text";
pub const FACE_SANS: &str = "Sans text";
pub const ROWS_COMFORTABLE: &str = "Comfortable rows";
pub const ROWS_COMPACT: &str = "Compact rows";
pub const KEEP: &str = "Keep";
pub const CLOSE: &str = "Close";
pub const CANCEL: &str = "Cancel";
pub const BREADCRUMBS: &str = "Where this lesson is";

// ---- sync ----------------------------------------------------------------------
pub const TRY_NOW: &str = "Try now";
pub const WAITING_UPLOADS: &str = "Images to send";
pub const WAITING_DOWNLOADS: &str = "Lessons and images to fetch";
pub const ONLY_HERE: &str = "This course is only on this computer.";
pub const SIGN_IN: &str = "Sign in…";
pub const SET_UP_SERVER: &str = "Connect to a server…";

// ---- server --------------------------------------------------------------------
pub const SERVER_TITLE: &str = "Server and account";
pub const SERVER_INTRO: &str = "A server lets several people write one course. Your courses stay on this computer as well, and you can always write without it.";
pub const SERVER_ADDRESS: &str = "Server address";
pub const WITH_PASSWORD: &str = "Password";
pub const WITH_TOKEN: &str = "Token";
pub const EMAIL: &str = "E-mail";
pub const PASSWORD: &str = "Password";
pub const TOKEN: &str = "Token";
pub const TOKEN_HINT: &str = "Whoever runs the server can give you one.";
pub const ALLOW_PLAIN: &str = "Connect without encryption. Others on the network could read along.";
pub const SIGN_IN_NOW: &str = "Sign in";
pub const SIGN_IN_AGAIN: &str = "Sign in again";
pub const SIGN_OUT: &str = "Sign out";
pub const SIGNED_IN_AS: &str = "Signed in";
pub const SIGN_OUT_HINT: &str = "Your courses stay on this computer. Changes wait until you sign in again.";

// ---- share and join --------------------------------------------------------------
pub const SHARE_TITLE: &str = "Share this course";
pub const SHARE_NOW: &str = "Share";
pub const PEOPLE_TITLE: &str = "People in this course";
pub const MEMBERS_OFFLINE: &str =
    "Who is in this course is known only to the server. It shows here when you are connected.";
pub const JOIN_TITLE: &str = "Join a course";
pub const JOIN: &str = "Join";
pub const JOIN_EMPTY: &str = "There is no course on the server that is not here already.";
pub const JOIN_OFFLINE: &str =
    "The list of courses comes from the server. It shows here when you are connected.";

// ---- import and export -----------------------------------------------------------
pub const IMPORT_TITLE: &str = "Import a course";
pub const IMPORT_INTRO: &str = "Choose the folder that holds the lessons as Markdown files. The folder itself is only read, never changed.";
pub const FOLDER: &str = "Folder";
pub const CHOOSE_FOLDER: &str = "Choose folder…";
pub const COURSE_TITLE: &str = "Title";
pub const COURSE_TITLE_HINT: &str = "Leave it empty to take the title from the folder.";
pub const IMPORT_NOW: &str = "Import";
pub const IMPORTING: &str = "Importing…";
pub const OPEN_COURSE: &str = "Open the course";
pub const EXPORT_TITLE: &str = "Export as Markdown";
pub const EXPORT_INTRO: &str =
    "Writes the course as a folder of Markdown files and images, which Inkhorn can import again.";
pub const NOTHING_LOST: &str = "Everything was taken over as it was.";

// ---- trouble ---------------------------------------------------------------------
pub const TROUBLE_SAFE: &str = "Your courses on this computer were not changed.";
pub const TROUBLE_LOCKED: &str = "Another Inkhorn has this profile open";
pub const TROUBLE_NEWER: &str = "A newer Inkhorn made this profile";
pub const TROUBLE_CORRUPT: &str = "The database of this profile is damaged";
pub const TROUBLE_OTHER: &str = "This profile could not be opened";
pub const DATA_FOLDER: &str = "Data folder";
pub const QUIT: &str = "Quit";

pub fn kind(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Chapter => "chapter",
        NodeKind::Section => "section",
        NodeKind::Lesson => "lesson",
    }
}

pub fn new_of(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Chapter => NEW_CHAPTER,
        NodeKind::Section => NEW_SECTION,
        NodeKind::Lesson => NEW_LESSON,
    }
}

pub fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Kept => "Kept",
        Outcome::Converted => "Converted",
        Outcome::Dropped => "Left out",
        Outcome::Missing => "Missing",
    }
}

pub fn outcome_means(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Kept => "In the course as it was.",
        Outcome::Converted => "In the course, in another form.",
        Outcome::Dropped => "Not in the course, on purpose.",
        Outcome::Missing => "The lessons name it, but it is not in the folder.",
    }
}

pub fn role(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Viewer",
        Role::Editor => "Editor",
        Role::Owner => "Owner",
    }
}

/// What to say behind a state of sync about the way to the server: nothing about the usual one.
pub fn way(carrier: Carrier) -> &'static str {
    match carrier {
        Carrier::WebSocket => "",
        Carrier::Sse | Carrier::Poll => " Connected by a slower way: this network blocks the usual one.",
    }
}

/// `one` or `many` with the number before it.
pub fn count(number: u64, one: &str, many: &str) -> String {
    if number == 1 { format!("1 {one}") } else { format!("{} {many}", thousands(number)) }
}

/// A number with a thin space between thousands.
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out
}

pub fn lessons(number: u64) -> String {
    count(number, "lesson", "lessons")
}

pub fn words_and_time(words: u64, minutes: u64) -> String {
    format!("{} · {} min read", count(words, "word", "words"), minutes.max(1))
}

/// Over the account when the server is not tried again by itself.
pub fn sign_in_again(why: Option<&str>) -> String {
    let because = why.map(|why| format!(" {}.", sentence(why))).unwrap_or_default();
    format!("Everything is saved on this computer.{because} Sign in again to go on syncing.")
}

/// A reason as a sentence of its own, without its full stop.
pub fn sentence(why: &str) -> String {
    let mut chars = why.trim().trim_end_matches('.').chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

/// Who else has the course open, in one sentence.
pub fn others_here(people: &[Person]) -> String {
    let names: Vec<_> = people.iter().map(where_is).collect();
    match people.len() {
        1 => format!("{} has this course open", names.join("")),
        _ => format!("{} people have this course open: {}", people.len(), names.join(", ")),
    }
}

/// The same, a line for each.
pub fn others_tip(people: &[Person]) -> String {
    let names: Vec<_> = people.iter().map(where_is).collect();
    names.join("\n")
}

fn where_is(person: &Person) -> String {
    if person.same_lesson { format!("{} (in this lesson)", person.name) } else { person.name.clone() }
}

/// A row of the outline as it is read out: its title, and who else is there.
pub fn row(title: &str, people: &[Person]) -> String {
    if people.is_empty() { title.to_owned() } else { format!("{title}, open with {}", names(people)) }
}

/// Names of people, in one line.
pub fn names(people: &[Person]) -> String {
    people.iter().map(|person| person.name.as_str()).collect::<Vec<_>>().join(", ")
}

/// Beside a field in which the user was typing.
pub fn changed_elsewhere(theirs: &str) -> String {
    format!("What you typed is kept. Meanwhile it was changed elsewhere to “{}”.", titled(theirs))
}

/// When the field is left without a decision.
pub fn left_undecided(typed: &str) -> String {
    format!("The name that was set elsewhere stays. You had typed “{}”; it was not used.", titled(typed))
}

pub fn trashed(title: &str) -> String {
    format!("“{}” is in Trash.", titled(title))
}

pub fn restored(title: &str) -> String {
    format!("“{}” is back in the outline.", titled(title))
}

/// A title for people: never empty.
pub fn titled(title: &str) -> &str {
    if title.trim().is_empty() { UNTITLED } else { title }
}

pub fn move_label(title: &str) -> String {
    format!("Move {}", titled(title))
}

pub fn moved(title: &str, position: usize, of: usize) -> String {
    format!("{} moved: {position} of {of}.", titled(title))
}

/// The banner over what the role keeps from changing.
pub fn read_only(role: Role, owners: &[String]) -> String {
    let ask = match owners {
        [] => "Ask an owner for editor access.".to_owned(),
        [one] => format!("Ask {one} (owner) for editor access."),
        [first, ..] => format!("Ask {first} or another owner for editor access."),
    };
    format!("You can read this course but not change it: your role is {role}. {ask}")
}

/// The same, and where changes are that the server did not get.
pub fn and_kept(why: &str, unsent: u64) -> String {
    match unsent {
        0 => why.to_owned(),
        1 => format!("{why} Your 1 unsent change is kept under Sync centre."),
        n => format!("{why} Your {n} unsent changes are kept under Sync centre."),
    }
}

/// The banner over what one could change once, and why not any more.
pub fn no_member(owners: &[String]) -> String {
    let ask = match owners {
        [] => "Ask an owner to add you again.".to_owned(),
        [one] => format!("Ask {one} (owner) to add you again."),
        [first, ..] => format!("Ask {first} or another owner to add you again."),
    };
    format!(
        "What is on this computer stays readable. You are not a member of this course any more, so it cannot be changed here. {ask}"
    )
}

/// The banner over a lesson in Trash of a course that can only be read.
pub fn trashed_read(why: &str) -> String {
    format!("This lesson is in Trash. {why}")
}

pub fn share_intro(course: &str, server: &str) -> String {
    format!(
        "“{course}” and its images go to {server}. Only you have access there at first; who runs the server can add people. It stays on this computer too."
    )
}

pub fn exported(folder: &str, number: u64) -> String {
    format!("{} exported to {folder}.", lessons(number))
}

/// Lessons whose images were not written.
pub fn missing_images(of: &[String]) -> String {
    let named: Vec<_> = of.iter().take(3).map(|title| format!("“{}”", titled(title))).collect();
    let more = if of.len() > 3 { " and others" } else { "" };
    format!(
        "Images of {}{more} are not on this computer yet, so they are not in the folder. Export again when everything is synced.",
        named.join(", ")
    )
}

pub fn saved_file(file: &str) -> String {
    format!("Saved to {file}.")
}

pub fn joined(title: &str) -> String {
    format!("“{title}” is on its way to this computer.")
}

pub fn shared(title: &str) -> String {
    format!("“{title}” is shared.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_as_people_say_them() {
        assert_eq!(lessons(1), "1 lesson");
        assert_eq!(lessons(0), "0 lessons");
        assert_eq!(count(12_345, "word", "words"), "12\u{202f}345 words");
        assert_eq!(words_and_time(10, 0), "10 words · 1 min read");
    }

    #[test]
    fn a_viewer_learns_whom_to_ask_and_where_unsent_changes_are() {
        assert_eq!(
            and_kept(&read_only(Role::Viewer, &["Maria".to_owned()]), 3),
            "You can read this course but not change it: your role is viewer. Ask Maria (owner) for editor access. \
             Your 3 unsent changes are kept under Sync centre."
        );
    }
}
