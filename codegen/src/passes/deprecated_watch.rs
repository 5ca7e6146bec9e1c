use std::collections::BTreeSet;

use kubernetes_swagger::extension::Action;

use crate::error::{Error, Result};
use crate::ir::Operation;

/// Drops the operations under `/watch/` paths, deprecated since Kubernetes 1.11, and tells how many there were.
///
/// # Errors
/// Returns an error if one of them watches what no list operation with a `watch` parameter does: dropping it would lose
/// something.
pub(super) fn drop(operations: &mut Vec<Operation>) -> Result<usize> {
    let watchable: BTreeSet<String> = operations
        .iter()
        .filter(|operation| operation.action == Some(Action::List) && operation.has_parameter("watch"))
        .map(|operation| operation.path.clone())
        .collect();
    let before = operations.len();
    let (dropped, kept): (Vec<_>, Vec<_>) =
        operations.drain(..).partition(|operation| matches!(operation.action, Some(Action::Watch | Action::WatchList)));
    *operations = kept;
    for operation in &dropped {
        let list = list_path(operation).filter(|path| watchable.contains(path));
        if list.is_none() {
            return Err(Error::at(
                operation.pointer.clone(),
                "no list operation with a `watch` parameter watches the same objects, so this operation can't be left \
                 out as deprecated",
            ));
        }
    }
    Ok(before - operations.len())
}

/// The path of the list that replaces a watch: without `watch`, and without the name of a single object.
fn list_path(operation: &Operation) -> Option<String> {
    let (root, objects) = operation.path.split_once("/watch/")?;
    let objects = match operation.action {
        Some(Action::Watch) => objects.strip_suffix("/{name}")?,
        _ => objects,
    };
    Some(format!("{root}/{objects}"))
}
