use std::time::Duration;

use crate::Status;

/// The reasons that say more than a code. Others, as an admission webhook may give, do not.
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

/// The meaning of an error response, by the reasons that the API server gives.
///
/// From <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/api/errors/errors.go>: a reason decides, and the
/// code does only where the reason is missing or unknown.
impl Status {
    /// Whether the operation succeeded.
    pub fn is_success(&self) -> bool {
        self.status.as_deref() == Some("Success")
    }

    /// Whether there is no such object, or no such resource.
    pub fn is_not_found(&self) -> bool {
        self.has("NotFound", 404)
    }

    /// Whether it is the path that the server does not know, rather than the object: no such resource, group or version.
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

    /// Whether there is an object of this name already.
    pub fn is_already_exists(&self) -> bool {
        self.reason.as_deref() == Some("AlreadyExists")
    }

    /// Whether the object was changed in the meantime.
    pub fn is_conflict(&self) -> bool {
        self.has("Conflict", 409)
    }

    /// Whether the server has forgotten the version or the page asked for.
    pub fn is_gone(&self) -> bool {
        self.reason.as_deref() == Some("Expired") || self.has("Gone", 410)
    }

    /// Whether the user may not do this.
    pub fn is_forbidden(&self) -> bool {
        self.has("Forbidden", 403)
    }

    /// Whether the server does not know who is asking.
    pub fn is_unauthorized(&self) -> bool {
        self.has("Unauthorized", 401)
    }

    /// Whether the object breaks a rule of its type; `details.causes` has the fields.
    pub fn is_invalid(&self) -> bool {
        self.has("Invalid", 422)
    }

    /// Whether the server asks to come back later.
    pub fn is_too_many_requests(&self) -> bool {
        self.has("TooManyRequests", 429) || self.code == Some(429)
    }

    /// Whether the server ran out of time.
    pub fn is_timeout(&self) -> bool {
        self.has("Timeout", 504) || self.reason.as_deref() == Some("ServerTimeout")
    }

    /// Whether the version asked for is one that the server has not reached yet.
    ///
    /// <https://github.com/kubernetes/apiserver/blob/v0.37.2/pkg/storage/errors.go>
    pub fn is_resource_version_too_large(&self) -> bool {
        let caused = self.details.iter().flat_map(|details| &details.causes);
        caused.filter_map(|cause| cause.reason.as_deref()).any(|reason| reason == "ResourceVersionTooLarge")
            || (self.is_timeout()
                && self.message.as_deref().is_some_and(|message| message.contains("Too large resource version")))
    }

    /// How long the server asks to wait before the next try.
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
