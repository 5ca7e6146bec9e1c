use std::fmt;
use std::time::Duration;

use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};

use super::Error;

/// A failure of port-forward.
#[derive(Debug)]
pub(crate) enum ForwardError {
    /// The pod's side could not serve a connection, such as when nothing listens on the port.
    Refused { port: u16, message: String },
    /// The server gave a connection up.
    Reset { port: u16, status: u32 },
    /// The server did not answer to a new connection.
    Unanswered { port: u16, limit: Duration },
    /// A connection held the others up.
    SlowReader { port: u16, limit: Duration },
    /// The connection is over, and the pod reads no more.
    Ended { port: u16 },
    /// The server accepts no more connections on this tunnel.
    GoingAway,
    /// The server does not speak the protocol of the tunnel.
    NoTunnel(Error),
    /// There is no pod to forward to at present.
    Unavailable(String),
    /// The pod has ended for good.
    Finished(String),
    /// No connection came about in time.
    TimedOut { limit: Duration, last: Option<Error> },
    /// The local side of a connection failed.
    Local(std::io::Error),
    /// There are as many connections as the forwarder is to have.
    TooMany(usize),
}

impl ForwardError {
    pub(super) fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoTunnel(error) | Self::TimedOut { last: Some(error), .. } => Some(error),
            Self::Local(error) => Some(error),
            _ => None,
        }
    }

    pub(super) fn io_kind(&self) -> std::io::ErrorKind {
        use std::io::ErrorKind;
        match self {
            Self::Refused { .. } => ErrorKind::ConnectionRefused,
            Self::Reset { .. } | Self::SlowReader { .. } => ErrorKind::ConnectionReset,
            Self::Unanswered { .. } | Self::TimedOut { .. } => ErrorKind::TimedOut,
            Self::Ended { .. } => ErrorKind::BrokenPipe,
            Self::GoingAway => ErrorKind::ConnectionAborted,
            Self::NoTunnel(_) => ErrorKind::Unsupported,
            Self::Unavailable(_) | Self::Finished(_) => ErrorKind::NotConnected,
            Self::Local(error) => error.kind(),
            Self::TooMany(_) => ErrorKind::ResourceBusy,
        }
    }
}

impl fmt::Display for ForwardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused { port, message } => {
                write!(f, "the connection to port {port} failed: {}", printable(message, MAX_MESSAGE_BYTES))
            }
            Self::Reset { port, status } => {
                write!(f, "the server reset the connection to port {port} (SPDY status {status})")
            }
            Self::Unanswered { port, limit } => {
                write!(f, "timed out after {limit:?} waiting for the server to accept a connection to port {port}")
            }
            Self::SlowReader { port, limit } => write!(
                f,
                "the connection to port {port} was reset: half of its buffer was not read within {limit:?}, which blocked the others"
            ),
            Self::Ended { port } => write!(f, "the pod has ended the connection to port {port}"),
            Self::GoingAway => f.write_str("the server accepts no more connections on this tunnel"),
            Self::NoTunnel(_) => f.write_str(
                "the server does not support the port-forward protocol SPDY/3.1+portforward.k8s.io; use Kubernetes \
                 1.31 or later",
            ),
            Self::Unavailable(message) | Self::Finished(message) => f.write_str(&printable(message, MAX_MESSAGE_BYTES)),
            Self::TimedOut { limit, .. } => write!(f, "timed out after {limit:?} waiting for a connection to the pod"),
            Self::Local(_) => f.write_str("the local connection failed"),
            Self::TooMany(limit) => write!(f, "the forwarder reached its limit of {limit} connections"),
        }
    }
}
