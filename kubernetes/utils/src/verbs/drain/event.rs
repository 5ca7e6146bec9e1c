use std::sync::Arc;

use crate::Target;

/// The progress of a drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DrainEvent<'a> {
    /// A pod is the only replica of a Deployment, which starts another before the pod is evicted.
    Surging(&'a Target, &'a Target),
    /// A pod is about to be evicted.
    Evicting(&'a Target),
    /// The server refuses the eviction for now; the reason names the disruption budget.
    Blocked(&'a Target, &'a str),
    /// A pod is gone.
    Gone(&'a Target),
}

pub(super) type Observer = Arc<dyn Fn(&DrainEvent<'_>) + Send + Sync>;
