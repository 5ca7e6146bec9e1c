//! Detached background tasks.

use std::future::Future;
use std::pin::Pin;

use tokio::task::AbortHandle;

/// Starts a boxed task, so that the runtime is compiled for a single type of task.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) -> AbortHandle {
    let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(task);
    tokio::spawn(task).abort_handle()
}
