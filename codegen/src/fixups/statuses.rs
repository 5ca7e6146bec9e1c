use kubernetes_swagger::extension;
use openapiv3::{OpenAPI, ReferenceOr};

use super::Found;

const STATUS: &str = "io.k8s.apimachinery.pkg.apis.meta.v1.Status";

/// Creating a binding or an eviction is declared to return the object that was sent, and returns a Status.
///
/// Source: `BindingREST.Create` in `pkg/registry/core/pod/storage/storage.go` and `EvictionREST.Create` in
/// `pkg/registry/core/pod/storage/eviction.go` of Kubernetes return `&metav1.Status{Status: metav1.StatusSuccess}`.
pub(super) fn bindings_and_evictions_return_a_status(openapi: &mut OpenAPI) -> Found {
    let (mut bugs, mut mended) = (0, 0);
    for (path, item) in &mut openapi.paths.paths {
        let ReferenceOr::Item(item) = item else { continue };
        let is_ours = path.starts_with("/api/v1/namespaces/{namespace}/")
            && ["/bindings", "/binding", "/eviction"].iter().any(|end| path.ends_with(end));
        let Some(operation) = item.post.as_mut().filter(|_| is_ours) else { continue };
        for response in operation.responses.responses.values_mut() {
            let ReferenceOr::Item(response) = response else { continue };
            for media in response.content.values_mut() {
                let Some(schema) = &mut media.schema else { continue };
                if extension::definition_name(schema) == Some(STATUS) {
                    mended += 1;
                } else {
                    *schema = ReferenceOr::ref_(&format!("#/components/schemas/{STATUS}"));
                    bugs += 1;
                }
            }
        }
    }
    Found::count(bugs, mended)
}
