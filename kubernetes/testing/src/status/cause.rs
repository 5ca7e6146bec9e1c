use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

use super::json::ObjectWriter;

/// One reason for an error, usually a field that violates a rule.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    reason: Cow<'static, str>,
    field: String,
    message: String,
}

impl Cause {
    pub(crate) fn required(field: impl Into<String>, detail: &str) -> Self {
        let message = if detail.is_empty() { "Required value".to_owned() } else { format!("Required value: {detail}") };
        Self { reason: Cow::Borrowed("FieldValueRequired"), field: field.into(), message }
    }

    pub(crate) fn invalid(field: impl Into<String>, value: &Value, detail: &str) -> Self {
        let message = format!("Invalid value: {value}: {detail}");
        Self { reason: Cow::Borrowed("FieldValueInvalid"), field: field.into(), message }
    }

    pub(crate) fn too_long(field: impl Into<String>, max: usize) -> Self {
        let message = format!("Too long: may not be more than {max} bytes");
        Self { reason: Cow::Borrowed("FieldValueTooLong"), field: field.into(), message }
    }

    /// A value of the wrong type.
    pub(crate) fn wrong_type(field: impl Into<String>, found: &str, detail: &str) -> Self {
        let message = format!("Invalid value: {found:?}: {detail}");
        Self { reason: Cow::Borrowed("FieldValueTypeInvalid"), field: field.into(), message }
    }

    pub(crate) fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        Self {
            reason: Cow::Borrowed("FieldValueForbidden"),
            field: field.into(),
            message: format!("Forbidden: {detail}"),
        }
    }

    pub(crate) fn not_supported(field: impl Into<String>, value: &Value, supported: &[&str]) -> Self {
        let supported: Vec<String> = supported.iter().map(|value| format!("{value:?}")).collect();
        let message = format!("Unsupported value: {value}: supported values: {}", supported.join(", "));
        Self { reason: Cow::Borrowed("FieldValueNotSupported"), field: field.into(), message }
    }

    pub(crate) fn conflict(manager: &str, field: String) -> Self {
        Self { reason: Cow::Borrowed("FieldManagerConflict"), field, message: format!("conflict with {manager}") }
    }

    /// A cause that is not about a field.
    pub(super) fn of(reason: &'static str, message: impl Into<String>) -> Self {
        Self { reason: Cow::Borrowed(reason), field: String::new(), message: message.into() }
    }

    /// A cause returned by a webhook.
    pub(super) fn from_json(value: &Value) -> Self {
        let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { reason: Cow::Owned(text("reason")), field: text("field"), message: text("message") }
    }

    pub(crate) fn field(&self) -> &str {
        &self.field
    }

    pub(super) fn write(&self, mut object: ObjectWriter<'_, '_>) -> fmt::Result {
        object.text("reason", &self.reason)?;
        object.text("message", &self.message)?;
        object.text("field", &self.field)?;
        object.end()
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.message)
    }
}
