//! Conversion of custom resources by webhooks: the calls, their responses, and a cache of converted objects.
//!
//! From
//! <https://github.com/kubernetes/apiextensions-apiserver/blob/v0.37.2/pkg/apiserver/conversion/webhook_converter.go>.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use kubernetes_core::GroupVersionKind;
use serde_json::{Value, json};

use crate::object::Object;
use crate::resources::ServedResource;
use crate::store::{CollectionId, Stored};
use crate::webhooks::{Call, Outcome};

/// The API server's limit for a conversion.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The maximum number of cached objects.
const MAX_KEPT: usize = 10_000;

/// A version of an object: its collection, uid and revision, and the version of the API.
type Key = (CollectionId, Box<str>, u64, String);

/// A cache of the most recently converted objects.
#[derive(Debug, Default)]
pub(crate) struct Conversions {
    objects: HashMap<Key, Arc<Stored>>,
    order: VecDeque<Key>,
}

impl Conversions {
    /// The object in a version, if it needs no conversion or is cached.
    pub(crate) fn find(&self, object: &Arc<Stored>, to: &ServedResource) -> Option<Arc<Stored>> {
        match to.converts(object) {
            false => Some(Arc::clone(object)),
            true => self.objects.get(&key(object, to)).cloned(),
        }
    }

    pub(crate) fn keep(&mut self, object: &Stored, to: &ServedResource, converted: Object) -> Arc<Stored> {
        let converted = Arc::new(to.stored(converted, object.revision));
        let key = key(object, to);
        if self.objects.insert(key.clone(), Arc::clone(&converted)).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MAX_KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.objects.remove(&oldest);
        }
        converted
    }
}

fn key(object: &Stored, to: &ServedResource) -> Key {
    (to.collection, object.uid.clone(), object.revision, to.version().to_owned())
}

/// Objects of one kind to convert to another version.
#[derive(Clone, Debug)]
pub(crate) struct Conversion {
    from: GroupVersionKind,
    to: GroupVersionKind,
    objects: Vec<Object>,
}

impl Conversion {
    /// A conversion between two versions of a resource.
    pub(crate) fn new(of: &ServedResource, from: &str, to: &str, objects: Vec<Object>) -> Self {
        let kind = |version: &str| GroupVersionKind::new(of.group(), version, of.kind());
        Self { from: kind(from), to: kind(to), objects }
    }

    /// The call of the resource's webhook.
    ///
    /// # Errors
    /// Returns an error if there is no webhook that this server can call.
    pub(crate) fn call(&self, webhook: &Value, uid: &str) -> Result<Call, String> {
        let versions = webhook.get("conversionReviewVersions").and_then(Value::as_array).into_iter().flatten();
        let known = versions.filter_map(Value::as_str).any(|version| version == "v1");
        let client = webhook.get("clientConfig").cloned().filter(|_| known).ok_or_else(|| {
            self.failed("the webhook accepts no ConversionReview of apiextensions.k8s.io/v1, or has no clientConfig")
        })?;
        let (api_version, kind) = (self.from.api_version(), self.from.kind.as_str());
        let objects: Vec<Value> =
            self.objects.iter().map(|object| Value::Object(object.clone().with_type(&api_version, kind).0)).collect();
        let request = json!({"uid": uid, "desiredAPIVersion": self.to.api_version().as_str(), "objects": objects});
        let body = json!({"kind": "ConversionReview", "apiVersion": "apiextensions.k8s.io/v1", "request": request});
        Ok(Call { client, timeout: TIMEOUT, body })
    }

    /// The converted objects of a response, which must be the same objects in the same order, and differ only in
    /// labels, annotations and outside metadata.
    pub(crate) fn read(&self, call: &Call, outcome: Outcome) -> Result<Vec<Object>, String> {
        let review = outcome.map_err(|why| self.failed(&why))?;
        let response = review.get("response").ok_or_else(|| self.failed("no response provided"))?;
        let text = |value: &Value, pointer: &str| {
            value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let (expected, found) = (text(&call.body, "/request/uid"), text(response, "/uid"));
        if expected != found {
            return Err(self.failed(&format!("expected response.uid={expected:?}, got {found:?}")));
        }
        let (status, message) = (text(response, "/result/status"), text(response, "/result/message"));
        if status != "Success" {
            let message = if message.is_empty() {
                format!("response.result.status was '{status}', not 'Success'")
            } else {
                message
            };
            return Err(self.failed(&message));
        }
        let converted = response.get("convertedObjects").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        if converted.len() != self.objects.len() {
            let (found, expected) = (converted.len(), self.objects.len());
            return Err(format!("conversion webhook for {} returned {found} objects, expected {expected}", self.from));
        }
        let pairs = self.objects.iter().zip(converted).enumerate();
        pairs.map(|(index, (before, after))| self.check(index, before, after)).collect()
    }

    fn failed(&self, why: &str) -> String {
        format!("conversion webhook for {} failed: {why}", self.from)
    }

    fn check(&self, index: usize, before: &Object, after: &Value) -> Result<Object, String> {
        let invalid = |why: String| {
            format!("conversion webhook for {} returned invalid converted object at index {index}: {why}", self.from)
        };
        let Value::Object(fields) = after.clone() else { return Err(invalid("it is not an object".to_owned())) };
        let text = |field: &str| after.get(field).and_then(Value::as_str).unwrap_or_default();
        let (expected, found) = (self.to.api_version(), text("apiVersion"));
        if expected != found {
            return Err(invalid(format!("invalid groupVersion (expected {expected}, received {found})")));
        }
        let (expected, found) = (self.to.kind.as_str(), text("kind"));
        if expected != found {
            return Err(invalid(format!("invalid kind (expected {expected}, received {found})")));
        }
        let mut object = Object(fields).without_type();
        for field in ["name", "namespace", "uid"] {
            let (was, is) = (before.text(field), object.text(field));
            if was != is {
                return Err(invalid(format!("must have the same {field}: {was} != {is}")));
            }
        }
        let changed = ["labels", "annotations"].map(|field| (field, object.unset(field)));
        *object.metadata_mut() = before.metadata().cloned().unwrap_or_default();
        for (field, value) in changed {
            match value {
                Some(value) => object.set(field, value),
                None => drop(object.unset(field)),
            }
        }
        Ok(object)
    }
}
