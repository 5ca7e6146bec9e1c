use kubernetes_core::Str;

/// The state that a wait saw last.
#[derive(Debug, Default)]
pub(super) struct LastSeen {
    /// Why the condition did not hold; `None` if nothing was seen.
    pub(super) reason: Option<Str>,
    pub(super) resource_version: Option<Str>,
}
