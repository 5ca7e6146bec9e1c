//! Detached background tasks.

use std::future::Future;
use std::pin::Pin;

/// Starts a task of one type for all, so that the runtime is compiled for one and not for each.
pub(crate) fn spawn(task: impl Future<Output = ()> + Send + 'static) {
    let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(task);
    drop(tokio::spawn(task));
}
