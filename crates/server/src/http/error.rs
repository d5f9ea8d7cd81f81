//! Error answers: a status and a body that says why.

use crate::store::StoreError;
use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use inkhorn_protocol::rest::ErrorBody;
use inkhorn_protocol::session::Reason;

/// A refused request.
#[derive(Debug)]
pub(crate) struct Refused {
    status: StatusCode,
    reason: Reason,
    message: String,
}

impl Refused {
    pub(crate) fn new(reason: Reason) -> Self {
        let status = match &reason {
            Reason::Unauthenticated => StatusCode::UNAUTHORIZED,
            Reason::NotMember | Reason::RoleTooLow { .. } | Reason::NotOwner { .. } => StatusCode::FORBIDDEN,
            Reason::NotRegistered | Reason::NoAccount { .. } | Reason::NoSuchMember { .. } => {
                StatusCode::NOT_FOUND
            }
            Reason::LastOwner | Reason::AlreadyMember { .. } => StatusCode::CONFLICT,
            Reason::IdTaken | Reason::ClientIdTaken | Reason::Fork | Reason::Differed | Reason::Gap => {
                StatusCode::CONFLICT
            }
            Reason::Invalid { .. } | Reason::Other => StatusCode::BAD_REQUEST,
            Reason::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Reason::StorageFailed => StatusCode::INSUFFICIENT_STORAGE,
        };
        let message = reason.to_string();
        Self { status, reason, message }
    }

    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(Reason::Invalid { detail: detail.into() })
    }

    pub(crate) fn not_found(message: &str) -> Self {
        Self { status: StatusCode::NOT_FOUND, reason: Reason::NotRegistered, message: message.to_owned() }
    }

    pub(crate) fn busy(message: &str) -> Self {
        Self { status: StatusCode::CONFLICT, reason: Reason::Other, message: message.to_owned() }
    }

    pub(crate) fn message(mut self, message: &str) -> Self {
        message.clone_into(&mut self.message);
        self
    }

    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::new(Reason::StorageFailed)
    }
}

impl From<std::io::Error> for Refused {
    fn from(error: std::io::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (self.status, Json(ErrorBody { reason: self.reason, message: self.message })).into_response()
    }
}
