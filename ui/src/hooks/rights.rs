//! What the user may do with a course.

use super::use_query;
use crate::state::rights::Rights;
use dioxus::prelude::*;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::CourseSummary;

/// Rights in a course.
pub(crate) fn use_rights(course: CourseId) -> Memo<Rights> {
    let courses = use_query::<Vec<CourseSummary>>(QueryKey::Courses);
    use_memo(use_reactive!(|course| {
        let all = courses.data();
        Rights::of(all.as_ref().map(|all| all.as_slice()), courses.error().is_some(), &course)
    }))
}
