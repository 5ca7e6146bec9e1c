//! The one source of time: the client's clock, which counts the time that the machine was suspended. A suspended machine
//! does not renew its Lease, and others take it.

pub(crate) use kubernetes_client::clock::boottime::{now, sleep, timeout_at};
pub(crate) use kubernetes_client::clock::later;
use kubernetes_client::clock::timestamp;
use kubernetes_core::MicroTime;
pub(crate) use tokio::time::Instant;

/// The wall-clock time for people who read a Lease; no decision depends on it.
pub(crate) fn micro_time() -> MicroTime {
    timestamp().into()
}
