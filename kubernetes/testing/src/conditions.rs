//! Match conditions of webhooks, which a test evaluates because this server does not evaluate CEL.
//!
//! The crate `cel` would bring twenty others (it parses with ANTLR's runtime), and neither the types of Kubernetes'
//! environment nor its functions (<https://kubernetes.io/docs/reference/using-api/cel/>): conditions would be true here and
//! errors there.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

/// A match condition of a webhook, with the request.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct MatchCondition {
    /// The name of the webhook.
    pub webhook: String,
    /// The name of the condition.
    pub name: String,
    /// The condition, in CEL.
    pub expression: String,
    /// The `AdmissionRequest` that the webhook would get.
    pub request: Value,
}

type Decide = dyn Fn(&MatchCondition) -> bool + Send + Sync;

/// The test's function, if it has one.
#[derive(Clone, Default)]
pub(crate) struct MatchConditions(Option<Arc<Decide>>);

impl MatchConditions {
    pub(crate) fn new(decide: impl Fn(&MatchCondition) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(decide)))
    }

    /// Whether the condition is true; `None` if it can't be evaluated.
    pub(crate) fn is_true(&self, condition: &MatchCondition) -> Option<bool> {
        self.0.as_ref().map(|decide| decide(condition))
    }
}

impl fmt::Debug for MatchConditions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("MatchConditions").field(&self.0.is_some()).finish()
    }
}
