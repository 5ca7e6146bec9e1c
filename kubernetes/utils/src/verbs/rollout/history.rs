use kubernetes_client::Client;
use kubernetes_core::json::Tree;
use kubernetes_core::{GroupVersionKind, Object, Str};
use kubernetes_dynamic::{ApiResource, DynamicObject};

use super::Workload;
use crate::Target;
use crate::verbs::VerbError;
use crate::verbs::pods::label_selector;

/// A revision of a workload.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Revision {
    /// The number, which increases.
    pub number: i64,
    /// The annotation `kubernetes.io/change-cause`; empty if there is none.
    pub change_cause: Str,
    /// The template of the pods.
    pub template: Tree,
    /// The ReplicaSet or ControllerRevision that holds it.
    pub object: DynamicObject,
}

/// The revisions of a Deployment, StatefulSet or DaemonSet, the oldest first.
///
/// # Errors
/// Returns an error if the workload does not exist, or a request fails.
///
/// # Cancel safety
/// If the future is dropped, the requests are abandoned; they change nothing on the server.
pub async fn history(client: &Client, target: &Target) -> Result<Vec<Revision>, VerbError> {
    let workload = target.scope().read(target.key.name()).send(client).await?;
    revisions(client, target, &workload).await
}

pub(super) async fn revisions(
    client: &Client,
    target: &Target,
    workload: &DynamicObject,
) -> Result<Vec<Revision>, VerbError> {
    let (kind, plural) = match Workload::of(target)? {
        Workload::Deployment => ("ReplicaSet", "replicasets"),
        Workload::StatefulSet | Workload::DaemonSet => ("ControllerRevision", "controllerrevisions"),
    };
    let resource = ApiResource::new(&GroupVersionKind::new("apps", "v1", kind), plural, true);
    let selector = label_selector(&workload.get::<Tree>("/spec/selector")?).unwrap_or_default();
    let namespace = target.key.namespace().unwrap_or_default();
    let list = resource.in_namespace(namespace).list().label_selector(selector).send(client).await?;
    let owned = list.items.into_iter().filter(|it| it.controller().is_some_and(|owner| owner.uid == workload.uid()));
    let mut revisions = owned.map(revision).collect::<Result<Vec<_>, _>>()?;
    revisions.sort_by_key(|revision| revision.number);
    Ok(revisions)
}

fn revision(object: DynamicObject) -> Result<Revision, VerbError> {
    let annotation = |name: &str| object.metadata.annotations.get(name).cloned();
    let is_replica_set = object.kind() == "ReplicaSet";
    let (number, template) = match is_replica_set {
        // As in kubectl, a missing revision is 0.
        true => {
            let number = annotation("deployment.kubernetes.io/revision").and_then(|text| text.parse().ok());
            (number.unwrap_or_default(), object.get("/spec/template")?)
        }
        false => (object.get("/revision")?.unwrap_or_default(), object.get("/data/spec/template")?),
    };
    let mut template: Tree = template.unwrap_or_default();
    // The controller adds the first; the second is a directive for strategic merge patches.
    for added in ["/metadata/labels/pod-template-hash", "/$patch"] {
        template.remove(added);
    }
    let change_cause = annotation("kubernetes.io/change-cause").unwrap_or_default();
    Ok(Revision { number, change_cause, template, object })
}
