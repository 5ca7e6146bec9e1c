use std::future::Future;

use bytes::Bytes;
use futures_core::Stream;

use super::Request;
use crate::Status;
use crate::json::DecodeError;

/// What sends requests: the one trait between requests and transports.
///
/// The SDK's client implements it; `send` of every request is generic over it.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't send Kubernetes requests",
    note = "pass a reference to a client, as in `.send(&client)`"
)]
pub trait Execute: Sync {
    /// Why a request failed.
    type Error;

    /// A body that is read as it arrives. It ends with `None`, or after its first error.
    type Body: Stream<Item = Result<Bytes, Self::Error>> + Send + Unpin + 'static;

    /// Sends a request, checks the status of the response, reads its whole body and decodes it.
    ///
    /// # Errors
    /// If the request is invalid, can't be sent, is answered with an error, or the answer can't be decoded.
    fn execute<T: Send>(
        &self,
        request: Request,
        decode: fn(&[u8]) -> Result<T, DecodeError>,
    ) -> impl Future<Output = Result<T, Self::Error>> + Send;

    /// Sends a request, checks the status of the response, and leaves its body to be read: for watches and logs,
    /// which have no end that a timeout could wait for.
    ///
    /// # Errors
    /// If the request is invalid, can't be sent, or is answered with an error.
    fn open(&self, request: Request) -> impl Future<Output = Result<Self::Body, Self::Error>> + Send;
}

/// What must be known of an [`Execute::Error`] where one answer decides on the next request, as in paging.
pub trait RequestError: Sized {
    /// What the server answered instead of a result.
    fn status(&self) -> Option<&Status>;

    /// An answer that makes no sense.
    fn from_decode(error: DecodeError) -> Self;
}
