//! Webhooks that authenticate and authorize the requests of an API server.

use std::fmt::Display;
use std::future::Future;
use std::sync::Arc;

use kubernetes_models::authentication::v1::{TokenReview, TokenReviewSpec};
use kubernetes_models::authorization::v1::{SubjectAccessReview, SubjectAccessReviewSpec};

use super::Webhooks;
use crate::review::{Authentication, Authorization, Handler, ReviewHandler, ReviewRequest};
use crate::webhook::absolute;

impl Webhooks {
    /// Adds a handler that authenticates bearer tokens, at the path `/authenticate`.
    ///
    /// ```
    /// use kubernetes_models::authentication::v1::UserInfo;
    /// use kubernetes_webhooks::{Authentication, Webhooks};
    ///
    /// # async fn look_up(_token: &str) -> Result<Option<UserInfo>, std::io::Error> { Ok(None) }
    /// let webhooks = Webhooks::new().authenticate_tokens(|request| async move {
    ///     // An error says that the token could not be checked; `None`, that it is not known.
    ///     look_up(&request.spec.token).await.map(Authentication::from)
    /// });
    /// ```
    ///
    /// API servers that have `--authentication-token-webhook-config-file` call it; `docs/webhooks.md` shows the file. Both
    /// versions of `TokenReview` are understood, and answered in kind: `v1beta1`, which is the default of API servers, and
    /// `v1`. [Authenticate](Self::authenticate_callers) the API server: other callers could try tokens.
    ///
    /// The error of a handler is reported in the review's `status.error`, and logged: the API server then tries its other
    /// authenticators, and does not remember the result. The token is left out of the error as it was sent, percent-encoded
    /// as in a URL, and escaped as by `Debug`; in other forms, the handler must leave it out.
    ///
    /// # Panics
    ///
    /// Panics if another webhook has the path.
    pub fn authenticate_tokens<F, T, A, E>(self, handler: F) -> Self
    where
        F: Fn(ReviewRequest<TokenReviewSpec>) -> T + Send + Sync + 'static,
        T: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Authentication> + 'static,
        E: Display + 'static,
    {
        self.authenticate_tokens_at("/authenticate", handler)
    }

    /// Like [`authenticate_tokens`](Self::authenticate_tokens), at this path.
    ///
    /// # Panics
    ///
    /// Panics if another webhook has the path, or it is `/convert`.
    pub fn authenticate_tokens_at<F, T, A, E>(self, path: &str, handler: F) -> Self
    where
        F: Fn(ReviewRequest<TokenReviewSpec>) -> T + Send + Sync + 'static,
        T: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Authentication> + 'static,
        E: Display + 'static,
    {
        self.with_review(path, Arc::new(Handler::<TokenReview, F>::new(handler)))
    }

    /// Adds a handler that authorizes requests, at the path `/authorize`.
    ///
    /// ```
    /// use std::convert::Infallible;
    ///
    /// use kubernetes_webhooks::{Authorization, Webhooks};
    ///
    /// let webhooks = Webhooks::new().authorize(|request| async move {
    ///     let is_ours = |group: &kubernetes_core::Str| group == "shop";
    ///     let decision = match &request.spec.resource_attributes {
    ///         Some(to) if to.namespace.as_deref() == Some("shop") && request.spec.groups.iter().any(is_ours) => {
    ///             Authorization::allow()
    ///         }
    ///         _ => Authorization::no_opinion(),
    ///     };
    ///     Ok::<_, Infallible>(decision)
    /// });
    /// ```
    ///
    /// API servers that have a webhook in the file of `--authorization-config`, or `--authorization-webhook-config-file`,
    /// call it. Both versions of `SubjectAccessReview` are understood, and answered in kind.
    /// [Authenticate](Self::authenticate_callers) the API server: other callers could ask for the rights of any user.
    ///
    /// The error of a handler is answered with the status 500, so that the failure policy in the API server's
    /// configuration decides. (A review with an error in it would count as "no opinion".) If no other authorizer allows
    /// the request, the API server shows the text of the error to its user.
    ///
    /// # Panics
    ///
    /// Panics if another webhook has the path.
    pub fn authorize<F, T, A, E>(self, handler: F) -> Self
    where
        F: Fn(ReviewRequest<SubjectAccessReviewSpec>) -> T + Send + Sync + 'static,
        T: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Authorization> + 'static,
        E: Display + 'static,
    {
        self.authorize_at("/authorize", handler)
    }

    /// Like [`authorize`](Self::authorize), at this path.
    ///
    /// # Panics
    ///
    /// Panics if another webhook has the path, or it is `/convert`.
    pub fn authorize_at<F, T, A, E>(self, path: &str, handler: F) -> Self
    where
        F: Fn(ReviewRequest<SubjectAccessReviewSpec>) -> T + Send + Sync + 'static,
        T: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Authorization> + 'static,
        E: Display + 'static,
    {
        self.with_review(path, Arc::new(Handler::<SubjectAccessReview, F>::new(handler)))
    }

    fn with_review(mut self, path: &str, handler: Arc<dyn ReviewHandler>) -> Self {
        let (path, inner) = (absolute(path), Arc::make_mut(&mut self.0));
        inner.add_path(&path);
        inner.reviews.insert(path, handler);
        self
    }
}
