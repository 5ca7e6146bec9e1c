use kubernetes_core::json::{DecodeError, Value, from_str};
use kubernetes_core::{Json, Resource};
use tracing::Span;

/// A kind of review.
pub(crate) trait ReviewKind: Resource {
    /// Its versions, with their group; the first one is the default.
    const API_VERSIONS: [&'static str; 2];
    /// Whether the question has a secret, which the message of a panic may quote in any form.
    const HAS_SECRET: bool;
    type Spec: Value + Clone + Send + Sync + 'static;
    type Decision: Send + 'static;
    type Status: Value;

    /// Reads a spec of any version.
    fn read_spec(_api_version: &str, spec: &Json) -> Result<Self::Spec, DecodeError> {
        from_str(spec.as_str())
    }

    /// Refuses questions that no handler has to see.
    fn check(_spec: &Self::Spec) -> Result<(), &'static str> {
        Ok(())
    }

    /// The status with the decision, unless it is not a valid one.
    fn status(spec: &Self::Spec, decision: Self::Decision) -> Result<Self::Status, &'static str>;

    /// The status that reports a failure; `None` if an API server would take any for a decision.
    fn failure(_message: &str) -> Option<Self::Status> {
        None
    }

    /// A message without secrets of the question.
    fn redact(_spec: &Self::Spec, message: String) -> String {
        message
    }

    /// A span for what the handler logs.
    fn span(path: &str, spec: &Self::Spec) -> Span;
}
