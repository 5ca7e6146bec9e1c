//! The one error of this crate.

mod kind;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_core::Status;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::error::ProtocolError;

pub(crate) use kind::Kind;

/// Why a stream to or from a container failed.
///
/// Clones share the cause: an error that ends a connection is the error of everything on it. Readers and writers return
/// it inside of an [`io::Error`], from which [`of_io`](Self::of_io) gets it back.
///
/// ```
/// use kubernetes_streams::Error;
///
/// fn explain(error: &Error) -> &'static str {
///     match error {
///         _ if error.is_forbidden() => "the role needs the verb create on pods/exec",
///         _ if error.is_not_found() => "there is no such pod",
///         _ if error.is_connection_lost() => "the process may still run",
///         _ => "something else",
///     }
/// }
/// ```
#[derive(Clone)]
pub struct Error(Arc<Kind>);

impl Error {
    pub(crate) fn new(kind: Kind) -> Self {
        Self(Arc::new(kind))
    }

    /// A request that makes no sense, and was not sent.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid(message.into()))
    }

    /// An answer to the handshake that agrees on no protocol.
    pub(crate) fn handshake(message: String) -> Self {
        Self::new(Kind::Handshake(message))
    }

    /// Messages against the protocol.
    pub(crate) fn protocol(message: String) -> Self {
        Self::new(Kind::Protocol(message))
    }

    /// A failure of the connection, or of its frames.
    pub(crate) fn connection(error: SocketError) -> Self {
        Self::new(match error {
            SocketError::Io(error) => Kind::Lost(Some(error)),
            SocketError::ConnectionClosed
            | SocketError::AlreadyClosed
            | SocketError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Kind::Lost(None),
            error => Kind::Frame(error),
        })
    }

    /// The end of a connection without a close.
    pub(crate) fn cut_short() -> Self {
        Self::new(Kind::Lost(None))
    }

    /// No answer to pings.
    pub(crate) fn silent(limit: Duration) -> Self {
        Self::new(Kind::Silent(limit))
    }

    /// A close by the server.
    pub(crate) fn closed_with(code: Option<u16>, reason: String) -> Self {
        Self::new(Kind::ClosedByServer { code, reason })
    }

    /// The use of a connection that was closed by this side.
    pub(crate) fn closed() -> Self {
        Self::new(Kind::Closed)
    }

    /// The server's refusal: its own `Status`, or one made from the HTTP status of its response; also the one that a
    /// container runtime reports when it can't run a command.
    pub fn status(&self) -> Option<&Status> {
        match &*self.0 {
            Kind::Request(error) => error.status(),
            Kind::Failed(status) => Some(status),
            _ => None,
        }
    }

    /// The error of the request that opens the connection, if that was not accepted.
    pub fn client_error(&self) -> Option<&kubernetes_client::Error> {
        match &*self.0 {
            Kind::Request(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the server refused the request with 403: the user may not do this.
    pub fn is_forbidden(&self) -> bool {
        self.client_error().is_some_and(kubernetes_client::Error::is_forbidden)
    }

    /// Whether the server answered 404: there is no such pod.
    pub fn is_not_found(&self) -> bool {
        self.client_error().is_some_and(kubernetes_client::Error::is_not_found)
    }

    /// Whether the request makes no sense, and was not sent.
    pub fn is_invalid(&self) -> bool {
        matches!(&*self.0, Kind::Invalid(_))
    }

    /// Whether the connection was lost after it had been established: it broke, was silent for too long, or was closed
    /// by the server before the end.
    pub fn is_connection_lost(&self) -> bool {
        matches!(&*self.0, Kind::Lost(_) | Kind::Silent(_) | Kind::ClosedByServer { .. })
    }

    /// Whether the server did not answer pings in time.
    pub fn is_timeout(&self) -> bool {
        match &*self.0 {
            Kind::Silent(_) => true,
            Kind::Request(error) => error.is_timeout(),
            _ => false,
        }
    }

    /// The error of this type inside of an error of a reader or writer.
    pub fn of_io(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    fn io_kind(&self) -> io::ErrorKind {
        match &*self.0 {
            Kind::Lost(Some(error)) => error.kind(),
            Kind::Lost(None) => io::ErrorKind::UnexpectedEof,
            Kind::ClosedByServer { .. } => io::ErrorKind::ConnectionAborted,
            Kind::Silent(_) => io::ErrorKind::TimedOut,
            Kind::Closed => io::ErrorKind::BrokenPipe,
            Kind::Invalid(_) => io::ErrorKind::InvalidInput,
            Kind::Protocol(_) | Kind::Frame(_) => io::ErrorKind::InvalidData,
            Kind::Request(_) | Kind::Handshake(_) | Kind::Failed(_) => io::ErrorKind::Other,
        }
    }
}

impl From<kubernetes_client::Error> for Error {
    fn from(error: kubernetes_client::Error) -> Self {
        Self::new(Kind::Request(error))
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.io_kind(), error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl fmt::Debug for Error {
    /// As `Display`, with all that caused it: this is what a `main` that returns the error prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        kubernetes_core::debug::error(self, f)
    }
}
