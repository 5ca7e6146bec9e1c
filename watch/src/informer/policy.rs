/// The reaction of an [`Informer`](crate::Informer) to an error that an immediate retry can't fix, such as a missing
/// permission or resource.
///
/// Transient failures, such as a server that is down or a forgotten version, are always retried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ErrorPolicy {
    /// Ends the informer. Calls that wait for it return the error.
    Stop,
    /// Ends the informer if it has never been ready, so that a misconfigured program fails at once. Otherwise keeps the
    /// objects of the store and [retries](Self::Retry), since a setup that worked may work again.
    #[default]
    StopUntilReady,
    /// Lists again forever, first after 0.8 s and eventually every 30 s. Each error is logged, and returned by
    /// [`Informer::error`](crate::Informer::error).
    Retry,
}

/// The reaction of an [`Informer`](crate::Informer) to an object that can't be decoded, such as a custom resource whose
/// schema allows more than its type.
///
/// Watches and reflectors have no such policy, since they guarantee every change: with them, request objects as text
/// ([`ListRequest::raw`](kubernetes_core::ListRequest::raw)), which you decode one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum UndecodablePolicy {
    /// Reports the object, and continues with the others: one malformed object should not stop a controller.
    ///
    /// The object is logged, and [`Informer::undecodable`](crate::Informer::undecodable) returns it until it can be
    /// decoded or is deleted. An earlier state that could be decoded stays in the store, so that the object does not
    /// appear deleted. If none of the objects of a list can be decoded, the type is wrong, which is an error.
    #[default]
    Skip,
    /// Treats it as an error, subject to the [`ErrorPolicy`]: the store does not change until the object is changed.
    Fail,
}
