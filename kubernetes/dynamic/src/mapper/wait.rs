use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::Error;
use kubernetes_client::sync::lock;
use kubernetes_core::GroupVersionKind;

use super::snapshots::SHORTEST_WAIT;
use super::{MapError, Mapper, resolve};
use crate::{ApiResource, clock};

/// A wait for a kind, created by [`Mapper::wait_for`].
#[must_use = "a wait does nothing until it is awaited"]
pub struct WaitForKind<'a> {
    mapper: &'a Mapper,
    of_type: GroupVersionKind,
    limit: Option<Duration>,
}

/// The maximum interval between two discoveries of a waiting caller.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

impl<'a> WaitForKind<'a> {
    pub(super) fn new(mapper: &'a Mapper, of_type: GroupVersionKind) -> Self {
        Self { mapper, of_type, limit: None }
    }

    /// Sets the maximum time to wait. Without it, the wait is unlimited.
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    async fn run(self) -> Result<ApiResource, MapError> {
        let last = Mutex::new(None);
        let Some(limit) = self.limit else { return self.poll(&last).await };
        match clock::timeout(limit, self.poll(&last)).await {
            Some(result) => result,
            None => {
                let last = lock(&last).take();
                Err(MapError::timed_out(format_args!("a resource of kind {}", self.of_type), limit, last))
            }
        }
    }

    /// Checks repeatedly: at once after a notification, and otherwise at growing intervals.
    async fn poll(&self, last: &Mutex<Option<Arc<Error>>>) -> Result<ApiResource, MapError> {
        let snapshots = &self.mapper.snapshots;
        let mut changes = snapshots.changes();
        let mut wait = snapshots.settings.reload_interval.clamp(SHORTEST_WAIT, LONGEST_WAIT);
        loop {
            changes.mark_unchanged();
            let found = self.mapper.find(|discovery| {
                let resource = resolve::by_kind(discovery, &self.of_type)?;
                match discovery.is_stale(&resource.group_version()) {
                    // The resource is stale, as its server does not respond.
                    true => Err(MapError::no_match(&self.of_type, Vec::new(), Vec::new())),
                    false => Ok(resource),
                }
            });
            match found.await {
                Ok(resource) => return Ok(resource),
                Err(error) if error.is_no_match() => {}
                Err(error) => match error.request_error() {
                    Some(cause) if cause.is_retryable() || cause.is_connect() => {
                        let cause = error.discovery_error();
                        *lock(last) = cause;
                    }
                    _ => return Err(error),
                },
            }
            // Its own discovery does not trigger another.
            changes.mark_unchanged();
            if clock::timeout(wait, changes.changed()).await.is_none() {
                wait = (wait * 2).min(LONGEST_WAIT);
            }
        }
    }
}

impl<'a> IntoFuture for WaitForKind<'a> {
    type Output = Result<ApiResource, MapError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    /// Waits until the server has the kind.
    ///
    /// If the server does not respond, the wait goes on. Other errors, such as missing permissions, end it.
    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl fmt::Debug for WaitForKind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForKind")
            .field("of_type", &self.of_type)
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}
