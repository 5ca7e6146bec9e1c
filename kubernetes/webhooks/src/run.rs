//! Runs handlers, which may panic or hang.

use std::any::Any;
use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt as _;

use crate::clock::{self, Instant};

/// The reason why a handler has no result.
pub(crate) enum Failure {
    Panicked(String),
    TimedOut,
}

/// Runs a handler until the deadline, and catches its panic.
pub(crate) async fn run<T>(handler: impl Future<Output = T>, deadline: Instant) -> Result<T, Failure> {
    match clock::timeout_at(deadline, AssertUnwindSafe(handler).catch_unwind()).await {
        Ok(Ok(output)) => Ok(output),
        Ok(Err(payload)) => Err(Failure::Panicked(panic_message(&*payload))),
        Err(_) => Err(Failure::TimedOut),
    }
}

fn panic_message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("of an unknown type").to_owned()
}
