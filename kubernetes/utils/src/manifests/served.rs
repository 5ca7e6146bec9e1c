//! Waits until the server serves new namespaces and definitions.

use std::future::Future;
use std::time::Duration;

use kubernetes_client::{Backoff, Client, Error};
use kubernetes_dynamic::{DynamicObject, Mapper};
use kubernetes_watch::until;

use super::event::ManifestEvent;
use super::plan::{self, Step};
use super::report::OperationError;
use super::settings::Settings;
use crate::conditions::object_current;
use crate::{ObjectState, ObjectStatus, Retry, retry};

/// The number of attempts to send an object whose namespace or definition is new, as another API server of the cluster
/// may not know it yet.
const UNTIL_SERVED: Retry =
    Retry { attempts: 6, backoff: Backoff::new(Duration::from_millis(50), Duration::from_secs(1)).jitter(1.0, 1.1) };

/// Sends a request, and repeats it while the server does not know the objects that were created before it.
///
/// `None` in a dry run, which did not create them.
pub(super) async fn when_served<F>(
    settings: &Settings,
    step: &Step,
    send: impl FnMut() -> F,
) -> Result<Option<DynamicObject>, OperationError>
where
    F: Future<Output = Result<DynamicObject, Error>>,
{
    let may_come = !step.needs.is_empty() && !settings.dry_run;
    let is_early = |error: &Error| may_come && (error.is_not_found() || lacks_account(error));
    match retry(UNTIL_SERVED, is_early, send).await {
        Ok(object) => Ok(Some(object)),
        Err(error) if settings.dry_run && !step.needs.is_empty() && error.is_not_found() => Ok(None),
        Err(error) => Err(OperationError::request(error)),
    }
}

/// Whether a pod was refused because its new namespace has no service account yet.
fn lacks_account(error: &Error) -> bool {
    let message = error.status().and_then(|status| status.message.as_deref()).unwrap_or_default();
    error.is_forbidden() && message.contains("error looking up service account")
}

/// Waits until a definition's kinds are served, and refuses a namespace that is being deleted.
pub(super) async fn await_definition(
    client: &Client,
    settings: &Settings,
    mapper: &Mapper,
    step: &Step,
    object: &DynamicObject,
) -> Result<(), OperationError> {
    if settings.dry_run {
        return Ok(());
    }
    if step.is("", "Namespace") && ObjectStatus::of(object).state == ObjectState::Terminating {
        return Err(OperationError::TERMINATING);
    }
    if !step.is_definition() {
        return Ok(());
    }
    if ObjectStatus::of(object).state != ObjectState::Current {
        settings.notify(&ManifestEvent::Waiting(&step.target));
        let named = until(client, step.target.scope().list()).named(step.target.key.name().to_owned());
        named.within(settings.wait_limit).is(object_current()).await.map_err(OperationError::wait)?;
    }
    for resource in plan::defined(&step.object) {
        let served = mapper.wait_for(&resource.group_version_kind()).within(settings.wait_limit);
        served.await.map_err(OperationError::map)?;
    }
    Ok(())
}
