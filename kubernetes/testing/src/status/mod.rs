//! `Status` objects: errors, and the results of requests that return no object.
//!
//! From <https://github.com/kubernetes/apimachinery/blob/v0.37.2/pkg/apis/meta/v1/types.go>.

mod cause;
mod errors;
mod json;

use std::borrow::Cow;
use std::fmt;

pub(crate) use cause::Cause;
use json::ObjectWriter;

pub(crate) type Result<T> = std::result::Result<T, Status>;

/// A `Status`. Its `Display` is JSON with the fields in Go's order, as clients compare the text.
#[derive(Clone, Debug)]
pub(crate) struct Status {
    outcome: Outcome,
    message: String,
    reason: Cow<'static, str>,
    details: Option<Box<Details>>,
    /// 0 if there is none.
    code: u16,
    /// The position at which a list whose version is forgotten can continue.
    continue_token: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Success,
    Failure,
}

/// The details of a `Status`. Empty fields are omitted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Details {
    pub(crate) name: String,
    pub(crate) group: String,
    /// The plural of the resource, despite the field's name; for some errors, the kind.
    pub(crate) kind: String,
    pub(crate) uid: String,
    pub(crate) causes: Vec<Cause>,
    pub(crate) retry_after_seconds: Option<u64>,
}

impl Status {
    /// The result of a request that created something other than an object.
    pub(crate) fn created() -> Self {
        Self { code: 201, ..Self::success() }
    }

    /// The result of a deletion.
    pub(crate) fn deleted(details: Details) -> Self {
        Self { details: Some(Box::new(details)), ..Self::success() }
    }

    fn success() -> Self {
        Self {
            outcome: Outcome::Success,
            message: String::new(),
            reason: Cow::Borrowed(""),
            details: None,
            code: 0,
            continue_token: String::new(),
        }
    }

    fn failure(code: u16, reason: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failure, message: message.into(), reason: reason.into(), code, ..Self::success() }
    }

    fn with_details(mut self, details: Details) -> Self {
        self.details = Some(Box::new(details));
        self
    }

    pub(crate) fn with_continue(mut self, token: String) -> Self {
        self.continue_token = token;
        self
    }

    /// The HTTP status code; 0 if the `Status` has none.
    pub(crate) fn code(&self) -> u16 {
        self.code
    }

    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// The time that the client is asked to wait, for the header.
    pub(crate) fn retry_after(&self) -> Option<u64> {
        self.details.as_ref()?.retry_after_seconds
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut object = ObjectWriter::begin(f)?;
        object.text("kind", "Status")?;
        object.text("apiVersion", "v1")?;
        let mut metadata = object.object("metadata")?;
        metadata.text("continue", &self.continue_token)?;
        metadata.end()?;
        object.text("status", if self.outcome == Outcome::Success { "Success" } else { "Failure" })?;
        object.text("message", &self.message)?;
        object.text("reason", &self.reason)?;
        if let Some(details) = &self.details {
            details.write(object.object("details")?)?;
        }
        if self.code != 0 {
            object.value("code", &self.code)?;
        }
        object.end()
    }
}

impl Details {
    fn write(&self, mut object: ObjectWriter<'_, '_>) -> fmt::Result {
        object.text("name", &self.name)?;
        object.text("group", &self.group)?;
        object.text("kind", &self.kind)?;
        object.text("uid", &self.uid)?;
        if !self.causes.is_empty() {
            let mut causes = object.list("causes")?;
            for cause in &self.causes {
                cause.write(causes.object()?)?;
            }
            causes.end()?;
        }
        if let Some(seconds) = self.retry_after_seconds {
            object.value("retryAfterSeconds", &seconds)?;
        }
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_in_the_order_of_go() {
        let cause = Cause::required("spec.a", "");
        let status = Status::invalid("apps", "Deployment", "web", &[cause]);
        let expected = concat!(
            r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","#,
            r#""message":"Deployment.apps \"web\" is invalid: spec.a: Required value","reason":"Invalid","#,
            r#""details":{"name":"web","group":"apps","kind":"Deployment","causes":["#,
            r#"{"reason":"FieldValueRequired","message":"Required value","field":"spec.a"}]},"code":422}"#
        );
        assert_eq!(status.to_string(), expected);
        let details = Details { name: "web".to_owned(), uid: "7".to_owned(), ..Details::default() };
        let expected = r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":{"name":"web","uid":"7"}}"#;
        assert_eq!(Status::deleted(details).to_string(), expected);
        let expired = Status::expired("too old").with_continue("abc".to_owned()).to_string();
        assert!(expired.contains(r#""metadata":{"continue":"abc"},"status":"Failure""#), "{expired}");
    }
}
