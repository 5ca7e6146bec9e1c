//! What the description of a custom resource refers to: types of `kubernetes-core` and `kubernetes-models`, which are
//! only named here, and the parameters that every operation of its kind has.

use serde_json::{Value, json};

pub(super) const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
pub(super) const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
pub(super) const STATUS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
pub(super) const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
pub(super) const PATCH: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
pub(super) const SCALE: &str = "io.k8s.api.autoscaling.v1.Scale";

/// What the server says of the metadata of every kind.
pub(super) const METADATA: &str = "Standard object's metadata. More info: \
    https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";

/// The definitions that are rendered elsewhere.
pub(super) fn definitions() -> Vec<(String, Value)> {
    let object = json!({"type": "object"});
    let mut definitions: Vec<(String, Value)> = [OBJECT_META, LIST_META, STATUS, DELETE_OPTIONS, PATCH]
        .into_iter()
        .map(|name| (name.to_owned(), object.clone()))
        .collect();
    let kind = json!([{"group": "autoscaling", "version": "v1", "kind": "Scale"}]);
    definitions.push((SCALE.to_owned(), json!({"type": "object", "x-kubernetes-group-version-kind": kind})));
    definitions
}

pub(super) fn reference(definition: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{definition}")})
}

const LIST: &[(&str, &str)] = &[
    ("allowWatchBookmarks", "boolean"),
    ("continue", "string"),
    ("fieldSelector", "string"),
    ("labelSelector", "string"),
    ("limit", "integer"),
    ("pretty", "string"),
    ("resourceVersion", "string"),
    ("resourceVersionMatch", "string"),
    ("sendInitialEvents", "boolean"),
    ("timeoutSeconds", "integer"),
    ("watch", "boolean"),
];
const WRITE: &[(&str, &str)] =
    &[("dryRun", "string"), ("fieldManager", "string"), ("fieldValidation", "string"), ("pretty", "string")];
const PATCH_PARAMETERS: &[(&str, &str)] = &[
    ("dryRun", "string"),
    ("fieldManager", "string"),
    ("fieldValidation", "string"),
    ("force", "boolean"),
    ("pretty", "string"),
];
const DELETE: &[(&str, &str)] = &[
    ("dryRun", "string"),
    ("gracePeriodSeconds", "integer"),
    ("ignoreStoreReadErrorWithClusterBreakingPotential", "boolean"),
    ("orphanDependents", "boolean"),
    ("pretty", "string"),
    ("propagationPolicy", "string"),
];
const READ: &[(&str, &str)] = &[("pretty", "string")];

/// The query parameters of an operation, by its action.
pub(super) fn parameters(action: &str) -> Vec<Value> {
    let parameters = match action {
        "list" | "deletecollection" => LIST,
        "post" | "put" => WRITE,
        "patch" => PATCH_PARAMETERS,
        "delete" => DELETE,
        _ => READ,
    };
    parameters.iter().map(|(name, type_)| json!({"name": name, "in": "query", "schema": {"type": type_}})).collect()
}
