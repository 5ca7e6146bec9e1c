use std::future::Future;

use kubernetes_core::{RequestError, Status};

use crate::Backoff;

/// Repeats what fails by a conflict: reading an object, changing it, and writing it back, while others write it too.
///
/// ```
/// use kubernetes_core::{Execute, ReadRequest, ReplaceRequest, RequestError};
/// use kubernetes_utils::{Backoff, retry_on_conflict};
/// # kubernetes_core::doc_test_resource!(Pod);
///
/// # async fn example<E: Execute<Error: RequestError>>(client: &E) -> Result<(), E::Error> {
/// let pod = retry_on_conflict(Backoff::default(), || async {
///     // Read again each time: what failed was made from an object that has changed since.
///     let mut pod = ReadRequest::<Pod>::namespaced("shop", "web").send(client).await?;
///     pod.metadata.labels.insert("tier", "web");
///     ReplaceRequest::namespaced("shop", &pod).send(client).await
/// })
/// .await?;
/// # Ok(())
/// # }
/// ```
///
/// A server-side apply needs no such loop, and a patch without a resourceVersion neither.
///
/// # Errors
/// The first error that is no conflict, or the last conflict.
///
/// # Cancel safety
/// As that of `operation`.
pub async fn retry_on_conflict<T, E, F>(backoff: Backoff, operation: impl FnMut() -> F) -> Result<T, E>
where
    E: RequestError,
    F: Future<Output = Result<T, E>>,
{
    retry(backoff, |error: &E| error.status().is_some_and(Status::is_conflict), operation).await
}

/// Repeats what fails with an error that `is_retryable`.
///
/// # Errors
/// The first error that is not retryable, or the last one.
///
/// # Cancel safety
/// As that of `operation`.
pub async fn retry<T, E, F>(
    backoff: Backoff,
    is_retryable: impl Fn(&E) -> bool,
    mut operation: impl FnMut() -> F,
) -> Result<T, E>
where
    F: Future<Output = Result<T, E>>,
{
    let mut waits = backoff.waits();
    loop {
        let error = match operation().await {
            Err(error) if is_retryable(&error) => error,
            result => return result,
        };
        match waits.next() {
            Some(wait) => tokio::time::sleep(wait).await,
            None => return Err(error),
        }
    }
}
