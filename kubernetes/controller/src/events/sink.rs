use std::time::Duration;

use kubernetes_client::{Backoff, Client, Error};
use kubernetes_core::{CreateRequest, Patch, PatchRequest};
use kubernetes_models::events::v1::Event;
use serde_json::json;
use tokio::sync::Semaphore;

use super::series::Write;
use crate::clock;

/// client-go's `maxTriesPerEvent` and `defaultSleepDuration`, with its jitter of 0.25.
const TRIES: u32 = 12;
const PAUSE: Backoff = Backoff::new(Duration::from_secs(10), Duration::from_secs(10)).jitter(1.0, 1.25);

/// How many requests are under way at a time.
const CONCURRENCY: usize = 8;

/// Sends events to the server.
pub(super) struct Sink {
    client: Client,
    permits: Semaphore,
}

/// How a write has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Sent,
    Refused,
    Failed,
}

impl Sink {
    pub(super) fn new(client: Client) -> Self {
        Self { client, permits: Semaphore::new(CONCURRENCY) }
    }

    /// Sends a write, again if the server can't take it now.
    pub(super) async fn send(&self, write: &Write) -> Outcome {
        let mut pauses = PAUSE.delays();
        loop {
            // Not while it waits to be sent again. The semaphore is never closed.
            let permit = self.permits.acquire().await;
            let result = self.try_send(write).await;
            drop(permit);
            let error = match result {
                Ok(()) => return Outcome::Sent,
                Err(error) => error,
            };
            if !is_transient(&error, write) {
                tracing::warn!(%error, "the server refused an event");
                return Outcome::Refused;
            }
            if pauses.retries() + 1 >= TRIES {
                tracing::warn!(%error, "gave up an event after {TRIES} attempts");
                return Outcome::Failed;
            }
            clock::sleep(pauses.next_delay()).await;
        }
    }

    async fn try_send(&self, write: &Write) -> Result<(), Error> {
        let event = match write {
            Write::Create(event) => event,
            Write::Update(event) => match self.patch(event).await {
                // It has expired, or was never created: create it with its series.
                Err(error) if error.is_not_found() => event,
                result => return result,
            },
        };
        match self.create(event).await {
            // The response to an earlier attempt was lost.
            Err(error) if error.is_already_exists() && matches!(write, Write::Create(_)) => Ok(()),
            result => result,
        }
    }

    async fn create(&self, event: &Event) -> Result<(), Error> {
        let namespace = event.metadata.namespace.as_deref().unwrap_or_default();
        CreateRequest::<Event>::namespaced(namespace, event).send(&self.client).await.map(|_| ())
    }

    async fn patch(&self, event: &Event) -> Result<(), Error> {
        let (namespace, name) = (event.metadata.namespace.as_deref(), event.metadata.name.as_deref());
        let series = event
            .series
            .as_deref()
            .map(|series| json!({"count": series.count, "lastObservedTime": series.last_observed_time.to_string()}));
        let patch = Patch::merge(&json!({"series": series}));
        let request =
            PatchRequest::<Event>::namespaced(namespace.unwrap_or_default(), name.unwrap_or_default(), &patch);
        request.send(&self.client).await.map(|_| ())
    }
}

/// Whether the same write may succeed later: the server was not reached, or is overloaded.
fn is_transient(error: &Error, write: &Write) -> bool {
    match error.http_status() {
        None => !error.is_not_permitted() && !error.is_authentication() && !error.is_decode(),
        // The event that was to be updated was missing, and exists now.
        Some(_) if error.is_already_exists() => matches!(write, Write::Update(_)),
        Some(status) => status.is_server_error() || error.is_too_many_requests() || error.is_retryable(),
    }
}
