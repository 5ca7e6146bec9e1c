use serde::Deserialize;
use serde_json::Value;

use super::origin::Origin;

/// A CustomResourceDefinition, as far as types and operations depend on it.
///
/// Source: `CustomResourceDefinition` in `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/types.go`.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Definition {
    /// Where it is written.
    #[serde(skip)]
    pub(super) origin: Origin,
    pub(super) metadata: Metadata,
    pub(super) spec: Spec,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Metadata {
    pub(super) name: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Spec {
    pub(super) group: String,
    pub(super) names: Names,
    pub(super) scope: Scope,
    pub(super) versions: Vec<Version>,
    /// Whether fields without a schema are kept everywhere.
    #[serde(default)]
    pub(super) preserve_unknown_fields: bool,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Names {
    pub(super) kind: String,
    pub(super) plural: String,
    pub(super) list_kind: Option<String>,
}

impl Names {
    /// The kind of a list: the kind's name and `List`, unless the definition has another.
    pub(super) fn list_kind(&self) -> String {
        self.list_kind.clone().unwrap_or_else(|| format!("{}List", self.kind))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub(super) enum Scope {
    Namespaced,
    Cluster,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Version {
    pub(super) name: String,
    pub(super) served: bool,
    #[serde(default)]
    pub(super) deprecated: bool,
    pub(super) deprecation_warning: Option<String>,
    pub(super) schema: Option<Validation>,
    #[serde(default)]
    pub(super) subresources: Subresources,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Validation {
    #[serde(rename = "openAPIV3Schema")]
    pub(super) schema: Option<Value>,
}

/// Either is declared by an object, which may be empty.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Subresources {
    pub(super) status: Option<Value>,
    pub(super) scale: Option<Value>,
}
