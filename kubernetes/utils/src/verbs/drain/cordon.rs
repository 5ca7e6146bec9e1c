use kubernetes_client::Client;
use kubernetes_core::{GroupVersionKind, ReadRequest};
use kubernetes_dynamic::{ApiResource, DynamicObject};

use crate::{VerbError, modify};

/// Marks a node as unschedulable. Does nothing if it is already cordoned.
///
/// # Errors
/// Returns an error if the node does not exist, or a request fails.
///
/// # Cancel safety
/// If the future is dropped, it is unknown whether the node was changed.
pub async fn cordon(client: &Client, node: &str) -> Result<DynamicObject, VerbError> {
    set_unschedulable(client, node, true).await
}

/// Marks a node as schedulable again.
///
/// # Errors
/// Returns an error if the node does not exist, or a request fails.
///
/// # Cancel safety
/// If the future is dropped, it is unknown whether the node was changed.
pub async fn uncordon(client: &Client, node: &str) -> Result<DynamicObject, VerbError> {
    set_unschedulable(client, node, false).await
}

async fn set_unschedulable(client: &Client, node: &str, unschedulable: bool) -> Result<DynamicObject, VerbError> {
    let mut result = Ok(());
    let changed = modify(client, read(node), |node: &mut DynamicObject| {
        let is = node.get::<bool>("/spec/unschedulable").ok().flatten().unwrap_or_default();
        if is != unschedulable {
            result = match unschedulable {
                true => node.set("/spec/unschedulable", &true),
                false => node.remove("/spec/unschedulable").map(drop),
            };
        }
    });
    let changed = changed.await?;
    result?;
    Ok(changed)
}

pub(super) fn read(node: &str) -> ReadRequest<DynamicObject> {
    let nodes = ApiResource::new(&GroupVersionKind::new("", "v1", "Node"), "nodes", false);
    nodes.cluster().read(node)
}
