use serde::Deserialize;
use serde_json::Value;

use super::origin::Origin;

/// A CustomResourceDefinition, as far as types and operations depend on it.
///
/// Source: `CustomResourceDefinition` in `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/types.go`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Definition {
    /// Where it is written.
    #[serde(skip)]
    pub(super) origin: Origin,
    pub(crate) metadata: Metadata,
    pub(crate) spec: Spec,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) name: String,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Spec {
    pub(super) group: String,
    pub(crate) names: Names,
    pub(crate) scope: Scope,
    pub(crate) versions: Vec<Version>,
    /// Whether fields without a schema are kept everywhere.
    #[serde(default)]
    pub(super) preserve_unknown_fields: bool,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Names {
    pub(crate) kind: String,
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
pub(crate) enum Scope {
    Namespaced,
    Cluster,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Version {
    pub(crate) name: String,
    pub(crate) served: bool,
    #[serde(default)]
    pub(crate) deprecated: bool,
    pub(super) deprecation_warning: Option<String>,
    pub(crate) schema: Option<Validation>,
    #[serde(default)]
    pub(crate) subresources: Subresources,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(crate) struct Validation {
    #[serde(rename = "openAPIV3Schema")]
    pub(crate) schema: Option<Value>,
}

/// Either is declared by an object, which may be empty.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub(crate) struct Subresources {
    pub(crate) status: Option<Value>,
    pub(crate) scale: Option<Value>,
}

impl Spec {
    /// Returns the problems of its names, each with the place below the definition: names end in paths, modules and types.
    ///
    /// Source: `ValidateCustomResourceDefinitionSpec` and `ValidateCustomResourceDefinitionNames` in
    /// `k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/validation/validation.go`.
    pub(super) fn wrong_names(&self) -> Vec<(String, String)> {
        let names = &self.names;
        let mut labels = vec![("/spec/names/plural".to_owned(), names.plural.clone())];
        labels.push(("/spec/names/kind".to_owned(), names.kind.to_ascii_lowercase()));
        labels
            .extend(names.list_kind.iter().map(|kind| ("/spec/names/listKind".to_owned(), kind.to_ascii_lowercase())));
        let versions = self.versions.iter().enumerate();
        labels.extend(versions.map(|(index, version)| (format!("/spec/versions/{index}/name"), version.name.clone())));
        let wrong = labels.into_iter().filter(|(_, name)| !is_label(name));
        let message =
            "must start with a letter, end with a letter or digit, and have letters, digits and `-` in between";
        let mut wrong: Vec<_> =
            wrong.map(|(place, name)| (place, format!("{name:?} is not a valid name: it {message}"))).collect();
        let is_part = |part: &str| is_label(&format!("a{part}")) && !part.starts_with('-') && !part.is_empty();
        if !self.group.split('.').all(is_part) {
            wrong.push(("/spec/group".to_owned(), format!("{:?} is not a valid group: a DNS subdomain", self.group)));
        }
        wrong
    }
}

/// Whether a text is a label of RFC 1035, in lower case and of at most 63 characters.
fn is_label(text: &str) -> bool {
    text.len() <= 63
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}
