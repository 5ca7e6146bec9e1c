use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use kubernetes_core::Str;
use tokio::sync::watch;

use crate::clock::{self, Instant};

/// One period of leadership: from an acquisition of the Lease until it is lost or released.
#[derive(Debug)]
pub(crate) struct Term {
    /// Namespace and name of the Lease.
    pub(crate) lease: String,
    pub(crate) identity: Str,
    pub(crate) fencing_number: u64,
    /// By these the Lease is known to be the one that was acquired.
    pub(crate) uid: Option<Str>,
    pub(crate) transitions: i32,
    pub(crate) renew_deadline: Duration,
    pub(crate) lease_duration: Duration,
    pub(crate) state: watch::Sender<State>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct State {
    /// When the request of the last renewal was sent: the server has seen it later.
    pub(crate) renewed_at: Instant,
    pub(crate) phase: Phase,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Leading,
    /// The renew deadline has passed, and the Lease may still be recovered.
    Suspended,
    Ended,
}

impl Term {
    /// Whether this process leads now. The time decides, even if nobody had the time to note it.
    pub(crate) fn is_valid(&self) -> bool {
        self.state.borrow().phase == Phase::Leading && clock::now() < self.deadline()
    }

    /// Until when leadership lasts without another renewal.
    pub(crate) fn deadline(&self) -> Instant {
        clock::later(self.state.borrow().renewed_at, self.renew_deadline)
    }

    /// When others may take the Lease.
    pub(crate) fn lease_end(&self) -> Instant {
        clock::later(self.state.borrow().renewed_at, self.lease_duration)
    }

    pub(crate) fn is_suspended(&self) -> bool {
        self.state.borrow().phase == Phase::Suspended
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.state.borrow().phase == Phase::Ended
    }

    /// Notes a renewal that was sent at `renewed_at`.
    pub(crate) fn renewed(&self, renewed_at: Instant) {
        self.state.send_modify(|state| {
            state.renewed_at = renewed_at;
            if state.phase == Phase::Suspended {
                state.phase = Phase::Leading;
            }
        });
    }

    pub(crate) fn suspend(&self) {
        self.state.send_modify(|state| state.phase = Phase::Suspended);
    }

    pub(crate) fn end(&self) {
        self.state.send_modify(|state| state.phase = Phase::Ended);
    }

    /// Completes when the term has ended.
    pub(crate) fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut states = self.state.subscribe();
        async move {
            // The sender is dropped with the term, which is an end as well.
            let _ = states.wait_for(|state| state.phase == Phase::Ended).await;
        }
    }

    /// Completes when the term is not valid any more: at the latest when it is polled after the deadline, and woken at
    /// every change of the state.
    pub(crate) async fn invalid(&self) {
        let mut states = self.state.subscribe();
        let mut changed = pin!(async move {
            let _ = states.wait_for(|state| state.phase != Phase::Leading).await;
        });
        poll_fn(|context| if self.is_valid() { changed.as_mut().poll(context) } else { Poll::Ready(()) }).await;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    pub(crate) fn term() -> Term {
        Term {
            lease: "shop/operator".to_owned(),
            identity: "a".into(),
            fencing_number: 7,
            uid: None,
            transitions: 0,
            renew_deadline: Duration::from_secs(10),
            lease_duration: Duration::from_secs(15),
            state: watch::Sender::new(State { renewed_at: clock::now(), phase: Phase::Leading }),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_term_lasts_until_the_deadline_after_the_last_renewal() {
        let term = term();
        tokio::time::advance(Duration::from_secs(9)).await;
        assert!(term.is_valid());
        term.renewed(clock::now());
        tokio::time::advance(Duration::from_millis(9_900)).await;
        assert!(term.is_valid());
        assert_eq!(term.invalid().now_or_never(), None);
        tokio::time::advance(Duration::from_millis(110)).await;
        assert!(!term.is_valid(), "though nobody has ended it");
        assert_eq!(term.invalid().now_or_never(), Some(()));
        assert_eq!(term.ended().now_or_never(), None);
        term.end();
        assert_eq!(term.ended().now_or_never(), Some(()));
        term.renewed(clock::now());
        assert!(!term.is_valid(), "what has ended does not come back");
    }

    #[tokio::test(start_paused = true)]
    async fn a_recovered_term_is_valid_again() {
        let term = term();
        term.suspend();
        assert!(!term.is_valid());
        assert_eq!(term.ended().now_or_never(), None);
        term.renewed(clock::now());
        assert!(term.is_valid());
    }
}
