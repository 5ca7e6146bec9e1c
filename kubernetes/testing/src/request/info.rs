use http::Method;

use super::{ApiRequest, ResourcePath};

/// Verb and resource of a request, from its method and path, for faults and records.
///
/// As in <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/endpoints/request/requestinfo.go>.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestInfo {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; for a non-resource path, the
    /// method in lower case.
    pub(crate) verb: String,
    /// `pods`, `deployments/status`; empty for a non-resource path.
    pub(crate) resource: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
}

impl RequestInfo {
    pub(crate) fn of(request: &ApiRequest) -> Self {
        let Some(path) = &request.path else {
            return Self { verb: request.method.as_str().to_ascii_lowercase(), ..Self::default() };
        };
        let ResourcePath { namespace, name, .. } = path.clone();
        Self { verb: verb(request, name.is_some()).to_owned(), resource: path.resource(), namespace, name }
    }
}

fn verb(request: &ApiRequest, is_named: bool) -> &'static str {
    match request.method {
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if is_named => "delete",
        Method::DELETE => "deletecollection",
        _ if request.query.flag("watch") == Some(true) => "watch",
        _ if is_named => "get",
        _ => "list",
    }
}
