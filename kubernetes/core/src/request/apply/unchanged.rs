//! Whether an apply would change anything.

use super::extract::owned_fields;
use crate::Object;
use crate::json::{self, Tree};

/// Whether `manager` owns exactly the fields that an apply with this body names, with these values.
pub(crate) fn is_unchanged<K: Object + PartialEq>(
    body: &str,
    current: &K,
    manager: &str,
    subresource: Option<&str>,
) -> bool {
    // A field that the type does not have would be removed.
    let Ok(Some(owned)) = owned_fields(current, manager, subresource) else { return false };
    let Ok(mut applied) = json::from_str::<Tree>(body) else { return false };
    if !is_of(&applied, current) {
        return false;
    }
    let mut owned_tree = owned.tree;
    for (pointer, value) in owned.empties {
        if owned_tree.set(pointer, value).is_err() {
            return false;
        }
    }
    for tree in [&mut applied, &mut owned_tree] {
        without_identity(tree);
    }
    if owned_tree == applied {
        return true;
    }
    // Quantities, times and the like are equal if their values are, however they are written.
    same_fields(&owned_tree, &applied)
        && matches!((owned_tree.to_value::<K>(), applied.to_value::<K>()), (Ok(owned), Ok(applied)) if owned == applied)
}

/// Whether the parts of the identity that a body has are those of `current`.
fn is_of<K: Object>(body: &Tree, current: &K) -> bool {
    let metadata = current.metadata();
    let of_type = current.group_version_kind();
    let is = |pointer: &str, value: Option<&str>| body.at(pointer).is_none_or(|named| named.as_str() == value);
    is("/metadata/name", metadata.name.as_deref())
        && is("/metadata/namespace", metadata.namespace.as_deref())
        && is("/metadata/uid", metadata.uid.as_deref())
        && is("/metadata/resourceVersion", metadata.resource_version.as_deref())
        && of_type
            .is_none_or(|of_type| is("/apiVersion", Some(&of_type.api_version())) && is("/kind", Some(&of_type.kind)))
}

/// Removes the fields that no manager owns.
fn without_identity(tree: &mut Tree) {
    for pointer in
        ["/apiVersion", "/kind", "/metadata/name", "/metadata/namespace", "/metadata/uid", "/metadata/resourceVersion"]
    {
        tree.remove(pointer);
    }
    if matches!(tree.get("metadata"), Some(Tree::Object(fields)) if fields.is_empty()) {
        tree.remove("/metadata");
    }
}

/// Whether two documents have the same fields and items, regardless of the values.
fn same_fields(ours: &Tree, theirs: &Tree) -> bool {
    match (ours, theirs) {
        (Tree::Object(ours), Tree::Object(other)) => {
            ours.len() == other.len()
                && ours.iter().all(|(name, value)| theirs.get(name).is_some_and(|other| same_fields(value, other)))
        }
        (Tree::List(ours), Tree::List(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same_fields(ours, theirs))
        }
        (Tree::Object(_) | Tree::List(_), _) | (_, Tree::Object(_) | Tree::List(_)) => false,
        _ => true,
    }
}
