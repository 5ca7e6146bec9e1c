//! Conversion of custom resources by webhooks: the calls, their responses, and a cache of converted objects.
//!
//! From
//! <https://github.com/kubernetes/apiextensions-apiserver/blob/v0.37.2/pkg/apiserver/conversion/webhook_converter.go>.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use kubernetes_core::GroupVersionKind;
use serde_json::{Value, json};

use crate::labels::{annotation_fault, label_fault};
use crate::object::Object;
use crate::resources::ServedResource;
use crate::store::{CollectionId, Stored};
use crate::webhooks::{Call, Outcome, Timeout};

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

/// An object to convert to another version.
#[derive(Clone, Debug)]
pub(crate) struct Conversion {
    from: GroupVersionKind,
    to: GroupVersionKind,
    object: Object,
}

/// The versions of reviews that API servers know.
const REVIEW_VERSIONS: [&str; 2] = ["v1", "v1beta1"];

impl Conversion {
    /// A conversion between two versions of a resource.
    pub(crate) fn new(of: &ServedResource, from: &str, to: &str, object: Object) -> Self {
        let kind = |version: &str| GroupVersionKind::new(of.group(), version, of.kind());
        Self { from: kind(from), to: kind(to), object }
    }

    /// The call of the resource's webhook, with an identity that is made for the content of the request.
    ///
    /// # Errors
    /// Returns an error if there is no webhook that this server can call.
    pub(crate) fn call(&self, webhook: &Value, uid: impl FnOnce(&Value) -> String) -> Result<Call, String> {
        let versions = webhook.get("conversionReviewVersions").and_then(Value::as_array).into_iter().flatten();
        let version = versions.filter_map(Value::as_str).find(|version| REVIEW_VERSIONS.contains(version));
        let version = version.ok_or_else(|| "no supported conversion review versions".to_owned())?;
        let client = webhook.get("clientConfig").cloned();
        let client = client.ok_or_else(|| self.failed("the definition has no spec.conversion.webhook.clientConfig"))?;
        let (api_version, kind) = (self.from.api_version(), self.from.kind.as_str());
        let object = Value::Object(self.object.clone().with_type(&api_version, kind).0);
        let mut request = json!({"desiredAPIVersion": self.to.api_version().as_str(), "objects": [object]});
        let uid = uid(&request);
        request["uid"] = uid.as_str().into();
        let api_version = format!("apiextensions.k8s.io/{version}");
        let body = json!({"kind": "ConversionReview", "apiVersion": api_version, "request": request});
        Ok(Call { client, timeout: Timeout::Guard, uid, body })
    }

    /// The converted object of a response, which must be the same object, and differ only in labels, annotations and
    /// outside metadata.
    pub(crate) fn read(&self, call: &Call, outcome: Outcome) -> Result<Object, String> {
        let review = outcome.map_err(|why| self.failed(&why))?;
        let converted = converted_objects(call, &review).map_err(|why| self.failed(&why))?;
        match converted {
            [converted] => self.check(converted),
            others => {
                let found = others.len();
                Err(format!("conversion webhook for {} returned {found} objects, expected 1", self.from))
            }
        }
    }

    fn failed(&self, why: &str) -> String {
        format!("conversion webhook for {} failed: {why}", self.from)
    }

    fn check(&self, after: &Value) -> Result<Object, String> {
        let returned = |what: &str, why: String| format!("conversion webhook for {} returned {what}: {why}", self.from);
        let of_type = |why: String| returned("invalid object at index 0", why);
        let Value::Object(fields) = after.clone() else { return Err(of_type("it is not an object".to_owned())) };
        let text = |field: &str| after.get(field).and_then(Value::as_str).unwrap_or_default();
        let (expected, found) = (self.to.api_version(), text("apiVersion"));
        if expected != found {
            return Err(of_type(format!("invalid groupVersion (expected {expected}, received {found})")));
        }
        let (expected, found) = (self.to.kind.as_str(), text("kind"));
        if expected != found {
            return Err(of_type(format!("invalid kind (expected {expected}, received {found})")));
        }
        let mut object = Object(fields);
        check_identity(&self.object, &object).map_err(|why| returned("invalid object", why))?;
        restore_metadata(&self.object, &mut object).map_err(|why| returned("invalid metadata", why))?;
        Ok(object.without_type())
    }
}

/// Like `getConvertedObjectsFromResponse`.
fn converted_objects<'a>(call: &Call, review: &'a Value) -> Result<&'a [Value], String> {
    let text =
        |value: &Value, pointer: &str| value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    // Answers of the older version are not compared with the request.
    let is_checked = text(&call.body, "/apiVersion") == "apiextensions.k8s.io/v1";
    let (version, kind) = (text(review, "/apiVersion"), text(review, "/kind"));
    if is_checked && (version.as_str(), kind.as_str()) != ("apiextensions.k8s.io/v1", "ConversionReview") {
        let expected = "apiextensions.k8s.io/v1, Kind=ConversionReview";
        return Err(format!("expected webhook response of {expected}, got {version}, Kind={kind}"));
    }
    let response = review.get("response").filter(|response| response.is_object()).ok_or("no response provided")?;
    let found = text(response, "/uid");
    if is_checked && found != call.uid {
        return Err(format!("expected response.uid={:?}, got {found:?}", call.uid));
    }
    match (text(response, "/result/status"), text(response, "/result/message")) {
        (status, _) if status == "Success" => {}
        (status, message) if message.is_empty() => {
            return Err(format!("response.result.status was '{status}', not 'Success'"));
        }
        (_, message) => return Err(message),
    }
    Ok(response.get("convertedObjects").and_then(Value::as_array).map_or(&[][..], Vec::as_slice))
}

/// Like `validateConvertedObject`.
fn check_identity(before: &Object, after: &Object) -> Result<(), String> {
    for (field, name) in [("name", "name"), ("namespace", "namespace"), ("uid", "UID")] {
        let (was, is) = (before.text(field), after.text(field));
        if was != is {
            return Err(format!("must have the same {name}: {was} != {is}"));
        }
    }
    Ok(())
}

/// Like `restoreObjectMeta`: of the converted metadata, labels and annotations count.
fn restore_metadata(before: &Object, after: &mut Object) -> Result<(), String> {
    let changed = match after.0.get("metadata") {
        None => return Err("missing metadata in converted object".to_owned()),
        Some(Value::Object(metadata)) => ["labels", "annotations"].map(|field| (field, metadata.get(field).cloned())),
        Some(other) => return Err(format!("invalid metadata of type {} in converted object", go_type(other))),
    };
    *after.metadata_mut() = before.metadata().cloned().unwrap_or_default();
    for (field, value) in changed {
        match value {
            None | Some(Value::Null) => drop(after.unset(field)),
            Some(Value::Object(texts)) => {
                if let Some((key, other)) = texts.iter().find(|(_, text)| !text.is_string()) {
                    let found = go_type(other);
                    return Err(format!(
                        "metadata.{field}[{key}] must be a string, but is {found} in converted object"
                    ));
                }
                let is_changed =
                    before.metadata().and_then(|metadata| metadata.get(field)?.as_object()) != Some(&texts);
                let fault = if field == "labels" { label_fault(&texts) } else { annotation_fault(&texts) };
                if let Some(fault) = fault.filter(|_| is_changed) {
                    return Err(fault);
                }
                after.set(field, Value::Object(texts));
            }
            Some(other) => {
                return Err(format!("invalid metadata.{field} of type {} in converted object", go_type(&other)));
            }
        }
    }
    Ok(())
}

/// The type of a value as Go prints it.
fn go_type(value: &Value) -> &'static str {
    match value {
        Value::Null => "<nil>",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_i64() => "int64",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    }
}
