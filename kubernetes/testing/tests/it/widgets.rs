//! The definition of a custom resource, for the tests of several crates.

/// The definition of widgets, a namespaced resource of `example.com`; `version` is the rest of its version `v1`, in YAML
/// that is indented by four spaces.
pub(crate) fn widgets(version: &str) -> String {
    const DEFINITION: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, kind: Widget}
  versions:
  - name: v1
    served: true
    storage: true
";
    [DEFINITION, version].concat()
}
