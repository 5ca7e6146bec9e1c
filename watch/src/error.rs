use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_core::json::DecodeError;
use kubernetes_core::text::{MAX_MESSAGE_BYTES, printable};
use kubernetes_core::{ObjectKey, Request, Status};

use crate::machine::Loss;
use crate::wire::EventTooLong;

/// The error of a watch, which a retry can't fix.
///
/// - [`is_gone`](Self::is_gone): the server has forgotten the version, or never had it. List again and watch from
///   there, or start a watch without a version. Deletions in the meantime can only be found by comparing.
/// - 401, 403, 404 and other refusals: fix the credentials, the roles or the request.
/// - [`is_undecodable`](Self::is_undecodable): the server sent something other than an event of this type.
///
/// `Display` shows one level, and [`source`](std::error::Error::source) returns the next; `Debug` shows the whole chain
/// on one line, since `fn main() -> Result<(), Box<dyn Error>>` prints it.
///
/// An [observer](crate::Watch::observe) receives the same type for failures that are retried.
///
/// A clone is the same error.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

struct Inner {
    path: Box<str>,
    cause: Cause,
}

/// The reason why a request has ended.
#[derive(Debug)]
pub(crate) enum Cause {
    Ended,
    /// The watch ended immediately, which some API servers do for a version that they have forgotten.
    EndedAtOnce,
    Truncated,
    Silent(Duration),
    /// The server did not end the watch within the requested time.
    Overdue(Duration),
    NotStreaming,
    Client(kubernetes_client::Error),
    Status(Status),
    Undecodable(DecodeError),
    UndecodableObject(ObjectKey, Arc<DecodeError>),
    EventTooLong(EventTooLong),
    NoVersion,
    /// The pages of a list never end.
    EndlessList,
    /// The task that fills a store has panicked.
    Panicked,
}

impl Cause {
    /// The meaning for the watch.
    pub(crate) fn loss(&self) -> Loss {
        match self {
            Self::Ended => Loss::Ended,
            Self::EndedAtOnce => Loss::Empty,
            Self::Truncated => Loss::Broken { retry_after: None },
            Self::Silent(_) => Loss::Silent,
            Self::Overdue(_) => Loss::Overdue,
            Self::NotStreaming => Loss::Refused,
            Self::Client(error) => loss_of_request(error),
            Self::Status(status) => loss_of_event(status),
            Self::EndlessList => Loss::Broken { retry_after: None },
            Self::Undecodable(_)
            | Self::UndecodableObject(..)
            | Self::EventTooLong(_)
            | Self::NoVersion
            | Self::Panicked => Loss::Final,
        }
    }
}

fn loss_of_request(error: &kubernetes_client::Error) -> Loss {
    let retry_after = error.retry_after();
    if error.is_gone() {
        Loss::Gone
    } else if error.is_too_many_requests() || error.is_connect() && error.is_retryable() {
        Loss::Unavailable { retry_after }
    } else if error.status().is_some_and(Status::is_resource_version_too_large) {
        Loss::Ahead { retry_after }
    } else if error.is_retryable() {
        Loss::Broken { retry_after }
    } else if error.status().is_some_and(|status| matches!(status.code, Some(400 | 422))) {
        Loss::Refused
    } else {
        Loss::Final
    }
}

/// Classified as client-go does (`isExpiredError`, `isTooLargeResourceVersionError` in tools/cache/reflector.go), with
/// the codes of tools/watch/retrywatcher.go.
fn loss_of_event(status: &Status) -> Loss {
    let retry_after = status.retry_after();
    if is_gone(status) {
        return Loss::Gone;
    }
    if status.is_too_many_requests() {
        return Loss::Unavailable { retry_after };
    }
    if status.is_resource_version_too_large() {
        return Loss::Ahead { retry_after };
    }
    let transient =
        matches!(status.reason.as_deref(), Some("InternalError" | "ServerTimeout" | "Timeout" | "ServiceUnavailable"));
    match status.code {
        _ if transient => Loss::Broken { retry_after },
        Some(408 | 500 | 502..=504 | 506..=599) => Loss::Broken { retry_after },
        Some(400 | 422) => Loss::Refused,
        Some(401 | 403..=499 | 501 | 505) => Loss::Final,
        _ if status.is_unauthorized() || status.is_forbidden() || status.is_not_found() => Loss::Final,
        // `null`, text, or a Status with nothing but a message. client-go's RetryWatcher retries unknown errors.
        _ => Loss::Unexplained { retry_after },
    }
}

fn is_gone(status: &Status) -> bool {
    let says_so = |message: &str| message.starts_with("too old resource version");
    status.is_gone()
        || status.code == Some(410)
        || status.code.is_none() && status.reason.is_none() && status.message.as_deref().is_some_and(says_so)
}

impl Error {
    pub(crate) fn new(request: &Request, cause: Cause) -> Self {
        let path = request.path.as_str().unwrap_or("an invalid path").into();
        Self(Arc::new(Inner { path, cause }))
    }

    pub(crate) fn panicked() -> Self {
        Self(Arc::new(Inner { path: "".into(), cause: Cause::Panicked }))
    }

    /// The server's error, if it sent one.
    pub fn status(&self) -> Option<&Status> {
        match &self.0.cause {
            Cause::Client(error) => error.status(),
            Cause::Status(status) => Some(status),
            _ => None,
        }
    }

    /// Whether the server does not have the version from which the watch was to resume: list again.
    ///
    /// The server has forgotten it (410, or watches that repeatedly end at once), or does not reach it ("Too large
    /// resource version"), for example after its data was restored from a backup. Except for 410, the watch retries for
    /// some minutes before it fails, as a server may lag or be about to stop.
    pub fn is_gone(&self) -> bool {
        matches!(self.0.cause.loss(), Loss::Gone | Loss::Ahead { .. } | Loss::Empty)
    }

    /// Whether the server rejected the credentials (401).
    ///
    /// See [the client's error](kubernetes_client::Error::is_unauthorized) for the usual causes.
    pub fn is_unauthorized(&self) -> bool {
        self.status().is_some_and(Status::is_unauthorized)
    }

    /// Whether the user may not watch these objects (403).
    ///
    /// # Troubleshooting
    ///
    /// The role needs the verbs `list` and `watch` in the watched namespace. To watch all namespaces, it needs to be a
    /// ClusterRole with a ClusterRoleBinding.
    pub fn is_forbidden(&self) -> bool {
        self.status().is_some_and(Status::is_forbidden)
    }

    /// Whether the resource does not exist (404).
    ///
    /// # Troubleshooting
    ///
    /// The server does not serve the resource: the definition of the custom resource is missing, not established yet,
    /// or was deleted. (`KindInformer` of `kubernetes-dynamic` waits for a kind and survives its deletion.)
    pub fn is_not_found(&self) -> bool {
        self.status().is_some_and(Status::is_not_found)
    }

    /// Whether one of the program's functions for a store has panicked, such as a
    /// [transform](crate::StoreBuilder::transform) or an [index](crate::Index).
    ///
    /// # Troubleshooting
    ///
    /// The message of the panic is in the program's standard error. Functions of a store must not panic: return the
    /// object unchanged, or no key, if it is not as expected.
    pub fn is_panic(&self) -> bool {
        matches!(self.0.cause, Cause::Panicked)
    }

    /// Whether the server sent something other than an event of this type, or a list that never ends; the source names
    /// the place.
    ///
    /// # Troubleshooting
    ///
    /// The objects do not have the shape of the Rust type. Watch `raw()` objects, make the field optional, or use an
    /// informer, which skips and reports such objects.
    pub fn is_undecodable(&self) -> bool {
        match &self.0.cause {
            Cause::Client(error) => error.is_decode(),
            Cause::Undecodable(_) | Cause::UndecodableObject(..) | Cause::EventTooLong(_) | Cause::EndlessList => true,
            _ => false,
        }
    }
}

kubernetes_core::error_text!(Error);

impl Error {
    fn write_message(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = &self.0.path;
        match &self.0.cause {
            Cause::Ended => write!(f, "the server ended the watch of {path}"),
            Cause::EndedAtOnce => write!(
                f,
                "the server ends the watch of {path} as soon as it begins: it may have forgotten the version, so list again"
            ),
            Cause::Truncated => write!(f, "the watch of {path} ended in the middle of an event"),
            Cause::Silent(limit) => write!(f, "the watch of {path} was silent for {limit:?}"),
            Cause::Overdue(limit) => {
                write!(f, "the server did not end the watch of {path} within the requested {limit:?}")
            }
            Cause::NotStreaming => write!(f, "the server does not support a streaming list of {path}"),
            Cause::Client(_) => write!(f, "the watch of {path} failed"),
            Cause::Status(status) => {
                let code = status.code.map(|code| format!(" {code}")).unwrap_or_default();
                let reason = status.reason.as_deref().filter(|reason| !reason.is_empty()).unwrap_or("without a reason");
                let reason = printable(reason, MAX_MESSAGE_BYTES);
                let message = printable(status.message.as_deref().unwrap_or_default(), MAX_MESSAGE_BYTES);
                write!(f, "the server ended the watch of {path} with error{code}, {reason}: {message}")
            }
            Cause::UndecodableObject(key, _) => {
                let key = printable(&key.to_string(), MAX_MESSAGE_BYTES);
                write!(f, "can't decode the object {key} at {path}")
            }
            Cause::Undecodable(_) => write!(f, "can't decode an event of the watch of {path}"),
            Cause::EventTooLong(_) => write!(f, "can't read an event of the watch of {path}"),
            Cause::NoVersion => write!(f, "the list at {path} has no resourceVersion to watch from"),
            Cause::Panicked => {
                f.write_str("the task that fills the store has panicked: see its transforms and indexes")
            }
            Cause::EndlessList => {
                write!(f, "the list at {path} never ends: its pages have repeated continue tokens, or no objects")
            }
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.cause {
            Cause::Client(error) => Some(error),
            Cause::Undecodable(error) => Some(error),
            Cause::UndecodableObject(_, error) => Some(&**error),
            Cause::EventTooLong(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_a_message_of_the_server_within_limits_and_without_control_characters() {
        let message = format!("\u{1b}[31m{}", "x".repeat(MAX_MESSAGE_BYTES * 2));
        let reason = Some("Ex\u{7}pired".into());
        let status = Status { code: Some(410), reason, message: Some(message.into()), ..Status::default() };
        let request = Request::new(kubernetes_core::Method::GET, kubernetes_core::Path::new("/api/v1/pods", &[]));
        let text = Error::new(&request, Cause::Status(status)).to_string();
        assert!(
            text.starts_with("the server ended the watch of /api/v1/pods with error 410, Expired: [31mxxx"),
            "{text}"
        );
        assert!(text.ends_with("x…") && text.len() < MAX_MESSAGE_BYTES + 100);
    }
}
