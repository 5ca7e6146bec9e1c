use json_patch::Patch;
use serde_json::{Value, json};

use super::Attributes;
use super::hook::Hook;
use crate::object::Object;
use crate::resources::ServedResource;
use crate::semantics::conversion::convert;
use crate::shape::normalize;
use crate::state::State;
use crate::status::{Result, Status};

/// The review for a webhook.
#[derive(Clone, Debug)]
pub(super) struct Review {
    /// The version of reviews; `None` if the webhook supports none.
    pub(super) version: Option<String>,
    request: Value,
    /// Whether the object's version differs from the request's.
    is_converted: bool,
}

impl Review {
    /// Like `CreateV1AdmissionReview` in `request/admissionreview.go`.
    pub(super) fn new(
        state: &State,
        attributes: Attributes<'_>,
        hook: &Hook,
        served: &ServedResource,
        object: Option<&Object>,
    ) -> Result<Self> {
        let writer = attributes.writer;
        let is_converted = attributes.kind.is_none() && served.version() != writer.served.version();
        let shown = |object: Option<&Object>| {
            let Some(object) = object.cloned() else { return Ok(Value::Null) };
            let object = if is_converted {
                convert(state, served, writer.served.version(), served.version(), object)?
            } else {
                object
            };
            let object = match attributes.kind {
                Some(kind) => object.with_type(&kind.api_version(), &kind.kind),
                None => object.with_type(&served.api_version(), served.kind()),
            };
            Ok(Value::Object(object.0))
        };
        let kind = |of: &ServedResource| match attributes.kind {
            Some(kind) => json!({"group": &*kind.group, "version": &*kind.version, "kind": &*kind.kind}),
            None => json!({"group": of.group(), "version": of.version(), "kind": of.kind()}),
        };
        let resource =
            |of: &ServedResource| json!({"group": of.group(), "version": of.version(), "resource": of.plural});
        let mut request = json!({
            "kind": kind(served),
            "resource": resource(served),
            "requestKind": kind(writer.served),
            "requestResource": resource(writer.served),
            "operation": attributes.operation,
            "userInfo": {"username": writer.user, "groups": ["system:masters", "system:authenticated"]},
            "object": shown(object)?,
            "oldObject": shown(attributes.old)?,
            "dryRun": writer.options.dry_run,
            "options": options(attributes),
        });
        let name = match writer.name {
            "" => object.map(|object| object.text("name")).unwrap_or_default(),
            name => name,
        };
        let namespace = if writer.served.is("", "namespaces") { name } else { writer.namespace.unwrap_or_default() };
        let texts = [
            ("name", name),
            ("namespace", namespace),
            ("subResource", writer.subresource),
            ("requestSubResource", writer.subresource),
        ];
        for (field, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
            request[field] = text.into();
        }
        // Each webhook has a review of its own.
        let content = json!([hook.name(), request]);
        request["uid"] = state.exchange.borrow_mut().uid(&content).into();
        Ok(Self { version: hook.review_version().map(str::to_owned), request, is_converted })
    }

    pub(super) fn request(&self) -> &Value {
        &self.request
    }

    pub(super) fn uid(&self) -> &str {
        self.request["uid"].as_str().unwrap_or_default()
    }

    pub(super) fn body(&self, version: &str) -> Value {
        let api_version = format!("admission.k8s.io/{version}");
        json!({"kind": "AdmissionReview", "apiVersion": api_version, "request": self.request})
    }

    /// The object after a JSON Patch.
    pub(super) fn patched(&self, attributes: Attributes<'_>, patch: &Patch) -> Result<Object> {
        if self.is_converted {
            return Err(Status::not_implemented("patches of a mutating webhook for another version of the resource"));
        }
        if let Some(kind) = attributes.kind {
            return Err(Status::not_implemented(&format!("patches of a mutating webhook for {}", kind.kind)));
        }
        let internal = |error: &dyn std::fmt::Display| Status::internal_error(&error.to_string());
        let mut object = self.request["object"].clone();
        json_patch::patch(&mut object, patch).map_err(|error| internal(&error))?;
        let Value::Object(mut fields) = object else { return Err(internal(&"the patched object is not an object")) };
        // As in Go's decoder, fields that the type does not have are dropped.
        normalize(attributes.writer.served.shape(), &mut fields).map_err(|error| internal(&error))?;
        Ok(Object(fields).without_type())
    }
}

/// The options of the operation; a connection has none.
fn options(attributes: Attributes<'_>) -> Value {
    let writer = attributes.writer;
    if attributes.operation == "CONNECT" {
        return Value::Null;
    }
    let mut options = json!({"kind": writer.options_kind(attributes.operation), "apiVersion": "meta.k8s.io/v1"});
    if writer.options.dry_run {
        options["dryRun"] = json!(["All"]);
    }
    if attributes.operation != "DELETE" && !writer.manager.is_empty() {
        options["fieldManager"] = writer.manager.as_str().into();
    }
    options
}
