//! Words about following a person.

use crate::state::follow::Whereabouts;
use crate::state::presence::Person;

/// Stops it.
pub const STOP: &str = "Stop following";
/// Said when it ended by itself, for assistive technology.
pub const STOPPED: &str = "You no longer follow anybody.";
/// Opens the list of all who are here.
pub const MORE_PEOPLE: &str = "More people to follow";

/// Of a button with somebody's initials.
pub fn follow(person: &Person) -> String {
    if person.same_lesson {
        format!("Follow {} (in this lesson)", person.name)
    } else {
        format!("Follow {}", person.name)
    }
}

/// What the bar says. `here`: whether their lesson is on this computer.
pub fn following(name: &str, at: &Whereabouts, here: bool) -> String {
    match at {
        Whereabouts::Lesson(_) if here => format!("Following {name}"),
        Whereabouts::Lesson(_) => format!("Following {name}. Their lesson has not arrived here yet."),
        Whereabouts::Outline => format!("Following {name}, who has no lesson open"),
        Whereabouts::Away => format!("Following {name}, who is not in this course now"),
    }
}
