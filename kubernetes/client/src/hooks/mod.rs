//! Hooks around the writes of a [derived](crate::Client::derived) client.

mod admission;
mod object;
mod outcome;
mod permit;
mod revocable;
mod write;

use std::error::Error as StdError;
use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;
use std::sync::Arc;

pub(crate) use admission::Admission;
pub use object::WrittenObject;
pub use outcome::WriteOutcome;
pub use permit::WritePermit;
pub use write::Write;

use crate::error::{Error, Kind};

/// The future of [`WriteHook::before`].
pub type WriteAdmission<'a> =
    Pin<Box<dyn Future<Output = Result<WritePermit, Box<dyn StdError + Send + Sync>>> + Send + 'a>>;

/// A hook that is called around each write of a [derived](crate::Client::derived) client.
///
/// ```
/// use std::sync::Mutex;
///
/// use kubernetes_client::{Write, WriteHook, WriteOutcome};
///
/// /// Records the version of each object that was written.
/// #[derive(Default)]
/// struct Versions(Mutex<Vec<String>>);
///
/// impl WriteHook for Versions {
///     fn after(&self, write: &Write, outcome: &WriteOutcome<'_>) {
///         if let WriteOutcome::Done(objects) = outcome {
///             let versions = objects.iter().filter_map(|object| object.metadata.resource_version.as_deref());
///             self.0.lock().unwrap().extend(versions.map(|version| format!("{}: {version}", write.path())));
///         }
///     }
/// }
/// ```
///
/// A write is every request except GET, HEAD, OPTIONS and TRACE, and every [upgrade](crate::Client::upgrade), such as
/// an exec. A dry run (`dryRun=All`) is not a write.
///
/// The hooks are called each time a write is sent, including retries and the repetition with other credentials (401).
pub trait WriteHook: Send + Sync + 'static {
    /// Decides whether a write may be sent, and for how long. By default permits every write.
    ///
    /// This is the last step before the request is sent, after obtaining credentials and waiting for the rate limit.
    /// Opening a connection comes after it, within the time of the [`WritePermit`].
    ///
    /// # Errors
    ///
    /// Returns an error if the write must not be sent. The request then fails with
    /// [`is_not_permitted`](crate::Error::is_not_permitted), with this error as its source.
    fn before<'a>(&'a self, write: &'a Write) -> WriteAdmission<'a> {
        let _ = write;
        Box::pin(ready(Ok(WritePermit::unlimited())))
    }

    /// Receives the outcome of a permitted write, once for each [`before`](Self::before) that permitted it. It should
    /// return quickly.
    ///
    /// It is also called when the request times out or its future is dropped, with [`WriteOutcome::Unknown`].
    ///
    /// A write that [upgrades](crate::Client::upgrade) its connection ends once the server has switched protocols;
    /// revoking its [`WritePermit`] closes the connection even later.
    fn after(&self, write: &Write, outcome: &WriteOutcome<'_>) {
        let _ = (write, outcome);
    }
}

/// The hooks of a client, the first derived first.
#[derive(Clone, Default)]
pub(crate) struct Hooks(Option<Arc<[Arc<dyn WriteHook>]>>);

impl Hooks {
    /// These hooks and another.
    pub(crate) fn and(&self, hook: Arc<dyn WriteHook>) -> Self {
        Self(Some(self.iter().cloned().chain([hook]).collect()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    fn iter(&self) -> impl Iterator<Item = &Arc<dyn WriteHook>> {
        self.0.iter().flat_map(|hooks| hooks.iter())
    }

    /// Asks all hooks whether a write may be sent.
    pub(crate) async fn admit(&self, write: &Write) -> Result<Admission, Error> {
        let mut admission = Admission::new(write.clone());
        for hook in self.iter() {
            let permit = hook.before(write).await.map_err(|source| Error::new(Kind::Hook(source)))?;
            admission.add(Arc::clone(hook), permit);
        }
        admission.check()?;
        Ok(admission)
    }
}

impl fmt::Debug for Hooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Hooks").field(&self.iter().count()).finish()
    }
}
