use std::time::Duration;

use crate::Status;

/// The reasons that are more precise than a code; others, such as those of admission webhooks, are not.
const KNOWN_REASONS: &[&str] = &[
    "Unauthorized",
    "Forbidden",
    "NotFound",
    "AlreadyExists",
    "Conflict",
    "Gone",
    "Invalid",
    "ServerTimeout",
    "StoreReadError",
    "Timeout",
    "TooManyRequests",
    "BadRequest",
    "MethodNotAllowed",
    "NotAcceptable",
    "RequestEntityTooLarge",
    "UnsupportedMediaType",
    "InternalError",
    "Expired",
    "ServiceUnavailable",
];

/// Predicates for the meaning of an error response.
///
/// As in <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/api/errors/errors.go>,
/// the reason decides, and the code only if the reason is missing or unknown.
impl Status {
    /// Whether the operation succeeded.
    pub fn is_success(&self) -> bool {
        self.status.as_deref() == Some("Success")
    }

    /// Whether the object, or its resource, does not exist (404).
    ///
    /// # Troubleshooting
    ///
    /// - The name or the namespace is wrong, or the object has been deleted.
    /// - The server does not serve the resource: the definition of a custom resource is missing, or the server has no
    ///   such version of the group. [`is_unknown_path`](Self::is_unknown_path) is true in this case.
    pub fn is_not_found(&self) -> bool {
        self.has("NotFound", 404)
    }

    /// Whether the server does not know the path, rather than the object: no such resource, group or version.
    ///
    /// # Troubleshooting
    ///
    /// Compare with `kubectl api-resources`: the definition of the custom resource is missing or not established yet,
    /// the server is older than the resource, or an alpha or beta version is not enabled.
    ///
    /// # Source
    ///
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/endpoints/handlers/responsewriters/errors.go> and
    /// `NewGenericServerResponse` in apimachinery.
    pub fn is_unknown_path(&self) -> bool {
        let named = self.details.as_ref().is_some_and(|details| details.name.as_deref().is_some_and(|n| !n.is_empty()));
        let message = self.message.as_deref().unwrap_or_default();
        self.is_not_found()
            && !named
            && (message == "the server could not find the requested resource"
                || message.starts_with("404 page not found"))
    }

    /// Whether an object of this name already exists (409 `AlreadyExists`).
    ///
    /// # Troubleshooting
    ///
    /// Apply the object (`ApplyRequest`) instead of creating it, or treat this error as success.
    /// The existing object may be one that is being deleted and waits for its finalizers.
    pub fn is_already_exists(&self) -> bool {
        self.reason.as_deref() == Some("AlreadyExists")
    }

    /// Whether the object has changed since it was read, or is in a state that forbids the request (409).
    ///
    /// # Troubleshooting
    ///
    /// - Another program wrote the object in the meantime: read it, make the change again, and send that.
    /// - Another manager owns a field of an apply: `RequestError::conflicts` lists
    ///   the fields. Omit them, or force the apply.
    /// - The object has the uid or resourceVersion of an earlier object: remove both before creating it.
    pub fn is_conflict(&self) -> bool {
        self.has("Conflict", 409)
    }

    /// Whether the server has forgotten the requested version or page (410, or `Expired`).
    ///
    /// # Troubleshooting
    ///
    /// API servers forget versions after about five minutes: list again, and watch from the version of that list.
    pub fn is_gone(&self) -> bool {
        self.reason.as_deref() == Some("Expired") || self.has("Gone", 410)
    }

    /// Whether the user is not allowed to do this (403).
    ///
    /// # Troubleshooting
    ///
    /// - A role lacks the verb, the resource or the subresource: the message names the user and all three; check with
    ///   `kubectl auth can-i`.
    /// - An admission webhook or policy, or a quota, refused the object: the message has the reason.
    pub fn is_forbidden(&self) -> bool {
        self.has("Forbidden", 403)
    }

    /// Whether the server does not accept the credentials (401).
    ///
    /// # Troubleshooting
    ///
    /// The token or client certificate is missing or has expired, or belongs to another cluster with the same address.
    pub fn is_unauthorized(&self) -> bool {
        self.has("Unauthorized", 401)
    }

    /// Whether the object is not valid (422); `details.causes` names the fields.
    ///
    /// # Troubleshooting
    ///
    /// A field has a value that its type or schema does not allow, or an update changes an immutable field, such as the
    /// selector of a Deployment: delete such an object and create it again.
    pub fn is_invalid(&self) -> bool {
        self.has("Invalid", 422)
    }

    /// Whether the server asks to retry later (429).
    ///
    /// # Troubleshooting
    ///
    /// - The server is overloaded, or limits this client: wait for [`retry_after`](Self::retry_after), and send fewer
    ///   requests.
    /// - An eviction would violate a PodDisruptionBudget: wait until more pods of the workload are ready.
    pub fn is_too_many_requests(&self) -> bool {
        self.has("TooManyRequests", 429) || self.code == Some(429)
    }

    /// Whether the request timed out in the server (504, `Timeout` or `ServerTimeout`).
    ///
    /// # Troubleshooting
    ///
    /// The server, its storage or a webhook that it calls is slow. A write may have been carried out: read the object
    /// before sending it again.
    pub fn is_timeout(&self) -> bool {
        self.has("Timeout", 504) || self.reason.as_deref() == Some("ServerTimeout")
    }

    /// Whether the server has not reached the requested version yet.
    ///
    /// # Troubleshooting
    ///
    /// Retry after a moment: one of several API servers lags behind the one that sent the version. If it never catches
    /// up, the data was restored from a backup: list again.
    ///
    /// # Source
    ///
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/storage/errors.go>
    pub fn is_resource_version_too_large(&self) -> bool {
        let caused = self.details.iter().flat_map(|details| &details.causes);
        caused.filter_map(|cause| cause.reason.as_deref()).any(|reason| reason == "ResourceVersionTooLarge")
            || (self.is_timeout()
                && self.message.as_deref().is_some_and(|message| message.contains("Too large resource version")))
    }

    /// The time that the server asks to wait before the next attempt.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.details.as_ref()?.retry_after_seconds?;
        u64::try_from(seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs)
    }

    fn has(&self, reason: &str, code: i32) -> bool {
        match self.reason.as_deref() {
            Some(ours) if KNOWN_REASONS.contains(&ours) => ours == reason,
            _ => self.code == Some(code),
        }
    }
}
