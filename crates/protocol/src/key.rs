//! Query keys: hierarchical, typed, and the only names under which server state is known.

use crate::find::Needle;
use crate::{CourseId, NodeId};
use serde::{Deserialize, Serialize};

/// Name of one piece of server state. The segments of [`QueryKey::path`] make the hierarchy that prefixes match.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "query", rename_all = "snake_case")]
pub enum QueryKey {
    /// List of courses: `Vec<CourseSummary>`.
    Courses,
    /// Outline of a course: `OutlineView`.
    Outline {
        /// Course.
        course: CourseId,
    },
    /// Settings of a course: `CourseSettings`.
    Settings {
        /// Course.
        course: CourseId,
    },
    /// Facts about one lesson: `LessonInfo`.
    Lesson {
        /// Course.
        course: CourseId,
        /// Lesson.
        lesson: NodeId,
    },
    /// What waits, what is synced: `SyncSummary`.
    Sync,
    /// The signed-in account, if any: `Option<Account>`.
    Account,
    /// Members of a course, from the server: `Vec<Member>`.
    Members {
        /// Course.
        course: CourseId,
    },
    /// Courses on the server that the user may join: `Vec<rest::Course>`.
    RemoteCourses,
    /// Operations that have not ended well yet, oldest first: `Vec<OperationInfo>`.
    Operations,
    /// What a course has of a text: `FindView`.
    Find {
        /// Course.
        course: CourseId,
        /// What is looked for.
        needle: Needle,
    },
    /// Documents with edits that wait for the server, the longest first: `Vec<WaitingDoc>`.
    Waiting,
    /// Words that somebody took away unseen and that are kept, newest first: `Vec<KeptWords>`.
    KeptWords,
    /// How much of a course is on this computer: `Available`.
    Available {
        /// Course.
        course: CourseId,
    },
    /// Room that the profile takes on the disk: `Storage`.
    Storage,
    /// Who is in a course now, and where: `Vec<Peer>`.
    Presence {
        /// Course.
        course: CourseId,
    },
    /// Assets of a shared course that are not in both places yet: `Vec<Transfer>`.
    Transfers {
        /// Course.
        course: CourseId,
    },
}

impl QueryKey {
    /// The key as segments, the most general first.
    pub fn path(&self) -> Vec<&str> {
        match self {
            Self::Courses => vec!["courses"],
            Self::Outline { course } => vec!["course", course.as_str(), "outline"],
            Self::Settings { course } => vec!["course", course.as_str(), "settings"],
            Self::Lesson { course, lesson } => vec!["course", course.as_str(), "lesson", lesson.as_str()],
            Self::Sync => vec!["sync"],
            Self::Account => vec!["account"],
            Self::Members { course } => vec!["course", course.as_str(), "members"],
            Self::RemoteCourses => vec!["remote", "courses"],
            Self::Operations => vec!["operations"],
            Self::Find { course, needle } => {
                vec!["course", course.as_str(), "find", needle.options(), &needle.text]
            }
            // Below "sync": what makes the counts stale makes this stale.
            Self::Waiting => vec!["sync", "waiting"],
            Self::KeptWords => vec!["sync", "kept_words"],
            Self::Available { course } => vec!["course", course.as_str(), "available"],
            Self::Storage => vec!["storage"],
            Self::Presence { course } => vec!["presence", course.as_str()],
            Self::Transfers { course } => vec!["transfers", course.as_str()],
        }
    }
}
