use serde_json::json;

/// A custom resource with a single version and without a schema.
///
/// For more, load its CustomResourceDefinition with [`TestServer::load_yaml`](super::TestServer::load_yaml).
#[derive(Clone, Debug)]
pub struct CustomResource {
    group: String,
    version: String,
    kind: String,
    pub(super) plural: String,
    namespaced: bool,
    status: bool,
}

impl CustomResource {
    /// Creates a namespaced resource.
    pub fn new(
        group: impl Into<String>,
        version: impl Into<String>,
        kind: impl Into<String>,
        plural: impl Into<String>,
    ) -> Self {
        let (group, version, kind, plural) = (group.into(), version.into(), kind.into(), plural.into());
        Self { group, version, kind, plural, namespaced: true, status: false }
    }

    /// Creates the resource of a type.
    pub fn of<K: kubernetes_core::Resource>() -> Self {
        Self::new(K::GROUP, K::VERSION, K::KIND, K::PLURAL)
    }

    /// Makes the resource cluster-scoped.
    pub fn cluster_scoped(mut self) -> Self {
        self.namespaced = false;
        self
    }

    /// Adds the subresource `status`.
    pub fn with_status(mut self) -> Self {
        self.status = true;
        self
    }

    pub(super) fn definition(&self) -> serde_json::Value {
        let Self { group, version, kind, plural, namespaced, status } = self;
        let subresources = if *status { json!({"status": {}}) } else { json!({}) };
        let schema = json!({"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}});
        json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {"name": format!("{plural}.{group}")},
            "spec": {
                "group": group,
                "scope": if *namespaced { "Namespaced" } else { "Cluster" },
                "names": {"plural": plural, "kind": kind},
                "versions": [
                    {"name": version, "served": true, "storage": true, "schema": schema, "subresources": subresources},
                ],
            },
        })
    }
}
