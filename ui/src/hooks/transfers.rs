//! What is on its way.

use super::{Options, Query, use_query_with, use_sharing};
use inkhorn_protocol::CourseId;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::Transfer;

/// Images and other files of a course that are not yet on the server, or not yet here. None in a course that is not shared.
pub(crate) fn use_transfers(course: CourseId) -> Query<Vec<Transfer>> {
    let (_, shared) = use_sharing(&course);
    let options = Options::default().enabled(shared == Some(true)).placeholder(Vec::new());
    use_query_with(QueryKey::Transfers { course }, options)
}
