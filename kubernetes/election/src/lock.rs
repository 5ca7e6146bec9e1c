use std::sync::Arc;
use std::time::Duration;

use kubernetes_client::Client;
use kubernetes_core::{CreateRequest, MicroTime, Object as _, ObjectReference, ReadRequest, ReplaceRequest, Str};
use kubernetes_models::coordination::v1::{Lease, LeaseSpec};

use crate::clock::{self, Instant};
use crate::config::LeaseConfig;
use crate::failure::Failure;

/// The Lease as this process has last seen it, and the requests that read and write it.
#[derive(Clone)]
pub(crate) struct LeaseLock {
    client: Client,
    config: Arc<LeaseConfig>,
    /// As the server last sent it.
    lease: Option<Lease>,
    /// When its record was first seen as it is, by this machine's clock. The times in the record are never compared
    /// with it: clocks differ.
    observed_at: Option<Instant>,
}

impl LeaseLock {
    pub(crate) fn new(client: Client, config: Arc<LeaseConfig>) -> Self {
        Self { client, config, lease: None, observed_at: None }
    }

    /// Reads the Lease; `None` if it does not exist.
    pub(crate) async fn get(&mut self) -> Result<Option<&Lease>, Failure> {
        let key = &self.config.key;
        let request = ReadRequest::<Lease>::namespaced(key.namespace().unwrap_or_default(), key.name());
        let lease = within(self.config.request_timeout(), request.send_opt(&self.client)).await?;
        match lease {
            // After the response, so that it does not count as older than it is.
            Some(lease) => self.observe(lease, clock::now()),
            None => (self.lease, self.observed_at) = (None, None),
        }
        Ok(self.lease.as_ref())
    }

    /// Creates the Lease with a record of this candidate.
    pub(crate) async fn create(&mut self) -> Result<(), Failure> {
        let mut lease = Lease::named(self.config.key.name());
        lease.metadata.namespace = self.config.key.namespace().map(Into::into);
        lease.metadata.labels = self.config.labels.clone();
        lease.spec = Some(Box::new(self.record(None, 0, None)));
        let sent_at = clock::now();
        let request = CreateRequest::<Lease>::namespaced(self.config.key.namespace().unwrap_or_default(), &lease);
        let lease = within(self.config.request_timeout(), request.send(&self.client)).await?;
        self.observe(lease, sent_at);
        Ok(())
    }

    /// Replaces the record of the Lease, if it is still the one that was seen last.
    pub(crate) async fn update(&mut self, record: LeaseSpec) -> Result<(), Failure> {
        let mut lease = self.lease.clone().unwrap_or_default();
        for (key, value) in self.config.labels.iter() {
            lease.metadata.labels.insert(key.clone(), value.clone());
        }
        lease.spec = Some(Box::new(record));
        let sent_at = clock::now();
        let request = ReplaceRequest::<Lease>::namespaced(self.config.key.namespace().unwrap_or_default(), &lease);
        let lease = within(self.config.request_timeout(), request.send(&self.client)).await?;
        self.observe(lease, sent_at);
        Ok(())
    }

    fn observe(&mut self, lease: Lease, at: Instant) {
        let is_known = self.lease.as_ref().is_some_and(|known| known.spec == lease.spec);
        self.lease = Some(lease);
        if !is_known || self.observed_at.is_none() {
            self.observed_at = Some(at);
        }
    }

    /// Takes in a Lease that was seen to be as it is since a time.
    pub(crate) fn has_seen(&mut self, lease: Lease, since: Instant) {
        (self.lease, self.observed_at) = (Some(lease), Some(since));
    }

    pub(crate) fn lease(&self) -> Option<&Lease> {
        self.lease.as_ref()
    }

    /// When the record was last seen to change; for one that this process has written, when it was sent.
    pub(crate) fn observed_at(&self) -> Instant {
        self.observed_at.unwrap_or_else(clock::now)
    }

    pub(crate) fn spec(&self) -> LeaseSpec {
        self.lease.as_ref().and_then(|lease| lease.spec.as_deref()).cloned().unwrap_or_default()
    }

    pub(crate) fn holder(&self) -> Option<&Str> {
        let spec = self.lease.as_ref()?.spec.as_ref()?;
        spec.holder_identity.as_ref().filter(|holder| !holder.is_empty())
    }

    pub(crate) fn is_ours(&self) -> bool {
        self.holder() == Some(&self.config.identity)
    }

    /// Whether the record has not changed for as long as its holder has asked for.
    pub(crate) fn is_expired(&self) -> bool {
        let seconds = u64::try_from(self.spec().lease_duration_seconds.unwrap_or_default()).unwrap_or_default();
        clock::later(self.observed_at(), Duration::from_secs(seconds)) <= clock::now()
    }

    pub(crate) fn transitions(&self) -> i32 {
        self.spec().lease_transitions.unwrap_or_default()
    }

    pub(crate) fn reference(&self) -> ObjectReference {
        match &self.lease {
            Some(lease) => lease.reference(),
            None => Lease::named(self.config.key.name()).reference(),
        }
    }

    /// A record that says that this candidate holds the Lease, since now if it is new.
    pub(crate) fn record(&self, acquired: Option<MicroTime>, transitions: i32, strategy: Option<Str>) -> LeaseSpec {
        let now = clock::micro_time();
        LeaseSpec {
            holder_identity: Some(self.config.identity.clone()),
            lease_duration_seconds: self.config.lease_seconds(),
            acquire_time: acquired.or(Some(now)),
            renew_time: Some(now),
            lease_transitions: Some(transitions),
            strategy,
            preferred_holder: None,
        }
    }

    /// This candidate's record, renewed.
    pub(crate) fn renewed_record(&self) -> LeaseSpec {
        let spec = self.spec();
        self.record(spec.acquire_time, spec.lease_transitions.unwrap_or_default(), spec.strategy)
    }

    /// A record without a holder, of a Lease that can be taken at once.
    pub(crate) fn released_record(&self) -> LeaseSpec {
        let (now, spec) = (clock::micro_time(), self.spec());
        LeaseSpec {
            holder_identity: Some(Str::default()),
            lease_duration_seconds: Some(1),
            acquire_time: Some(now),
            renew_time: Some(now),
            lease_transitions: Some(spec.lease_transitions.unwrap_or_default()),
            strategy: spec.strategy,
            preferred_holder: None,
        }
    }
}

/// Runs a request within its time.
pub(crate) async fn within<T>(
    limit: Duration,
    request: impl Future<Output = Result<T, kubernetes_client::Error>>,
) -> Result<T, Failure> {
    match clock::timeout_at(clock::later(clock::now(), limit), request).await {
        Some(result) => result.map_err(Failure::Request),
        None => Err(Failure::Timeout(limit)),
    }
}
