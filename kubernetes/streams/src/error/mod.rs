//! The error type of this crate.

#[cfg(unix)]
mod copy;
mod forward;
mod kind;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_core::Status;
use tokio_tungstenite::tungstenite::Error as SocketError;
use tokio_tungstenite::tungstenite::error::ProtocolError;

#[cfg(unix)]
pub(crate) use copy::CopyError;
pub(crate) use forward::ForwardError;
pub(crate) use kind::Kind;

/// The error of a stream to or from a container.
///
/// Clones share the cause, as an error that ends a connection affects everything on it. Readers and writers return it
/// inside an [`io::Error`], from which [`of_io`](Self::of_io) extracts it.
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
pub struct Error {
    kind: Arc<Kind>,
    /// The path of the stream that failed, once it was open.
    place: Option<Arc<str>>,
}

impl Error {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind: Arc::new(kind), place: None }
    }

    /// Names the stream of an error that doesn't know it yet.
    pub(crate) fn at(mut self, place: &Arc<str>) -> Self {
        self.place.get_or_insert_with(|| Arc::clone(place));
        self
    }

    /// Creates the error for an invalid request that was not sent; for implementations of
    /// [`Target`](crate::port_forward::Target).
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid(message.into()))
    }

    /// Creates the error for a target that currently has no pod, with the reason `message`; for implementations of
    /// [`Target`](crate::port_forward::Target).
    pub fn unavailable(message: impl Into<String>) -> Self {
        ForwardError::Unavailable(message.into()).into()
    }

    /// The end of a watch.
    pub(crate) fn watch(error: kubernetes_watch::Error) -> Self {
        Self::new(Kind::Watch(error))
    }

    /// Whether the server and this side could not agree on a protocol.
    pub(crate) fn is_handshake(&self) -> bool {
        matches!(&*self.kind, Kind::Handshake(_))
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

    /// The end of a connection before that of its process.
    pub(crate) fn without_status() -> Self {
        Self::new(Kind::WithoutStatus)
    }

    pub(crate) fn detached() -> Self {
        Self::new(Kind::Detached)
    }

    /// A server that is too old for something.
    pub(crate) fn unsupported(message: &'static str) -> Self {
        Self::new(Kind::Unsupported(message))
    }

    pub(crate) fn too_much_output(stream: &'static str, limit: usize) -> Self {
        Self::new(Kind::TooMuchOutput { stream, limit })
    }

    pub(crate) fn discarded(stream: &'static str, bytes: u64) -> Self {
        Self::new(Kind::Discarded { stream, bytes })
    }

    pub(crate) fn input(error: io::Error) -> Self {
        Self::new(Kind::Input(error))
    }

    /// The server's refusal: its `Status`, or one created from the HTTP status of its response; also the one that a
    /// container runtime reports if it can't run a command.
    pub fn status(&self) -> Option<&Status> {
        match &*self.kind {
            Kind::Request(error) => error.status(),
            Kind::Failed(status) => Some(status),
            _ => None,
        }
    }

    /// The error of the request that opens the connection, if it failed.
    pub fn client_error(&self) -> Option<&kubernetes_client::Error> {
        match &*self.kind {
            Kind::Request(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the user is not allowed to do this (403).
    ///
    /// # Troubleshooting
    ///
    /// Exec, attach and port-forward need the verb `create` on `pods/exec`, `pods/attach` or `pods/portforward`, and
    /// servers before Kubernetes 1.35 also need `get` for WebSockets. Logs need `get` on `pods/log`, and `list` and
    /// `watch` on `pods`.
    pub fn is_forbidden(&self) -> bool {
        self.client_error().is_some_and(kubernetes_client::Error::is_forbidden)
    }

    /// Whether the pod does not exist (404).
    ///
    /// # Troubleshooting
    ///
    /// The pod has been deleted or replaced, or it is in another namespace. Pods of a Deployment change their names:
    /// select them by label.
    pub fn is_not_found(&self) -> bool {
        let is_not_found = kubernetes_client::Error::is_not_found;
        matches!(&*self.kind, Kind::NoPod(_)) || self.client_error().is_some_and(is_not_found)
    }

    /// Whether the log of a container is not read yet, because of the limit
    /// [`max_containers`](crate::PodLogs::max_containers).
    pub fn is_waiting(&self) -> bool {
        matches!(&*self.kind, Kind::Waiting { .. })
    }

    /// Whether a container has no log yet, since it has not started.
    ///
    /// # Troubleshooting
    ///
    /// The pod is not scheduled, its image is being pulled, or an init container has not ended: see the pod's events.
    /// A stream that [follows](crate::PodLogs::follow) waits for the container.
    pub fn is_not_started(&self) -> bool {
        matches!(&*self.kind, Kind::NotStarted { .. })
    }

    /// Whether the request is invalid and was not sent.
    pub fn is_invalid(&self) -> bool {
        matches!(&*self.kind, Kind::Invalid(_))
    }

    /// Whether the [`DetachKeys`](crate::DetachKeys) were typed; the process keeps running.
    pub fn is_detached(&self) -> bool {
        matches!(&*self.kind, Kind::Detached)
    }

    /// Whether the server is too old for this.
    ///
    /// # Troubleshooting
    ///
    /// Port-forward needs Kubernetes 1.31, and ending the input of a process separately needs 1.30. A proxy that
    /// removes WebSocket headers has the same effect: connect to the API server directly.
    pub fn is_unsupported(&self) -> bool {
        matches!(&*self.kind, Kind::Unsupported(_) | Kind::Forward(ForwardError::NoTunnel(_)))
    }

    /// Whether an output exceeded the limit for collected output.
    ///
    /// # Troubleshooting
    ///
    /// Raise the limit, or read the output as a stream.
    pub fn is_too_much_output(&self) -> bool {
        matches!(&*self.kind, Kind::TooMuchOutput { .. })
    }

    /// Whether output was discarded because the program had not taken the stream.
    ///
    /// # Troubleshooting
    ///
    /// Take all outputs before waiting, and read them at the same time, or raise the buffer.
    pub fn is_discarded(&self) -> bool {
        matches!(&*self.kind, Kind::Discarded { .. })
    }

    /// Whether the caller's own input could not be read.
    pub fn is_input(&self) -> bool {
        matches!(&*self.kind, Kind::Input(_))
    }

    /// Whether the connection was lost after it had been established: it broke, was silent for too long, or was closed
    /// by the server before the end.
    ///
    /// # Troubleshooting
    ///
    /// - The pod, its node or the API server was stopped or restarted.
    /// - A proxy or load balancer between the client and the API server closes idle or long connections: raise its
    ///   timeout, or bypass it.
    /// - For exec, the command may still be running: Kubernetes has no way to stop it.
    pub fn is_connection_lost(&self) -> bool {
        let is_going_away = matches!(&*self.kind, Kind::Forward(ForwardError::GoingAway));
        is_going_away
            || matches!(
                &*self.kind,
                Kind::Lost(_) | Kind::Silent(_) | Kind::ClosedByServer { .. } | Kind::WithoutStatus
            )
    }

    /// Whether a retry may help, because the connection was lost or the failure of the request is transient.
    pub fn is_retryable(&self) -> bool {
        self.is_connection_lost() || self.client_error().is_some_and(kubernetes_client::Error::is_retryable)
    }

    /// Whether a connection to a port failed in the pod, for example because nothing listens there. Other connections
    /// are not affected.
    ///
    /// # Troubleshooting
    ///
    /// The program in the pod has not started to listen yet, listens on another port, or crashed: check the pod's
    /// readiness and logs. Port-forward connects to loopback in the pod, so the program must listen on `127.0.0.1` or
    /// all addresses.
    pub fn is_refused(&self) -> bool {
        matches!(&*self.kind, Kind::Forward(ForwardError::Refused { .. }))
    }

    /// Whether the local client of a forwarded connection failed: it reset the connection, or stayed for too long after
    /// the pod had ended it.
    pub fn is_local(&self) -> bool {
        matches!(&*self.kind, Kind::Forward(ForwardError::Local(_)))
    }

    /// Whether there is currently no pod to forward ports to.
    ///
    /// # Troubleshooting
    ///
    /// The service or workload has no running pod that is ready: check its selector, and whether its pods are pending
    /// or crash.
    pub fn is_unavailable(&self) -> bool {
        matches!(&*self.kind, Kind::Forward(ForwardError::Unavailable(_)))
    }

    /// Whether the pod to forward ports to has finished, and will not run again.
    pub fn is_finished(&self) -> bool {
        matches!(&*self.kind, Kind::Forward(ForwardError::Finished(_)))
    }

    /// Whether the server did not respond to pings in time, or a connection to a port could not be opened in time.
    ///
    /// # Troubleshooting
    ///
    /// The node or the network between the API server and the node is overloaded or gone: check the conditions of the
    /// node.
    pub fn is_timeout(&self) -> bool {
        match &*self.kind {
            Kind::Silent(_) | Kind::Forward(ForwardError::TimedOut { .. } | ForwardError::Unanswered { .. }) => true,
            Kind::Request(error) => error.is_timeout(),
            _ => false,
        }
    }

    /// The error of this type inside an error of a reader or writer.
    pub fn of_io(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The failure of a copy, if it is one.
    #[cfg(unix)]
    fn copy(&self) -> Option<&CopyError> {
        match &*self.kind {
            Kind::Copy(error) => Some(error),
            _ => None,
        }
    }

    fn io_kind(&self) -> io::ErrorKind {
        match &*self.kind {
            Kind::Lost(Some(error)) | Kind::Input(error) => error.kind(),
            Kind::Lost(None) | Kind::WithoutStatus => io::ErrorKind::UnexpectedEof,
            Kind::ClosedByServer { .. } => io::ErrorKind::ConnectionAborted,
            Kind::Silent(_) => io::ErrorKind::TimedOut,
            Kind::Forward(error) => error.io_kind(),
            Kind::NoPod(_) => io::ErrorKind::NotFound,
            Kind::Watch(_) | Kind::Waiting { .. } | Kind::NotStarted { .. } => io::ErrorKind::Other,
            Kind::Closed | Kind::Detached => io::ErrorKind::BrokenPipe,
            Kind::Unsupported(_) => io::ErrorKind::Unsupported,
            Kind::Invalid(_) => io::ErrorKind::InvalidInput,
            Kind::Protocol(_) | Kind::Frame(_) => io::ErrorKind::InvalidData,
            Kind::Request(_)
            | Kind::Handshake(_)
            | Kind::Failed(_)
            | Kind::TooMuchOutput { .. }
            | Kind::Discarded { .. } => io::ErrorKind::Other,
            #[cfg(unix)]
            Kind::Copy(_) => io::ErrorKind::Other,
        }
    }
}

impl From<ForwardError> for Error {
    fn from(error: ForwardError) -> Self {
        Self::new(Kind::Forward(error))
    }
}

impl From<kubernetes_client::Error> for Error {
    fn from(error: kubernetes_client::Error) -> Self {
        Self::new(Kind::Request(error))
    }
}

#[cfg(unix)]
impl From<CopyError> for Error {
    fn from(error: CopyError) -> Self {
        Self::new(Kind::Copy(error))
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(error.io_kind(), error)
    }
}

kubernetes_core::error_text!(Error);

impl Error {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        fmt::Display::fmt(&self.kind, f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.kind.source()
    }
}
