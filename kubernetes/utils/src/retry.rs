use std::future::Future;

use std::time::Duration;

use kubernetes_client::Backoff;
use kubernetes_core::{RequestError, Status};

/// The number of attempts at an operation, and the delays between them.
///
/// ```
/// use std::time::Duration;
///
/// use kubernetes_client::Backoff;
/// use kubernetes_utils::Retry;
///
/// let patient = Retry { attempts: 10, backoff: Backoff::new(Duration::from_millis(100), Duration::from_secs(5)) };
/// let persistent = Retry { attempts: 100, ..Retry::default() };
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Retry {
    /// The number of attempts, including the first. There is always at least one.
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
}

const BACKOFF: Backoff = Backoff::new(Duration::from_millis(10), Duration::from_secs(3600)).jitter(1.0, 1.1);

/// Repeats an operation that fails with a conflict, such as reading an object, changing it and writing it back.
///
/// ```
/// use kubernetes_core::{Execute, ReadRequest, ReplaceRequest, RequestError};
/// use kubernetes_utils::{Retry, retry_on_conflict};
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// # async fn example<E: Execute<Error: RequestError>>(client: &E) -> Result<(), E::Error> {
/// let pod = retry_on_conflict(Retry::default(), || async {
///     // Read it again each time, because the object has changed since the failed attempt.
///     let mut pod = ReadRequest::<Pod>::namespaced("shop", "web").send(client).await?;
///     pod.metadata.labels.insert("tier", "web");
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

/// Repeats an operation that fails with a retryable error ([`is_retryable`](kubernetes_client::Error::is_retryable)).
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
    let mut delays = policy.backoff.delays();
    loop {
        let error = match operation().await {
            Err(error) if is_retryable(&error) => error,
            result => return result,
        };
        let delay = delays.next_delay();
        if delays.retries() >= policy.attempts {
            return Err(error);
        }
        tokio::time::sleep(delay).await;
    }
}
