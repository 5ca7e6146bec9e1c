//! Detached background tasks.

use std::future::Future;
use std::pin::Pin;

use tokio::task::AbortHandle;

/// Starts a task of one type for all, so that the runtime is compiled for one and not for each.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
    let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(task);
    tokio::spawn(task).abort_handle()
}
