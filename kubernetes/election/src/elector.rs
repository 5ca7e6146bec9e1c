use std::sync::Arc;
use std::sync::atomic::Ordering;

use kubernetes_client::Client;
use kubernetes_core::Str;
use kubernetes_models::coordination::v1::Lease;
use tokio::sync::watch;

use crate::candidate::Candidate;
use crate::clock::{self, Instant};
use crate::config::LeaseConfig;
use crate::error::Loss;
use crate::event::ElectionEvent;
use crate::failure::Failure;
use crate::lock::LeaseLock;
use crate::status::Shared;
use crate::term::{Phase, State, Term};

/// Acquires, renews and releases the Lease: client-go's `LeaderElector`.
#[derive(Clone)]
pub(crate) struct Elector {
    lock: LeaseLock,
    candidate: Option<Candidate>,
    config: Arc<LeaseConfig>,
    shared: Arc<Shared>,
    /// Whether the server may have taken a record of this candidate.
    may_hold: bool,
}

enum Unrenewed {
    Failed(Failure),
    Lost(Loss),
}

impl From<Failure> for Unrenewed {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Elector {
    pub(crate) fn new(client: &Client, config: Arc<LeaseConfig>, shared: Arc<Shared>) -> Self {
        let candidate = Candidate::of(client, &config);
        Self { lock: LeaseLock::new(client.clone(), Arc::clone(&config)), candidate, config, shared, may_hold: false }
    }

    /// Waits until this candidate holds the Lease.
    pub(crate) async fn acquire(&mut self) -> Arc<Term> {
        let mut delays = self.config.attempt_backoff().delays();
        loop {
            match self.try_acquire().await {
                Ok(Some(term)) => {
                    self.started(&term);
                    return term;
                }
                Ok(None) => {}
                Err(failure) => self.failed("acquire", &failure),
            }
            clock::sleep(delays.next_delay()).await;
        }
    }

    /// The term, if this candidate can have the Lease now.
    pub(crate) async fn acquire_once(&mut self) -> Option<Arc<Term>> {
        match self.try_acquire().await {
            Ok(term) => term.inspect(|term| self.started(term)),
            Err(failure) => {
                self.failed("acquire", &failure);
                None
            }
        }
    }

    /// Takes in a Lease that was seen to be as it is since a time.
    pub(crate) fn has_seen(&mut self, lease: Lease, since: Instant) {
        self.lock.has_seen(lease, since);
    }

    async fn try_acquire(&mut self) -> Result<Option<Arc<Term>>, Failure> {
        if let Some(candidate) = &mut self.candidate {
            candidate.announce().await?;
        }
        let exists = self.lock.get().await?.is_some();
        self.report_leader();
        let is_coordinated = self.candidate.is_some();
        if !exists && is_coordinated {
            return Ok(None);
        }
        if exists && self.lock.holder().is_some() && !self.lock.is_ours() && !self.lock.is_expired() {
            return Ok(None);
        }
        // The server gives a coordinated Lease, and takes it away by another holder's name in `preferredHolder`.
        let is_given = self.lock.is_ours() && !self.lock.is_expired() && self.end_of_term().is_none();
        if is_coordinated && !is_given {
            return Ok(None);
        }
        self.may_hold = true;
        let sent_at = clock::now();
        if !exists {
            self.lock.create().await?;
        } else if self.lock.is_ours() {
            self.lock.update(self.lock.renewed_record()).await?;
        } else {
            let transitions = self.lock.transitions().saturating_add(1);
            self.lock.update(self.lock.record(None, transitions, self.lock.spec().strategy)).await?;
        }
        self.report_leader();
        let term = self.term(sent_at);
        Ok(Some(term).filter(|term| term.is_valid()))
    }

    fn term(&self, renewed_at: Instant) -> Arc<Term> {
        let metadata = self.lock.lease().map(|lease| &lease.metadata);
        let version = metadata.and_then(|metadata| metadata.resource_version.as_deref());
        Arc::new(Term {
            lease: self.shared.lease.clone(),
            identity: self.config.identity.clone(),
            fencing_number: version.and_then(|version| version.parse().ok()).unwrap_or_default(),
            uid: metadata.and_then(|metadata| metadata.uid.clone()),
            transitions: self.lock.transitions(),
            renew_deadline: self.config.renew_deadline,
            lease_duration: self.config.lease_duration,
            state: watch::Sender::new(State { renewed_at, phase: Phase::Leading }),
        })
    }

    /// Renews the Lease until it is lost.
    pub(crate) async fn hold(&mut self, term: &Term) -> Loss {
        let mut last_failure = None;
        loop {
            let limit = self.limit(term);
            if clock::timeout_at(limit, clock::sleep(self.config.retry_period)).await.is_none() {
                if self.config.recovery_deadline.is_none() || term.is_suspended() {
                    return Loss::Deadline { deadline: self.config.renew_deadline, failure: last_failure };
                }
                tracing::warn!(lease = %self.shared.lease, "the renew deadline has passed; trying to recover the Lease");
                term.suspend();
                self.config.notify(&ElectionEvent::Suspended);
                continue;
            }
            match clock::timeout_at(limit, self.renew(term)).await {
                Some(Ok(())) => last_failure = None,
                Some(Err(Unrenewed::Lost(loss))) => return loss,
                Some(Err(Unrenewed::Failed(failure))) => {
                    self.failed("renew", &failure);
                    last_failure = Some(failure);
                }
                None => {
                    self.config.notify(&ElectionEvent::AttemptFailed { error: None });
                    last_failure = Some(Failure::Unanswered);
                }
            }
        }
    }

    /// Until when a renewal must succeed.
    fn limit(&self, term: &Term) -> Instant {
        let recovery = self.config.recovery_deadline.filter(|_| term.is_suspended());
        clock::later(term.deadline(), recovery.unwrap_or_default())
    }

    async fn renew(&mut self, term: &Term) -> Result<(), Unrenewed> {
        if let Some(candidate) = &mut self.candidate {
            // The Lease matters more: a candidate that is not announced still leads.
            if let Err(failure) = candidate.announce().await {
                self.failed("announce the candidate for", &failure);
            }
        } else if clock::now() < term.lease_end() {
            // The fast path: the record is most likely as it was written last.
            let sent_at = clock::now();
            match self.lock.update(self.lock.renewed_record()).await {
                Ok(()) => return self.renewed(term, sent_at),
                Err(failure) => {
                    tracing::debug!(lease = %self.shared.lease, error = %failure, "reading the Lease first")
                }
            }
        }
        self.shared.slow_paths.fetch_add(1, Ordering::Relaxed);
        let exists = self.lock.get().await?.is_some();
        self.report_leader();
        self.check(term, exists).map_err(Unrenewed::Lost)?;
        let sent_at = clock::now();
        self.lock.update(self.lock.renewed_record()).await?;
        self.renewed(term, sent_at)
    }

    /// Notes a renewal, unless the write has created the Lease again.
    fn renewed(&self, term: &Term, sent_at: Instant) -> Result<(), Unrenewed> {
        if self.uid() != term.uid.as_ref() {
            return Err(Unrenewed::Lost(Loss::Deleted));
        }
        let is_recovered = term.is_suspended();
        term.renewed(sent_at);
        if is_recovered {
            tracing::info!(lease = %self.shared.lease, "recovered the Lease");
            self.config.notify(&ElectionEvent::Recovered);
        }
        Ok(())
    }

    /// Fails if anybody else may have held the Lease since it was acquired.
    fn check(&self, term: &Term, exists: bool) -> Result<(), Loss> {
        if !exists || self.uid() != term.uid.as_ref() {
            return Err(Loss::Deleted);
        }
        if !self.lock.is_ours() || self.lock.transitions() != term.transitions {
            return Err(Loss::Taken { holder: self.lock.holder().cloned() });
        }
        self.end_of_term().map_or(Ok(()), |preferred| Err(Loss::EndOfTerm { preferred }))
    }

    fn uid(&self) -> Option<&Str> {
        self.lock.lease()?.metadata.uid.as_ref()
    }

    /// The preferred holder of a coordinated Lease, if it has one.
    fn end_of_term(&self) -> Option<Str> {
        let is_coordinated = self.candidate.is_some();
        self.lock.spec().preferred_holder.filter(|holder| is_coordinated && !holder.is_empty())
    }

    /// Ends a term: no write starts, and those under way are canceled.
    pub(crate) fn end(&self, term: &Term) {
        term.end();
        self.shared.current.send_replace(None);
        let lease = self.lock.reference();
        tracing::info!(lease = %self.shared.lease, identity = %self.config.identity, "stopped leading");
        self.config.notify(&ElectionEvent::StoppedLeading { lease: &lease, identity: &self.config.identity });
    }

    /// Gives the Lease back, if this candidate may hold it.
    ///
    /// After a term it waits for the writes of the gate. If one was given up lately whose outcome is unknown, the Lease
    /// is left to expire, so that the server has the time until then to carry it out before the next leader writes.
    pub(crate) async fn release(&mut self, term: Option<&Term>) {
        if self.may_hold && self.config.release_on_cancel {
            self.release_if_safe(term).await;
        }
        // Only now, so that a release that is dropped can be repeated.
        self.may_hold = false;
    }

    async fn release_if_safe(&mut self, term: Option<&Term>) {
        // Without a term, there may be writes of an earlier one whose release was given up.
        let limit = term.map_or_else(|| clock::later(clock::now(), self.config.lease_duration), Term::lease_end);
        if clock::timeout_at(limit, self.shared.writes.drained()).await.is_none() {
            return;
        }
        if self.shared.writes.may_be_late(self.config.lease_duration) {
            tracing::info!(lease = %self.shared.lease, "not released: a write was given up, and may still be carried out");
            return;
        }
        let limit = clock::later(clock::now(), self.config.renew_deadline);
        clock::timeout_at(limit, self.release_until_done()).await;
    }

    async fn release_until_done(&mut self) {
        loop {
            match self.try_release().await {
                Ok(()) => return,
                // A renewal that was given up may have been carried out meanwhile.
                Err(failure) if failure.is_conflict() => {}
                Err(failure) => {
                    self.failed("release", &failure);
                    clock::sleep(self.config.retry_period).await;
                }
            }
        }
    }

    async fn try_release(&mut self) -> Result<(), Failure> {
        if self.lock.get().await?.is_none() || !self.lock.is_ours() {
            return Ok(());
        }
        match self.lock.update(self.lock.released_record()).await {
            Err(failure) if failure.is_not_found() => Ok(()),
            result => result,
        }?;
        self.report_leader();
        tracing::info!(lease = %self.shared.lease, "released the Lease");
        Ok(())
    }

    fn started(&self, term: &Arc<Term>) {
        self.shared.current.send_replace(Some(Arc::clone(term)));
        tracing::info!(lease = %term.lease, identity = %term.identity, fencing_number = term.fencing_number, "became leader");
        let lease = self.lock.reference();
        self.config.notify(&ElectionEvent::StartedLeading { lease: &lease, identity: &self.config.identity });
    }

    /// Reports a new holder.
    fn report_leader(&self) {
        let holder = self.lock.holder();
        let is_new = self.shared.leader.send_if_modified(|leader| {
            let is_new = leader.as_ref() != holder;
            *leader = holder.cloned();
            is_new
        });
        if is_new {
            self.config.notify(&ElectionEvent::NewLeader { identity: holder.map(|holder| &**holder) });
        }
    }

    fn failed(&self, operation: &str, failure: &Failure) {
        tracing::warn!(lease = %self.shared.lease, error = %failure, "failed to {operation} the Lease; retrying");
        self.config.notify(&ElectionEvent::AttemptFailed { error: failure.error() });
    }
}
