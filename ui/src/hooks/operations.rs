//! Operations of the user that have not ended well yet.

use super::{Options, Query, use_query_with};
use inkhorn_protocol::key::QueryKey;
use inkhorn_protocol::projection::OperationInfo;

/// Operations that wait or were refused, oldest first; none until the core has answered.
pub(crate) fn use_operations() -> Query<Vec<OperationInfo>> {
    use_query_with(QueryKey::Operations, Options::default().placeholder(Vec::new()))
}
