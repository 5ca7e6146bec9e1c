//! The errors of the API server, with its messages.
//!
//! From <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/api/errors/errors.go>.

use serde_json::Value;

use super::{Cause, Details, Status};

/// `deployments.apps`; the name alone in the core group. `name` is a plural or a kind.
fn qualified(group: &str, name: &str) -> String {
    if group.is_empty() { name.to_owned() } else { format!("{name}.{group}") }
}

fn details(name: &str, group: &str, kind: &str) -> Details {
    Details { name: name.to_owned(), group: group.to_owned(), kind: kind.to_owned(), ..Details::default() }
}

impl Status {
    /// The object does not exist.
    pub(crate) fn not_found(group: &str, plural: &str, name: &str) -> Self {
        let message = format!("{} {name:?} not found", qualified(group, plural));
        Self::failure(404, "NotFound", message).with_details(details(name, group, plural))
    }

    /// The path is unknown.
    pub(crate) fn no_resource() -> Self {
        let message = "the server could not find the requested resource";
        Self::failure(404, "NotFound", message).with_details(Details::default())
    }

    pub(crate) fn already_exists(group: &str, plural: &str, name: &str) -> Self {
        let message = format!("{} {name:?} already exists", qualified(group, plural));
        Self::failure(409, "AlreadyExists", message).with_details(details(name, group, plural))
    }

    /// `resource` is the plural, or the kind for the precondition of a deletion.
    pub(crate) fn conflict(group: &str, resource: &str, name: &str, why: &str) -> Self {
        let message = format!("Operation cannot be fulfilled on {} {name:?}: {why}", qualified(group, resource));
        Self::failure(409, "Conflict", message).with_details(details(name, group, resource))
    }

    /// Like [`conflict`](Self::conflict), but for the scale of an object, with the subresource in the message.
    pub(crate) fn scale_conflict(group: &str, plural: &str, name: &str, why: &str) -> Self {
        let qualified = qualified(group, plural);
        let message = format!("Operation cannot be fulfilled on {qualified}/scale {name:?}: {why}");
        Self::failure(409, "Conflict", message).with_details(details(name, group, plural))
    }

    /// Other managers own fields that an apply would change.
    pub(crate) fn apply_conflict(message: String, causes: Vec<Cause>) -> Self {
        Self::failure(409, "Conflict", message).with_details(Details { causes, ..Details::default() })
    }

    pub(crate) fn modified(group: &str, plural: &str, name: &str) -> Self {
        const WHY: &str = "the object has been modified; please apply your changes to the latest version and try again";
        Self::conflict(group, plural, name, WHY)
    }

    /// Fields of an object violate rules.
    pub(crate) fn invalid(group: &str, kind: &str, name: &str, causes: &[Cause]) -> Self {
        let mut texts: Vec<String> = causes.iter().map(Cause::to_string).collect();
        // Equal texts are merged (`ToAggregate`).
        texts.dedup();
        let texts = if texts.len() == 1 { texts.concat() } else { format!("[{}]", texts.join(", ")) };
        let message = format!("{} {name:?} is invalid: {texts}", qualified(group, kind));
        let details = Details { causes: causes.to_vec(), ..details(name, group, kind) };
        Self::failure(422, "Invalid", message).with_details(details)
    }

    /// A parameter violates a rule.
    pub(crate) fn invalid_options(kind: &str, cause: Cause) -> Self {
        Self::invalid("meta.k8s.io", kind, "", &[cause])
    }

    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Self::failure(400, "BadRequest", message)
    }

    /// A patch can't be applied; the reason is only in the server's log.
    pub(crate) fn rejected() -> Self {
        let message = "the server rejected our request due to an error in our request";
        Self::failure(422, "Invalid", message).with_details(Details::default())
    }

    /// An error for which the real server gives no reason either.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::failure(500, "", message)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let message = "the server does not allow this method on the requested resource";
        Self::failure(405, "MethodNotAllowed", message).with_details(Details::default())
    }

    /// A feature that this server does not support.
    pub(crate) fn not_implemented(what: &str) -> Self {
        let message = format!("the in-memory API server does not support {what}; use a real cluster for it");
        Self::failure(501, "NotImplemented", message)
    }

    pub(crate) fn unsupported_media_type(accepted: &str) -> Self {
        let message =
            format!("the body of the request was in an unknown format - accepted media types include: {accepted}");
        Self::failure(415, "UnsupportedMediaType", message)
    }

    /// A kubelet's routes have no media type, so `Accept` must include `*/*`.
    pub(crate) fn nothing_acceptable() -> Self {
        Self::failure(406, "NotAcceptable", "406: Not Acceptable\n\nAvailable representations: ")
    }

    pub(crate) fn not_acceptable() -> Self {
        let message = "only the following media types are accepted: application/json";
        Self::failure(406, "NotAcceptable", message)
    }

    pub(crate) fn unsupported_patch() -> Self {
        Self::failure(415, "UnsupportedMediaType", "415: Unsupported Media Type").with_details(Details::default())
    }

    pub(crate) fn too_large(why: &str) -> Self {
        Self::failure(413, "RequestEntityTooLarge", format!("Request entity too large: {why}"))
    }

    pub(crate) fn forbidden(group: &str, plural: &str, name: &str, why: &str) -> Self {
        let message = format!("{} {name:?} is forbidden: {why}", qualified(group, plural));
        Self::failure(403, "Forbidden", message).with_details(details(name, group, plural))
    }

    /// A disruption budget forbids an eviction.
    pub(crate) fn disruption(why: &str, retry_after_seconds: Option<u64>) -> Self {
        let causes = vec![Cause::of("DisruptionBudget", why)];
        let message = "Cannot evict pod as it would violate the pod's disruption budget.";
        let details = Details { causes, retry_after_seconds, ..Details::default() };
        Self::failure(429, "TooManyRequests", message).with_details(details)
    }

    /// The requested version is forgotten.
    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Self::failure(410, "Expired", message)
    }

    /// The requested version does not exist yet.
    pub(crate) fn too_large_version(requested: u64, current: u64) -> Self {
        let message = format!("Timeout: Too large resource version: {requested}, current: {current}");
        let causes = vec![Cause::of("ResourceVersionTooLarge", "Too large resource version")];
        let details = Details { causes, retry_after_seconds: Some(1), ..Details::default() };
        Self::failure(504, "Timeout", message).with_details(details)
    }

    /// An internal error, such as a webhook that can't be called.
    pub(crate) fn internal_error(why: &str) -> Self {
        let details = Details { causes: vec![Cause::of("", why)], ..Details::default() };
        Self::failure(500, "InternalError", format!("Internal error occurred: {why}")).with_details(details)
    }

    /// A webhook's refusal, with its status (`ToStatusErr` in
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/admission/plugin/webhook/errors/statuserror.go>).
    pub(crate) fn denied(webhook: &str, status: &Value) -> Self {
        let text = |field: &str| status.get(field).and_then(Value::as_str).unwrap_or_default();
        let code = status.get("code").and_then(Value::as_u64).and_then(|code| u16::try_from(code).ok());
        let denied = format!("admission webhook {webhook:?} denied the request");
        let message = match (text("message"), text("reason")) {
            ("", "") => format!("{denied} without explanation"),
            ("", reason) => format!("{denied}: {reason}"),
            (message, _) => format!("{denied}: {message}"),
        };
        let refusal = Self::failure(code.unwrap_or_default().max(400), text("reason").to_owned(), message);
        let Some(given) = status.get("details").filter(|details| details.is_object()) else { return refusal };
        let text = |field: &str| given.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        let causes = given.get("causes").and_then(Value::as_array).into_iter().flatten().map(Cause::from_json);
        refusal.with_details(Details {
            name: text("name"),
            group: text("group"),
            kind: text("kind"),
            uid: text("uid"),
            causes: causes.collect(),
            retry_after_seconds: given.get("retryAfterSeconds").and_then(Value::as_u64),
        })
    }

    /// Placeholder for the result of a request that waits for a webhook. The request is carried out again, so no client
    /// sees this.
    pub(crate) fn waiting() -> Self {
        Self::internal("the request waits for a webhook")
    }

    /// An error injected by a test.
    pub(crate) fn injected(code: u16, retry_after_seconds: Option<u64>) -> Self {
        let (reason, message) = match code {
            401 => ("Unauthorized", "Unauthorized"),
            403 => ("Forbidden", "forbidden: injected fault"),
            404 => ("NotFound", "the server could not find the requested resource"),
            409 => ("Conflict", "Operation cannot be fulfilled: injected fault"),
            410 => ("Expired", "The resourceVersion for the provided list is too old."),
            429 => ("TooManyRequests", "Too many requests, please try again later."),
            503 => ("ServiceUnavailable", "the server is currently unable to handle the request"),
            504 => ("Timeout", "Timeout: request did not complete within the allotted timeout"),
            _ => ("InternalError", "Internal error occurred: injected fault"),
        };
        let status = Self::failure(code, reason, message);
        match retry_after_seconds {
            Some(_) => status.with_details(Details { retry_after_seconds, ..Details::default() }),
            None => status,
        }
    }
}
