use kubernetes_client::Client;
use kubernetes_core::{GroupVersionKind, ReadRequest};
use kubernetes_dynamic::{ApiResource, DynamicObject};

use crate::{VerbError, modify};

/// Keeps new pods away from a node. No request changes one that is cordoned already.
///
/// # Errors
/// If the node does not exist, or a request fails.
///
/// # Cancel safety
/// Dropping the future leaves open whether the node was changed.
pub async fn cordon(client: &Client, node: &str) -> Result<DynamicObject, VerbError> {
    set_unschedulable(client, node, true).await
}

/// Lets new pods onto a node again.
///
/// # Errors
/// If the node does not exist, or a request fails.
///
/// # Cancel safety
/// Dropping the future leaves open whether the node was changed.
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
