//! The calls over HTTP. Nothing here retries: who calls knows whether it may wait.

use crate::error::{Code, CoreError, Result};
use inkhorn_protocol::rest::{
    Course, CourseDetail, ErrorBody, LoggedIn, Login, Me, Operation, OperationReply, OperationRequest,
};
use inkhorn_protocol::session::{PROTOCOL, Reason};
use inkhorn_protocol::{AssetHash, CourseId, OpId};
use inkhorn_transport::{Endpoint, Network};
use reqwest::header::{CONTENT_RANGE, CONTENT_TYPE, RANGE};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde::de::DeserializeOwned;
use std::time::Duration;

/// A server that is there answers its TCP handshake within this, also over a bad line.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);
/// Silence within an answer. Password hashing and a commit take well below a second.
const SILENCE_LIMIT: Duration = Duration::from_secs(30);

/// What came of a call that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RestError {
    /// The server answered no.
    Refused { status: u16, reason: Reason, message: String },
    /// No answer.
    Unreachable(String),
    /// An answer that makes no sense.
    Nonsense(String),
}

impl From<RestError> for CoreError {
    fn from(error: RestError) -> Self {
        match error {
            RestError::Refused { reason: Reason::Unauthenticated, .. } => signed_out(),
            // The server does not say whether such a course exists.
            RestError::Refused { reason: Reason::NotMember, .. } => Self::new(
                Code::Denied,
                "You are not a member of this course on the server. Check its id, and ask an owner to add you.",
            ),
            RestError::Refused {
                reason: reason @ (Reason::RoleTooLow { .. } | Reason::NotOwner { .. }),
                ..
            } => Self::new(Code::Denied, sentence(&reason.to_string())),
            RestError::Refused { status: 404, reason: Reason::NotRegistered, .. } => {
                Self::new(Code::NotFound, "The server does not have this.")
            }
            RestError::Refused { message, .. } => Self::new(Code::Rejected, sentence(&message)),
            RestError::Unreachable(why) => Self::new(Code::Offline, why),
            RestError::Nonsense(why) => Self::new(Code::Other, why),
        }
    }
}

/// A token is no good any more.
pub(crate) fn signed_out() -> CoreError {
    CoreError::new(
        Code::SignedOut,
        "The server does not accept this sign-in: the token is wrong or was withdrawn. \
         Sign in again; everything you wrote is safe on this computer and will be sent then.",
    )
}

/// A reason as a sentence of its own.
pub(crate) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    let dot = if text.ends_with('.') { "" } else { "." };
    format!("{first}{}{dot}", chars.as_str())
}

/// The client of all profiles' calls; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Http {
    client: Client,
    /// What is wrong with how the network is set up. It is said by each call: offline, all goes on.
    trouble: Option<String>,
}

/// Calls to one server by one user.
#[derive(Debug, Clone)]
pub(crate) struct Rest {
    client: Client,
    endpoint: Endpoint,
    token: String,
}

impl Http {
    pub(crate) fn new(network: &Network) -> Result<Self> {
        let (builder, trouble) = match network.client() {
            Ok(builder) => (builder, None),
            Err(trouble) => (Client::builder(), Some(trouble)),
        };
        let built = builder.connect_timeout(CONNECT_LIMIT).read_timeout(SILENCE_LIMIT).build();
        built
            .map(|client| Self { client, trouble })
            .map_err(|error| CoreError::new(Code::Other, format!("Network calls cannot be set up: {error}.")))
    }

    fn client(&self) -> Result<&Client> {
        match &self.trouble {
            Some(trouble) => Err(CoreError::new(Code::Offline, trouble.clone())),
            None => Ok(&self.client),
        }
    }

    pub(crate) fn at(&self, endpoint: Endpoint, token: String) -> Result<Rest> {
        Ok(Rest { client: self.client()?.clone(), endpoint, token })
    }

    /// Trades a password for a token.
    pub(crate) async fn login(&self, endpoint: &Endpoint, email: &str, password: &str) -> Result<String> {
        let login = Login { email: email.to_owned(), password: password.to_owned() };
        let call = self.client()?.post(endpoint.api("login")).json(&login);
        let answer: Result<LoggedIn, RestError> = json(call, endpoint).await;
        answer.map(|logged_in| logged_in.token).map_err(|error| match error {
            RestError::Refused { reason: Reason::Unauthenticated, .. } => CoreError::new(
                Code::SignedOut,
                format!("{} knows no such e-mail and password.", endpoint.host()),
            ),
            other => other.into(),
        })
    }
}

impl Rest {
    fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, self.endpoint.api(path)).bearer_auth(&self.token)
    }

    pub(crate) async fn me(&self) -> Result<Me> {
        let me: Me = json(self.call(Method::GET, "me"), &self.endpoint).await?;
        if me.protocol == PROTOCOL {
            return Ok(me);
        }
        let older = if me.protocol < PROTOCOL { "The server is" } else { "This Inkhorn is" };
        Err(CoreError::new(
            Code::Other,
            format!("{older} too old to work together: update it. Working offline goes on."),
        ))
    }

    pub(crate) async fn courses(&self) -> Result<Vec<Course>, RestError> {
        json(self.call(Method::GET, "courses"), &self.endpoint).await
    }

    pub(crate) async fn course(&self, course: &CourseId) -> Result<CourseDetail, RestError> {
        json(self.call(Method::GET, &format!("courses/{course}")), &self.endpoint).await
    }

    /// Does an operation; asking twice with the same id does it once.
    pub(crate) async fn operate(&self, op: OpId, operation: Operation) -> Result<OperationReply, RestError> {
        let request = OperationRequest { op, operation };
        json(self.call(Method::POST, "operations").json(&request), &self.endpoint).await
    }

    /// How much of an asset the server has: `None` when all of it.
    pub(crate) async fn asset_offset(
        &self,
        course: &CourseId,
        hash: &AssetHash,
    ) -> Result<Option<u64>, RestError> {
        let answer = send(self.call(Method::HEAD, &asset(course, hash)), &self.endpoint).await?;
        match answer.status() {
            StatusCode::OK => Ok(None),
            StatusCode::NOT_FOUND => Ok(Some(upload_offset(&answer).unwrap_or(0))),
            // HEAD has no body to say why.
            StatusCode::UNAUTHORIZED => Err(refused(401, Reason::Unauthenticated)),
            status => Err(refused(status.as_u16(), Reason::NotMember)),
        }
    }

    /// Uploads a piece of an asset; `None` when all of it is there then, else where to go on.
    pub(crate) async fn put_asset(
        &self,
        course: &CourseId,
        hash: &AssetHash,
        mime: &str,
        piece: Vec<u8>,
        from: u64,
        total: u64,
    ) -> Result<Option<u64>, RestError> {
        let last = from + (piece.len() as u64).saturating_sub(1);
        let mut call = self.call(Method::PUT, &asset(course, hash)).header(CONTENT_TYPE, mime);
        if total > 0 {
            call = call.header(CONTENT_RANGE, format!("bytes {from}-{last}/{total}"));
        }
        let answer = send(call.body(piece), &self.endpoint).await?;
        match answer.status() {
            StatusCode::OK | StatusCode::CREATED => Ok(None),
            StatusCode::ACCEPTED => Ok(Some(upload_offset(&answer).unwrap_or(0))),
            _ => Err(no(answer, &self.endpoint).await),
        }
    }

    /// Downloads an asset from an offset on.
    pub(crate) async fn get_asset(
        &self,
        course: &CourseId,
        hash: &AssetHash,
        from: u64,
    ) -> Result<AssetBody, RestError> {
        let mut call = self.call(Method::GET, &asset(course, hash));
        if from > 0 {
            call = call.header(RANGE, format!("bytes={from}-"));
        }
        let answer = send(call, &self.endpoint).await?;
        match answer.status() {
            StatusCode::OK => Ok(AssetBody { whole: true, answer, host: self.endpoint.host() }),
            StatusCode::PARTIAL_CONTENT => Ok(AssetBody { whole: false, answer, host: self.endpoint.host() }),
            _ => Err(no(answer, &self.endpoint).await),
        }
    }
}

/// Bytes of an asset as they come.
pub(crate) struct AssetBody {
    /// From the first byte on, whatever was asked for.
    pub(crate) whole: bool,
    answer: Response,
    host: String,
}

impl AssetBody {
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, RestError> {
        match self.answer.chunk().await {
            Ok(chunk) => Ok(chunk.map(Into::into)),
            Err(_) => Err(RestError::Unreachable(format!("The connection to {} broke off.", self.host))),
        }
    }
}

fn asset(course: &CourseId, hash: &AssetHash) -> String {
    format!("courses/{course}/assets/{hash}")
}

fn upload_offset(answer: &Response) -> Option<u64> {
    answer.headers().get("upload-offset")?.to_str().ok()?.parse().ok()
}

fn refused(status: u16, reason: Reason) -> RestError {
    let message = reason.to_string();
    RestError::Refused { status, reason, message }
}

async fn json<T: DeserializeOwned>(call: RequestBuilder, endpoint: &Endpoint) -> Result<T, RestError> {
    let answer = send(call, endpoint).await?;
    if !answer.status().is_success() {
        return Err(no(answer, endpoint).await);
    }
    answer.json().await.map_err(|error| {
        if error.is_decode() {
            RestError::Nonsense(not_inkhorn(endpoint))
        } else {
            unreachable(&error, endpoint)
        }
    })
}

async fn send(call: RequestBuilder, endpoint: &Endpoint) -> Result<Response, RestError> {
    call.send().await.map_err(|error| unreachable(&error, endpoint))
}

/// What an answer that is not a success says.
async fn no(answer: Response, endpoint: &Endpoint) -> RestError {
    let status = answer.status().as_u16();
    match answer.json::<ErrorBody>().await {
        Ok(ErrorBody { reason, message }) => RestError::Refused { status, reason, message },
        // A proxy says these in words of its own while the server behind it restarts.
        Err(_) if status >= 500 => RestError::Unreachable(format!(
            "{} has a problem of its own ({status}). Try again later.",
            endpoint.host()
        )),
        Err(_) => RestError::Nonsense(not_inkhorn(endpoint)),
    }
}

fn not_inkhorn(endpoint: &Endpoint) -> String {
    format!("What answers at {} is not an Inkhorn server: check the address.", endpoint.host())
}

fn unreachable(error: &reqwest::Error, endpoint: &Endpoint) -> RestError {
    let host = endpoint.host();
    RestError::Unreachable(if error.is_timeout() {
        format!("{host} did not answer in time. Everything is safe on this computer; try again later.")
    } else if error.is_connect() {
        format!(
            "{host} cannot be reached: it may be down, or this computer offline. Everything is safe here."
        )
    } else {
        format!("The connection to {host} broke off. Everything is safe on this computer; try again.")
    })
}
