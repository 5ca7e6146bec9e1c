use std::future::Future;

use bytes::Bytes;
use futures_core::Stream;

use super::{Encoded, Request};
use crate::json::DecodeError;
use crate::{FieldConflict, Status};

/// Sends requests: the trait between requests and transports.
///
/// The SDK's client implements it; every request's `send` is generic over it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't send Kubernetes requests",
    note = "pass a reference to a client, as in `.send(&client)`"
)]
pub trait Execute: Sync {
    /// The reason why a request failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// A body that is read as it arrives. It ends with `None`, or after its first error.
    type Body: Stream<Item = Result<Bytes, Self::Error>> + Send + Unpin + 'static;

    /// Sends a request, checks the status of the response, reads its whole body and decodes it, usually with
    /// [`Encoded::decode`].
    ///
    /// A transport may replace JSON by another media type, both for the response and for a JSON body; `decode` gets the
    /// media type.
    ///
    /// # Errors
    /// Returns an error if the request is invalid or can't be sent, if the server responds with an error, or if the
    /// response can't be decoded.
    fn execute<T: Send>(
        &self,
        request: Request,
        decode: fn(&Encoded) -> Result<T, DecodeError>,
    ) -> impl Future<Output = Result<T, Self::Error>> + Send;

    /// Sends a request, checks the status of the response, and returns the unread body: for watches and logs, which
    /// last too long for a timeout. The body has the media type that the request asks for.
    ///
    /// # Errors
    /// Returns an error if the request is invalid or can't be sent, or if the server responds with an error.
    fn open(&self, request: Request) -> impl Future<Output = Result<Self::Body, Self::Error>> + Send;
}

/// An [`Execute::Error`] for code that decides on the next request by the response, such as paging.
pub trait RequestError: std::error::Error + Sized {
    /// The server's response, if it is an error.
    fn status(&self) -> Option<&Status>;

    /// The conflicts with other managers that an apply was refused for; empty for any other error.
    fn conflicts(&self) -> Vec<FieldConflict> {
        self.status().map(Status::conflicts).unwrap_or_default()
    }

    /// Creates an error for a response that makes no sense.
    fn from_decode(error: DecodeError) -> Self;
}
