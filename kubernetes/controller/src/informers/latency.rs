use std::sync::{Arc, Mutex};
use std::time::Duration;

use kubernetes_client::sync::lock;

use crate::Histogram;

/// client-go's buckets of `informer_processing_latency_seconds`.
const LIMITS: &[Duration] = &[
    Duration::from_millis(1),
    Duration::from_millis(5),
    Duration::from_millis(10),
    Duration::from_millis(25),
    Duration::from_millis(50),
    Duration::from_millis(100),
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_millis(2_500),
    Duration::from_secs(5),
    Duration::from_secs(10),
];

/// How long controllers take to handle events of a resource.
#[derive(Clone)]
pub(crate) struct Latency(Arc<Mutex<Histogram>>);

impl Latency {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Histogram::new(LIMITS))))
    }

    pub(crate) fn observe(&self, duration: Duration) {
        lock(&self.0).observe(duration);
    }

    pub(crate) fn histogram(&self) -> Histogram {
        lock(&self.0).clone()
    }
}
