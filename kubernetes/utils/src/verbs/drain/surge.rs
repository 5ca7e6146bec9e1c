//! Starts a successor elsewhere for pods that are the only replica of a Deployment, before they are evicted.

use std::collections::HashMap;

use kubernetes_client::Client;
use kubernetes_core::json::Tree;
use kubernetes_core::{GroupVersionKind, Object, ObjectKey, Str};
use kubernetes_dynamic::{ApiResource, DynamicObject};
use tokio::sync::OnceCell;

use crate::verbs::rollout;
use crate::{Target, VerbError, WaitFor};

/// The Deployment whose only replica is a pod, if its rollouts start a new pod before they stop the old one.
///
/// That excludes Deployments that are paused, use the strategy `Recreate`, or may not exceed their replicas. A pod that
/// is not ready needs no successor.
pub(super) async fn only_replica_of(client: &Client, pod: &DynamicObject) -> Result<Option<Target>, VerbError> {
    if !is_ready(pod) {
        return Ok(None);
    }
    let Some((_, replica_set)) = controller_of(client, pod, "ReplicaSet", "replicasets").await? else {
        return Ok(None);
    };
    let Some((resource, deployment)) = controller_of(client, &replica_set, "Deployment", "deployments").await? else {
        return Ok(None);
    };
    let can_surge = matches!(deployment.get::<i64>("/spec/replicas")?, None | Some(1))
        && !matches!(deployment.get::<bool>("/spec/paused")?, Some(true))
        && deployment.get::<Str>("/spec/strategy/type")?.is_none_or(|kind| kind == "RollingUpdate")
        && !is_zero(deployment.get::<Tree>("/spec/strategy/rollingUpdate/maxSurge")?.as_ref());
    Ok(can_surge.then(|| Target::of(&resource, &deployment)))
}

fn is_ready(pod: &DynamicObject) -> bool {
    let conditions: Vec<Tree> = pod.get("/status/conditions").ok().flatten().unwrap_or_default();
    let text = |condition: &Tree, field: &str| condition.get(field).and_then(Tree::as_str).map(str::to_owned);
    conditions.iter().any(|condition| {
        text(condition, "type").as_deref() == Some("Ready") && text(condition, "status").as_deref() == Some("True")
    })
}

/// Whether a number or a percentage is zero.
fn is_zero(value: Option<&Tree>) -> bool {
    value.is_some_and(|value| matches!(value.to_text().trim_matches('"').trim_end_matches('%'), "0"))
}

/// The object of this kind in `apps/v1` that controls another object, if there is one.
async fn controller_of(
    client: &Client,
    object: &DynamicObject,
    kind: &'static str,
    plural: &'static str,
) -> Result<Option<(ApiResource, DynamicObject)>, VerbError> {
    let Some(owner) = object.controller().filter(|owner| owner.kind == kind && owner.api_version == "apps/v1") else {
        return Ok(None);
    };
    let resource = ApiResource::new(&GroupVersionKind::new("apps", "v1", kind), plural, true);
    let namespace = object.metadata.namespace.clone().unwrap_or_default();
    let read = resource.in_namespace(namespace).read(&*owner.name).send_opt(client).await?;
    Ok(read.filter(|found| found.uid() == owner.uid).map(|found| (resource, found)))
}

/// The rollouts of a drain, by Deployment: each runs once, however many pods wait for it.
#[derive(Debug)]
pub(super) struct Rollouts(HashMap<ObjectKey, OnceCell<Result<(), String>>>);

impl Rollouts {
    pub(super) fn of<'a>(deployments: impl Iterator<Item = &'a Target>) -> Self {
        Self(deployments.map(|deployment| (deployment.key.clone(), OnceCell::new())).collect())
    }

    /// Replaces the pods of a Deployment, and waits until the rollout is complete.
    pub(super) async fn complete(&self, client: &Client, deployment: &Target) -> Result<(), VerbError> {
        let Some(rollout) = self.0.get(&deployment.key) else { return Ok(()) };
        let done = rollout.get_or_init(|| async {
            rollout::restart(client, deployment).await.map_err(|error| error.to_string())?;
            let rolled_out = WaitFor::new(client, [deployment.clone()]).all(rollout::rolled_out());
            rolled_out.await.map(drop).map_err(|error| error.to_string())
        });
        done.await.clone().map_err(|error| VerbError::refused(format!("{deployment} got no new pod: {error}")))
    }
}
