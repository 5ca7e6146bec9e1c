use crate::Target;

/// A pod that can't be evicted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PodProblem {
    /// The pod.
    pub pod: Target,
    /// The reason, and the setting that would allow it.
    pub reason: &'static str,
}
