/// The reaction of an [`Informer`](crate::Informer) to an error that a retry can't cure at once: a permission that is
/// missing, a resource that does not exist.
///
/// Transient failures (a server that is down, a version that it has forgotten) are always retried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ErrorPolicy {
    /// Ends the informer. Calls that wait for it return the error.
    Stop,
    /// Ends the informer if it has never been ready, so that a program that is set up wrongly fails at once. Afterwards,
    /// keeps the objects of the store and [retries](Self::Retry), since a setup that worked may work again.
    #[default]
    StopUntilReady,
    /// Lists again, after 0.8 s at first and every 30 s in the end, for ever. Each error is logged, and returned by
    /// [`Informer::error`](crate::Informer::error).
    Retry,
}

/// The reaction of an [`Informer`](crate::Informer) to an object that can't be decoded, such as a custom resource whose
/// schema lets through what its type does not.
///
/// Watches and reflectors have no such policy, since they promise every change: with them, ask for objects as text
/// ([`ListRequest::raw`](kubernetes_core::ListRequest::raw)), which are decoded one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum UndecodablePolicy {
    /// Reports the object, and continues with all others: one malformed object should not stop a controller.
    ///
    /// It is logged, and [`Informer::undecodable`](crate::Informer::undecodable) has it until it can be decoded, or is
    /// deleted. A state of the same object that could be decoded stays in the store, so that it is not mistaken for a
    /// deletion. If none of the objects of a list can be decoded, the type is wrong, and that is an error.
    #[default]
    Skip,
    /// Takes it for an error, as the [`ErrorPolicy`] says: the store stays as it is until the object is changed.
    Fail,
}
