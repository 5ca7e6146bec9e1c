//! Counters of requests, by the names of controller-runtime.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::sync::lock;
use kubernetes_serving::{Histogram, MetricsText};

use crate::clock;

/// The counters of all webhooks.
#[derive(Clone, Default)]
pub(crate) struct Counters(Arc<Mutex<Counts>>);

#[derive(Default)]
struct Counts {
    /// By path, of which there are as many as webhooks.
    paths: BTreeMap<String, PathCounts>,
    panics: u64,
    conversion_panics: u64,
}

struct PathCounts {
    in_flight: u64,
    codes: BTreeMap<u16, u64>,
    latency: Histogram,
}

/// A request under way, until it is dropped; only one that was [finished](Self::finish) is counted.
pub(crate) struct InFlight {
    counters: Counters,
    path: String,
    started: clock::Instant,
}

impl Counters {
    /// Counts a webhook from now on.
    pub(crate) fn register(&self, path: &str) {
        // As controller-runtime, which writes the likely codes from the start.
        let new = || PathCounts {
            in_flight: 0,
            codes: BTreeMap::from([(200, 0), (500, 0)]),
            latency: Histogram::new(Histogram::DECADES),
        };
        lock(&self.0).paths.entry(path.to_owned()).or_insert_with(new);
    }

    pub(crate) fn start(&self, path: &str) -> InFlight {
        self.of(path, |counts| counts.in_flight += 1);
        InFlight { counters: self.clone(), path: path.to_owned(), started: clock::now() }
    }

    pub(crate) fn count_panic(&self) {
        lock(&self.0).panics += 1;
    }

    pub(crate) fn count_conversion_panic(&self) {
        lock(&self.0).conversion_panics += 1;
    }

    fn of(&self, path: &str, count: impl FnOnce(&mut PathCounts)) {
        if let Some(counts) = lock(&self.0).paths.get_mut(path) {
            count(counts);
        }
    }

    pub(crate) fn write(&self, text: &mut MetricsText) {
        let counts = lock(&self.0);
        for (path, counts) in &counts.paths {
            let webhook = ("webhook", path.as_str());
            let help = "Histogram of the latency of processing admission requests";
            text.histogram("controller_runtime_webhook_latency_seconds", help, &[webhook], &counts.latency);
            let help = "Current number of admission requests being served.";
            let in_flight = counts.in_flight as f64;
            text.gauge("controller_runtime_webhook_requests_in_flight", help, &[webhook], in_flight);
            for (code, requests) in &counts.codes {
                let code = code.to_string();
                let labels = [("code", code.as_str()), webhook];
                let help = "Total number of admission requests by HTTP status code.";
                text.counter("controller_runtime_webhook_requests_total", help, &labels, *requests as f64);
            }
        }
        let help = "Total number of webhook panics";
        text.counter("controller_runtime_webhook_panics_total", help, &[], counts.panics as f64);
        let help = "Total number of conversion webhook panics";
        text.counter("controller_runtime_conversion_webhook_panics_total", help, &[], counts.conversion_panics as f64);
    }
}

impl InFlight {
    /// Counts the response.
    pub(crate) fn finish(self, code: u16) {
        let latency: Duration = clock::now().saturating_duration_since(self.started);
        self.counters.of(&self.path, |counts| {
            *counts.codes.entry(code).or_default() += 1;
            counts.latency.observe(latency);
        });
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.counters.of(&self.path, |counts| counts.in_flight = counts.in_flight.saturating_sub(1));
    }
}
