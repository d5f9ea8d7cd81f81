//! Who else is here.

use super::{Options, Query, use_query_with};
use inkhorn_protocol::CourseId;
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::Peer;

/// Who has a course open now, without this window. Nobody until the core has answered, and in a course that is not shared.
pub(crate) fn use_presence(course: CourseId, shared: bool) -> Query<Vec<Peer>> {
    use_query_with(QueryKey::Presence { course }, Options::default().enabled(shared).placeholder(Vec::new()))
}
