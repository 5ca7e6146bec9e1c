//! What a client does around its requests: retries, a rate limit, warnings, observation.

use std::fmt;
use std::sync::Arc;

use crate::observe::{Observation, Observer};
use crate::rate_limit::RateLimit;
use crate::warning::{Warning, Warnings};
use crate::{ClientBuilder, Error};

/// As client-go (`rest/request.go`).
const MOST_RETRIES: u32 = 10;

#[derive(Clone)]
pub(crate) struct Policy {
    /// How often a request is sent again.
    pub(crate) retries: u32,
    pub(crate) rate_limit: Option<Arc<RateLimit>>,
    pub(crate) warnings: Warnings,
    pub(crate) observer: Option<Observer>,
    /// Whether responses may be compressed.
    pub(crate) compression: bool,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            retries: MOST_RETRIES,
            rate_limit: None,
            warnings: Warnings::default(),
            observer: None,
            compression: true,
        }
    }
}

impl Policy {
    /// Waits until the rate limit lets a request through.
    pub(crate) async fn turn(&self) {
        if let Some(limit) = &self.rate_limit {
            limit.turn().await;
        }
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("retries", &self.retries)
            .field("rate_limit", &self.rate_limit)
            .field("observed", &self.observer.is_some())
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}

impl ClientBuilder {
    /// How often a request is sent again, 10 times by default, all within the request timeout; 0 for never.
    ///
    /// As client-go, the client sends again
    /// - any request that is answered with 429 or 5xx and a `Retry-After`, after that time,
    /// - a read (GET, HEAD, OPTIONS) whose connection is lost before the answer, after 0.1 s at first and up to 2 s,
    /// - any request that the server refused unseen, when it closes an HTTP/2 connection (GOAWAY) or has too many
    ///   streams (REFUSED_STREAM).
    ///
    /// The waits are jittered, and never shorter than the server asks. For watches and logs, which are opened, only the
    /// last applies; a watch of `kubernetes-watch` reconnects by itself.
    pub fn retries(mut self, most: u32) -> Self {
        self.policy.retries = most;
        self
    }

    /// Sends at most so many requests a second on average, after a burst of so many; more wait. Off by default: API
    /// servers limit clients fairly by themselves.
    ///
    /// All clones of the client share the limit. Each attempt of a request counts, also opening a watch.
    ///
    /// ```
    /// # use kubernetes_client::Client;
    /// # let config = kubernetes_config::Config::new("http://127.0.0.1:8001".parse()?);
    /// let client = Client::builder(config).rate_limit(50.0, 100).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// [`build`](Self::build) fails if the rate is not above zero.
    pub fn rate_limit(mut self, per_second: f64, burst: u32) -> Self {
        self.policy.rate_limit = Some(Arc::new(RateLimit::new(per_second, burst)));
        self
    }

    /// Calls a function for each warning that comes with a response, instead of logging each text once.
    ///
    /// ```
    /// # use kubernetes_client::Client;
    /// # let config = kubernetes_config::Config::new("http://127.0.0.1:8001".parse()?);
    /// let client = Client::builder(config).on_warning(|warning| eprintln!("Warning: {}", warning.text())).build()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// It is called before the request returns, so it should be quick.
    pub fn on_warning(mut self, handle: impl Fn(&Warning<'_>) + Send + Sync + 'static) -> Self {
        self.policy.warnings = Warnings::Handled(Arc::new(handle));
        self
    }

    /// Calls a function after each attempt of each request, for metrics.
    ///
    /// ```
    /// # use kubernetes_client::Client;
    /// use std::sync::Arc;
    /// use std::sync::atomic::{AtomicU64, Ordering};
    ///
    /// # let config = kubernetes_config::Config::new("http://127.0.0.1:8001".parse()?);
    /// let failures = Arc::new(AtomicU64::new(0));
    /// let count = Arc::clone(&failures);
    /// let builder = Client::builder(config).observe(move |attempt| {
    ///     if attempt.error_type().is_some() {
    ///         count.fetch_add(1, Ordering::Relaxed);
    ///     }
    /// });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// It is called before the request returns, so it should be quick.
    pub fn observe(mut self, observer: impl Fn(&Observation<'_>) + Send + Sync + 'static) -> Self {
        self.policy.observer = Some(Arc::new(observer));
        self
    }
}

/// What [`ClientBuilder::build`] can't accept.
pub(crate) fn check(policy: &Policy) -> Result<(), Error> {
    match &policy.rate_limit {
        Some(limit) if !limit.is_possible() => {
            Err(Error::build("the rate limit must be a number of requests above zero, and the burst at least one"))
        }
        _ => Ok(()),
    }
}
