use std::future::ready;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kubernetes_client::{Write, WriteAdmission, WriteHook, WriteOutcome, WritePermit};
use tokio::sync::watch;

use crate::clock;
use crate::error::NotLeading;
use crate::term::Term;

/// The term of now, if this process leads.
pub(crate) type CurrentTerm = watch::Sender<Option<Arc<Term>>>;

/// Lets writes pass while a term is valid.
pub(crate) struct Gate {
    pub(crate) terms: Terms,
    pub(crate) lease: String,
    pub(crate) writes: Arc<Writes>,
}

/// Which terms a gate is open for.
pub(crate) enum Terms {
    /// Every term of an election.
    Any(Arc<CurrentTerm>),
    One(Arc<Term>),
}

/// The writes that gates have let pass.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    in_flight: watch::Sender<usize>,
    /// Whether a write was given up after its term: the server may still carry it out.
    abandoned: AtomicBool,
}

impl Writes {
    /// Waits until no write is under way.
    pub(crate) async fn drained(&self) {
        let _ = self.in_flight.subscribe().wait_for(|writes| *writes == 0).await;
    }

    /// Whether a write of the last term may still be carried out.
    pub(crate) fn take_abandoned(&self) -> bool {
        self.abandoned.swap(false, Ordering::Relaxed)
    }
}

impl Gate {
    fn term(&self) -> Option<Arc<Term>> {
        match &self.terms {
            Terms::Any(current) => current.borrow().clone(),
            Terms::One(term) => Some(Arc::clone(term)),
        }
    }
}

impl WriteHook for Gate {
    /// Permits a write until the Lease ends, or the term does.
    fn before<'a>(&'a self, _: &'a Write) -> WriteAdmission<'a> {
        let Some(term) = self.term().filter(|term| term.is_valid()) else {
            let error = NotLeading { lease: self.lease.clone() };
            return Box::pin(ready(Err(error.into())));
        };
        self.writes.in_flight.send_modify(|writes| *writes += 1);
        let rest = term.lease_end().saturating_duration_since(clock::now());
        let permit = WritePermit::within(rest).revoked_by(async move {
            term.invalid().await;
            NotLeading { lease: term.lease.clone() }
        });
        Box::pin(ready(Ok(permit)))
    }

    fn after(&self, _: &Write, outcome: &WriteOutcome<'_>) {
        if matches!(outcome, WriteOutcome::Unknown(_)) && !self.term().is_some_and(|term| term.is_valid()) {
            self.writes.abandoned.store(true, Ordering::Relaxed);
        }
        self.writes.in_flight.send_modify(|writes| *writes = writes.saturating_sub(1));
    }
}
