use kubernetes_client::Client;
use kubernetes_core::json::Tree;
use kubernetes_core::{GroupVersionKind, ObjectKey, Quantity, Str};
use kubernetes_dynamic::{DynamicObject, Mapper};

use super::VerbError;

/// The CPU and memory used by a node, or by a container of a pod.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ResourceUsage {
    /// The node or the pod.
    pub key: ObjectKey,
    /// The container; `None` for a node.
    pub container: Option<Str>,
    /// The used CPU, in cores.
    pub cpu: Quantity,
    /// The used memory, in bytes.
    pub memory: Quantity,
}

/// The usage of all nodes, like `kubectl top nodes`.
///
/// The cluster needs a server for the group `metrics.k8s.io`, in any version.
///
/// # Errors
/// Returns an error if there is no such server, or a request fails.
///
/// # Cancel safety
/// If the future is dropped, the requests are abandoned; they change nothing on the server.
pub async fn usage_of_nodes(client: &Client, mapper: &Mapper) -> Result<Vec<ResourceUsage>, VerbError> {
    let nodes = mapper.kind(&GroupVersionKind::new("metrics.k8s.io", "", "NodeMetrics")).await?;
    let list = nodes.cluster().list().send(client).await?;
    list.items.iter().map(|node| usage(node, None, &node.get("/usage")?.unwrap_or_default())).collect()
}

/// The usage of each container of the pods in one or all namespaces, like `kubectl top pods --containers`.
///
/// The cluster needs a server for the group `metrics.k8s.io`, in any version.
///
/// # Errors
/// Returns an error if there is no such server, or a request fails.
///
/// # Cancel safety
/// If the future is dropped, the requests are abandoned; they change nothing on the server.
pub async fn usage_of_pods(
    client: &Client,
    mapper: &Mapper,
    namespace: Option<&str>,
) -> Result<Vec<ResourceUsage>, VerbError> {
    let pods = mapper.kind(&GroupVersionKind::new("metrics.k8s.io", "", "PodMetrics")).await?;
    let scope = match namespace {
        Some(namespace) => pods.in_namespace(namespace),
        None => pods.all_namespaces(),
    };
    let mut usages = Vec::new();
    for pod in scope.list().send(client).await?.items {
        for container in pod.get::<Vec<Tree>>("/containers")?.unwrap_or_default() {
            let name = container.get("name").and_then(Tree::as_str).unwrap_or_default();
            usages.push(usage(&pod, Some(name.into()), container.get("usage").unwrap_or(&Tree::Null))?);
        }
    }
    Ok(usages)
}

fn usage(object: &DynamicObject, container: Option<Str>, usage: &Tree) -> Result<ResourceUsage, VerbError> {
    let of = |name: &str| match usage.get(name) {
        Some(quantity) => quantity.to_value::<Quantity>(),
        None => Ok(Quantity::default()),
    };
    Ok(ResourceUsage { key: ObjectKey::of(object), container, cpu: of("cpu")?, memory: of("memory")? })
}
