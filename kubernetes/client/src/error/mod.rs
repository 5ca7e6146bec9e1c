//! The error type of this crate.

mod authentication;
mod causes;
mod certificate;
mod chain;
mod classify;
mod kind;
mod request_line;
mod response;
mod transport;

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Method, StatusCode};
use kubernetes_core::json::DecodeError;
use kubernetes_core::{InvalidRequest, RequestError, Status};

pub(crate) use authentication::AuthenticationError;
pub use chain::find;
pub(crate) use chain::is_refused_certificate;
pub(crate) use kind::Kind;
pub(crate) use request_line::RequestLine;
pub(crate) use response::ErrorResponse;
pub(crate) use transport::{ConnectFailed, ConnectTimeout, IdleTimeout, NotSent};

/// Any error of a service.
pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// The error of a client that could not be built, or of a request.
///
/// `Display` shows the failure on one line (`GET /api/v1/namespaces/shop/pods/web failed: 404 Not Found: pods "web" not
/// found`), and [`source`](StdError::source) gives the next reason; `{:#}` and `Debug` show all of them. The messages
/// and the types of sources are not part of the stable API; [`status`](Self::status) and the predicates are.
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
    /// An additional possible reason.
    hint: Option<Box<str>>,
}

impl Error {
    /// Creates the error for a server's response, for fakes and tests.
    ///
    /// ```
    /// use kubernetes_client::Error;
    /// use kubernetes_core::Status;
    ///
    /// let status = Status { code: Some(404), reason: Some("NotFound".into()), ..Status::default() };
    /// assert!(Error::from_status(status).is_not_found());
    /// ```
    pub fn from_status(status: Status) -> Self {
        Self::new(Kind::Status(ErrorResponse::from(status)))
    }

    /// Creates the error for a request that failed in transit, for example because of a lost connection, for fakes and
    /// tests.
    pub fn from_transport(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::new(Kind::Transport(source.into()))
    }

    /// Finds the error of a request in an error or its [sources](StdError::source).
    ///
    /// A program can thus tell why a function of another crate failed, whatever the type of its error:
    ///
    /// ```
    /// use std::error::Error as StdError;
    ///
    /// use kubernetes_client::Error;
    ///
    /// fn advice(error: &(dyn StdError + 'static)) -> &'static str {
    ///     match Error::find(error) {
    ///         Some(error) if error.is_forbidden() => "the role lacks a right",
    ///         Some(error) if error.is_connect() => "the server can't be reached",
    ///         _ => "unknown",
    ///     }
    /// }
    ///
    /// # let status = kubernetes_core::Status { code: Some(403), reason: Some("Forbidden".into()), ..Default::default() };
    /// # let forbidden = std::io::Error::other(Error::from_status(status));
    /// assert_eq!(advice(&forbidden), "the role lacks a right");
    /// ```
    pub fn find<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        chain::find(error)
    }

    /// The error of a response whose body was not read.
    pub(crate) fn from_http_status(status: StatusCode) -> Self {
        Self::from_status(Status { code: Some(i32::from(status.as_u16())), ..Status::default() })
    }

    /// Fails in cases in which tokio would panic.
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

    /// Removes a secret that the server has sent back, for example in a page that shows the headers of the request.
    pub(crate) fn redact(mut self, secret: &str) -> Self {
        if let Kind::Status(response) = &mut self.0.kind {
            response.redact(secret);
        }
        self
    }

    /// Keeps only the beginning of a response that is not a `Status`. Must be called after [`redact`](Self::redact),
    /// which needs the whole secret.
    pub(crate) fn shorten(mut self) -> Self {
        if let Kind::Status(response) = &mut self.0.kind {
            response.shorten();
        }
        self
    }

    /// Adds a possible reason.
    pub(crate) fn with_hint(mut self, hint: impl FnOnce() -> Option<String>) -> Self {
        self.0.hint = self.0.hint.take().or_else(|| hint().map(Into::into));
        self
    }

    /// The method of the failed request.
    pub fn method(&self) -> Option<&Method> {
        self.0.request.as_ref().map(|line| line.method())
    }

    /// The path of the failed request, without its query.
    pub fn path(&self) -> Option<&str> {
        self.0.request.as_ref()?.valid_path()
    }

    /// The server's response: its `Status`, or one created from the HTTP status and the beginning of the body if the
    /// body is not a `Status`, for example from a proxy. `None` if the request failed without an error response.
    pub fn status(&self) -> Option<&Status> {
        self.response().map(ErrorResponse::status)
    }

    /// The HTTP status of the error response.
    pub fn http_status(&self) -> Option<StatusCode> {
        self.response().and_then(ErrorResponse::http_status)
    }

    /// The time that the server asks to wait before the next attempt: its `Retry-After` header in seconds, or else the
    /// `retryAfterSeconds` of the `Status`.
    pub fn retry_after(&self) -> Option<Duration> {
        self.response().and_then(ErrorResponse::retry_after)
    }

    /// The `Retry-After` header alone.
    pub(crate) fn retry_after_header(&self) -> Option<Duration> {
        self.response().and_then(ErrorResponse::retry_after_header)
    }

    fn response(&self) -> Option<&ErrorResponse> {
        match &self.0.kind {
            Kind::Status(response) => Some(response),
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

impl From<InvalidRequest> for Error {
    fn from(error: InvalidRequest) -> Self {
        Self::new(Kind::Request(error))
    }
}

impl From<kubernetes_config::Error> for Error {
    fn from(error: kubernetes_config::Error) -> Self {
        Self::new(Kind::Config(error))
    }
}

kubernetes_core::error_text!(Error);

impl Error {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = &self.0.request {
            match line.valid_path() {
                Some(path) => write!(f, "{} {path} failed: ", line.method())?,
                None => write!(f, "{} request failed: ", line.method())?,
            }
        }
        fmt::Display::fmt(&self.0.kind, f)?;
        self.0.hint.as_ref().map_or(Ok(()), |hint| write!(f, " ({hint})"))
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.kind.source()
    }
}
