use std::future::Future;
use std::time::Duration;

use kubernetes_core::{RequestError, Status};

use crate::backoff::{Backoff, Delays};
use crate::clock;

/// The number of attempts at an operation, and the delays between them.
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_client::{Backoff, Retry};
///
/// let patient = Retry { attempts: 10, backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(5)) };
/// let persistent = Retry { attempts: 100, ..Retry::default() };
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// The number of attempts, including the first. There is always one: 0 means the same as 1.
    pub attempts: u32,
    /// The delays between the attempts.
    pub backoff: Backoff,
}

impl Default for Retry {
    /// For conflicts, like client-go's `retry.DefaultRetry`: 5 attempts, about 10 ms apart.
    fn default() -> Self {
        Self { attempts: 5, backoff: BACKOFF.factor(1.0) }
    }
}

impl Retry {
    /// For objects that controllers change frequently, like client-go's `retry.DefaultBackoff`: 4 attempts, about 10
    /// ms, 50 ms and 250 ms apart.
    pub const fn for_busy_objects() -> Self {
        Self { attempts: 4, backoff: BACKOFF.factor(5.0) }
    }

    /// The attempts of one operation, for a loop that [`retry`] can't express.
    pub fn start(self) -> Attempts {
        Attempts { limit: self.attempts, delays: self.backoff.delays() }
    }
}

/// The attempts of one operation; created by [`Retry::start`].
///
/// ```
/// use kubernetes_client::{Client, Error, Retry};
/// use kubernetes_core::{NamespacedResource, ReadRequest, ReplaceRequest};
///
/// # async fn example<Pod: NamespacedResource>(client: &Client, mut change: impl FnMut(&mut Pod)) -> Result<Pod, Error> {
/// let mut attempts = Retry::default().start();
/// loop {
///     let mut pod = ReadRequest::<Pod>::namespaced("shop", "web").send(client).await?;
///     change(&mut pod);
///     match ReplaceRequest::namespaced("shop", &pod).send(client).await {
///         Err(error) if error.is_conflict() => attempts.wait_after(error).await?,
///         result => return result,
///     }
/// }
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Attempts {
    limit: u32,
    delays: Delays,
}

impl Attempts {
    /// Waits before the next attempt.
    ///
    /// # Errors
    /// Returns the error of the attempt if it was the last.
    ///
    /// # Cancel safety
    /// Dropping the future is safe; the attempt counts.
    pub async fn wait_after<E>(&mut self, error: E) -> Result<(), E> {
        let delay = self.delays.next_delay();
        if self.delays.retries() >= self.limit {
            return Err(error);
        }
        clock::sleep(delay).await;
        Ok(())
    }
}

const BACKOFF: Backoff = Backoff::new(Duration::from_millis(10), Duration::from_secs(3600)).jitter(1.0, 1.1);

/// Repeats an operation that fails with a conflict, such as reading an object, changing it and writing it back.
///
/// ```
/// use kubernetes_client::{Client, Error, Retry, retry_on_conflict};
/// use kubernetes_core::{NamespacedResource, ReadRequest, ReplaceRequest};
///
/// # async fn example<Pod: NamespacedResource>(client: &Client) -> Result<(), Error> {
/// let pod = retry_on_conflict(Retry::default(), || async {
///     // Read it again each time, because the object has changed since the failed attempt.
///     let mut pod = ReadRequest::<Pod>::namespaced("shop", "web").send(client).await?;
///     pod.metadata_mut().labels.insert("tier", "web");
///     ReplaceRequest::namespaced("shop", &pod).send(client).await
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
///
/// A server-side apply needs no such loop, nor does a patch without a resourceVersion.
///
/// # Errors
/// Returns the first error that is not a conflict, or the last conflict.
///
/// # Cancel safety
/// The same as for `operation`.
pub async fn retry_on_conflict<T, E, F>(policy: Retry, operation: impl FnMut() -> F) -> Result<T, E>
where
    E: RequestError,
    F: Future<Output = Result<T, E>>,
{
    retry(policy, |error: &E| error.status().is_some_and(Status::is_conflict), operation).await
}

/// Repeats an operation that fails with a retryable error ([`is_retryable`](crate::Error::is_retryable)).
///
/// # Errors
/// Returns the first error that is not retryable, or the last one.
///
/// # Cancel safety
/// The same as for `operation`.
pub async fn retry<T, E, F>(
    policy: Retry,
    is_retryable: impl Fn(&E) -> bool,
    mut operation: impl FnMut() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut attempts = policy.start();
    loop {
        match operation().await {
            Err(error) if is_retryable(&error) => attempts.wait_after(error).await?,
            result => return result,
        }
    }
}
