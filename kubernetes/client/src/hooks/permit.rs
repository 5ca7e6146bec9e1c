use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::error::{BoxError, Error, Kind};

/// The permission for a write, with an optional time limit; granted by [`WriteHook::before`](super::WriteHook::before).
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_client::WritePermit;
///
/// # fn lost() -> impl Future<Output = std::io::Error> + Send + 'static { std::future::pending() }
/// let permit = WritePermit::within(Duration::from_secs(5)).revoked_by(lost());
/// ```
///
/// A write that is still in progress when its permit ends is abandoned as if its future were dropped: the connection or
/// stream is closed, and the server may have carried out the write.
///
/// For a write that [upgrades](crate::Client::upgrade) its connection, such as an exec, the time limit applies to the
/// handshake. Revocation applies for as long as the connection is open: it closes the connection, and reads and writes
/// fail with an error whose source [is not permitted](crate::Error::is_not_permitted).
pub struct WritePermit {
    pub(super) limit: Option<Duration>,
    pub(super) revoked: Option<Revocation>,
}

pub(super) type Revocation = Pin<Box<dyn Future<Output = BoxError> + Send>>;

/// Completes when one of the revocations does, with the error of the request.
pub(super) fn poll_revoked(revocations: &mut [Revocation], cx: &mut Context<'_>) -> Poll<Error> {
    for revocation in revocations {
        if let Poll::Ready(error) = revocation.as_mut().poll(cx) {
            return Poll::Ready(Error::new(Kind::Hook(error)));
        }
    }
    Poll::Pending
}

impl WritePermit {
    /// A permit without an end.
    pub fn unlimited() -> Self {
        Self { limit: None, revoked: None }
    }

    /// A permit that ends after `limit`, counted from when the hook returns it. No write starts after its end.
    ///
    /// Where the system tells (Linux and Android), it goes on while the machine is suspended; a write that is under way then
    /// ends within a second after.
    pub fn within(limit: Duration) -> Self {
        Self { limit: Some(limit), ..Self::unlimited() }
    }

    /// The permit also ends when `revocation` completes. Its output becomes the source of the request's error.
    pub fn revoked_by<E>(self, revocation: impl Future<Output = E> + Send + 'static) -> Self
    where
        E: Into<Box<dyn StdError + Send + Sync>>,
    {
        Self { revoked: Some(Box::pin(async { revocation.await.into() })), ..self }
    }
}

impl fmt::Debug for WritePermit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WritePermit").field("limit", &self.limit).finish_non_exhaustive()
    }
}
