use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::{Write, WriteAdmission, WriteHook, WriteOutcome, WritePermit};
use tokio::sync::watch;

use crate::clock::{self, Instant};
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
    /// When the outcome of a write was last unknown: the server may carry it out later.
    unknown_at: watch::Sender<Option<Instant>>,
}

impl Writes {
    /// Waits until no write is under way.
    pub(crate) async fn drained(&self) {
        let _ = self.in_flight.subscribe().wait_for(|writes| *writes == 0).await;
    }

    /// Whether a write may still be carried out: its outcome is unknown, and it was given up less than `within` ago.
    pub(crate) fn may_be_late(&self, within: Duration) -> bool {
        self.unknown_at.borrow().is_some_and(|at| clock::now() < clock::later(at, within))
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
        if matches!(outcome, WriteOutcome::Unknown(_)) {
            self.writes.unknown_at.send_replace(Some(clock::now()));
        }
        self.writes.in_flight.send_modify(|writes| *writes = writes.saturating_sub(1));
    }
}
