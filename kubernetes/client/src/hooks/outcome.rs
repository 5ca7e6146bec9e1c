use http::StatusCode;

use super::object::WrittenObject;
use crate::error::Error;

/// The outcome of a write.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteOutcome<'a> {
    /// The server carried out the write, and returned these objects: the written one, or those of a deleted collection.
    ///
    /// A deleted object has its last state or, while finalizers or a grace period keep it, its current state with a
    /// `deletionTimestamp`. If the server responds to a delete with a `Status`, only the key and the uid are known.
    /// There are no objects if the response has none, as for an eviction, or if the client does not read the response,
    /// as for requests sent through the client as a [`Service`](tower_service::Service).
    Done(&'a [WrittenObject]),
    /// The server refused the write: nothing was changed.
    Rejected(&'a Error),
    /// The write was not sent, or the server did not process it: nothing was changed.
    NotSent,
    /// The server may or may not have carried out the write: the connection was lost, a timeout was reached, the
    /// response could not be read, or (without an error) the request timed out or its future was dropped.
    Unknown(Option<&'a Error>),
}

impl<'a> WriteOutcome<'a> {
    pub(super) fn of_error(error: &'a Error) -> Self {
        if error.is_connect() || error.is_authentication() || error.is_unseen() {
            return Self::NotSent;
        }
        match error.http_status() {
            Some(StatusCode::REQUEST_TIMEOUT) | None => Self::Unknown(Some(error)),
            Some(status) if status.is_client_error() || status.is_redirection() => Self::Rejected(error),
            Some(_) => Self::Unknown(Some(error)),
        }
    }
}
