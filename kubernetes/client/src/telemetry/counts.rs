use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::observation::Observation;

/// Counts of the requests of a client and its clones: a snapshot of monotonic counters, for a program to export.
///
/// ```
/// # fn example(client: &kubernetes_client::Client) {
/// let counts = client.counts();
/// println!("{} attempts, {} of them repeated", counts.attempts(), counts.resent());
/// for (name, value) in counts.iter() {
///     println!("kubernetes_client_total{{what=\"{name}\"}} {value}");
/// }
/// # }
/// ```
///
/// For single requests, with method, path and duration, see [`ClientBuilder::observe`](crate::ClientBuilder::observe).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Counts([u64; COUNTERS]);

/// The place of each counter, and its name in the style of metrics.
#[derive(Clone, Copy)]
enum Counter {
    Attempts,
    Resent,
    Status2xx,
    Status3xx,
    Status4xx,
    Status5xx,
    Connect,
    Timeout,
    Transport,
    Canceled,
    Bytes,
}

const COUNTERS: usize = 11;

const NAMES: [&str; COUNTERS] = [
    "attempts",
    "resent",
    "status_2xx",
    "status_3xx",
    "status_4xx",
    "status_5xx",
    "connect",
    "timeout",
    "transport",
    "canceled",
    "bytes",
];

impl Counts {
    /// The number of attempts that have ended; a request has at least one. Attempts of watches and logs end when their
    /// response begins. A repetition with other credentials, after the server refused the first (401, or the
    /// certificate), belongs to the same attempt.
    pub fn attempts(&self) -> u64 {
        self.of(Counter::Attempts)
    }

    /// The number of attempts that were retries.
    pub fn resent(&self) -> u64 {
        self.of(Counter::Resent)
    }

    /// The number of failed attempts, without canceled ones.
    pub fn failed(&self) -> u64 {
        use Counter::{Connect, Status3xx, Status4xx, Status5xx, Timeout, Transport};
        [Status3xx, Status4xx, Status5xx, Connect, Timeout, Transport].into_iter().map(|counter| self.of(counter)).sum()
    }

    /// All counts with their names: `attempts` and `resent`; the results of attempts, which are responses by the class
    /// of their status (`status_2xx`, …) or the reason why there was none: `connect`, `timeout`, `transport` (a lost
    /// connection, or a response that can't be read) or `canceled` (by the caller); and the `bytes` of complete
    /// responses.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        NAMES.into_iter().zip(self.0)
    }

    fn of(&self, counter: Counter) -> u64 {
        self.0.get(counter as usize).copied().unwrap_or_default()
    }
}

impl fmt::Debug for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// No order between them is needed.
#[derive(Debug, Default)]
pub(crate) struct Counters([AtomicU64; COUNTERS]);

impl Counters {
    pub(crate) fn count(&self, observation: &Observation<'_>) {
        self.add(Counter::Attempts, 1);
        self.add(Counter::Resent, u64::from(observation.attempt() > 1));
        self.add(Counter::Bytes, observation.bytes().unwrap_or_default());
        self.add(result(observation), 1);
    }

    pub(crate) fn snapshot(&self) -> Counts {
        Counts(self.0.each_ref().map(|counter| counter.load(Ordering::Relaxed)))
    }

    fn add(&self, counter: Counter, count: u64) {
        if let Some(counter) = self.0.get(counter as usize).filter(|_| count > 0) {
            counter.fetch_add(count, Ordering::Relaxed);
        }
    }
}

fn result(observation: &Observation<'_>) -> Counter {
    let class = observation.status().map(|status| status.as_u16() / 100);
    match (observation.error_type(), class) {
        (Some("canceled"), _) => Counter::Canceled,
        (_, Some(3)) => Counter::Status3xx,
        (_, Some(4)) => Counter::Status4xx,
        (_, Some(5)) => Counter::Status5xx,
        (None, _) => Counter::Status2xx,
        (Some("connect"), _) => Counter::Connect,
        (Some("timeout"), _) => Counter::Timeout,
        (Some(_), _) => Counter::Transport,
    }
}
