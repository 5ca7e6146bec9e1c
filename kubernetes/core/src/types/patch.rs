use std::fmt;

use bytes::Bytes;
use http::HeaderValue;
use serde::Serialize;

use crate::json::Value;
use crate::{InvalidRequest, json};

/// JSON is YAML.
const APPLY: &str = "application/apply-patch+yaml";

/// A change to an object, in one of the four forms that the API server takes.
///
/// ```
/// use kubernetes_core::Patch;
/// use serde_json::json;
///
/// let labelled = Patch::merge(&json!({"metadata": {"labels": {"tier": "web"}}}));
/// let scaled = Patch::json(&json!([{"op": "replace", "path": "/spec/replicas", "value": 3}]));
/// assert_eq!(scaled.content_type(), "application/json-patch+json");
/// ```
///
/// A value that can't be encoded is reported when the request is sent.
#[derive(Clone)]
pub struct Patch {
    content_type: &'static str,
    body: Result<Bytes, InvalidRequest>,
}

impl Patch {
    /// A list of operations: a JSON Patch (RFC 6902).
    pub fn json<T: Serialize + ?Sized>(operations: &T) -> Self {
        Self::new("application/json-patch+json", operations)
    }

    /// The fields to set, `null` removing one; lists are replaced as a whole: a JSON Merge Patch (RFC 7386).
    pub fn merge<T: Serialize + ?Sized>(changes: &T) -> Self {
        Self::new("application/merge-patch+json", changes)
    }

    /// The fields to set, lists being merged by the keys that the type declares; built-in types only.
    ///
    /// See <https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/>.
    pub fn strategic<T: Serialize + ?Sized>(changes: &T) -> Self {
        Self::new("application/strategic-merge-patch+json", changes)
    }

    /// What the field manager wants the object to be: a server-side apply (KEP-555).
    ///
    /// The request needs a `field_manager`; the object needs its `metadata.name`.
    pub fn apply<V: Value>(configuration: &V) -> Self {
        let body = json::to_string(configuration).map(Bytes::from).map_err(InvalidRequest::from_encoding);
        Self { content_type: APPLY, body }
    }

    /// As [`apply`](Self::apply), from any JSON, which needs its `apiVersion`, `kind` and `metadata.name`.
    ///
    /// A typed object names every required field of its type, so that the manager comes to own it; JSON need not.
    pub fn apply_json<T: Serialize + ?Sized>(configuration: &T) -> Self {
        Self::new(APPLY, configuration)
    }

    /// The media type that tells the server which form this is.
    pub fn content_type(&self) -> &'static str {
        self.content_type
    }

    fn new<T: Serialize + ?Sized>(content_type: &'static str, value: &T) -> Self {
        let body = serde_json::to_vec(value)
            .map(Bytes::from)
            .map_err(|error| InvalidRequest::new(format!("the patch can't be encoded: {error}")));
        Self { content_type, body }
    }

    pub(crate) fn to_body(&self) -> (HeaderValue, Result<Bytes, InvalidRequest>) {
        (HeaderValue::from_static(self.content_type), self.body.clone())
    }
}

impl fmt::Debug for Patch {
    /// The body is left out: it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Patch({})", self.content_type)
    }
}
