use crate::Target;

/// A pod that can't be evicted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PodProblem {
    /// The pod.
    pub pod: Target,
    /// Why, and what would allow it.
    pub reason: &'static str,
}
