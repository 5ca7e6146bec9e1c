//! The endpoints for Kubernetes and Prometheus: `/livez`, `/readyz` and `/metrics`.

mod checks;
mod guard;
mod heartbeat;
mod serve;

#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use http::{Method, Request, Response, StatusCode};
use http_body_util::Full;
use kubernetes_client::Client;
use kubernetes_client::sync::lock;
use kubernetes_election::ElectionStatus;
use tower_service::Service;

pub use heartbeat::Heartbeat;

use crate::metrics::Owner;
use crate::{Metrics, Queue};
use checks::Checks;
use guard::Guard;
use heartbeat::Pulse;

/// The body of a response.
type Text = Full<Bytes>;

/// Serves the health and readiness of a program to Kubernetes, and its metrics to Prometheus.
///
/// ```no_run
/// use std::time::Duration;
///
/// use kubernetes_controller::Admin;
/// use tokio::net::TcpListener;
///
/// # async fn example() -> std::io::Result<()> {
/// let admin = Admin::default();
/// admin.ready_check("cache", || Err("the cache is not filled".to_owned()));
/// let heartbeat = admin.heartbeat("billing", Duration::from_secs(60));
/// tokio::spawn(async move {
///     loop {
///         heartbeat.beat(); // a loop that hangs makes the program restart
///         // …
///         # tokio::time::sleep(Duration::from_secs(1)).await;
///     }
/// });
/// admin.serve(TcpListener::bind("0.0.0.0:8080").await?, std::future::pending()).await;
/// # Ok(())
/// # }
/// ```
///
/// It handles GET and HEAD of these paths:
/// - `/livez` (and `/healthz`): whether the program makes progress. If it fails, the kubelet restarts the container.
/// - `/readyz`: whether the program can do its work. If it fails, the pod gets no requests through Services.
/// - `/metrics`: the [metrics](Self::metrics) in Prometheus' text format.
///
/// If a check fails, the response is a 500 with its name and reason. As with Kubernetes' own components,
/// `/readyz/cache` is a single check, and `?verbose` also lists successful ones.
///
/// Apart from [`serve`](Self::serve), it is a [`tower_service::Service`] for another server, such as axum's
/// `Router::fallback_service`, and [`respond`](Self::respond) is a function. Anyone who can reach the address can read
/// them, but for metrics that are [guarded](Self::guard_metrics). Clones are the same.
#[derive(Clone, Default)]
pub struct Admin {
    guard: Arc<OnceLock<Guard>>,
    live: Arc<Mutex<Checks>>,
    ready: Arc<Mutex<Checks>>,
    metrics: Metrics,
}

impl Admin {
    /// Adds a check to `/livez`, replacing one of the same name. It must be quick, and its reason must not be secret.
    pub fn live_check(&self, name: &str, check: impl Fn() -> Result<(), String> + Send + Sync + 'static) {
        lock(&self.live).add(name, None, move || Some(check()));
    }

    /// Adds a check to `/readyz`; see [`live_check`](Self::live_check).
    pub fn ready_check(&self, name: &str, check: impl Fn() -> Result<(), String> + Send + Sync + 'static) {
        lock(&self.ready).add(name, None, move || Some(check()));
    }

    /// Like [`live_check`](Self::live_check) and [`ready_check`](Self::ready_check), until the owner is gone.
    pub(crate) fn checks_of(
        &self,
        owner: &Weak<Owner>,
        name: &str,
        live: impl Fn() -> Result<(), String> + Send + Sync + 'static,
        ready: impl Fn() -> Result<(), String> + Send + Sync + 'static,
    ) {
        lock(&self.live).add(name, Some(owner.clone()), move || Some(live()));
        lock(&self.ready).add(name, Some(owner.clone()), move || Some(ready()));
    }

    /// Adds a watchdog for a loop: `/livez` fails if it has not [beaten](Heartbeat::beat) for `limit`. The check ends
    /// when the heartbeat is dropped.
    pub fn heartbeat(&self, name: &str, limit: Duration) -> Heartbeat {
        let (heartbeat, pulse) = Heartbeat::new(limit);
        let owner: std::sync::Weak<dyn std::any::Any + Send + Sync> = pulse.clone();
        lock(&self.live).add(name, Some(owner), move || Pulse::check(&pulse));
        heartbeat
    }

    /// Adds a watchdog for a queue's workers: `/livez` fails if one has had an item for longer than `limit`.
    pub fn watch_queue<T, R>(&self, name: &str, queue: &Queue<T, R>, limit: Duration)
    where
        T: Clone + Eq + Hash + Send + Sync + 'static,
        R: PartialEq + Send + Sync + 'static,
    {
        let queue = queue.clone();
        self.live_check(name, move || {
            let longest = queue.counts().longest_running;
            if longest <= limit { Ok(()) } else { Err(format!("an item has been worked on for {longest:?}")) }
        });
    }

    /// Adds a watchdog for an election, like client-go's `HealthzAdaptor`: `/livez` fails if this process leads
    /// although its Lease ended longer than `tolerance` ago.
    pub fn watch_election(&self, status: ElectionStatus, tolerance: Duration) {
        self.live_check("leader-election", move || {
            if status.is_healthy(tolerance) {
                Ok(())
            } else {
                Err(format!("the Lease {} was not renewed, but leadership has not ended", status.lease()))
            }
        });
    }

    /// The metrics of `/metrics`, to which others can be added.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Demands for `/metrics` a bearer token whose user may `get` the path `/metrics`, as the API server says: see
    /// [`Settings::authorize_metrics`](crate::Settings::authorize_metrics).
    ///
    /// The server is asked by a TokenReview and a SubjectAccessReview, for which `client` needs the ClusterRole
    /// `system:auth-delegator`. Permissions are cached for a minute, refusals for 30 s. At most 16 callers wait
    /// for its answer; further ones get a 503. Anyone who can read the network traffic can read the tokens, too, unless
    /// the endpoints are [served over TLS](Self::serve_tls).
    pub fn guard_metrics(&self, client: &Client) {
        self.guard.get_or_init(|| Guard::new(client));
    }

    /// The response to a request of this method, path and query, whoever sends it.
    pub fn respond(&self, method: &Method, path: &str, query: &str) -> Response<Text> {
        if !matches!(*method, Method::GET | Method::HEAD) {
            let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "only GET and HEAD are allowed\n".to_owned());
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let (endpoint, check) = endpoint(path);
        let is_verbose = query.split('&').any(|parameter| matches!(parameter.split('=').next(), Some("verbose")));
        let checks = match endpoint {
            "livez" | "healthz" => &self.live,
            "readyz" => &self.ready,
            "metrics" if check.is_empty() => return self.respond_with_metrics(),
            _ => return text(StatusCode::NOT_FOUND, "the paths are /livez, /readyz and /metrics\n".to_owned()),
        };
        // Not under the lock: a check may add another.
        let checks = lock(checks).clone();
        match checks.run(endpoint, check, is_verbose) {
            Some((true, report)) => text(StatusCode::OK, report),
            Some((false, report)) => {
                tracing::warn!(report, "a health check failed");
                text(StatusCode::INTERNAL_SERVER_ERROR, report)
            }
            None => text(StatusCode::NOT_FOUND, "there is no such check\n".to_owned()),
        }
    }

    fn respond_with_metrics(&self) -> Response<Text> {
        let mut response = text(StatusCode::OK, self.metrics.render());
        let format = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
        response.headers_mut().insert(CONTENT_TYPE, format);
        response
    }
}

/// The endpoint that a path names, and the rest, which is the name of a check.
fn endpoint(path: &str) -> (&str, &str) {
    path.trim_start_matches('/').split_once('/').unwrap_or((path.trim_matches('/'), ""))
}

fn text(status: StatusCode, body: String) -> Response<Text> {
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

impl<B> Service<Request<B>> for Admin {
    type Response = Response<Text>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let admin = self.clone();
        let (head, _) = request.into_parts();
        Box::pin(async move {
            let (path, query) = (head.uri.path(), head.uri.query().unwrap_or_default());
            if let (Some(guard), ("metrics", _)) = (admin.guard.get(), endpoint(path))
                && let Err(refusal) = guard.check(&head.method, "/metrics", &head.headers).await
            {
                return Ok(refusal);
            }
            Ok(admin.respond(&head.method, path, query))
        })
    }
}

impl fmt::Debug for Admin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Admin").field("metrics", &self.metrics).finish_non_exhaustive()
    }
}
