use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};
use kubernetes_core::{ObjectKey, Status, Str};
use tokio_tungstenite::tungstenite::Error as SocketError;

use super::forward::ForwardError;

#[derive(Debug)]
pub(crate) enum Kind {
    /// The request that opens the connection failed.
    Request(kubernetes_client::Error),
    /// The request makes no sense.
    Invalid(String),
    /// There is no pod of that name.
    NoPod(ObjectKey),
    /// A container has no log yet, for this reason.
    NotStarted { reason: Str },
    /// A log waits, as so many are being read.
    Waiting { limit: usize },
    /// The server accepted the upgrade on terms that were not offered.
    Handshake(String),
    /// A message that the protocol does not have.
    Protocol(String),
    /// A frame that WebSocket does not have.
    Frame(SocketError),
    /// The connection broke.
    Lost(Option<io::Error>),
    /// The server answered no ping.
    Silent(Duration),
    /// The server closed the connection before the end.
    ClosedByServer { code: Option<u16>, reason: String },
    /// This side closed the connection.
    Closed,
    /// The runtime reports that it could not do what was asked.
    Failed(Box<Status>),
    /// Pods can't be watched.
    Watch(kubernetes_watch::Error),
    /// A connection to a port failed.
    Forward(ForwardError),
    /// The connection ended without an exit status.
    WithoutStatus,
    /// The detach keys were typed.
    Detached,
    /// The server can't do this.
    Unsupported(&'static str),
    /// An output that was collected is too long.
    TooMuchOutput { stream: &'static str, limit: usize },
    /// Output of a stream that the program had not taken.
    Discarded { stream: &'static str, bytes: u64 },
    /// The caller's input can't be read.
    Input(io::Error),
    #[cfg(unix)]
    Copy(super::CopyError),
}

impl Kind {
    pub(super) fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match self {
            Self::Request(error) => error.source(),
            Self::Frame(error) => Some(error),
            #[cfg(unix)]
            Self::Copy(error) => error.source(),
            Self::Lost(Some(error)) | Self::Input(error) => Some(error),
            Self::Watch(error) => error.source(),
            Self::Forward(error) => error.source(),
            Self::Lost(None)
            | Self::Invalid(_)
            | Self::NoPod(_)
            | Self::NotStarted { .. }
            | Self::Waiting { .. }
            | Self::Handshake(_)
            | Self::Protocol(_)
            | Self::Silent(_)
            | Self::ClosedByServer { .. }
            | Self::Closed
            | Self::Failed(_)
            | Self::WithoutStatus
            | Self::Detached
            | Self::Unsupported(_)
            | Self::TooMuchOutput { .. }
            | Self::Discarded { .. } => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(error) => {
                error.fmt(f)?;
                needed_verb(error).map_or(Ok(()), |subresource| {
                    write!(
                        f,
                        " (since Kubernetes 1.35 the role needs the verb create on {subresource}; get is not enough)"
                    )
                })
            }
            Self::Invalid(message) => write!(f, "the request is invalid: {message}"),
            Self::NoPod(pod) => {
                let namespace = pod.namespace().unwrap_or_default();
                write!(f, "the pod {} in the namespace {namespace} does not exist", pod.name())
            }
            Self::NotStarted { reason } => {
                f.write_str("the container has not started")?;
                if reason.is_empty() { Ok(()) } else { write!(f, " ({})", printable(reason, MAX_MESSAGE_BYTES)) }
            }
            Self::Waiting { limit } => {
                write!(f, "waiting, because the logs of {limit} containers are already being read")
            }
            Self::Handshake(message) => write!(f, "the WebSocket handshake failed: {message}"),
            Self::Protocol(message) => write!(f, "the connection does not follow its protocol: {message}"),
            Self::Frame(_) => f.write_str("the connection carries an invalid WebSocket frame"),
            Self::Lost(_) => f.write_str("the connection was lost"),
            Self::Silent(limit) => {
                write!(f, "the connection was lost: the server did not respond to pings for {limit:?}")
            }
            Self::ClosedByServer { code, reason } => {
                f.write_str("the server closed the connection")?;
                code.map_or(Ok(()), |code| write!(f, " with code {code}"))?;
                if reason.is_empty() { Ok(()) } else { write!(f, ": {reason}") }
            }
            Self::Watch(error) => error.fmt(f),
            Self::Forward(error) => error.fmt(f),
            Self::Closed => f.write_str("the connection is closed"),
            Self::Failed(status) => {
                let message = status.message.as_deref().or(status.reason.as_deref()).unwrap_or("no reason given");
                f.write_str(&printable(message, MAX_MESSAGE_BYTES))
            }
            Self::WithoutStatus => f.write_str("the server closed the connection without an exit status"),
            Self::Detached => f.write_str("detached by the detach keys"),
            Self::Unsupported(message) => f.write_str(message),
            Self::TooMuchOutput { stream, limit } => {
                write!(f, "{stream} is larger than the limit of {limit} bytes; raise the limit, or read it as a stream")
            }
            Self::Discarded { stream, bytes } => write!(
                f,
                "{bytes} bytes of {stream} were discarded: its buffer was full, and the program had not taken \
                 the stream but awaited another one or the end of the process"
            ),
            Self::Input(_) => f.write_str("can't read the input"),
            #[cfg(unix)]
            Self::Copy(error) => error.fmt(f),
        }
    }
}

/// The subresource on which a refused request needs `create`.
fn needed_verb(error: &kubernetes_client::Error) -> Option<&'static str> {
    let name = error.path().filter(|_| error.is_forbidden())?.rsplit('/').next()?;
    ["pods/exec", "pods/attach", "pods/portforward"].into_iter().find(|resource| resource.ends_with(name))
}
