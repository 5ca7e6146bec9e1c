//! Rollouts of Deployments, StatefulSets and DaemonSets: as `kubectl rollout`.
//!
//! ```no_run
//! # async fn example(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//!
//! use kubernetes_core::ObjectKey;
//! use kubernetes_dynamic::Mapper;
//! use kubernetes_utils::{Target, rollout};
//!
//! let (resource, name) = Mapper::new(client).object("deploy/web").await?;
//! let web = Target::new(resource, ObjectKey::new("shop", &name));
//! rollout::restart(client, &web).await?;
//! if rollout::status(client, &web, Duration::from_secs(300)).await.is_err() {
//!     rollout::undo(client, &web, None).await?;
//! }
//! # Ok(())
//! # }
//! ```

mod history;
mod undo;

use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::Str;
use kubernetes_dynamic::DynamicObject;
use kubernetes_watch::{ObjectCondition, Verdict};

use super::VerbError;
use crate::{Target, WaitError, WaitFor, clock, modify};

pub use history::{Revision, history};
pub use undo::undo;

/// The annotation of a template whose change replaces the pods.
const RESTARTED_AT: &str = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";

/// The kinds that have rollouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Workload {
    Deployment,
    StatefulSet,
    DaemonSet,
}

impl Workload {
    fn of(target: &Target) -> Result<Self, VerbError> {
        match (target.resource.group.as_str(), target.resource.kind.as_str()) {
            ("apps", "Deployment") => Ok(Self::Deployment),
            ("apps", "StatefulSet") => Ok(Self::StatefulSet),
            ("apps", "DaemonSet") => Ok(Self::DaemonSet),
            _ => {
                let message = format!("{target} has no rollouts: only Deployments, StatefulSets and DaemonSets do");
                Err(VerbError::refused(message))
            }
        }
    }
}

/// Replaces all pods, by setting an annotation with the time in their template.
///
/// # Errors
/// Returns an error if the workload is a paused Deployment or was restarted within the same second, or if a request
/// fails.
///
/// # Cancel safety
/// If the future is dropped, it is unknown whether the workload was restarted.
pub async fn restart(client: &Client, target: &Target) -> Result<DynamicObject, VerbError> {
    Workload::of(target)?;
    let now: Str = clock::wall().to_string().into();
    let refusal = |object: &DynamicObject| {
        if is_paused(object) {
            return Some(format!("{target} can't be restarted while it is paused: resume it first"));
        }
        let last: Option<Str> = object.get(RESTARTED_AT).ok().flatten();
        (last.as_ref() == Some(&now)).then(|| format!("{target} was already restarted within this second"))
    };
    change(client, target, refusal, |object| object.set(RESTARTED_AT, &now).map_err(VerbError::from)).await
}

/// Pauses a Deployment: changes to its template have no effect until it is [resumed](resume).
///
/// # Errors
/// Returns an error if the object is of another kind or already paused, or if a request fails.
///
/// # Cancel safety
/// If the future is dropped, it is unknown whether it was paused.
pub async fn pause(client: &Client, target: &Target) -> Result<DynamicObject, VerbError> {
    set_paused(client, target, true).await
}

/// Resumes a Deployment that is paused.
///
/// # Errors
/// Returns an error if the object is of another kind or not paused, or if a request fails.
///
/// # Cancel safety
/// If the future is dropped, it is unknown whether it was resumed.
pub async fn resume(client: &Client, target: &Target) -> Result<DynamicObject, VerbError> {
    set_paused(client, target, false).await
}

async fn set_paused(client: &Client, target: &Target, paused: bool) -> Result<DynamicObject, VerbError> {
    if Workload::of(target)? != Workload::Deployment {
        return Err(VerbError::refused(format!("{target} can't be paused: only Deployments can")));
    }
    let refusal = |object: &DynamicObject| {
        let is = if paused { "paused already" } else { "not paused" };
        (is_paused(object) == paused).then(|| format!("{target} is {is}"))
    };
    change(client, target, refusal, |object| {
        match paused {
            true => object.set("/spec/paused", &true)?,
            false => drop(object.remove("/spec/paused")?),
        }
        Ok(())
    })
    .await
}

fn is_paused(object: &DynamicObject) -> bool {
    matches!(object.get::<bool>("/spec/paused"), Ok(Some(true)))
}

/// Changes an object, unless its state does not allow it.
async fn change(
    client: &Client,
    target: &Target,
    refusal: impl Fn(&DynamicObject) -> Option<String>,
    change: impl Fn(&mut DynamicObject) -> Result<(), VerbError>,
) -> Result<DynamicObject, VerbError> {
    let mut result = Ok(());
    let changed = modify(client, target.scope().read(target.key.name()), |object| {
        result = match refusal(object) {
            Some(message) => Err(VerbError::refused(message)),
            None => change(object),
        };
    });
    let changed = changed.await?;
    result.map(|()| changed)
}

/// Waits until the rollout is complete: all pods match the current template and are available.
///
/// # Errors
/// Returns an error if the progress deadline is exceeded, if the update strategy is `OnDelete`, or if the time limit is
/// reached.
///
/// # Cancel safety
/// Dropping the future ends the wait; nothing is changed on the server.
pub async fn status(client: &Client, target: &Target, limit: Duration) -> Result<DynamicObject, WaitError> {
    let wait = WaitFor::new(client, [target.clone()]).within(limit);
    Ok(wait.all(rolled_out()).await?.into_iter().next().unwrap_or_default())
}

/// Holds if the rollout of a Deployment, StatefulSet or DaemonSet is complete; fails for other kinds.
pub fn rolled_out() -> ObjectCondition<DynamicObject> {
    #[cfg(feature = "apps-v1")]
    fn typed<K: kubernetes_core::Object>(condition: &ObjectCondition<K>, object: &DynamicObject) -> Verdict {
        match object.to::<K>() {
            Ok(object) => condition.check(Some(&object)),
            Err(error) => Verdict::failed(format!("it can't be read: {error}")),
        }
    }
    ObjectCondition::new("is rolled out", |object: &DynamicObject| match object.kind() {
        #[cfg(feature = "apps-v1")]
        "Deployment" => typed(&crate::conditions::deployment_rolled_out(), object),
        #[cfg(feature = "apps-v1")]
        "StatefulSet" => typed(&crate::conditions::stateful_set_rolled_out(), object),
        #[cfg(feature = "apps-v1")]
        "DaemonSet" => typed(&crate::conditions::daemon_set_rolled_out(), object),
        #[cfg(not(feature = "apps-v1"))]
        "Deployment" | "StatefulSet" | "DaemonSet" => crate::conditions::object_current().check(Some(object)),
        kind => Verdict::failed(format!("a {kind} has no rollouts")),
    })
}
