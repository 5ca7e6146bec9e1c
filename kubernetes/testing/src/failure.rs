//! Answers that say why a request failed, in the words of the API server.
//!
//! From <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/api/errors/errors.go>.

use serde_json::{Map, Value, json};

/// A `Status` with its HTTP code.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) code: u16,
    reason: &'static str,
    message: String,
    details: Option<Map<String, Value>>,
    /// Where a list may go on whose version is forgotten.
    continue_token: Option<String>,
}

pub(crate) type Result<T> = std::result::Result<T, Failure>;

/// A field that breaks a rule.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    reason: &'static str,
    field: String,
    message: String,
}

impl Cause {
    pub(crate) fn required(field: impl Into<String>, detail: &str) -> Self {
        let message = if detail.is_empty() { "Required value".to_owned() } else { format!("Required value: {detail}") };
        Self { reason: "FieldValueRequired", field: field.into(), message }
    }

    pub(crate) fn invalid(field: impl Into<String>, value: &Value, detail: &str) -> Self {
        let message = format!("Invalid value: {value}: {detail}");
        Self { reason: "FieldValueInvalid", field: field.into(), message }
    }

    /// A value of a type that its field does not have.
    pub(crate) fn wrong_type(field: impl Into<String>, found: &str, detail: &str) -> Self {
        let message = format!("Invalid value: {found:?}: {detail}");
        Self { reason: "FieldValueTypeInvalid", field: field.into(), message }
    }

    pub(crate) fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        Self { reason: "FieldValueForbidden", field: field.into(), message: format!("Forbidden: {detail}") }
    }

    pub(crate) fn not_supported(field: impl Into<String>, value: &Value, supported: &[&str]) -> Self {
        let supported: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", supported.join(", "));
        Self { reason: "FieldValueNotSupported", field: field.into(), message }
    }

    pub(crate) fn conflict(manager: &str, field: String) -> Self {
        Self { reason: "FieldManagerConflict", field, message: format!("conflict with {manager}") }
    }

    pub(crate) fn field(&self) -> &str {
        &self.field
    }

    fn to_value(&self) -> Value {
        json!({"reason": self.reason, "message": self.message, "field": self.field})
    }
}

impl Failure {
    fn new(code: u16, reason: &'static str, message: impl Into<String>) -> Self {
        Self { code, reason, message: message.into(), details: None, continue_token: None }
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    fn with_details(mut self, name: &str, group: &str, kind: &str) -> Self {
        let details = self.details.get_or_insert_default();
        for (key, value) in [("name", name), ("group", group), ("kind", kind)] {
            if !value.is_empty() {
                details.insert(key.to_owned(), value.into());
            }
        }
        self
    }

    /// There is no such object.
    pub(crate) fn not_found(resource: &dyn Named, name: &str) -> Self {
        let message = format!("{} {name:?} not found", resource.qualified());
        Self::new(404, "NotFound", message).with_details(name, resource.group(), resource.plural())
    }

    /// There is nothing at the path.
    pub(crate) fn no_resource() -> Self {
        let message = "the server could not find the requested resource";
        Self { details: Some(Map::new()), ..Self::new(404, "NotFound", message) }
    }

    pub(crate) fn already_exists(resource: &dyn Named, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", resource.qualified());
        Self::new(409, "AlreadyExists", message).with_details(name, resource.group(), resource.plural())
    }

    pub(crate) fn conflict(resource: &dyn Named, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", resource.qualified());
        Self::new(409, "Conflict", message).with_details(name, resource.group(), resource.plural())
    }

    /// A precondition of a deletion, which names the kind and not the resource.
    pub(crate) fn precondition(resource: &dyn Named, name: &str, why: &str) -> Self {
        let group = resource.group();
        let qualified =
            if group.is_empty() { resource.kind().to_owned() } else { format!("{}.{group}", resource.kind()) };
        let message = format!("Operation cannot be fulfilled on {qualified} {name:?}: {why}");
        Self::new(409, "Conflict", message).with_details(name, group, resource.kind())
    }

    /// Other managers have fields that an apply would change.
    pub(crate) fn apply_conflict(message: String, causes: &[Cause]) -> Self {
        let details = Map::from_iter([("causes".to_owned(), causes.iter().map(Cause::to_value).collect())]);
        Self { details: Some(details), ..Self::new(409, "Conflict", message) }
    }

    pub(crate) fn modified(resource: &dyn Named, name: &str) -> Self {
        const WHY: &str = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(resource, name, WHY)
    }

    /// Fields of an object break rules.
    pub(crate) fn invalid(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let mut texts: Vec<String> = causes.iter().map(|cause| format!("{}: {}", cause.field, cause.message)).collect();
        // What is said twice is one text (`ToAggregate`).
        texts.dedup();
        let texts = if texts.len() == 1 { texts.concat() } else { format!("[{}]", texts.join(", ")) };
        let qualified = if group.is_empty() { kind.to_owned() } else { format!("{kind}.{group}") };
        let mut failure = Self::new(422, "Invalid", format!("{qualified} {name:?} is invalid: {texts}"))
            .with_details(name, group, kind);
        let details = failure.details.get_or_insert_default();
        details.insert("causes".to_owned(), causes.iter().map(Cause::to_value).collect());
        failure
    }

    /// A parameter breaks a rule.
    pub(crate) fn invalid_options(kind: &str, cause: Cause) -> Self {
        Self::invalid("meta.k8s.io", kind, "", &[cause])
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(400, "BadRequest", message)
    }

    /// A patch that can't be carried out; why is in the server's log alone.
    pub(crate) fn rejected() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self { details: Some(Map::new()), ..Self::new(422, "Invalid", message) }
    }

    /// What the real server has no better word for either.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(500, "", message)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self { details: Some(Map::new()), ..Self::new(405, "MethodNotAllowed", message) }
    }

    /// What this server leaves out.
    pub(crate) fn not_implemented(what: &str) -> Self {
        let message = format!("the in-memory API server does not support {what}; use a real cluster for it");
        Self::new(501, "NotImplemented", message)
    }

    pub(crate) fn unsupported_media_type(accepted: &str) -> Self {
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        Self::new(415, "UnsupportedMediaType", message)
    }

    pub(crate) fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json";
        Self::new(406, "NotAcceptable", message)
    }

    pub(crate) fn unsupported_patch() -> Self {
        Self { details: Some(Map::new()), ..Self::new(415, "UnsupportedMediaType", "415: Unsupported Media Type") }
    }

    pub(crate) fn too_large() -> Self {
        Self::new(413, "RequestEntityTooLarge", "Request entity too large: limit is 3145728")
    }

    pub(crate) fn forbidden(resource: &dyn Named, name: &str, why: &str) -> Self {
        let message = format!("{} {name:?} is forbidden: {why}", resource.qualified());
        Self::new(403, "Forbidden", message).with_details(name, resource.group(), resource.plural())
    }

    /// A disruption budget forbids an eviction.
    pub(crate) fn disruption(why: &str, retry_after: Option<u64>) -> Self {
        let causes = json!([{"reason": "DisruptionBudget", "message": why}]);
        let mut details = Map::from_iter([("causes".to_owned(), causes)]);
        details.extend(retry_after.map(|seconds| ("retryAfterSeconds".to_owned(), seconds.into())));
        let message = "Cannot evict pod as it would violate the pod's disruption budget.";
        Self { details: Some(details), ..Self::new(429, "TooManyRequests", message) }
    }

    /// The version asked for is forgotten.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::new(410, "Expired", message)
    }

    pub(crate) fn with_continue(mut self, token: String) -> Self {
        self.continue_token = Some(token);
        self
    }

    /// The version asked for is none yet.
    pub(crate) fn too_large_version(asked: u64, current: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {asked}, current: {current}");
        let causes = json!([{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}]);
        let details = Map::from_iter([("causes".to_owned(), causes), ("retryAfterSeconds".to_owned(), 1.into())]);
        Self { details: Some(details), ..Self::new(504, "Timeout", message) }
    }

    /// A failure on demand.
    pub(crate) fn on_demand(code: u16, retry_after: Option<u64>) -> Self {
        let (reason, message) = match code {
            401 => ("Unauthorized", "Unauthorized"),
            403 => ("Forbidden", "forbidden: on demand of a test"),
            404 => ("NotFound", "the server could not find the requested resource"),
            409 => ("Conflict", "Operation cannot be fulfilled: on demand of a test"),
            410 => ("Expired", "The resourceVersion for the provided list is too old."),
            429 => ("TooManyRequests", "Too many requests, please try again later."),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => ("Timeout", "Timeout: request did not complete within the allotted timeout"),
            _ => ("InternalError", "Internal error occurred: on demand of a test"),
        };
        let mut failure = Self::new(code, reason, message);
        if let Some(seconds) = retry_after {
            failure.details = Some(Map::from_iter([("retryAfterSeconds".to_owned(), seconds.into())]));
        }
        failure
    }

    /// How long the client shall wait, for the header.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.details.as_ref()?.get("retryAfterSeconds")?.as_u64()
    }

    /// The `Status` object.
    pub(crate) fn to_value(&self) -> Value {
        let mut metadata = Map::new();
        if let Some(token) = &self.continue_token {
            metadata.insert("continue".to_owned(), token.as_str().into());
        }
        let mut status = json!({
            "kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure",
            "message": self.message, "code": self.code,
        });
        if let Some(object) = status.as_object_mut() {
            if !self.reason.is_empty() {
                object.insert("reason".to_owned(), self.reason.into());
            }
            if let Some(details) = &self.details {
                object.insert("details".to_owned(), details.clone().into());
            }
        }
        status
    }
}

/// What errors call a resource.
pub(crate) trait Named {
    fn group(&self) -> &str;
    fn plural(&self) -> &str;
    fn kind(&self) -> &str;

    /// `deployments.apps`
    fn qualified(&self) -> String {
        match self.group() {
            "" => self.plural().to_owned(),
            group => format!("{}.{group}", self.plural()),
        }
    }
}
