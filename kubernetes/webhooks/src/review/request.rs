use std::time::Duration;

use crate::clock::{self, Instant};

/// A question of the API server: the `spec` of a `TokenReview` or of a `SubjectAccessReview`.
///
/// ```
/// use kubernetes_models::authentication::v1::TokenReviewSpec;
/// use kubernetes_webhooks::ReviewRequest;
///
/// fn is_for_vault(request: &ReviewRequest<TokenReviewSpec>) -> bool {
///     request.spec.audiences.iter().any(|audience| audience == "vault")
/// }
/// ```
///
/// `Debug` leaves out the token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ReviewRequest<S> {
    /// The question. That of a `v1beta1` review is converted to `v1`.
    pub spec: S,
    deadline: Instant,
}

impl<S> ReviewRequest<S> {
    pub(super) fn new(spec: S, deadline: Instant) -> Self {
        Self { spec, deadline }
    }

    /// The time until the handler is canceled.
    ///
    /// An API server does not say how long it waits. A handler is also canceled when the API server closes the
    /// connection or resets the stream.
    pub fn remaining(&self) -> Duration {
        self.deadline.saturating_duration_since(clock::now())
    }
}
