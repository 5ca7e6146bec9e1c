//! kubectl's verbs.

mod drain;
mod objects;
mod rollout;

use kubernetes_dynamic::ApiResource;

use crate::manifests::resource;

fn deployments() -> ApiResource {
    resource("apps", "Deployment", "deployments", true)
}

fn pods() -> ApiResource {
    resource("", "Pod", "pods", true)
}
