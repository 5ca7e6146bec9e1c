use std::fmt;

use bytes::Bytes;
use http::HeaderValue;
use serde::Serialize;

use crate::json::Value;
use crate::request::apply;
use crate::{InvalidRequest, JsonPatch, json};

const JSON_PATCH: &str = "application/json-patch+json";

const MERGE: &str = "application/merge-patch+json";

/// JSON is valid YAML.
const APPLY: &str = "application/apply-patch+yaml";

/// A change to an object, in one of the four forms that the API server accepts.
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
        Self::new(JSON_PATCH, operations)
    }

    /// The fields to set, or to remove if they are `null`; lists are replaced as a whole: a JSON Merge Patch (RFC
    /// 7386).
    pub fn merge<T: Serialize + ?Sized>(changes: &T) -> Self {
        Self::new(MERGE, changes)
    }

    /// The [merge patch](Self::merge) that turns `before` into `after`: the fields that differ.
    ///
    /// ```
    /// use kubernetes_core::Patch;
    /// # kubernetes_core::doc_test_resource!(Pod);
    ///
    /// let before = Pod::named("web");
    /// let mut after = before.clone();
    /// after.metadata.labels = [("tier", "web")].into();
    /// let patch = Patch::merge_between(&before, &after); // {"metadata":{"labels":{"tier":"web"}}}
    /// ```
    ///
    /// Like controller-runtime's `client.MergeFrom(before)`: changes by others are kept, except in lists that this
    /// patch changes too, since lists are replaced as a whole.
    pub fn merge_between<V: Value>(before: &V, after: &V) -> Self {
        let as_json = |object: &V| {
            let text = json::to_string(object).map_err(InvalidRequest::from)?;
            serde_json::from_str(&text).map_err(|error| InvalidRequest::new(format!("the object is not JSON: {error}")))
        };
        match as_json(before).and_then(|before| Ok((before, as_json(after)?))) {
            Ok((before, after)) => Self::merge(&difference(&before, after)),
            Err(error) => Self { content_type: MERGE, body: Err(error) },
        }
    }

    /// The fields to set, with lists merged by the keys that the type declares; only for built-in types.
    ///
    /// See <https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/>.
    pub fn strategic<T: Serialize + ?Sized>(changes: &T) -> Self {
        Self::new("application/strategic-merge-patch+json", changes)
    }

    /// The fields that a manager sets: a server-side apply (KEP-555).
    ///
    /// The request needs a `field_manager`; the object needs its `metadata.name`. [`ApplyRequest`](crate::ApplyRequest)
    /// documents which fields are sent, and has more options.
    pub fn apply<V: Value>(configuration: &V) -> Self {
        Self { content_type: APPLY, body: apply::body(configuration, &[], &[], &[]).map(Bytes::from) }
    }

    /// Like [`apply`](Self::apply), but takes any JSON with `apiVersion`, `kind` and `metadata.name`, and sends all of
    /// it unchanged.
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

impl From<&JsonPatch> for Patch {
    /// Like [`Patch::json`], but keeps every number as it was written.
    fn from(operations: &JsonPatch) -> Self {
        let body = operations.to_text().map(Bytes::from).map_err(InvalidRequest::from);
        Self { content_type: JSON_PATCH, body }
    }
}

/// In a merge patch, null removes a field, so a field that becomes null is removed, too.
fn difference(before: &serde_json::Value, after: serde_json::Value) -> serde_json::Value {
    let (Some(before), serde_json::Value::Object(after)) = (before.as_object(), &after) else { return after };
    let removed = before.keys().filter(|key| !after.contains_key(*key));
    let mut changes: serde_json::Map<_, _> = removed.map(|key| (key.clone(), serde_json::Value::Null)).collect();
    for (key, value) in after {
        match before.get(key) {
            Some(same) if same == value => {}
            Some(other) => drop(changes.insert(key.clone(), difference(other, value.clone()))),
            None => drop(changes.insert(key.clone(), value.clone())),
        }
    }
    changes.into()
}

impl fmt::Debug for Patch {
    /// Omits the body, which may contain secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Patch({})", self.content_type)
    }
}
