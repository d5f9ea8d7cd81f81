//! Who else is here.

use super::{Options, Query, use_query, use_query_with, use_selected};
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
    let courses = use_query::<Vec<CourseSummary>>(QueryKey::Courses);
    let shared =
        courses.data().and_then(|all| all.iter().find(|one| &one.id == course).map(|one| one.shared));
    (signed_in.data().is_some_and(|it| *it), shared)
}
