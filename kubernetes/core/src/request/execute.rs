use std::future::Future;

use bytes::Bytes;
use futures_core::Stream;

use super::{Encoded, Request};
use crate::json::DecodeError;
use crate::{FieldConflict, Status};

/// Sends requests: the one trait between requests and transports.
///
/// The SDK's client implements it; `send` of every request is generic over it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't send Kubernetes requests",
    note = "pass a reference to a client, as in `.send(&client)`"
)]
pub trait Execute: Sync {
    /// Why a request failed.
    type Error: std::error::Error + Send + Sync + 'static;

    /// A body that is read as it arrives. It ends with `None`, or after its first error.
    type Body: Stream<Item = Result<Bytes, Self::Error>> + Send + Unpin + 'static;

    /// Sends a request, checks the status of the response, reads its whole body and decodes it, as a rule by
    /// [`Encoded::decode`].
    ///
    /// A transport may ask for other media types than the request does where that is JSON, and encode a JSON body
    /// otherwise: `decode` receives its media type.
    ///
    /// # Errors
    /// If the request is invalid, can't be sent, is answered with an error, or the answer can't be decoded.
    fn execute<T: Send>(
        &self,
        request: Request,
        decode: fn(&Encoded) -> Result<T, DecodeError>,
    ) -> impl Future<Output = Result<T, Self::Error>> + Send;

    /// Sends a request, checks the status of the response, and leaves its body to be read: for watches and logs,
    /// which have no end that a timeout could wait for. It comes in the media type that the request asks for.
    ///
    /// # Errors
    /// If the request is invalid, can't be sent, or is answered with an error.
    fn open(&self, request: Request) -> impl Future<Output = Result<Self::Body, Self::Error>> + Send;
}

/// An [`Execute::Error`] where one answer decides on the next request, as in paging.
pub trait RequestError: std::error::Error + Sized {
    /// The server's answer in place of a result.
    fn status(&self) -> Option<&Status>;

    /// The conflicts with other managers for which an apply was refused; empty for any other error.
    fn conflicts(&self) -> Vec<FieldConflict> {
        self.status().map(Status::conflicts).unwrap_or_default()
    }

    /// An answer that makes no sense.
    fn from_decode(error: DecodeError) -> Self;
}
