use std::collections::{BTreeMap, BTreeSet};

use kubernetes_swagger::extension::Action;

use crate::error::{Error, Result};
use crate::ir::{Function, GroupVersionKind, Operation, ResourcePath, Type};

/// A resource as a server has it: what is at one plural of a group and version, and what can be done there.
#[derive(Clone, Debug)]
pub(crate) struct Served {
    pub(crate) group: String,
    pub(crate) version: String,
    pub(crate) plural: String,
    pub(crate) kind: GroupVersionKind,
    pub(crate) namespaced: bool,
    /// In Kubernetes' terms, sorted: `create`, `get`, `watch`, …
    pub(crate) verbs: BTreeSet<&'static str>,
    /// The definition of the objects.
    pub(crate) definition: Option<String>,
    pub(crate) subresources: BTreeMap<String, ServedSubresource>,
}

/// A subresource: what is at a name below each object.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServedSubresource {
    pub(crate) kind: GroupVersionKind,
    pub(crate) verbs: BTreeSet<&'static str>,
    /// The definition of the bodies.
    pub(crate) takes: Option<String>,
    /// Whether it is a connection, such as `exec`, and no object.
    pub(crate) connects: bool,
}

/// Collects the resources from the paths of the operations, sorted by group, version and plural.
pub(super) fn collect(functions: &[Function]) -> Result<Vec<Served>> {
    let mut served: BTreeMap<(String, String, String), Served> = BTreeMap::new();
    // The shorter paths first: a resource is known before its subresources.
    let mut operations: Vec<&Operation> = functions.iter().map(|function| &function.operation).collect();
    operations.sort_by_key(|operation| operation.path.matches('/').count());
    for operation in operations {
        let (Some(place), Some(action)) = (ResourcePath::parse(&operation.path), operation.action) else { continue };
        let Some(kind) = operation.kind.clone() else {
            return Err(Error::at(operation.pointer.clone(), "an operation with an action names no kind"));
        };
        let key = (place.group.to_owned(), place.version.to_owned(), place.plural.to_owned());
        let resource = served.entry(key).or_insert_with_key(|(group, version, plural)| Served {
            group: group.clone(),
            version: version.clone(),
            plural: plural.clone(),
            kind: kind.clone(),
            namespaced: false,
            verbs: BTreeSet::new(),
            definition: None,
            subresources: BTreeMap::new(),
        });
        resource.namespaced |= place.is_namespaced;
        match place.subresource {
            None => add_to_resource(resource, operation, action),
            Some(name) => {
                let subresource = resource.subresources.entry(name.to_owned()).or_default();
                subresource.kind = kind;
                add_to_subresource(subresource, operation, action);
            }
        }
    }
    Ok(served.into_values().collect())
}

fn add_to_resource(resource: &mut Served, operation: &Operation, action: Action) {
    resource.verbs.extend(verbs(operation, action));
    let of_object = match action {
        Action::Post => operation.body.as_ref(),
        Action::Get => operation.response.as_ref(),
        _ => None,
    };
    if let Some(Type::Definition(name)) = of_object {
        resource.definition.get_or_insert_with(|| name.clone());
    }
}

fn add_to_subresource(subresource: &mut ServedSubresource, operation: &Operation, action: Action) {
    subresource.verbs.extend(verbs(operation, action));
    subresource.connects |= action == Action::Connect;
    if let (Action::Post | Action::Put, Some(Type::Definition(name))) = (action, &operation.body) {
        subresource.takes = Some(name.clone());
    }
}

/// As `ParentResource` and `getAPIVerbs` in `staging/src/k8s.io/apiserver/pkg/endpoints/installer.go` name them.
fn verbs(operation: &Operation, action: Action) -> Vec<&'static str> {
    match action {
        Action::Get => vec!["get"],
        Action::List if operation.has_parameter("watch") => vec!["list", "watch"],
        Action::List => vec!["list"],
        Action::Post => vec!["create"],
        Action::Put => vec!["update"],
        Action::Patch => vec!["patch"],
        Action::Delete => vec!["delete"],
        Action::DeleteCollection => vec!["deletecollection"],
        Action::Connect => match operation.method.as_str() {
            "POST" => vec!["create"],
            "PUT" => vec!["update"],
            "PATCH" => vec!["patch"],
            "DELETE" => vec!["delete"],
            "GET" => vec!["get"],
            _ => vec![],
        },
        Action::Watch | Action::WatchList => vec![],
    }
}
