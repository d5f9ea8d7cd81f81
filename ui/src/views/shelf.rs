//! One line about where a course is.

use crate::i18n::text;
use inkhorn_protocol::projection::CourseSummary;

/// "On this computer", "12 changes waiting", "Shared · Editor".
pub(crate) fn course_state(course: &CourseSummary) -> String {
    if !course.shared {
        return "On this computer".to_owned();
    }
    let waiting = course.sync.waiting_edits + course.sync.waiting_uploads;
    if waiting > 0 {
        return format!("{} waiting", text::count(waiting, "change", "changes"));
    }
    match course.role {
        Some(role) => format!("Shared · {}", text::role(role)),
        None => "Shared".to_owned(),
    }
}
