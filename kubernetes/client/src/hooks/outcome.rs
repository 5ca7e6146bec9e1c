use http::StatusCode;

use super::object::WrittenObject;
use crate::error::Error;

/// The outcome of a write.
#[derive(Debug)]
#[non_exhaustive]
pub enum WriteOutcome<'a> {
    /// The server carried it out, and answered with these objects: the one that was written, or those of a collection
    /// that was deleted.
    ///
    /// An object that was deleted is shown as it last was, or, while finalizers or a grace period hold it, as it is now,
    /// with a `deletionTimestamp`. A server that answers a delete with a `Status` tells only the key and the uid. There
    /// are no objects if the response names none, as for an eviction, or if the client does not read the response, as
    /// for requests that are sent through the client as a [`Service`](tower_service::Service).
    Done(&'a [WrittenObject]),
    /// The server refused it: nothing was changed.
    Rejected(&'a Error),
    /// It never left this client, or the server did not look at it: nothing was changed.
    NotSent,
    /// The server may have carried it out or not: the connection broke, time ran out, the response could not be read,
    /// or (without an error) the request timed out or its future was dropped.
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
