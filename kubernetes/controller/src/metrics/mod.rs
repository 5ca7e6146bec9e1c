//! Metrics in Prometheus' text format, without a library for metrics.

mod client;
mod sources;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::{Arc, Mutex, Weak};

use kubernetes_client::sync::lock;

pub use client::ClientMetrics;

use kubernetes_serving::MetricsText;

/// The metrics of a program: functions that provide numbers on request.
///
/// ```
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicU64, Ordering};
///
/// use kubernetes_controller::Metrics;
///
/// let bills = Arc::new(AtomicU64::new(3));
/// let metrics = Metrics::default();
/// metrics.add(move |text| {
///     let bills = bills.load(Ordering::Relaxed);
///     text.counter("shop_bills_total", "Number of bills sent", &[("currency", "EUR")], bills as f64);
/// });
///
/// assert!(metrics.render().ends_with("shop_bills_total{currency=\"EUR\"} 3\n"));
/// ```
///
/// Nothing is registered anywhere else: a program that has a library for metrics adds [`render`](Self::render) to its
/// response, or reads the same numbers itself, such as [`Queue::counts`](crate::Queue::counts).
///
/// The names are those of controller-runtime and client-go, so that their dashboards work. Clones share their
/// functions.
#[derive(Clone, Default)]
pub struct Metrics {
    sources: Arc<Mutex<Vec<Source>>>,
}

#[derive(Clone)]
struct Source {
    /// It ends with this, if it is given.
    owner: Option<Weak<Owner>>,
    write: Arc<dyn Fn(&mut MetricsText) + Send + Sync>,
}

/// Anything whose end is that of what was added for it.
pub(crate) type Owner = dyn std::any::Any + Send + Sync;

impl Metrics {
    /// Adds a function that provides metrics; it is called for each request, and should return quickly.
    pub fn add(&self, source: impl Fn(&mut MetricsText) + Send + Sync + 'static) {
        self.add_of(None, source);
    }

    /// Like [`add`](Self::add), until the owner is gone.
    fn add_of(&self, owner: Option<Weak<Owner>>, write: impl Fn(&mut MetricsText) + Send + Sync + 'static) {
        lock(&self.sources).push(Source { owner, write: Arc::new(write) });
    }

    /// All metrics in Prometheus' text format, version 0.0.4, sorted by name.
    pub fn render(&self) -> String {
        // Not under the lock: a function may add another.
        let sources = {
            let mut sources = lock(&self.sources);
            sources.retain(|source| source.owner.as_ref().is_none_or(|owner| owner.strong_count() > 0));
            sources.clone()
        };
        let mut text = MetricsText::default();
        for source in sources {
            (source.write)(&mut text);
        }
        text.to_string()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("sources", &lock(&self.sources).len()).finish()
    }
}
