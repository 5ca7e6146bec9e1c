use std::fmt;

use kubernetes_core::json::DecodeError;
use kubernetes_core::meta::v1::{StatusCause, StatusDetails};
use kubernetes_core::{Map, Status, Str};

/// The decision to allow a request.
///
/// ```
/// use kubernetes_webhooks::Allowed;
///
/// let allowed = Allowed::new().warning("spec.color is deprecated; use spec.colors");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Allowed {
    pub(super) annotations: Annotations,
}

/// The decision to refuse a request, with the reason.
///
/// ```
/// use kubernetes_webhooks::Denied;
///
/// let denied = Denied::new("a black lantern gives no light").cause("spec.color", "must not be black");
/// ```
///
/// By default its code is 403 and its reason `Forbidden`. A [client error](kubernetes_client::Error) with a status of
/// the API server becomes a refusal with that status; any other, one with the code 500.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Denied {
    pub(super) status: Box<Status>,
    pub(super) annotations: Annotations,
}

/// A changed object, and the decision to allow it.
#[derive(Clone, Debug)]
#[must_use]
pub struct Mutated<K> {
    pub(super) object: K,
    pub(super) allowed: Allowed,
}

/// Warnings and audit annotations, which any decision can carry.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Annotations {
    pub(super) warnings: Vec<Str>,
    pub(super) audit_annotations: Map<Str>,
}

impl Annotations {
    /// `NewWarningHeader` in apimachinery's `util/net` refuses control characters, and the error is dropped.
    fn warn(&mut self, text: Str) {
        let text = if text.contains(char::is_control) { text.replace(char::is_control, " ").into() } else { text };
        self.warnings.push(text);
    }
}

impl Allowed {
    /// Allows the request without warnings and audit annotations, as `()` does.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a warning, which the API server sends to the user. It should have at most 120 characters.
    ///
    /// Control characters, such as line breaks, become spaces: API servers drop a warning that has any. They shorten
    /// each warning to 256 characters if those of a request have more than 4096 together.
    pub fn warning(mut self, text: impl Into<Str>) -> Self {
        self.annotations.warn(text.into());
        self
    }

    /// Adds an annotation to the audit event. The API server puts the webhook's name and a slash before the key, and
    /// drops an annotation whose key is then not a qualified name: it must not have a slash itself.
    pub fn audit_annotation(mut self, key: impl Into<Str>, value: impl Into<Str>) -> Self {
        self.annotations.audit_annotations.insert(key, value.into());
        self
    }
}

impl Denied {
    /// Refuses the request with a message for its user.
    pub fn new(message: impl Into<Str>) -> Self {
        Self::from(Status {
            code: Some(403),
            reason: Some("Forbidden".into()),
            message: Some(message.into()),
            ..Status::default()
        })
    }

    /// Reports an error in the handler, with an HTTP status code.
    pub fn error(code: u16, message: impl Into<Str>) -> Self {
        Self::from(Status { code: Some(code.into()), message: Some(message.into()), ..Status::default() })
    }

    /// Sets the HTTP status code that the user gets.
    pub fn code(mut self, code: u16) -> Self {
        self.status.code = Some(code.into());
        self
    }

    /// Sets the reason, a word such as `Invalid`.
    pub fn reason(mut self, reason: impl Into<Str>) -> Self {
        self.status.reason = Some(reason.into());
        self
    }

    /// Adds an invalid field, such as `spec.color`, with the reason.
    pub fn cause(mut self, field: impl Into<Str>, message: impl Into<Str>) -> Self {
        let cause = StatusCause { field: Some(field.into()), message: Some(message.into()), ..StatusCause::default() };
        let details = self.status.details.get_or_insert_with(|| Box::new(StatusDetails::default()));
        details.causes.push(cause);
        self
    }

    /// Adds a warning; see [`Allowed::warning`].
    pub fn warning(mut self, text: impl Into<Str>) -> Self {
        self.annotations.warn(text.into());
        self
    }

    /// Adds an annotation to the audit event; see [`Allowed::audit_annotation`].
    pub fn audit_annotation(mut self, key: impl Into<Str>, value: impl Into<Str>) -> Self {
        self.annotations.audit_annotations.insert(key, value.into());
        self
    }

    /// The status that the API server gets.
    pub fn status(&self) -> &Status {
        &self.status
    }
}

impl From<()> for Allowed {
    fn from((): ()) -> Self {
        Self::new()
    }
}

impl From<Status> for Denied {
    /// Refuses the request with this status, whatever it says.
    fn from(status: Status) -> Self {
        Self { status: Box::new(status), annotations: Annotations::default() }
    }
}

impl From<&str> for Denied {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}

impl From<String> for Denied {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<DecodeError> for Denied {
    /// The object was not of its type: 400.
    fn from(error: DecodeError) -> Self {
        Self::error(400, error.to_string())
    }
}

impl From<kubernetes_client::Error> for Denied {
    fn from(error: kubernetes_client::Error) -> Self {
        match error.status() {
            Some(status) => status.clone().into(),
            None => Self::error(500, error.to_string()),
        }
    }
}

impl fmt::Display for Denied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.status.message.as_deref().unwrap_or("the request is denied"))
    }
}

impl<K> Mutated<K> {
    /// Allows the request with this object instead of the one that was sent.
    pub fn new(object: K, allowed: Allowed) -> Self {
        Self { object, allowed }
    }
}

impl<K> From<K> for Mutated<K> {
    fn from(object: K) -> Self {
        Self::new(object, Allowed::new())
    }
}

impl<K> From<(K, Allowed)> for Mutated<K> {
    fn from((object, allowed): (K, Allowed)) -> Self {
        Self::new(object, allowed)
    }
}
