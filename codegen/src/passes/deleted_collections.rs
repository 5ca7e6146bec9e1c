use kubernetes_swagger::extension::Action;

use crate::ir::Operation;

const OF_WATCHES: [&str; 2] = ["watch", "allowWatchBookmarks"];

/// Takes the parameters of watches from operations that delete a collection: custom resources are described with all
/// parameters of a list, built-in ones without these two, and the server looks at neither.
///
/// Source: `k8s.io/apiextensions-apiserver/pkg/controller/openapi/builder/builder.go`; `DeleteCollection` in
/// `k8s.io/apiserver/pkg/endpoints/handlers/delete.go`.
pub(super) fn unwatch(operations: &mut [Operation]) {
    for operation in operations.iter_mut().filter(|operation| operation.action == Some(Action::DeleteCollection)) {
        operation.query.retain(|parameter| !OF_WATCHES.contains(&parameter.wire.as_str()));
    }
}
