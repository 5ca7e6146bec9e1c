/// What an [`Informer`](crate::Informer) does after an error that a retry can't cure at once: a permission that is
/// missing, a resource that does not exist, an object that can't be decoded.
///
/// An object that can't be decoded is in the way of all others, since nobody knows what it is: nothing is passed over,
/// and the store stays as it is until the object is changed. Where that may happen (a custom resource whose schema lets
/// through what its type does not), make the type lenient, or ask for objects as text
/// ([`ListRequest::raw`](kubernetes_core::ListRequest::raw)), which are decoded one by one.
///
/// What passes by itself (a server that is away, a version that is forgotten) is retried in any case.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ErrorPolicy {
    /// Ends the informer. Those who wait for it are told why.
    Stop,
    /// Ends the informer as long as it has never been ready, as a program that is set up wrongly should say so at once.
    /// Afterwards, goes on with what the store has and [tries again](Self::Retry), as what was right once may become
    /// so again.
    #[default]
    StopUntilReady,
    /// Lists again, after 0.8 s first and every 30 s in the end, for ever. Each error is logged, and seen by
    /// [`Informer::error`](crate::Informer::error).
    Retry,
}
