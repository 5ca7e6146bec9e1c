//! The definitions that a custom resource refers to: types of `kubernetes-core` and `kubernetes-models`, which are
//! only named here, and the parameters that every operation of its kind has.

use std::sync::OnceLock;

use kubernetes_swagger::extension::{self, Action};
use openapiv3::{OpenAPI, Operation, Parameter, ReferenceOr};
use serde_json::{Value, json};

use crate::description::Content;
use crate::error::{Error, Result};
use crate::references;

pub(super) const OBJECT_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";
pub(super) const LIST_META: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta";
pub(super) const STATUS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";
pub(super) const DELETE_OPTIONS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions";
pub(super) const PATCH: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch";
pub(super) const SCALE: &str = "io.k8s.api.autoscaling.v1.Scale";

/// The server's description of the metadata of every kind.
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
    json!({"$ref": path(definition)})
}

pub(super) fn path(definition: &str) -> String {
    format!("#/components/schemas/{definition}")
}

/// The query parameters of an operation on a custom resource, by its action: those of a built-in resource.
///
/// # Errors
/// Returns an error if the description that this program was built with is wrong.
pub(super) fn parameters(action: Action) -> Result<Vec<ReferenceOr<Parameter>>> {
    let pinned = pinned()?;
    let is_like = |operation: &&Operation| {
        extension::action(operation) == Some(action)
            && extension::group_version_kind(operation).is_some_and(|kind| kind.kind == "Deployment")
    };
    let items = pinned.paths.paths.values().filter_map(ReferenceOr::as_item);
    let found = items.flat_map(|item| item.iter().map(move |(_, operation)| (item, operation)));
    let (item, operation) = found
        .into_iter()
        .find(|(_, operation)| is_like(operation))
        .ok_or_else(|| Error::new(format!("the pinned description has no operation `{action}` on deployments")))?;
    let all = item.parameters.iter().chain(&operation.parameters);
    let resolved = all.filter_map(|parameter| references::parameter(pinned, parameter));
    Ok(resolved
        .filter(|parameter| matches!(parameter, Parameter::Query { .. }))
        .cloned()
        .map(ReferenceOr::Item)
        .collect())
}

/// The pinned description.
pub(super) fn pinned() -> Result<&'static OpenAPI> {
    static PINNED: OnceLock<OpenAPI> = OnceLock::new();
    if let Some(pinned) = PINNED.get() {
        return Ok(pinned);
    }
    let bytes = include_bytes!("../../../scripts/swagger.json");
    let openapi = Content::Document(bytes).parse("scripts/swagger.json")?.openapi;
    Ok(PINNED.get_or_init(|| openapi))
}
