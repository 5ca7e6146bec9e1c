use kubernetes_core::Str;

/// The last state that a wait has seen.
#[derive(Debug, Default)]
pub(super) struct LastSeen {
    /// The reason why the condition did not hold; `None` if no state was seen.
    pub(super) reason: Option<Str>,
    pub(super) resource_version: Option<Str>,
}
