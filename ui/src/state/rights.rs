//! Whether the user may change a course, and what is said where that is not so. Pure: the core decides, this only
//! keeps away what it would refuse.

use crate::i18n::text;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::projection::CourseSummary;
use inkhorn_protocol::session::Role;

/// What the user may do with a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rights {
    /// The core has not answered yet: nothing is offered that might be taken away in the next moment.
    Unknown,
    /// Reading and writing.
    Write,
    /// Reading only; why, and whom to ask.
    Read(String),
}

impl Rights {
    /// Rights in `course`, when `courses` is what the core says (none = no answer yet, `failed` = it could not answer).
    /// When in doubt, writing is offered: the core refuses what must not be, and says why.
    pub fn of(courses: Option<&[CourseSummary]>, failed: bool, course: &CourseId) -> Self {
        let Some(courses) = courses else {
            return if failed { Self::Write } else { Self::Unknown };
        };
        match courses.iter().find(|one| &one.id == course) {
            Some(CourseSummary { shared: true, role, owners, .. }) if !role.is_some_and(Role::may_write) => {
                Self::Read(match role {
                    Some(role) => text::read_only(*role, owners),
                    None => text::no_member(owners),
                })
            }
            _ => Self::Write,
        }
    }

    /// Whether what changes the course is offered.
    pub fn may_write(&self) -> bool {
        *self == Self::Write
    }

    /// Why the course can only be read.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Read(why) => Some(why),
            Self::Unknown | Self::Write => None,
        }
    }
}

/// Whether a key would change the outline while a row has the focus; keys are named as browsers name them.
/// With Alt, arrows move the row.
pub fn changes_the_outline(key: &str, alt: bool) -> bool {
    match key {
        "Enter" | "F2" | "Delete" => !alt,
        "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight" => alt,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inkhorn_protocol::projection::SyncCount;

    fn course(shared: bool, role: Option<Role>) -> CourseSummary {
        CourseSummary {
            id: "c".parse().expect("an id"),
            title: "Soil".into(),
            lessons: 1,
            shared,
            role,
            owners: vec!["Maria".into()],
            sync: SyncCount::default(),
        }
    }
    fn rights(shared: bool, role: Option<Role>) -> Rights {
        let one = course(shared, role);
        Rights::of(Some(std::slice::from_ref(&one)), false, &one.id)
    }

    #[test]
    fn a_viewer_only_reads_and_learns_whom_to_ask() {
        let viewer = rights(true, Some(Role::Viewer));
        assert!(!viewer.may_write());
        assert_eq!(
            viewer.reason(),
            Some(
                "You can read this course but not change it: your role is viewer. Ask Maria (owner) for editor access."
            )
        );
    }

    #[test]
    fn who_is_no_member_any_more_is_not_called_a_viewer() {
        assert_eq!(
            rights(true, None).reason(),
            Some(
                "What is on this computer stays readable. You are not a member of this course any more, so it cannot be changed here. Ask Maria (owner) to add you again."
            )
        );
    }

    #[test]
    fn own_courses_and_those_of_editors_and_owners_can_be_changed() {
        assert!(rights(false, None).may_write());
        assert!(rights(true, Some(Role::Editor)).may_write());
        assert!(rights(true, Some(Role::Owner)).may_write());
    }

    #[test]
    fn nothing_is_offered_before_the_answer_and_writing_when_there_will_be_none() {
        let id = course(true, None).id;
        assert_eq!(Rights::of(None, false, &id), Rights::Unknown);
        assert!(!Rights::Unknown.may_write());
        assert_eq!(Rights::Unknown.reason(), None);
        assert!(Rights::of(None, true, &id).may_write());
        // A course that was made a moment ago is not in the list yet.
        assert!(Rights::of(Some(&[]), false, &id).may_write());
    }

    #[test]
    fn keys_that_walk_stay_and_keys_that_change_are_known() {
        for key in ["Enter", "F2", "Delete"] {
            assert!(changes_the_outline(key, false), "{key}");
        }
        for key in ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"] {
            assert!(changes_the_outline(key, true), "Alt+{key}");
            assert!(!changes_the_outline(key, false), "{key}");
        }
        for key in [" ", "Home", "End", "Escape", "a", "Tab"] {
            assert!(!changes_the_outline(key, false) && !changes_the_outline(key, true), "{key}");
        }
    }
}
