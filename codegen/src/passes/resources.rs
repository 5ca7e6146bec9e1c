use std::collections::BTreeMap;

use kubernetes_swagger::extension::Action;

use crate::error::{Error, Result};
use crate::ir::{Api, Body, Definition, GroupVersionKind, Operation, Resource, ResourcePath, Type};

const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/// Marks the types that are objects of the API: one kind, and `metadata` of the type `ObjectMeta`, which is never left
/// out. Those with a collection of their own get its plural and scope.
pub(super) fn mark(api: &mut Api) -> Result<()> {
    let mut collections = collections(&api.operations)?;
    let list_kinds = list_kinds(&api.definitions);
    for definition in api.definitions.values_mut() {
        let (Some(kind), name) = (definition.kind().cloned(), definition.name.clone()) else { continue };
        let Some(object) = definition.structs_mut().first_mut() else { continue };
        let Some(metadata) = object.fields.iter_mut().find(|field| field.wire == "metadata") else { continue };
        if metadata.type_ == Type::Definition(OBJECT_META.to_owned()) {
            metadata.required = true;
            metadata.stable_required = Some(true);
            let list_kind = list_kinds.get(&name).filter(|list| **list != format!("{}List", kind.kind)).cloned();
            object.resource = Some(Resource { list_kind, ..collections.remove(&kind).unwrap_or_default() });
        }
    }
    Ok(())
}

/// The kind of the lists of each definition.
fn list_kinds(definitions: &BTreeMap<String, Definition>) -> BTreeMap<String, String> {
    let lists = definitions.values().filter_map(|list| match &list.body {
        Body::ListOf(items) => Some((items.clone(), list.kind()?.kind.clone())),
        _ => None,
    });
    lists.collect()
}

/// The collections of all kinds, by the paths on which they are listed, created or deleted as a whole.
fn collections(operations: &[Operation]) -> Result<BTreeMap<GroupVersionKind, Resource>> {
    let mut collections: BTreeMap<GroupVersionKind, Resource> = BTreeMap::new();
    for operation in operations {
        let is_on_collection = matches!(operation.action, Some(Action::List | Action::Post | Action::DeleteCollection));
        let Some(kind) = operation.kind.as_ref().filter(|_| is_on_collection) else { continue };
        let path = ResourcePath::parse(&operation.path).filter(|path| !path.has_name);
        let path = path.filter(|path| (path.group, path.version) == (&*kind.group, &*kind.version));
        let Some(ResourcePath { plural, is_namespaced, .. }) = path else { continue };
        let resource = collections.entry(kind.clone()).or_default();
        match resource.plural.as_deref() {
            Some(other) if other != plural => {
                let message = format!("{} is `{plural}` here and `{other}` elsewhere", kind.kind);
                return Err(Error::at(operation.pointer.clone(), message));
            }
            _ => resource.plural = Some(plural.to_owned()),
        }
        resource.namespaced |= is_namespaced;
        resource.watchable |= operation.action == Some(Action::List) && operation.has_parameter("watch");
    }
    Ok(collections)
}
