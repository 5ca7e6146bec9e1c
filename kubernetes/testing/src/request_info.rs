//! What a request is about, by its method and path alone: for faults and records.
//!
//! As <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/endpoints/request/requestinfo.go> has it.

use http::Method;

use crate::call::Call;

/// Verb and resource of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RequestInfo {
    /// `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`; of what is no resource, the
    /// method in lower case.
    pub(crate) verb: String,
    /// `pods`, `deployments/status`; empty for what is no resource.
    pub(crate) resource: String,
    pub(crate) namespace: Option<String>,
    pub(crate) name: Option<String>,
}

impl RequestInfo {
    pub(crate) fn of(call: &Call) -> Self {
        let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
        let rest = match segments.as_slice() {
            ["api", _, rest @ ..] | ["apis", _, _, rest @ ..] if !rest.is_empty() => rest,
            _ => return Self { verb: call.method.as_str().to_ascii_lowercase(), ..Self::default() },
        };
        let owned = |text: &str| Some(text.to_owned());
        let (namespace, rest) = match rest {
            ["namespaces", _, "status" | "finalize"] => (None, rest),
            ["namespaces", namespace, rest @ ..] if !rest.is_empty() => (owned(namespace), rest),
            rest => (None, rest),
        };
        let (resource, name) = match rest {
            [plural, name, subresource, ..] => (format!("{plural}/{subresource}"), owned(name)),
            [plural, name] => ((*plural).to_owned(), owned(name)),
            [plural] => ((*plural).to_owned(), None),
            [] => (String::new(), None),
        };
        Self { verb: verb(call, name.is_some()).to_owned(), resource, namespace, name }
    }
}

fn verb(call: &Call, is_named: bool) -> &'static str {
    match call.method {
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE if is_named => "delete",
        Method::DELETE => "deletecollection",
        _ if call.query.flag("watch") == Some(true) => "watch",
        _ if is_named => "get",
        _ => "list",
    }
}
