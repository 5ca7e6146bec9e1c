//! All webhooks of a program, as a service.

mod body;
mod budget;
mod respond;
mod reviews;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use kubernetes_core::Resource;
use kubernetes_serving::MetricsText;
use tower_service::Service;

use crate::admission::{AdmissionRequest, Allowed, Denied, Mutated};
use crate::authenticate::{Authenticate, Caller};
use crate::conversion::{Converter, HubAndSpokes};
use crate::metrics::Counters;
use crate::review::ReviewHandler;
use crate::webhook::Webhook;
use budget::Budget;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Two objects of 3 MiB, which is the most that an API server takes, and a mebibyte for the rest, as in
/// controller-runtime (`pkg/webhook/admission/http.go`).
const MAX_ADMISSION_BYTES: usize = 7 << 20;
/// A list is converted in one request. Its pages have some hundred objects, as a rule.
const MAX_CONVERSION_BYTES: usize = 64 << 20;
/// A token has some kilobytes at most, as in controller-runtime (`pkg/webhook/authentication/http.go`); the groups of a user
/// are not many more.
const MAX_REVIEW_BYTES: usize = 1 << 20;

/// Where conversion webhooks are called by default.
pub(crate) const CONVERT_PATH: &str = "/convert";

/// The webhooks of a program: a service that responds to the API server's requests.
///
/// ```
/// use kubernetes_models::core::v1::Pod;
/// use kubernetes_webhooks::{AdmissionRequest, Denied, Webhooks};
///
/// let webhooks = Webhooks::new().mutate(|mut pod: Pod, _: AdmissionRequest<Pod>| async move {
///     pod.metadata.labels.extend([("team", "shop")]);
///     Ok::<_, Denied>(pod)
/// });
/// # let mut webhooks = webhooks;
/// # fn service(_: &mut impl tower_service::Service<http::Request<http_body_util::Full<bytes::Bytes>>>) {}
/// # service(&mut webhooks);
/// ```
///
/// [`WebhookServer`](crate::WebhookServer) serves it; with axum, it is `Router::fallback_service(webhooks)`. Clones share
/// their counters.
///
/// # Requests
///
/// As with controller-runtime: a request is a POST of `application/json`, of at most 7 MiB, or 64 MiB for a conversion, or
/// 1 MiB for a review of a token or an access. An admission request that can't be handled is answered by a review with the
/// code, such as 400 or 413, in it, a review of a token by one with an error, and the others by that status. A handler
/// that panics is a failure with the code 500; one that is not done when the API server stops waiting (`?timeout=` in its
/// request, at most 30 s) is canceled, and answered with 504.
#[derive(Clone, Default)]
#[must_use]
pub struct Webhooks(pub(crate) Arc<Inner>);

#[derive(Clone, Default)]
pub(crate) struct Inner {
    /// By their paths.
    pub(crate) admission: BTreeMap<String, Arc<Webhook>>,
    pub(crate) conversion: Vec<Arc<HubAndSpokes>>,
    /// By their paths.
    reviews: BTreeMap<String, Arc<dyn ReviewHandler>>,
    authenticate: Option<Arc<Authenticate>>,
    counters: Counters,
    max_admission_bytes: Option<usize>,
    max_conversion_bytes: Option<usize>,
    budget: Budget,
    conversion_timeout: Option<Duration>,
}

impl Webhooks {
    /// Creates a service without webhooks.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a handler that validates creates and updates of objects; see [`Webhook::validating`].
    ///
    /// # Panics
    ///
    /// Like [`with`](Self::with).
    pub fn validate<K, F, T, A, E>(self, handler: F) -> Self
    where
        K: Resource,
        F: Fn(AdmissionRequest<K>) -> T + Send + Sync + 'static,
        T: Future<Output = Result<A, E>> + Send + 'static,
        A: Into<Allowed> + 'static,
        E: Into<Denied> + 'static,
    {
        self.with(Webhook::validating(handler))
    }

    /// Adds a handler that changes objects when they are created and updated; see [`Webhook::mutating`].
    ///
    /// # Panics
    ///
    /// Like [`with`](Self::with).
    pub fn mutate<K, F, T, M, E>(self, handler: F) -> Self
    where
        K: Resource,
        F: Fn(K, AdmissionRequest<K>) -> T + Send + Sync + 'static,
        T: Future<Output = Result<M, E>> + Send + 'static,
        M: Into<Mutated<K>> + 'static,
        E: Into<Denied> + 'static,
    {
        self.with(Webhook::mutating(handler))
    }

    /// Adds a webhook with its own settings.
    ///
    /// # Panics
    ///
    /// Panics if another has its path or its name, or the path is `/convert`. (Several handlers at a path:
    /// [`Webhook::and_validate`].)
    pub fn with(mut self, webhook: Webhook) -> Self {
        let (path, inner) = (webhook.path.clone(), Arc::make_mut(&mut self.0));
        inner.add_path(&path);
        let name = &webhook.settings.name;
        let is_same = |other: &Arc<Webhook>| other.settings.name == *name && !name.is_empty();
        assert!(!inner.admission.values().any(is_same), "two webhooks have the name {name}");
        inner.admission.insert(path, Arc::new(webhook));
        self
    }

    /// Adds the versions of a custom resource, at the path `/convert`.
    ///
    /// # Panics
    ///
    /// Panics if the resource has a converter already.
    pub fn convert<H: Resource>(mut self, converter: Converter<H>) -> Self {
        let (converter, inner) = (converter.erased(), Arc::make_mut(&mut self.0));
        inner.counters.register(CONVERT_PATH);
        let is_same = |other: &Arc<HubAndSpokes>| (other.group, other.kind) == (converter.group, converter.kind);
        assert!(!inner.conversion.iter().any(is_same), "{} has two converters", converter.kind);
        inner.conversion.push(Arc::new(converter));
        self
    }

    /// Sets a function that decides who may call the webhooks; its error is logged, and the caller gets a 401.
    ///
    /// ```
    /// use kubernetes_webhooks::{Caller, Webhooks};
    ///
    /// let webhooks = Webhooks::new().authenticate_callers(|caller: Caller| async move {
    ///     match caller.bearer_token() {
    ///         Some(_token) => Ok(()), // verify it
    ///         None => Err("a token is missing".to_owned()),
    ///     }
    /// });
    /// ```
    ///
    /// Without one, anyone who reaches the port may call them. [`WebhookServer::client_ca`] requires client
    /// certificates instead.
    ///
    /// [`WebhookServer::client_ca`]: crate::WebhookServer::client_ca
    pub fn authenticate_callers<F, T>(mut self, decide: F) -> Self
    where
        F: Fn(Caller) -> T + Send + Sync + 'static,
        T: Future<Output = Result<(), String>> + Send + 'static,
    {
        Arc::make_mut(&mut self.0).authenticate = Some(Arc::new(move |caller| Box::pin(decide(caller))));
        self
    }

    /// Sets the maximum size of an admission request; 7 MiB by default.
    pub fn max_admission_bytes(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.0).max_admission_bytes = Some(bytes);
        self
    }

    /// Sets the maximum size of a conversion request; 64 MiB by default.
    pub fn max_conversion_bytes(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.0).max_conversion_bytes = Some(bytes);
        self
    }

    /// Limits the bytes of admission and conversion requests in memory; 256 MiB by default.
    ///
    /// Each of the two gets at most three quarters of it, so that neither can keep the other out; the largest request
    /// should fit into that. A request whose bytes find no room gets the status 503 at once, so that the failure policy
    /// of the webhook decides.
    ///
    /// Added to it are a sixteenth, but at least 1 MiB, for reviews of tokens and access, and an eighth for the bodies of
    /// requests whose callers are [being authenticated](Self::authenticate_callers); without room there, a body is read
    /// afterwards.
    pub fn max_buffered_bytes(mut self, bytes: usize) -> Self {
        Arc::make_mut(&mut self.0).budget = Budget::new(bytes);
        self
    }

    /// Sets the time limit of a conversion; 30 s by default, as API servers set none.
    pub fn conversion_timeout(mut self, timeout: Duration) -> Self {
        Arc::make_mut(&mut self.0).conversion_timeout = Some(timeout);
        self
    }

    /// Writes the metrics, by controller-runtime's names: latency, requests and requests in flight by path, and panics.
    ///
    /// ```
    /// # use kubernetes_webhooks::Webhooks;
    /// # fn add(_: impl Fn(&mut kubernetes_serving::MetricsText) + Send + Sync + 'static) {}
    /// # let webhooks = Webhooks::new();
    /// // With a manager: manager.metrics().add(webhooks.metrics());
    /// # add(webhooks.metrics());
    /// ```
    pub fn metrics(&self) -> impl Fn(&mut MetricsText) + Send + Sync + 'static + use<> {
        let counters = self.0.counters.clone();
        move |text| counters.write(text)
    }
}

impl Inner {
    /// Reserves a path.
    fn add_path(&mut self, path: &str) {
        assert!(path != CONVERT_PATH, "the path {CONVERT_PATH} is that of conversions");
        let is_taken = self.admission.contains_key(path) || self.reviews.contains_key(path);
        assert!(!is_taken, "two webhooks have the path {path}");
        self.counters.register(path);
    }
}

impl<B> Service<Request<B>> for Webhooks
where
    B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
{
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let webhooks = Arc::clone(&self.0);
        Box::pin(async move { Ok(webhooks.respond(request).await) })
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<_> = self.0.conversion.iter().map(|converter| converter.kind).collect();
        f.debug_struct("Webhooks")
            .field("admission", &self.0.admission.keys().collect::<Vec<_>>())
            .field("conversion", &kinds)
            .field("reviews", &self.0.reviews.keys().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}
