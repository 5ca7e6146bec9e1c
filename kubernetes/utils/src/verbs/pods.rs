use kubernetes_client::Client;
use kubernetes_core::json::Tree;
use kubernetes_core::{GroupVersionKind, Object, Str};
use kubernetes_dynamic::{ApiResource, DynamicObject};

use super::VerbError;
use crate::Target;

pub(super) fn pods() -> ApiResource {
    ApiResource::new(&GroupVersionKind::new("", "v1", "Pod"), "pods", true)
}

/// The pods of a workload or a service, by name.
///
/// ```no_run
/// # async fn example(client: &kubernetes_client::Client) -> Result<(), Box<dyn std::error::Error>> {
/// use kubernetes_core::ObjectKey;
/// use kubernetes_dynamic::Mapper;
/// use kubernetes_utils::{Target, pods_of};
///
/// let (resource, name) = Mapper::new(client).object("deploy/web").await?;
/// for pod in pods_of(client, &Target::new(resource, ObjectKey::new("shop", &name))).await? {
///     println!("{}", pod.name());
/// }
/// # Ok(())
/// # }
/// ```
///
/// For a Deployment, StatefulSet, DaemonSet, ReplicaSet, ReplicationController, Job or Service, the pods that match its
/// selector; for a CronJob, the pods of its jobs; for a Pod, the pod itself; for any other kind, the pods that match
/// the selector of its subresource `scale`.
///
/// # Errors
/// Returns an error if the object does not exist or has no selector, or a request fails.
///
/// # Cancel safety
/// If the future is dropped, the requests are abandoned; they change nothing on the server.
pub async fn pods_of(client: &Client, target: &Target) -> Result<Vec<DynamicObject>, VerbError> {
    let namespace = namespace_of(target)?;
    let object = target.scope().read(target.key.name()).send(client).await?;
    match (target.resource.group.as_str(), target.resource.kind.as_str()) {
        ("", "Pod") => return Ok(vec![object]),
        ("batch", "CronJob") => return pods_of_cron_job(client, target, &object).await,
        _ => {}
    }
    let selector = selector_of(client, target, &object).await?;
    let list = pods().in_namespace(namespace).list().label_selector(selector).send(client).await?;
    let mut pods = list.items;
    pods.sort_by(|one, other| one.name().cmp(other.name()));
    Ok(pods)
}

/// The namespace of an object that has pods.
pub(super) fn namespace_of(target: &Target) -> Result<&str, VerbError> {
    let missing = || VerbError::refused(format!("{target} has no namespace and therefore no pods"));
    target.key.namespace().ok_or_else(missing)
}

/// The selector of the pods of a workload or a service.
pub(super) async fn selector_of(client: &Client, target: &Target, object: &DynamicObject) -> Result<String, VerbError> {
    let resource = &target.resource;
    let selector = match (resource.group.as_str(), resource.kind.as_str()) {
        ("", "Service" | "ReplicationController") => equalities(&object.get::<Tree>("/spec/selector")?),
        ("apps" | "extensions" | "batch", _) => label_selector(&object.get::<Tree>("/spec/selector")?),
        _ => {
            let scale = target.scope().read_subresource::<DynamicObject>(target.key.name(), "scale");
            let scale = scale.send(client).await?;
            scale.get::<Str>("/status/selector")?.map(|selector| selector.to_string())
        }
    };
    let missing = || VerbError::refused(format!("{target} selects no pods: it has no selector"));
    selector.filter(|selector| !selector.is_empty()).ok_or_else(missing)
}

async fn pods_of_cron_job(
    client: &Client,
    target: &Target,
    cron_job: &DynamicObject,
) -> Result<Vec<DynamicObject>, VerbError> {
    let of_type = GroupVersionKind::new("batch", "v1", "Job");
    let namespace = target.key.namespace().unwrap_or_default();
    let jobs = ApiResource::new(&of_type, "jobs", true).in_namespace(namespace).list().send(client).await?;
    let jobs: Vec<Str> = jobs
        .items
        .iter()
        .filter(|job| job.controller().is_some_and(|owner| owner.uid == cron_job.uid()))
        .filter_map(|job| job.metadata.uid.clone())
        .collect();
    let list =
        pods().in_namespace(namespace).list().label_selector("batch.kubernetes.io/job-name").send(client).await?;
    let is_of_job = |pod: &DynamicObject| pod.controller().is_some_and(|owner| jobs.contains(&owner.uid));
    let mut pods: Vec<_> = list.items.into_iter().filter(is_of_job).collect();
    pods.sort_by(|one, other| one.name().cmp(other.name()));
    Ok(pods)
}

/// The selector of a map of labels; `None` if there is no map.
fn equalities(labels: &Option<Tree>) -> Option<String> {
    let Some(Tree::Object(labels)) = labels else { return None };
    let equal = labels.iter().filter_map(|(key, value)| Some(format!("{key}={}", value.as_str()?)));
    Some(equal.collect::<Vec<_>>().join(","))
}

/// The text of a `LabelSelector`.
pub(super) fn label_selector(selector: &Option<Tree>) -> Option<String> {
    let selector = selector.as_ref()?;
    let mut parts: Vec<String> = Vec::new();
    parts.extend(equalities(&selector.get("matchLabels").cloned()).filter(|text| !text.is_empty()));
    if let Some(Tree::List(expressions)) = selector.get("matchExpressions") {
        for expression in expressions {
            let text = |key: &str| expression.get(key).and_then(Tree::as_str).unwrap_or_default();
            let values = match expression.get("values") {
                Some(Tree::List(values)) => values.iter().filter_map(Tree::as_str).collect::<Vec<_>>().join(","),
                _ => String::new(),
            };
            let key = text("key");
            parts.push(match text("operator") {
                "In" => format!("{key} in ({values})"),
                "NotIn" => format!("{key} notin ({values})"),
                "Exists" => key.to_owned(),
                // The server would refuse any other operator as well.
                _ => format!("!{key}"),
            });
        }
    }
    Some(parts.join(","))
}

/// The default container: the one named by the annotation `kubectl.kubernetes.io/default-container`, if the pod has it,
/// or else the first.
pub fn default_container(pod: &DynamicObject) -> Option<Str> {
    let containers: Vec<Tree> = pod.get("/spec/containers").ok().flatten().unwrap_or_default();
    let named = pod.metadata.annotations.get("kubectl.kubernetes.io/default-container");
    let mut names = containers.iter().filter_map(|container| container.get("name")?.as_str());
    match named {
        Some(named) if names.clone().any(|name| *named == name) => Some(named.clone()),
        _ => names.next().map(Str::from),
    }
}
