//! Wakes whoever drives a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Poll, Wake, Waker};

use futures_util::task::AtomicWaker;

/// How often the parts of a connection may wake one another before other tasks have their turn.
pub(super) const MOST_ROUNDS: usize = 8;

/// Wakes the task that drives a connection, or keeps it at work if the parts of the connection wake one another.
///
/// A connection is polled with this waker whoever drives it, so that it need not be polled only to wake another.
#[derive(Default)]
pub(super) struct DriverWaker {
    state: AtomicU8,
    driver: AtomicWaker,
}

const WAITING: u8 = 0;
const WORKING: u8 = 1;
const WOKEN: u8 = 2;

impl DriverWaker {
    /// Makes `waker` the one to wake.
    pub(super) fn register(&self, waker: &Waker) {
        self.driver.register(waker);
    }

    /// Polls by `turn` for as long as something was woken by it, but at most so many times; then the driver is woken to go
    /// on later.
    pub(super) fn run<T>(&self, rounds: usize, mut turn: impl FnMut() -> Poll<T>) -> Poll<T> {
        for _ in 0..rounds {
            // Not a mere store: what those that have woken the task did before must be seen.
            self.state.swap(WORKING, Ordering::AcqRel);
            let polled = turn();
            if polled.is_ready() {
                // A wake that came meanwhile is forgotten: whoever got what it waited for polls again, or gives the
                // connection to one who does.
                self.state.store(WAITING, Ordering::Release);
                return polled;
            }
            if self.state.compare_exchange(WORKING, WAITING, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                return Poll::Pending;
            }
        }
        self.driver.wake();
        Poll::Pending
    }
}

impl Wake for DriverWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.state.swap(WOKEN, Ordering::AcqRel) == WAITING {
            self.driver.wake();
        }
    }
}
