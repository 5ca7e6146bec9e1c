use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::Observation;
use kubernetes_client::sync::lock;
use kubernetes_serving::{Histogram, MetricsText};

/// Counts the requests of a client, as client-go's `rest_client_requests_total` and its relatives.
///
/// ```no_run
/// use kubernetes_client::Client;
/// use kubernetes_controller::{ClientMetrics, Metrics};
///
/// # fn example(config: kubernetes_client::ClientBuilder) -> Result<(), kubernetes_client::Error> {
/// let requests = ClientMetrics::new("10.0.0.1:443");
/// let client = config.observe(requests.observer()).build()?;
/// let metrics = Metrics::default();
/// requests.add_to(&metrics);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ClientMetrics {
    host: Arc<str>,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// By code and method, of which there are few.
    requests: HashMap<(Code, String), u64>,
    retries: HashMap<(Code, String), u64>,
    durations: HashMap<String, Histogram>,
    /// Of the bodies, each byte as a second: a histogram's text has no unit.
    sent: HashMap<String, Histogram>,
    received: HashMap<String, Histogram>,
    bytes: u64,
}

/// The HTTP status; `None` if there was no response.
type Code = Option<u16>;

/// client-go's buckets of `rest_client_request_duration_seconds`.
const LIMITS: &[Duration] = &[
    Duration::from_millis(5),
    Duration::from_millis(25),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
    Duration::from_secs(4),
    Duration::from_secs(8),
    Duration::from_secs(15),
    Duration::from_secs(30),
    Duration::from_secs(60),
];

/// client-go's buckets of `rest_client_request_size_bytes` and `rest_client_response_size_bytes`.
const SIZES: &[Duration] = &[
    Duration::from_secs(64),
    Duration::from_secs(256),
    Duration::from_secs(512),
    Duration::from_secs(1024),
    Duration::from_secs(4096),
    Duration::from_secs(16_384),
    Duration::from_secs(65_536),
    Duration::from_secs(262_144),
    Duration::from_secs(1_048_576),
    Duration::from_secs(4_194_304),
    Duration::from_secs(16_777_216),
];

impl ClientMetrics {
    /// Creates counters with this label `host`, usually the address of the server, such as `10.0.0.1:443`.
    pub fn new(host: &str) -> Self {
        Self { host: host.into(), state: Arc::default() }
    }

    /// The function for [`ClientBuilder::observe`](kubernetes_client::ClientBuilder::observe).
    pub fn observer(&self) -> impl Fn(&Observation<'_>) + Send + Sync + 'static {
        let state = Arc::clone(&self.state);
        move |observation| lock(&state).count(observation)
    }

    /// Adds these metrics to a program's.
    pub fn add_to(&self, metrics: &super::Metrics) {
        let this = self.clone();
        metrics.add(move |text| this.write(text));
    }

    fn write(&self, text: &mut MetricsText) {
        let state = lock(&self.state);
        let host = &*self.host;
        for ((code, method), count) in &state.requests {
            let code = code_text(*code);
            let labels = [("code", code.as_str()), ("host", host), ("method", method.as_str())];
            let help = "Number of HTTP requests, partitioned by status code, method, and host";
            text.counter("rest_client_requests_total", help, &labels, *count as f64);
        }
        for ((code, method), count) in &state.retries {
            let code = code_text(*code);
            let labels = [("code", code.as_str()), ("host", host), ("verb", method.as_str())];
            let help = "Number of request retries, partitioned by status code, verb, and host";
            text.counter("rest_client_request_retries_total", help, &labels, *count as f64);
        }
        for (name, help, histograms) in [
            (
                "rest_client_request_duration_seconds",
                "Request latency in seconds, partitioned by verb and host",
                &state.durations,
            ),
            ("rest_client_request_size_bytes", "Request size in bytes, partitioned by verb and host", &state.sent),
            (
                "rest_client_response_size_bytes",
                "Response size in bytes, partitioned by verb and host",
                &state.received,
            ),
        ] {
            for (method, histogram) in histograms {
                text.histogram(name, help, &[("host", host), ("verb", method.as_str())], histogram);
            }
        }
        let help = "Number of bytes of responses that were read as a whole";
        text.counter("rest_client_response_bytes_total", help, &[("host", host)], state.bytes as f64);
    }
}

impl State {
    fn count(&mut self, observation: &Observation<'_>) {
        let method = observation.method().as_str().to_owned();
        let code = observation.status().map(|status| status.as_u16());
        *self.requests.entry((code, method.clone())).or_default() += 1;
        if observation.attempt() > 1 {
            *self.retries.entry((code, method.clone())).or_default() += 1;
        }
        let size = |sizes: &mut HashMap<String, Histogram>, bytes| {
            let sizes = sizes.entry(method.clone()).or_insert_with(|| Histogram::new(SIZES));
            sizes.observe(Duration::from_secs(bytes));
        };
        if let Some(bytes) = observation.sent_bytes() {
            size(&mut self.sent, bytes);
        }
        if let Some(bytes) = observation.bytes() {
            size(&mut self.received, bytes);
        }
        self.durations.entry(method).or_insert_with(|| Histogram::new(LIMITS)).observe(observation.duration());
        self.bytes = self.bytes.saturating_add(observation.bytes().unwrap_or_default());
    }
}

/// client-go writes `<error>` where there was no response.
fn code_text(code: Code) -> String {
    code.map_or_else(|| "<error>".to_owned(), |code| code.to_string())
}

impl fmt::Debug for ClientMetrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientMetrics").field("host", &self.host).finish_non_exhaustive()
    }
}
