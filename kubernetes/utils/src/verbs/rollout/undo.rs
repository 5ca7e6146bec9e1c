use kubernetes_client::Client;
use kubernetes_core::json::Tree;
use kubernetes_dynamic::DynamicObject;

use super::history::{Revision, revisions};
use super::{Workload, change, is_paused};
use crate::Target;
use crate::verbs::VerbError;

/// Annotations that belong to a Deployment itself, not to a revision.
const OWN_ANNOTATIONS: &[&str] = &[
    "kubectl.kubernetes.io/last-applied-configuration",
    "deployment.kubernetes.io/revision",
    "deployment.kubernetes.io/revision-history",
    "deployment.kubernetes.io/desired-replicas",
    "deployment.kubernetes.io/max-replicas",
    "deprecated.deployment.rollback.to",
];

/// Rolls back to a revision, by default the previous one; returns the workload, or `None` if it already has the
/// template of the revision.
///
/// If a tool applies the object, its next apply reverts this.
///
/// # Errors
/// Returns an error if there is no such revision, if the workload is a paused Deployment, or if a request fails.
///
/// # Cancel safety
/// If the future is dropped, it is unknown whether the workload was changed.
pub async fn undo(client: &Client, target: &Target, revision: Option<i64>) -> Result<Option<DynamicObject>, VerbError> {
    let kind = Workload::of(target)?;
    let workload = target.scope().read(target.key.name()).send(client).await?;
    let refusal = |object: &DynamicObject| {
        is_paused(object).then(|| format!("{target} can't be rolled back while it is paused: resume it first"))
    };
    if let Some(message) = refusal(&workload) {
        return Err(VerbError::refused(message));
    }
    let revisions = revisions(client, target, &workload).await?;
    let to = find(target, &revisions, revision)?;
    if template(&workload)? == to.template {
        return Ok(None);
    }
    let changed = change(client, target, refusal, |object| {
        object.set("/spec/template", &to.template)?;
        if kind == Workload::Deployment {
            let annotations = &mut object.metadata.annotations;
            let gone: Vec<_> =
                annotations.keys().filter(|key| !OWN_ANNOTATIONS.contains(&key.as_str())).cloned().collect();
            gone.iter().for_each(|key| drop(annotations.remove(key)));
            for (key, value) in to.object.metadata.annotations.iter() {
                if !OWN_ANNOTATIONS.contains(&key.as_str()) {
                    annotations.insert(key.clone(), value.clone());
                }
            }
        }
        Ok(())
    });
    changed.await.map(Some)
}

fn find<'a>(target: &Target, revisions: &'a [Revision], number: Option<i64>) -> Result<&'a Revision, VerbError> {
    let found = match number {
        Some(number) => revisions.iter().find(|revision| revision.number == number),
        // The second to last.
        None => revisions.iter().rev().nth(1),
    };
    found.ok_or_else(|| {
        let known: Vec<_> = revisions.iter().map(|revision| revision.number.to_string()).collect();
        let wanted = number.map_or_else(|| "before the current one".to_owned(), |number| number.to_string());
        VerbError::refused(format!("{target} has no revision {wanted}; there are: {}", known.join(", ")))
    })
}

fn template(workload: &DynamicObject) -> Result<Tree, VerbError> {
    Ok(workload.get("/spec/template")?.unwrap_or_default())
}
