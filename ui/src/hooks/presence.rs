//! Who else is here.

use super::{Options, Query, use_query_with, use_selected};
use inkhorn_protocol::CourseId;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::{Account, CourseSummary, Peer};

/// Who has a course open now, without this window. Nobody until the core has answered, and in a course that is not shared.
pub(crate) fn use_presence(course: CourseId, shared: bool) -> Query<Vec<Peer>> {
    use_query_with(QueryKey::Presence { course }, Options::default().enabled(shared).placeholder(Vec::new()))
}

/// Whether somebody is signed in, and whether the course is on the server; none until the core has answered.
pub(crate) fn use_sharing(course: &CourseId) -> (bool, Option<bool>) {
    let signed_in = use_selected(QueryKey::Account, Options::default(), Option::<Account>::is_some);
    // Of the courses no more than that: their counts change all the time.
    let courses = use_selected(QueryKey::Courses, Options::default(), |all: &Vec<CourseSummary>| {
        all.iter().map(|one| (one.id.clone(), one.shared)).collect::<Vec<_>>()
    });
    let shared =
        courses.data().and_then(|all| all.iter().find(|(id, _)| id == course).map(|(_, shared)| *shared));
    (signed_in.data().is_some_and(|it| *it), shared)
}
