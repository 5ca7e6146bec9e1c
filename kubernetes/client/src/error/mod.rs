//! The one error of this crate.

mod causes;
mod certificate;
mod classify;
mod status;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use kubernetes_core::json::DecodeError;
use kubernetes_core::{InvalidRequest, Request, RequestError, Status};

use crate::authentication::Failure;

pub(crate) use classify::{ConnectTimedOut, find, is_refused_certificate};
pub(crate) use status::Answer;

/// Any error, as services give it.
pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// Why a client could not be built, or a request failed.
///
/// `Display` says in one line what failed (`GET /api/v1/namespaces/shop/pods/web failed: 404 Not Found: pods "web" not
/// found`), and [`source`](StdError::source) gives the next reason. The wording and the types of sources are no stable
/// interface; [`status`](Self::status) and the predicates are.
///
/// ```
/// use kubernetes_client::Error;
///
/// fn explain(error: &Error) -> &'static str {
///     match error {
///         _ if error.is_not_found() => "it does not exist",
///         _ if error.is_forbidden() => "you may not see it",
///         _ if error.is_connect() => "the server can't be reached",
///         _ => "something else",
///     }
/// }
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: Kind,
    request: Option<Arc<RequestLine>>,
    /// What else is known that may be the reason.
    hint: Option<Box<str>>,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// The client can't be built from its configuration.
    Build(String, Option<BoxError>),
    Config(kubernetes_config::Error),
    Request(InvalidRequest),
    /// Nothing drives connections and clocks.
    NoRuntime,
    Uri(http::Error),
    Authentication(Failure),
    Connect {
        server: Option<String>,
        source: BoxError,
    },
    Transport(BoxError),
    /// Our own request timeout, and why an earlier attempt failed.
    Timeout {
        limit: Duration,
        previous: Option<Box<Error>>,
    },
    Status(Answer),
    Body(BoxError),
    Compression(BoxError),
    TooLarge {
        limit: usize,
    },
    Decode(DecodeError),
}

/// The method and path of a request. The query is left out, since it can be long.
#[derive(Debug)]
pub(crate) struct RequestLine {
    method: Method,
    /// `None` when the request's arguments make no valid path.
    path: Option<Box<str>>,
}

impl RequestLine {
    pub(crate) fn new(method: Method, path: &str) -> Self {
        Self { method, path: Some(path.into()) }
    }

    pub(crate) fn method(&self) -> &Method {
        &self.method
    }

    /// The path, or nothing.
    pub(crate) fn path(&self) -> &str {
        self.path.as_deref().unwrap_or_default()
    }

    pub(crate) fn of(request: &Request) -> Self {
        Self { method: request.method.clone(), path: request.path.as_str().ok().map(Into::into) }
    }
}

impl Error {
    /// The error that a server answers with: for fakes and tests.
    ///
    /// ```
    /// use kubernetes_client::Error;
    /// use kubernetes_core::Status;
    ///
    /// let status = Status { code: Some(404), reason: Some("NotFound".into()), ..Status::default() };
    /// assert!(Error::from_status(status).is_not_found());
    /// ```
    pub fn from_status(status: Status) -> Self {
        Self::new(Kind::Status(Answer::from(status)))
    }

    /// A request that failed on its way, as when a connection breaks: for fakes and tests.
    pub fn from_transport(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Kind::Transport(source.into()))
    }

    /// Fails where tokio would panic.
    pub(crate) fn unless_in_runtime() -> Result<(), Self> {
        tokio::runtime::Handle::try_current().map(|_| ()).map_err(|_| Self::new(Kind::NoRuntime))
    }

    pub(crate) fn new(kind: Kind) -> Self {
        Self(Box::new(Inner { kind, request: None, hint: None }))
    }

    pub(crate) fn build(message: impl Into<String>) -> Self {
        Self::new(Kind::Build(message.into(), None))
    }

    pub(crate) fn build_from(message: impl Into<String>, source: impl Into<BoxError>) -> Self {
        Self::new(Kind::Build(message.into(), Some(source.into())))
    }

    /// Names the request of an error that doesn't know it yet.
    pub(crate) fn or_request(mut self, line: &Arc<RequestLine>) -> Self {
        self.0.request.get_or_insert_with(|| Arc::clone(line));
        self
    }

    /// Adds what may be the reason.
    pub(crate) fn with_hint(mut self, hint: impl FnOnce() -> Option<String>) -> Self {
        self.0.hint = self.0.hint.take().or_else(|| hint().map(Into::into));
        self
    }

    /// The method of the request that failed.
    pub fn method(&self) -> Option<&Method> {
        self.0.request.as_ref().map(|line| &line.method)
    }

    /// The path of the request that failed, without its query.
    pub fn path(&self) -> Option<&str> {
        self.0.request.as_ref()?.path.as_deref()
    }

    /// What the server answered: its own `Status`, or one made from the HTTP status and the beginning of the body when
    /// the body is none (from a proxy, say). `None` when the request failed without an error response.
    pub fn status(&self) -> Option<&Status> {
        self.answer().map(Answer::status)
    }

    /// The HTTP status of the error response.
    pub fn http_status(&self) -> Option<StatusCode> {
        self.answer().and_then(Answer::http_status)
    }

    /// How long the server asks to wait before the next attempt: its `Retry-After` header in seconds, or else the
    /// `retryAfterSeconds` of the `Status`.
    pub fn retry_after(&self) -> Option<Duration> {
        self.answer().and_then(Answer::retry_after)
    }

    /// The `Retry-After` header alone.
    pub(crate) fn retry_after_header(&self) -> Option<Duration> {
        self.answer().and_then(Answer::retry_after_header)
    }

    fn answer(&self) -> Option<&Answer> {
        match &self.0.kind {
            Kind::Status(answer) => Some(answer),
            _ => None,
        }
    }
}

impl RequestError for Error {
    fn status(&self) -> Option<&Status> {
        Self::status(self)
    }

    fn from_decode(error: DecodeError) -> Self {
        Self::new(Kind::Decode(error))
    }
}

impl From<kubernetes_config::Error> for Error {
    fn from(error: kubernetes_config::Error) -> Self {
        Self::new(Kind::Config(error))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = &self.0.request {
            match &line.path {
                Some(path) => write!(f, "{} {path} failed: ", line.method)?,
                None => write!(f, "{} request failed: ", line.method)?,
            }
        }
        self.0.kind.fmt(f)?;
        self.0.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Build(message, _) => write!(f, "can't build a client: {message}"),
            Self::Config(_) => f.write_str("can't load the configuration of the client"),
            Self::Request(_) => f.write_str("the request is invalid"),
            Self::NoRuntime => {
                f.write_str("no tokio runtime is there to send it: await it in one, as under #[tokio::main]")
            }
            Self::Uri(_) => f.write_str("the server's address and the path of the request make no valid URI"),
            Self::Authentication(_) => f.write_str("there are no credentials to send it with"),
            Self::Connect { server: Some(server), source } => {
                write!(f, "can't connect to {server}")?;
                explain(f, source)
            }
            Self::Connect { server: None, source } => {
                f.write_str("can't connect")?;
                explain(f, source)
            }
            Self::Transport(source) => {
                f.write_str("the connection failed before the response")?;
                explain(f, source)
            }
            Self::Timeout { limit, .. } => write!(f, "timed out after {limit:?}"),
            Self::Status(answer) => answer.fmt(f),
            Self::Body(_) => f.write_str("the response broke off"),
            Self::Compression(_) => f.write_str("can't decompress the response"),
            Self::TooLarge { limit } => write!(f, "the response is larger than the limit of {limit} bytes"),
            Self::Decode(_) => f.write_str("can't decode the response"),
        }
    }
}

/// `: the server's certificate …`, for errors of TLS.
fn explain(f: &mut fmt::Formatter<'_>, source: &BoxError) -> fmt::Result {
    certificate::explain(source.as_ref()).map_or(Ok(()), |reason| write!(f, ": {reason}"))
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.kind {
            Kind::Build(_, source) => source.as_deref().map(classify::plain),
            Kind::Config(source) => Some(source),
            Kind::Request(source) => Some(source),
            Kind::Uri(source) => Some(source),
            Kind::Authentication(source) => Some(source),
            Kind::Connect { source, .. } | Kind::Transport(source) | Kind::Body(source) | Kind::Compression(source) => {
                Some(classify::plain(source.as_ref()))
            }
            Kind::Decode(source) => Some(source),
            Kind::Timeout { previous, .. } => previous.as_deref().map(|error| error as &(dyn StdError + 'static)),
            Kind::Status(answer) => answer.causes().map(|causes| causes as &(dyn StdError + 'static)),
            Kind::TooLarge { .. } | Kind::NoRuntime => None,
        }
    }
}

impl fmt::Debug for Error {
    /// As `Display`, with all that caused it: this is what a `main` that returns the error prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        kubernetes_core::debug::error(self, f)
    }
}
