//! The calls with JSON.

use super::App;
use super::error::Refused;
use crate::hub::Incoming;
use crate::store::Account;
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequestParts, Path, State};
use axum::http::StatusCode;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use inkhorn_protocol::CourseId;
use inkhorn_protocol::rest::{Course, CourseDetail, LoggedIn, Login, Me, OperationReply, OperationRequest};
use inkhorn_protocol::session::{PROTOCOL, Reason};

/// The account that a request is made by.
pub(crate) struct SignedIn(pub(crate) Account);

impl FromRequestParts<App> for SignedIn {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refused> {
        let header = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
        let token = header.and_then(|text| text.strip_prefix("Bearer ")).map(str::trim);
        let token = token.ok_or_else(|| Refused::new(Reason::Unauthenticated))?;
        let account = app.store.signed_in(token).await?;
        account.map(Self).ok_or_else(|| Refused::new(Reason::Unauthenticated))
    }
}

fn body<T>(json: Result<Json<T>, JsonRejection>) -> Result<T, Refused> {
    match json {
        Ok(Json(value)) => Ok(value),
        Err(rejection) if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            Err(Refused::new(Reason::TooLarge { limit_bytes: super::MAX_BODY_BYTES as u64 }))
        }
        Err(rejection) => Err(Refused::invalid(rejection.body_text())),
    }
}

pub(crate) fn course_id(text: &str) -> Result<CourseId, Refused> {
    // Who is no member does not learn which courses there are, and an id that cannot be is one of no course.
    text.parse().map_err(|_| Refused::new(Reason::NotMember))
}

pub(crate) async fn login(
    State(app): State<App>,
    json: Result<Json<Login>, JsonRejection>,
) -> Result<Json<LoggedIn>, Refused> {
    let login = body(json)?;
    // Never closed, so there is always a permit in the end.
    let _permit = app.logins.acquire().await.map_err(|_| Refused::new(Reason::Other))?;
    let Some(account) = app.store.check_password(&login.email, login.password).await? else {
        return Err(Refused::new(Reason::Unauthenticated));
    };
    Ok(Json(LoggedIn { token: app.store.add_token(&account).await? }))
}

pub(crate) async fn me(State(app): State<App>, SignedIn(account): SignedIn) -> Json<Me> {
    let Account { id, email, name } = account;
    Json(Me { id, email, name, protocol: PROTOCOL, epoch: app.store.epoch().to_owned() })
}

pub(crate) async fn courses(
    State(app): State<App>,
    SignedIn(account): SignedIn,
) -> Result<Json<Vec<Course>>, Refused> {
    Ok(Json(app.store.courses(&account.id).await?))
}

pub(crate) async fn course(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    Path(course): Path<String>,
) -> Result<Json<CourseDetail>, Refused> {
    let found = app.store.course(&course_id(&course)?, &account.id).await?;
    found.map(Json).ok_or_else(|| Refused::new(Reason::NotMember))
}

pub(crate) async fn operations(
    State(app): State<App>,
    SignedIn(account): SignedIn,
    json: Result<Json<OperationRequest>, JsonRejection>,
) -> Result<Json<OperationReply>, Refused> {
    let request = body(json)?;
    let reply = app.store.operate(&account.id, &request).await?;
    app.hub.changed.notify_one();
    let receipt = Incoming::Receipt {
        user: account.id.as_str().into(),
        op: reply.op.clone(),
        rejected: reply.rejected.clone(),
    };
    // Fails only while the server stops; the app asks again then.
    let _ = app.hub.incoming.send(receipt).await;
    Ok(Json(reply))
}
