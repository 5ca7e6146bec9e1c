use std::sync::atomic::{AtomicU64, Ordering};

/// How many events a [`Recorder`](crate::Recorder) has sent and dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RecorderCounts {
    /// The events and updates of series that the server has taken.
    pub sent: u64,
    /// The events that were counted in a series without a request of their own.
    pub aggregated: u64,
    /// Dropped, as the queue was full or no runtime ran.
    pub overflowed: u64,
    /// Dropped, as there were too many about their object.
    pub filtered: u64,
    /// Dropped, as the server has refused them.
    pub refused: u64,
    /// Dropped, as the server could not take them for two minutes.
    pub failed: u64,
}

impl RecorderCounts {
    /// All that were dropped.
    pub fn dropped(&self) -> u64 {
        self.overflowed + self.filtered + self.refused + self.failed
    }
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    sent: AtomicU64,
    aggregated: AtomicU64,
    overflowed: AtomicU64,
    filtered: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

impl Counters {
    pub(super) fn sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn aggregated(&self) {
        self.aggregated.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn overflowed(&self) {
        self.overflowed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn filtered(&self) {
        self.filtered.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> RecorderCounts {
        RecorderCounts {
            sent: self.sent.load(Ordering::Relaxed),
            aggregated: self.aggregated.load(Ordering::Relaxed),
            overflowed: self.overflowed.load(Ordering::Relaxed),
            filtered: self.filtered.load(Ordering::Relaxed),
            refused: self.refused.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }
}
